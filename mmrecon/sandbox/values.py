"""Money, dates and enumerations as the API writes them.

Money is an integer of millionths, as exact as Fineract's numeric(19,6).
"""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

MILLION = 1_000_000

Json = dict[str, Any]


def micro(amount: Decimal | int) -> int:
    """Millionths of an exact decimal; further digits are rounded half-even."""
    millionths: Decimal = Decimal(amount) * MILLION
    return int(millionths.to_integral_value(ROUND_HALF_EVEN))


def rounded(amount_micro: int, digits: int) -> int:
    """Millionths rounded half-even to the digits of a currency (fineract-api.md 1.4)."""
    unit: int = 10 ** (6 - digits)
    whole, rest = divmod(amount_micro, unit)
    if rest * 2 > unit or (rest * 2 == unit and whole % 2 == 1):
        whole += 1
    return whole * unit


def number(amount_micro: int | None) -> int | float | None:
    """An amount as a JSON number.

    A float is only ever the way to its text: up to 15 significant digits, which a
    numeric(19,6) with two decimals never exceeds, the text is the exact decimal.
    """
    if amount_micro is None:
        return None
    if amount_micro % MILLION == 0 and abs(amount_micro) >= 10**15:
        return amount_micro // MILLION
    return amount_micro / MILLION


def decimal_text(amount_micro: int, digits: int = 6) -> str:
    """An amount as decimal text with a fixed number of digits."""
    return f"{Decimal(amount_micro) / MILLION:.{digits}f}"


def date_parts(iso: str | None) -> list[int] | None:
    """``2026-01-31`` as ``[2026, 1, 31]``."""
    if iso is None:
        return None
    return [int(iso[:4]), int(iso[5:7]), int(iso[8:10])]


def moment_parts(stamp: str | None) -> list[int] | None:
    """A timestamp as the array of its parts, to nanoseconds."""
    if stamp is None:
        return None
    moment = datetime.fromisoformat(stamp)
    return [*moment.timetuple()[:6], moment.microsecond * 1000]


def epoch_ms(stamp: str) -> int:
    """A UTC timestamp as milliseconds since 1970."""
    return int(datetime.fromisoformat(stamp + "+00:00").timestamp() * 1000)


def iso(day: date) -> str:
    """A date as the database holds it."""
    return day.isoformat()


def compact(fields: Json) -> Json:
    """The fields without those that are null, as Gson leaves them out."""
    return {name: value for name, value in fields.items() if value is not None}


def dumps(body: Any) -> str:
    """JSON text as answered."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=_plain)


def pretty(body: Any) -> str:
    """JSON text with indentation, as error bodies are written."""
    return json.dumps(body, ensure_ascii=False, indent=2, default=_plain)


def _plain(value: object) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(type(value).__name__)


def loads(text: str) -> Any:
    """JSON with exact decimals."""
    return json.loads(text, parse_float=Decimal)
