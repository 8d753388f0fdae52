"""Several sightings of one line: best evidence wins, contradictions are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmrecon.model.line import LineClass, PartyKind
from mmrecon.statements.identity import Pairing

Mask = npt.NDArray[np.bool_]
_FILLED: Final = (
    "status", "reference", "details", "reason_type", "linked_receipt", "external_id",
)  # fmt: skip
_PARTY: Final = ("party", "party_kind", "party_phone", "party_name")
MUTABLE: Final = (
    "line_class", "completed_at_utc_s", "value_date", "has_seconds", "balance_minor", *_FILLED,
    *_PARTY, "conflict",
)  # fmt: skip
"""Columns of a line that a later sighting may change."""

_WITHOUT_WORD: Final = (LineClass.UNKNOWN.value, LineClass.NON_FINAL.value)
_NUMBERED: Final = (PartyKind.PHONE.value, PartyKind.MASKED.value)
_PAID: Final = (LineClass.COLLECTION.value, LineClass.PAYOUT.value)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that two sightings disagree about.

    `position` is the read line; `stored` the position of the stored line it disagrees with, or
    -1 for a line of the same file.
    """

    code: str
    position: int
    stored: int
    field: str = ""


@dataclass(frozen=True)
class Merged:
    """Stored lines after new sightings: only those that changed, with `line_id` and MUTABLE."""

    changed: pd.DataFrame
    findings: tuple[Finding, ...]


def merge(read: pd.DataFrame, stored: pd.DataFrame, pairing: Pairing) -> Merged:
    """Merge what the file shows again into the stored lines."""
    if not len(pairing.again):
        return Merged(stored.iloc[:0][["line_id", *MUTABLE]], ())
    positions = pairing.again["position"].to_numpy()
    places = pairing.again["stored"].to_numpy()
    new = read.iloc[positions].reset_index(drop=True)
    old = stored.iloc[places].reset_index(drop=True)
    best = old[["line_id", *MUTABLE]].copy()
    findings: list[Finding] = []
    for name in _FILLED:
        empty = (old[name] == "") & (new[name] != "")
        best[name] = old[name].mask(empty, new[name])
    _take_moment(best, old, new)
    _take_party(best, old, new)
    disagree = {"reference": _other_reference(old, new), "party": _other_party(old, new)}
    for name, mask in disagree.items():
        findings += _findings("line_contradicts", mask, positions, places, name)
    flipped = _take_class(best, old, new)
    findings += _findings("line_class_changed", flipped, positions, places, "line_class")
    best["conflict"] = old["conflict"] | flipped | disagree["reference"] | disagree["party"]
    same = (best[list(MUTABLE)].eq(old[list(MUTABLE)])).fillna(value=True)
    filled = best["balance_minor"].notna() & old["balance_minor"].isna()
    changed = best.loc[~same.all(axis=1) | filled]
    return Merged(changed.reset_index(drop=True), tuple(findings))


def other_amounts(read: pd.DataFrame, stored: pd.DataFrame, pairing: Pairing) -> list[Finding]:
    """New payments whose receipt stands elsewhere in the wallet with another amount."""
    names = ["receipt", "sign", "line_class", "amount_minor"]
    new = read[names].iloc[pairing.new["position"].to_numpy()]
    new = new.assign(position=new.index, stored=-1)
    old = stored[names].assign(position=-1, stored=np.arange(len(stored)))
    both = pd.concat([old, new], ignore_index=True)
    if not both["receipt"].duplicated().any():
        return []
    both = both.loc[both["line_class"].isin(_PAID)]
    both = both.loc[both["receipt"].duplicated(keep=False)]
    if not len(both):
        return []
    groups = both.groupby(["receipt", "sign", "line_class"], sort=False)["amount_minor"]
    both = both.assign(amounts=groups.transform("nunique"))
    odd = both.loc[(both["amounts"] > 1)]
    odd = odd.assign(stored=odd.groupby("receipt")["stored"].transform("max"))
    odd = odd.loc[odd["position"] >= 0]
    pairs = zip(odd["position"].tolist(), odd["stored"].tolist(), strict=True)
    return [Finding("receipt_other_amount", position, place) for position, place in pairs]


def _take_moment(best: pd.DataFrame, old: pd.DataFrame, new: pd.DataFrame) -> None:
    """Seconds beat minutes; what is final by now has its moment, balance and status from then."""
    pending = LineClass.NON_FINAL.value
    completed = (old["line_class"] == pending) & (new["line_class"] != pending)
    finer = completed | (new["has_seconds"] & ~old["has_seconds"])
    for name in ("completed_at_utc_s", "value_date", "has_seconds"):
        best[name] = old[name].mask(finer, new[name])
    best["status"] = best["status"].mask(completed, new["status"])
    balance = old["balance_minor"].mask(completed, new["balance_minor"])
    best["balance_minor"] = balance.fillna(new["balance_minor"])


def _take_party(best: pd.DataFrame, old: pd.DataFrame, new: pd.DataFrame) -> None:
    """A full phone beats a mask, anything beats nothing."""
    unmasked = (old["party_kind"] != PartyKind.PHONE.value) & (
        new["party_kind"] == PartyKind.PHONE.value
    )
    missing = (old["party_kind"] == PartyKind.NONE.value) & (
        new["party_kind"] != PartyKind.NONE.value
    )
    better = unmasked | missing
    for name in _PARTY:
        best[name] = old[name].mask(better & (new[name] != ""), new[name])
    nameless = (old["party_name"] == "") & (new["party_name"] != "")
    best["party_name"] = best["party_name"].mask(nameless, new["party_name"])


def _other_reference(old: pd.DataFrame, new: pd.DataFrame) -> pd.Series:
    there = (old["reference"].str.strip() != "") & (new["reference"].str.strip() != "")
    if not there.any():
        return there
    ours, theirs = (side["reference"].str.replace(r"\s+", "", regex=True) for side in (new, old))
    return there & (ours.str.casefold() != theirs.str.casefold())


def _other_party(old: pd.DataFrame, new: pd.DataFrame) -> pd.Series:
    """Phones whose last three digits differ are two phones, whatever the masks hide."""
    numbered = old["party_kind"].isin(_NUMBERED) & new["party_kind"].isin(_NUMBERED)
    return numbered & (old["party_phone"].str[-3:] != new["party_phone"].str[-3:])


def _take_class(best: pd.DataFrame, old: pd.DataFrame, new: pd.DataFrame) -> pd.Series:
    """A word beats no word; two different words are a change that a person must see."""
    differs = (old["line_class"] != new["line_class"]) & (
        new["line_class"] != LineClass.UNKNOWN.value
    )
    best["line_class"] = old["line_class"].mask(differs, new["line_class"])
    return differs & ~old["line_class"].isin(_WITHOUT_WORD)


def _findings(
    code: str, mask: pd.Series, positions: npt.NDArray[np.int64],
    places: npt.NDArray[np.int64], field: str,
) -> list[Finding]:  # fmt: skip
    return [
        Finding(code, int(positions[at]), int(places[at]), field)
        for at in np.flatnonzero(mask.to_numpy())
    ]
