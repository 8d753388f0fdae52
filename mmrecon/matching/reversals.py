"""Reversals and what they take back (domain.md 3.1): by link, by receipt, or perhaps by payer."""

from __future__ import annotations

from typing import Final

import pandas as pd

from mmrecon.model.frame import Flag, FrameSchema, Integer, Text
from mmrecon.model.line import LineClass

_WINDOW_S: Final = 7 * 86_400
_CROWD: Final = 20
"""With more payments of one amount than this nothing is said of which was meant."""
_MONEY: Final = (LineClass.COLLECTION.value, LineClass.PAYOUT.value)


class TakenBackFrame(FrameSchema):
    """A reversal line and a line that it takes back; `certain` by link or receipt."""

    reversal_id: Integer
    original_id: Integer
    receipt: Text
    certain: Flag


def taken_back(lines: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """A TakenBackFrame over all lines, asked about or not, sorted; small by nature."""
    columns = [
        "line_id", "wallet_id", "receipt", "linked_receipt", "line_class", "sign", "amount_minor",
        "completed_at_utc_s", "party_phone", "party_name",
    ]  # fmt: skip
    everything = pd.concat([lines[columns], others[columns]], ignore_index=True)
    reversals = everything[everything["line_class"] == LineClass.REVERSAL.value]
    if not len(reversals):
        return TakenBackFrame.empty()
    originals = everything[everything["line_class"].isin(_MONEY)]
    certain = _by_receipt(reversals, originals)
    loose = reversals[
        ~reversals["line_id"].isin(certain["line_id"]) & (reversals["linked_receipt"] == "")
    ]
    likely = _by_payer(loose, originals)
    found = pd.concat([certain.assign(certain=True), likely.assign(certain=False)])
    frame = pd.DataFrame(
        {
            "reversal_id": found["line_id"], "original_id": found["line_id_original"],
            "receipt": found["receipt_original"], "certain": found["certain"].astype(bool),
        }
    )  # fmt: skip
    frame = frame.drop_duplicates().sort_values(["reversal_id", "original_id"], ignore_index=True)
    return TakenBackFrame.build(frame)


def _by_receipt(reversals: pd.DataFrame, originals: pd.DataFrame) -> pd.DataFrame:
    named = reversals["linked_receipt"].where(
        reversals["linked_receipt"] != "", reversals["receipt"]
    )
    pairs = reversals.assign(names=named.str.upper()).merge(
        originals.assign(names=originals["receipt"].str.upper()),
        on=["wallet_id", "names"], suffixes=("", "_original"),
    )  # fmt: skip
    return pairs[(pairs["sign"] != pairs["sign_original"]) & (pairs["names"] != "")]


def _by_payer(loose: pd.DataFrame, originals: pd.DataFrame) -> pd.DataFrame:
    """Payments of the amount in the days before, of the same party or of one not shown."""
    keys = ["wallet_id", "amount_minor"]
    sized = originals.assign(crowd=originals.groupby(keys)["line_id"].transform("size"))
    parts = []
    for party in ("party_phone", "party_name"):
        shown = loose[loose[party] != ""]
        parts.append(shown.merge(sized, on=[*keys, party], suffixes=("", "_original")))
    unnamed = loose[(loose["party_phone"] == "") & (loose["party_name"] == "")]
    few = sized[sized["crowd"] <= _CROWD]
    parts.append(unnamed.merge(few, on=keys, suffixes=("", "_original")))
    pairs = pd.concat(parts, ignore_index=True)
    waited_s = pairs["completed_at_utc_s"] - pairs["completed_at_utc_s_original"]
    return pairs[
        (pairs["sign"] != pairs["sign_original"]) & (waited_s >= 0) & (waited_s <= _WINDOW_S)
    ]
