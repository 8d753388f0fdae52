"""What waits for a person, as rows of a workbook: lines, matches and what is left, put together.

Pure: frames in, a ProposalFrame out. The same function gives the facts as they are now when a
workbook comes back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from mmrecon.approval.candidates import SHOWN_CANDIDATES, candidate_texts
from mmrecon.approval.row_digest import clean
from mmrecon.approval.wording import evidence_texts, veto_texts
from mmrecon.model.keys import line_source
from mmrecon.model.line import LineClass
from mmrecon.model.line_state import LineState
from mmrecon.model.money import to_text
from mmrecon.model.posting import Command
from mmrecon.model.proposal import ProposalFrame, Sheet


@dataclass(frozen=True, slots=True)
class WalletPart:
    """What approval knows of a wallet; `payment_type_id` is missing where none is configured."""

    wallet_id: int
    name: str
    provider: str
    account: str
    currency: str
    zone: str
    payment_type_id: int | None
    overpayment_tolerance_minor: int = 0


@dataclass(frozen=True, slots=True)
class OpenWork:
    """Everything proposals are made of.

    `lines` LineFrame, `matches` MatchFrame, `states` LineStateFrame, `left_minor` int64 by line
    id, `items` ItemFrame, `clients` ClientFrame, `accounts` AccountFrame, `originals` text by line
    id of a reversal, `notes` why a line waits by decision or came back, by line id, `found` what of
    it seems to be in Fineract already (`model/found.py`), by line id, `rejections` who did not
    approve its last answer and why, by line id, `sent_back` the ids of the reasons that sent it
    back to a person, by line id, `takes_back` by line id of a reversal the receipts of posted lines
    that it takes back, joined by `;`.
    """

    lines: pd.DataFrame
    matches: pd.DataFrame
    states: pd.DataFrame
    left_minor: pd.Series
    items: pd.DataFrame
    clients: pd.DataFrame
    accounts: pd.DataFrame
    originals: pd.Series
    notes: pd.Series
    found: pd.Series
    wallets: Sequence[WalletPart]
    today: date
    takes_back: pd.Series = field(default_factory=lambda: pd.Series(dtype="str"))
    rejections: pd.Series = field(default_factory=lambda: pd.Series(dtype="str"))
    sent_back: pd.Series = field(default_factory=lambda: pd.Series(dtype="str"))


_SHEET_OF_STATE: Final[dict[str, Sheet]] = {
    LineState.READY.value: Sheet.TO_APPROVE,
    LineState.REVIEW.value: Sheet.NEEDS_DECISION,
    LineState.REFUSED.value: Sheet.NEEDS_DECISION,
    LineState.WITHDRAWN.value: Sheet.NEEDS_DECISION,
    LineState.UNDONE.value: Sheet.NEEDS_DECISION,
    LineState.REVERSED_OUTSIDE.value: Sheet.NEEDS_DECISION,
    LineState.SUSPENSE.value: Sheet.SUSPENSE,
    LineState.NO_POSTING.value: Sheet.NOT_POSTED,
    LineState.BEFORE_LIVE.value: Sheet.NOT_POSTED,
    LineState.POSTED_ELSEWHERE.value: Sheet.POSTED_ALREADY,
}
"""Lines in any other state are with mmrecon, wait for their day or are done: no row shows them."""

_OUT: Final = (Command.SAVINGS_WITHDRAWAL.value, Command.LOAN_DISBURSEMENT.value)


def shown_states() -> frozenset[str]:
    """Words of lines that stand in a workbook."""
    return frozenset(_SHEET_OF_STATE)


def propose(work: OpenWork) -> pd.DataFrame:
    """A ProposalFrame of every line that a workbook shows, oldest first within its sheet."""
    frame = _joined(work)
    legs = _legs(frame["legs_json"])
    frame = _with_wallet(frame, work.wallets)
    frame = _with_target(frame, legs, work)
    frame = _with_words(frame, work)
    frame["age_days"] = _age_days(frame["value_date"], work.today)
    frame["sheet"] = _sheets(frame, legs)
    frame["section"] = _sections(frame)
    frame["facts_json"] = _facts(frame)
    frame = frame.sort_values(
        ["sheet", "section", "completed_at_utc_s", "line_id"], ignore_index=True
    )
    return ProposalFrame.build(frame[ProposalFrame.columns()])


def row_ids(line_ids: pd.Series) -> pd.Series:
    """The row id of each line."""
    return ("R" + line_ids.astype("str").str.zfill(6)).astype("str")


def _joined(work: OpenWork) -> pd.DataFrame:
    states = work.states[work.states["state"].isin(_SHEET_OF_STATE)]
    frame = work.lines.merge(states, on="line_id")
    matches = work.matches.rename(columns={"state": "match_state"})
    frame = frame.merge(matches, on="line_id", how="left")
    for name, dtype in matches.dtypes.astype("str").items():
        if dtype == "str":
            frame[name] = frame[name].fillna("")
    left = frame["line_id"].map(work.left_minor).astype("Int64").fillna(frame["amount_minor"])
    frame["left_minor"] = left.astype("int64")
    frame["original"] = frame["line_id"].map(work.originals).astype("str").fillna("")
    frame["takes_back"] = frame["line_id"].map(work.takes_back).astype("str").fillna("")
    rejected = frame["line_id"].map(work.rejections).astype("str").fillna("")
    frame["is_rejected"] = rejected != ""
    notes = frame["line_id"].map(work.notes).astype("str").fillna("")
    frame["note"] = (rejected + " " + notes).str.strip()
    frame["found_json"] = frame["line_id"].map(work.found).astype("str").fillna("")
    frame["sent_back"] = frame["line_id"].map(work.sent_back).astype("str").fillna("")
    frame["row_id"] = row_ids(frame["line_id"])
    items = work.items.set_index("item_id")["item_key"]
    frame["item_key"] = frame["item_id"].map(items).astype("str").fillna("")
    return frame


def _legs(legs_json: pd.Series) -> pd.DataFrame:
    """All legs below each other; `position` is the row they belong to."""
    parsed: list[list[dict[str, Any]]] = json.loads(
        "[" + ",".join(text or "[]" for text in legs_json) + "]"
    )
    counts = [len(legs) for legs in parsed]
    frame = pd.DataFrame(
        [leg for legs in parsed for leg in legs],
        columns=[
            "leg", "command", "account_kind", "account_id", "account_no", "client_id",
            "amount_minor", "posted_minor",
        ],
    )  # fmt: skip
    frame["position"] = np.repeat(np.arange(len(parsed)), counts)
    return frame


def _with_wallet(frame: pd.DataFrame, wallets: Sequence[WalletPart]) -> pd.DataFrame:
    by_id = {wallet.wallet_id: wallet for wallet in wallets}
    frame = frame[frame["wallet_id"].isin(by_id)].reset_index(drop=True)
    moments = pd.to_datetime(frame["completed_at_utc_s"], unit="s", utc=True)
    local = pd.Series("", index=frame.index, dtype="str")
    for wallet_id, wallet in by_id.items():
        chosen = frame["wallet_id"] == wallet_id
        local[chosen] = moments[chosen].dt.tz_convert(wallet.zone).dt.strftime("%Y-%m-%d %H:%M:%S")
    frame["completed_at_local"] = local
    names = {wallet_id: wallet.name for wallet_id, wallet in by_id.items()}
    frame["wallet"] = frame["wallet_id"].map(names).astype("str")
    frame["source"] = [
        line_source(by_id[wallet_id].provider, by_id[wallet_id].account, *facts)
        for wallet_id, *facts in zip(
            frame["wallet_id"], frame["sub_account"], frame["receipt"], frame["sign"].tolist(),
            frame["amount_minor"].tolist(), frame["n"].tolist(), frame["generation"].tolist(),
            strict=True,
        )
    ]  # fmt: skip
    return frame


def _with_target(frame: pd.DataFrame, legs: pd.DataFrame, work: OpenWork) -> pd.DataFrame:
    first = legs.drop_duplicates("position").set_index("position")
    accounts = work.accounts.drop_duplicates(["account_kind", "account_id"]).set_index(
        ["account_kind", "account_id"]
    )
    wanted = pd.MultiIndex.from_frame(first[["account_kind", "account_id"]])
    found = accounts.reindex(wanted).set_axis(first.index)
    loan = first["account_kind"] == "loan"
    disbursed = first["command"] == Command.LOAN_DISBURSEMENT.value
    before = found["balance_minor"].mask(loan, found["outstanding_minor"])
    before = before.mask(disbursed, 0)
    posted = first["posted_minor"].astype("Int64")
    falls = (first["command"] == Command.SAVINGS_WITHDRAWAL.value) | (loan & ~disbursed)
    target = pd.DataFrame(
        {
            "product": found["product_name"].astype("str").fillna(""),
            "due_minor": found["due_now_minor"].mask(~loan),
            "before_minor": before,
            "after_minor": before + posted.mask(falls, -posted),
            "leg_client_id": first["client_id"].astype("Int64"),
        }
    )
    foreign = found["currency"] != frame["currency"].reindex(first.index)
    money = ["due_minor", "before_minor", "after_minor"]
    target[money] = target[money].mask(foreign)  # a row shows amounts in its own currency only
    target = target.reindex(frame.index)
    frame["product"] = target["product"].astype("str").fillna("")
    for name in money:
        frame[name] = target[name].astype("Int64")
    clients = work.clients.set_index("client_id")["client_name"]
    client_id = target["leg_client_id"].fillna(frame["client_id"])
    frame["proposed_client"] = client_id.map(clients).astype("str").fillna("")
    frame["proposed_account"] = _account_texts(frame, legs)
    return frame


def _account_texts(frame: pd.DataFrame, legs: pd.DataFrame) -> pd.Series:
    """`kind:number`, with amounts where there are several legs."""
    names = legs["account_kind"] + ":" + legs["account_no"]
    several = legs["position"].duplicated(keep=False)
    single = pd.Series(names[~several].tolist(), index=legs.loc[~several, "position"])
    parts = legs[several]
    worded = [
        f"{name} {to_text(amount, currency)}"
        for name, amount, currency in zip(
            names[several],
            parts["amount_minor"],
            frame["currency"].reindex(parts["position"]),
            strict=True,
        )
    ]
    joined = (
        pd.Series(worded, index=parts["position"], dtype=object).groupby(level=0).agg("; ".join)
    )
    texts: pd.Series = pd.concat([single, joined]).reindex(frame.index)
    return texts.astype("str").fillna("")


def _with_words(frame: pd.DataFrame, work: OpenWork) -> pd.DataFrame:
    frame["payer"] = frame["party_name"].mask(frame["party_name"] == "", frame["party"])
    frame["payer_phone"] = frame["party_phone"]
    frame["evidence"] = evidence_texts(frame)
    frame["warnings"] = _warnings(frame)
    undecided = frame["candidates_json"].mask(frame["state"] == LineState.READY.value, "")
    texts = candidate_texts(undecided, frame["currency"], work.accounts, work.clients)
    for rank in range(1, SHOWN_CANDIDATES + 1):
        frame[f"candidate_{rank}"] = texts[rank - 1]
    for name in (
        "receipt", "reference", "payer", "payer_phone", "proposed_client", "proposed_account",
        "evidence",
    ):  # fmt: skip
        frame[name] = clean(frame[name])
    return frame


def _warnings(frame: pd.DataFrame) -> pd.Series:
    texts = veto_texts(frame["vetoes"])
    partly = frame[(frame["left_minor"] < frame["amount_minor"]) & (frame["left_minor"] > 0)]
    for index, minor, currency in zip(  # few: lines of which a part is taken
        partly.index, partly["left_minor"].tolist(), partly["currency"].tolist(), strict=True
    ):
        left = to_text(minor, currency)
        texts[index] = f"Only {left} of it is left; the rest is taken. {texts[index]}".strip()
    texts = (frame["note"] + " " + texts).str.strip()
    original = frame["original"].mask(frame["original"] != "", "Takes back " + frame["original"])
    texts = (original + "\n" + texts).str.strip()
    silent = (texts == "") & (frame["state"] != LineState.READY.value)
    return texts.mask(silent, frame["evidence"]).astype("str")


def _age_days(value_dates: pd.Series, today: date) -> pd.Series:
    days = pd.Timestamp(today) - pd.to_datetime(value_dates, errors="coerce")
    return days.dt.days.fillna(0).clip(lower=0).astype("int64")


def _sheets(frame: pd.DataFrame, legs: pd.DataFrame) -> pd.Series:
    """By state; a ready row that was rejected, or whose legs differ from what is left, asks."""
    sheets = frame["state"].map({state: sheet.value for state, sheet in _SHEET_OF_STATE.items()})
    proposed = legs.groupby("position")["amount_minor"].sum().reindex(frame.index).fillna(0)
    unlike = (proposed != frame["left_minor"]) | frame["is_rejected"]
    unfit = (frame["state"] == LineState.READY.value) & unlike
    return sheets.mask(unfit, Sheet.NEEDS_DECISION.value).astype("str")


def _sections(frame: pd.DataFrame) -> pd.Series:
    several = frame["proposed_account"].str.contains(";")
    product = frame["product"].mask(several, "several accounts")
    out = frame["line_class"] == LineClass.PAYOUT.value
    product = product.mask(out, "payouts, " + product)
    return (frame["wallet"] + " · " + product.mask(product == "", "no account")).astype("str")


def _facts(frame: pd.DataFrame) -> list[str]:
    """Facts whose change refuses an answer; the legs stand as the match wrote them."""
    columns = (
        "source", "receipt", "line_class", "value_date", "currency", "amount_minor", "left_minor",
        "conflict", "state", "vetoes", "item_key", "legs_json", "found_json",
        "sent_back",
    )  # fmt: skip
    return [
        json.dumps(dict(zip(columns, facts, strict=True)), separators=(",", ":"))
        for facts in zip(*(frame[name].tolist() for name in columns), strict=True)
    ]
