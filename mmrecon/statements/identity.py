"""Which rows are lines seen for the first time, and which are lines seen again (DESIGN section 5).

A line is (wallet, sub-account, receipt, sign, amount, n). Rows equal in that, and in completion
time and printed balance, are one line; others count up n in order of completion. A layout that
prints no sub-account, no seconds or no balance is compared by what it does print.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmrecon.model.line import LineClass, ReadLineFrame

Int64s = npt.NDArray[np.int64]
_NO_BALANCE: Final = np.iinfo(np.int64).min
_MINUTE_S: Final = 60


@dataclass(frozen=True, slots=True)
class _Way:
    """How facts are compared.

    `loose_second` compares minutes where one side has no seconds; `loose_balance` leaves the
    balance out where one side prints none; `pending` leaves both out where one side was not
    final yet: it completes later, with another balance.
    """

    loose_second: bool = False
    loose_balance: bool = False
    pending: bool = False


_WAYS: Final = (
    _Way(),
    _Way(loose_balance=True),
    _Way(loose_second=True),
    _Way(loose_second=True, loose_balance=True),
    _Way(loose_balance=True, pending=True),
)


@dataclass(frozen=True)
class Pairing:
    """What a file's lines are to the store.

    `line_ids` and `is_first` go with the read lines, in their order. `new` holds the lines to
    insert, oldest first: `position` of the read line that shows each first, `line_id`, `n`,
    `repeats`. `again` pairs read lines (`position`) with stored ones (`stored`, a position too).
    `repeats` are stored lines (`line_id`) whose number of look-alikes changed. `returned` are
    lines (`line_id`, `sub_account`) that had left with the files that showed them: they are new.
    """

    line_ids: Int64s
    is_first: npt.NDArray[np.bool_]
    new: pd.DataFrame
    again: pd.DataFrame
    repeats: pd.DataFrame
    returned: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame({"line_id": [], "sub_account": []})
    )


def pair(read: pd.DataFrame, stored: pd.DataFrame, next_line_id: int) -> Pairing:
    """Pair a file's lines (`ReadLineFrame`) with the wallet's stored lines of the same receipts.

    `stored` has the columns of `LineFrame`.
    """
    ReadLineFrame.check(read)
    facts = _facts(read, stored)
    mine = facts.iloc[: len(read)]
    theirs = facts.iloc[len(read) :].reset_index(drop=True)
    shown = _distinct(mine)
    candidates = mine.loc[shown.first].reset_index(names="position")
    partner = _partners(candidates, theirs)
    line_of_candidate = np.full(len(candidates), -1, dtype=np.int64)
    paired = partner >= 0
    if paired.any():
        line_of_candidate[paired] = stored["line_id"].to_numpy()[partner[paired]]
    new = _numbered(candidates.loc[~paired], theirs, next_line_id)
    line_of_candidate[new["candidate"].to_numpy()] = new["line_id"].to_numpy()
    first = np.zeros(len(read), dtype=np.bool_)
    first[new["position"].to_numpy()] = True
    again = pd.DataFrame(
        {"position": candidates["position"].to_numpy()[paired], "stored": partner[paired]}
    )
    grown = _grown(new, theirs, stored)
    return Pairing(line_of_candidate[shown.number], first, new, again, grown)


def with_returned(pairing: Pairing, read: pd.DataFrame, stored: pd.DataFrame, here: int) -> Pairing:
    """The pairing with `stored`, of which only the first `here` lines have not left, as it counts.

    A line that had left comes back under its own id as a first sighting, with the facts of the row
    that shows it now; its number among look-alikes stays, and these are counted anew.
    """
    back = pairing.again["stored"].to_numpy() >= here
    position = pairing.again["position"].to_numpy()[back]
    lines = stored.iloc[pairing.again["stored"].to_numpy()[back]]
    line_id = lines["line_id"].to_numpy()
    added = pd.DataFrame(
        {"position": position, "line_id": line_id, "n": lines["n"].to_numpy(), "repeats": 1}
    )
    new = pd.concat([pairing.new[list(added.columns)], added], ignore_index=True)
    new, repeats = _recounted(new, read, stored.iloc[:here])
    first = pairing.is_first.copy()
    first[position] = True
    sub_account = lines["sub_account"].reset_index(drop=True)
    return replace(
        pairing, is_first=first, new=new, again=pairing.again.loc[~back], repeats=repeats,
        returned=pd.DataFrame({"line_id": line_id, "sub_account": sub_account}),
    )  # fmt: skip


def _recounted(
    new: pd.DataFrame, read: pd.DataFrame, stored: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """New lines with how many look alike, and stored ones of which it is another number now."""
    keys = ["receipt", "sub_account", "sign", "amount_minor"]
    shown = read[keys].iloc[new["position"].to_numpy()]
    alike = pd.concat([shown, stored[keys]], ignore_index=True)
    size = alike.groupby(keys)["sign"].transform("size").to_numpy()
    before = stored[["line_id", "repeats"]].assign(now=size[len(new) :])
    changed = before.loc[before["now"] != before["repeats"], ["line_id", "now"]]
    counted = new.assign(repeats=size[: len(new)].astype("int64"))
    return counted, changed.rename(columns={"now": "repeats"})


def _facts(read: pd.DataFrame, stored: pd.DataFrame) -> pd.DataFrame:
    """Integer facts, read lines above stored ones; `look` is (receipt, sign, amount)."""
    receipts = pd.concat([read["receipt"], stored["receipt"]], ignore_index=True)
    receipt, _ = pd.factorize(receipts)
    signed = _both(read, stored, "sign") * _both(read, stored, "amount_minor")
    amount, amounts = pd.factorize(signed)
    look, _ = pd.factorize(receipt * (len(amounts) + 1) + amount)
    accounts = pd.concat([read["sub_account"], stored["sub_account"]], ignore_index=True)
    account, names = pd.factorize(accounts)
    nameless = np.flatnonzero(names == "")
    if len(nameless):
        account = np.where(account == nameless[0], -1, account)
    balance = pd.concat([read["balance_minor"], stored["balance_minor"]], ignore_index=True)
    classes = pd.concat([read["line_class"], stored["line_class"]], ignore_index=True)
    pending = (classes == LineClass.NON_FINAL.value).to_numpy()
    digest = np.r_[read["cells_digest"].to_numpy(), np.zeros(len(stored), dtype=np.int64)]
    return pd.DataFrame(
        {
            "look": look,
            "account": account,
            "utc_s": _both(read, stored, "completed_at_utc_s"),
            "has_seconds": _both(read, stored, "has_seconds"),
            "balance": balance.fillna(_NO_BALANCE).astype("int64").to_numpy(),
            "pending": pending,
            "digest": digest,
        }
    )


def _both(read: pd.DataFrame, stored: pd.DataFrame, name: str) -> npt.NDArray[np.int64]:
    return np.concatenate([read[name].to_numpy(), stored[name].to_numpy()])


@dataclass(frozen=True, slots=True)
class _Distinct:
    """Positions of the first row of each distinct line in a file, and each row's line number."""

    first: Int64s
    number: Int64s


def _distinct(mine: pd.DataFrame) -> _Distinct:
    """Rows of one file that are one line: two downloads pasted together show lines twice."""
    if not mine["look"].duplicated().any():
        everything = np.arange(len(mine))
        return _Distinct(everything, everything)
    no_balance = mine["balance"] == _NO_BALANCE
    cells = mine["digest"].where(no_balance, 0)
    keys = pd.DataFrame(
        {"look": mine["look"], "utc_s": mine["utc_s"], "balance": mine["balance"], "cells": cells}
    )
    number = keys.groupby(list(keys.columns), sort=False).ngroup().to_numpy().astype(np.int64)
    _, first = np.unique(number, return_index=True)
    return _Distinct(first.astype(np.int64), number)


def _partners(candidates: pd.DataFrame, theirs: pd.DataFrame) -> Int64s:
    """For each candidate the position of the stored line that it shows again, or -1."""
    partner = np.full(len(candidates), -1, dtype=np.int64)
    free = np.ones(len(theirs), dtype=np.bool_)
    for how in _WAYS:
        left, right = np.flatnonzero(partner < 0), np.flatnonzero(free)
        if not len(left) or not len(right):
            break
        found = _joined(candidates.iloc[left], theirs.iloc[right], how)
        partner[left[found["ours"].to_numpy()]] = right[found["others"].to_numpy()]
        free[right[found["others"].to_numpy()]] = False
    return partner


def _joined(ours: pd.DataFrame, others: pd.DataFrame, how: _Way) -> pd.DataFrame:
    """One-to-one pairs of positions whose facts agree; look-alikes pair in order of time."""
    mine, theirs = _keys(ours, "ours", how), _keys(others, "others", how)
    shared = [name for name in ("look", "moment", "balance") if name in mine.columns]
    found = mine.merge(theirs, on=shared)
    agree = (found["ours_account"] == found["others_account"]) | (
        (found["ours_account"] == -1) | (found["others_account"] == -1)
    )
    if how.loose_second:
        agree &= ~(found["ours_seconds"] & found["others_seconds"])
    if how.loose_balance and not how.pending:
        agree &= (found["ours_balance"] == _NO_BALANCE) | (found["others_balance"] == _NO_BALANCE)
    if how.pending:
        agree &= found["ours_pending"] | found["others_pending"]
    return _one_to_one(found.loc[agree, ["ours", "others"]])


def _keys(side: pd.DataFrame, name: str, how: _Way) -> pd.DataFrame:
    """What two sides are joined on, and what is compared after it."""
    utc_s = side["utc_s"].to_numpy()
    keys = pd.DataFrame(
        {
            name: np.arange(len(side)),
            "look": side["look"].to_numpy(),
            f"{name}_account": side["account"].to_numpy(),
            f"{name}_seconds": side["has_seconds"].to_numpy(),
            f"{name}_balance": side["balance"].to_numpy(),
            f"{name}_pending": side["pending"].to_numpy(),
        }
    )
    if not how.pending:
        keys["moment"] = utc_s // _MINUTE_S if how.loose_second else utc_s
    if not how.loose_balance:
        keys["balance"] = side["balance"].to_numpy()
    return keys


def _one_to_one(found: pd.DataFrame) -> pd.DataFrame:
    """The k-th of ours with the k-th of the others, where several fit."""
    if not found["ours"].duplicated().any() and not found["others"].duplicated().any():
        return found
    pairs: list[tuple[int, int]] = []
    taken_ours: set[int] = set()
    taken_others: set[int] = set()
    for ours, others in found.sort_values(["ours", "others"]).itertuples(index=False, name=None):
        if ours not in taken_ours and others not in taken_others:
            pairs.append((ours, others))
            taken_ours.add(ours)
            taken_others.add(others)
    return pd.DataFrame(pairs, columns=["ours", "others"], dtype="int64")


def _numbered(fresh: pd.DataFrame, theirs: pd.DataFrame, next_line_id: int) -> pd.DataFrame:
    """New lines in order of completion, with line_id, n and how many look alike."""
    utc_s, position = fresh["utc_s"].to_numpy(), fresh["position"].to_numpy()
    newest_first = len(utc_s) > 1 and utc_s[0] > utc_s[-1]
    fresh = fresh.iloc[np.lexsort((-position if newest_first else position, utc_s))]
    numbered = pd.DataFrame(
        {
            "candidate": fresh.index.to_numpy(),
            "position": fresh["position"].to_numpy(),
            "line_id": np.arange(next_line_id, next_line_id + len(fresh), dtype=np.int64),
            "look": fresh["look"].to_numpy(),
            "account": fresh["account"].to_numpy(),
            "n": np.ones(len(fresh), dtype=np.int64),
            "repeats": np.ones(len(fresh), dtype=np.int64),
        }
    )
    keys = ["look", "account"]
    known = theirs.groupby(keys).size().rename("known").reset_index()
    if not len(known) and not numbered["look"].duplicated().any():
        return numbered
    before = numbered[keys].merge(known, on=keys, how="left")["known"].fillna(0).astype("int64")
    groups = numbered.groupby(keys, sort=False)
    numbered["n"] = before.to_numpy() + groups.cumcount().to_numpy() + 1
    numbered["repeats"] = before.to_numpy() + groups["n"].transform("size").to_numpy()
    return numbered


def _grown(new: pd.DataFrame, theirs: pd.DataFrame, stored: pd.DataFrame) -> pd.DataFrame:
    """Stored lines whose group of look-alikes has new members."""
    keys = ["look", "account"]
    alike = new.loc[new["repeats"] > 1, [*keys, "repeats"]].drop_duplicates(keys)
    merged = theirs[keys].assign(line_id=stored["line_id"].to_numpy()).merge(alike, on=keys)
    return merged[["line_id", "repeats"]]
