"""Vetoes as bits of an int64, so that a hundred thousand lines are checked at once."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from mmrecon.matching.keys import Flags, Keys
from mmrecon.matching.lookup import codes_of_values
from mmrecon.model.catalogue.matching import VETOES

BIT: Final[dict[str, int]] = {text.code: 1 << number for number, text in enumerate(VETOES)}
"""Veto code to its bit."""


def bits(*codes: str) -> int:
    """Several vetoes together."""
    return sum(BIT[code] for code in codes)


PREVENTS_LEGS: Final = bits(
    "account_closed", "account_blocked", "account_wrong_state", "currency_differs",
    "leading_zeros_doubtful", "several_owners", "several_loans", "several_savings",
    "remainder_unplaced", "product_disagrees", "group_code", "due_unknown", "line_odd",
    "no_receipt", "item_not_open", "item_named_twice",
    "payout_amount_differs", "receipt_repeats", "balance_short", "reversal_seen",
)  # fmt: skip
"""With one of these no default is offered: the officer says where the money goes."""


def put(vetoes: Keys, code: str, where: Flags) -> None:
    """Add a veto to the lines where it holds."""
    vetoes[where] |= BIT[code]


def words(vetoes: Keys) -> pa.StringArray:
    """Veto codes joined by `;` for each line, in the catalogue's order."""
    kinds, places = codes_of_values(vetoes)
    texts = [";".join(code for code, bit in BIT.items() if value & bit) for value in kinds.tolist()]
    return pa.array(texts, pa.string()).take(pa.array(places))
