"""Money: integer minor units with a declared currency scale (ISO 4217)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

CURRENCY_DIGITS: Final[dict[str, int]] = {
    "KES": 2, "UGX": 0, "RWF": 0, "XAF": 0, "XOF": 0, "BIF": 0, "TZS": 2, "GHS": 2, "ZMW": 2,
    "MWK": 2, "CDF": 2, "MZN": 2, "LSL": 2, "NGN": 2, "ETB": 2, "ZAR": 2, "USD": 2, "EUR": 2,
}  # fmt: skip
"""Currency to the number of its decimal digits (statement-formats.md section 11)."""


def digits_of(currency: str) -> int:
    """Decimal digits of a currency; KeyError for one that is not declared."""
    return CURRENCY_DIGITS[currency]


def to_minor(amount: Decimal, currency: str) -> int:
    """Exact minor units of a decimal amount.

    Raises:
        ValueError: the amount has more digits than the currency, or is not finite.
    """
    if not amount.is_finite():
        raise ValueError("not a finite amount")
    scaled = amount.scaleb(digits_of(currency))
    minor = int(scaled)
    if minor != scaled:
        raise ValueError(f"more decimal digits than {currency} has")
    return minor


def to_decimal(amount_minor: int, currency: str) -> Decimal:
    """The decimal amount of minor units, with the currency's digits."""
    return Decimal(amount_minor).scaleb(-digits_of(currency))


def to_text(amount_minor: int, currency: str) -> str:
    """Amount for people: `KES 1,500.00`, `UGX 20,000`."""
    return f"{currency} {to_decimal(amount_minor, currency):,f}"
