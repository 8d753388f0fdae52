"""Statement = mmrecon = Fineract, in both directions, over a range of days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from mmrecon.model.line_state import LineState
from mmrecon.model.proof import Listed, TwoWay
from mmrecon.proof.day import RECEIPTS_SHOWN

_ID = ["account_kind", "transaction_id"]
_STANDING = (LineState.POSTED, LineState.VERIFIED)
_UNHEARD = (LineState.SENDING, LineState.UNKNOWN, LineState.PENDING_IN_CORE)


def compare(
    ours: pd.DataFrame,
    theirs: pd.DataFrame,
    *,
    line_states: Mapping[str, str],
    complete_days: frozenset[str],
    days: Sequence[str],
) -> dict[str, TwoWay]:
    """What both sides say of each of `days` (ISO).

    `ours` is an OccupancyFrame, `theirs` a TransactionFrame of the whole range. `line_states`
    gives the state of the clients' line of a receipt, in upper case; a receipt that no line has
    is not in it. On a day that is not in `complete_days` a statement may still explain more.
    """
    known = ours[ours["transaction_id"] != ""]
    claimed = _claimed(known)
    pairs = claimed.merge(theirs, on=_ID, how="outer", suffixes=("", "_theirs"), indicator=True)
    both = pairs[pairs["_merge"] == "both"]
    entries = [
        _missing_in_fineract(pairs[pairs["_merge"] == "left_only"]),
        _differing(both),
        _strangers(theirs, both, ours, line_states, complete_days),
        *_on_other_days(known),
    ]
    found = pd.concat(entries, ignore_index=True)
    return {day: _of_day(day, found, claimed, theirs, both) for day in days}


def _claimed(known: pd.DataFrame) -> pd.DataFrame:
    """One row per transaction that postings or links name; several links may share one."""
    posted = known.assign(is_posting=known["kind"] == "posting")
    return (
        posted.groupby(_ID, sort=False)
        .agg(
            is_posting=("is_posting", "any"),
            signed_minor=("signed_minor", "sum"),
            value_date=("value_date", "min"),
            receipt=("receipt", "first"),
        )
        .reset_index()
    )


def _entries(frame: pd.DataFrame, code: pd.Series | str, date_column: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "day": frame[date_column],
            "code": code,
            "amount_minor": frame["amount_minor"],
            "receipt": frame["receipt"],
        }
    )


def _missing_in_fineract(left: pd.DataFrame) -> pd.DataFrame:
    posted = left["is_posting"].fillna(value=False).astype(bool)
    code = pd.Series("missing_in_fineract", index=left.index).where(posted, "links_not_seen")
    return _entries(left.assign(amount_minor=left["signed_minor"]), code, "value_date")


def _on_other_days(known: pd.DataFrame) -> list[pd.DataFrame]:
    """Postings whose value date two people moved: told on the line's own day and on the other."""
    moved = known[known["paid_on"] != ""]
    moved = moved.assign(amount_minor=moved["signed_minor"])
    return [
        _entries(moved, "posted_on_another_day", "paid_on"),
        _entries(moved, "paid_on_another_day", "value_date"),
    ]


def _differing(both: pd.DataFrame) -> pd.DataFrame:
    """Amounts and dates of transactions that both sides know; what of others is linked in part."""
    apart = both["signed_minor_theirs"] - both["signed_minor"]
    more = apart * both["signed_minor_theirs"].map(lambda minor: 1 if minor > 0 else -1) > 0
    in_part = ~both["is_posting"] & more
    amounts = both.assign(amount_minor=apart)
    wrong = amounts[(apart != 0) & ~in_part]
    partly = amounts[in_part]
    moved = both[both["is_posting"] & (both["value_date"] != both["value_date_theirs"])]
    moved = moved.assign(amount_minor=moved["signed_minor"])
    return pd.concat(
        [
            _entries(wrong, "amount_differs", "value_date"),
            _entries(partly, "linked_in_part", "value_date"),
            _entries(moved, "date_differs", "value_date"),
        ],
        ignore_index=True,
    )


def _strangers(
    theirs: pd.DataFrame,
    both: pd.DataFrame,
    ours: pd.DataFrame,
    line_states: Mapping[str, str],
    complete_days: frozenset[str],
) -> pd.DataFrame:
    """Transactions that no posting and no link names, each with the code of what they are."""
    named = pd.MultiIndex.from_frame(both[_ID])
    left = theirs[~pd.MultiIndex.from_frame(theirs[_ID]).isin(named)]
    states = left["receipt"].str.upper().map(line_states)
    code = pd.Series("missing_in_mmrecon", index=left.index)
    code = code.mask(~left["value_date"].isin(complete_days), "not_on_a_statement_yet")
    code = code.mask(states.notna(), "posted_by_others")
    code = code.mask(states.isin([*_STANDING]), "twice_in_fineract")
    code = code.mask(states == LineState.BEFORE_LIVE, "")
    code = code.mask(_awaited(left, ours), "found_while_unknown")
    code = code.mask(left["account_kind"] == "journal", "booked_by_hand")
    found = _entries(left.assign(amount_minor=left["signed_minor"]), code, "value_date")
    return found[found["code"] != ""]


def _awaited(left: pd.DataFrame, ours: pd.DataFrame) -> pd.Series:
    """Whether a posting whose fate is unknown has this account, receipt and amount."""
    facts = ["account_kind", "account_id", "receipt", "signed_minor"]
    unheard = ours[ours["state"].isin(_UNHEARD) & (ours["transaction_id"] == "")]
    wanted = set(unheard[facts].itertuples(index=False, name=None))
    rows = left[facts].itertuples(index=False, name=None)
    return pd.Series([row in wanted for row in rows], index=left.index, dtype=bool)


_DIFFERENCES = frozenset(
    {
        "missing_in_fineract", "missing_in_mmrecon", "twice_in_fineract", "amount_differs",
        "date_differs",
    }
)  # fmt: skip


def _of_day(
    day: str, found: pd.DataFrame, claimed: pd.DataFrame, theirs: pd.DataFrame, both: pd.DataFrame
) -> TwoWay:
    entries = [
        Listed(
            str(code),
            len(group),
            int(group["amount_minor"].sum()),
            tuple(group["receipt"].head(RECEIPTS_SHOWN)),
        )
        for code, group in found[found["day"] == day].groupby("code")
    ]
    clients = theirs[theirs["account_kind"] != "journal"]
    posted = claimed["is_posting"].astype(bool)
    ours_in, ours_out = _in_and_out(claimed[posted], day)
    linked_in, linked_out = _in_and_out(claimed[~posted], day)
    theirs_in, theirs_out = _in_and_out(clients, day)
    return TwoWay(
        ours_in_minor=ours_in,
        ours_out_minor=ours_out,
        linked_in_minor=linked_in,
        linked_out_minor=linked_out,
        theirs_in_minor=theirs_in,
        theirs_out_minor=theirs_out,
        agreed=int((both["value_date"] == day).sum()),
        listed=tuple(entry for entry in entries if entry.code not in _DIFFERENCES),
        differences=tuple(entry for entry in entries if entry.code in _DIFFERENCES),
    )


def _in_and_out(frame: pd.DataFrame, day: str) -> tuple[int, int]:
    signed = frame["signed_minor"][frame["value_date"] == day]
    return int(signed.clip(lower=0).sum()), int((-signed).clip(lower=0).sum())
