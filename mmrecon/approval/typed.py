"""What people type into answer cells, read strictly: a value, or the code that refuses it."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from mmrecon.model.account import AccountKind
from mmrecon.model.money import to_minor

_ACCOUNT: Final = re.compile(r"(savings|loan)\s*:\s*(\S+)", re.IGNORECASE)
_AMOUNT: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,4})?")
_TRANSACTION: Final = re.compile(r"[0-9]{1,18}")
_DATES: Final = (
    "%Y-%m-%d", "%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%m.%d.%Y", "%d-%m-%Y", "%m-%d-%Y",
    "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%b %d, %Y", "%B %d, %Y",
)  # fmt: skip
_LONGEST_HOLD: Final = timedelta(days=366)


class TypedError(Exception):
    """A cell that cannot be taken; never leaves this stage."""

    def __init__(self, code: str, **arguments: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.arguments = arguments


@dataclass(frozen=True, slots=True)
class NamedAccount:
    """An account as people name it: kind and number together."""

    kind: AccountKind
    number: str

    def words(self) -> str:
        """`savings:000000123`."""
        return f"{self.kind.value}:{self.number}"


def account(text: str, cell: str) -> NamedAccount:
    """`kind:number`.

    Raises:
        TypedError: it is not written so.
    """
    found = _ACCOUNT.fullmatch(text)
    if found is None:
        raise TypedError("answer_account_malformed", cell=cell)
    return NamedAccount(AccountKind(found[1].lower()), found[2])


def amount_minor(text: str, currency: str) -> int | None:
    """A plain positive decimal number in minor units; None when it is none."""
    if _AMOUNT.fullmatch(text) is None:
        return None
    try:
        return to_minor(Decimal(text), currency) or None
    except ValueError:
        return None


def split(text: str, currency: str) -> list[tuple[NamedAccount, int]]:
    """`kind:number=amount; ...` with at least two parts, each account once.

    Raises:
        TypedError: it is not written so.
    """
    parts = []
    for piece in filter(None, (piece.strip() for piece in text.split(";"))):
        name, _, figure = piece.partition("=")
        minor = amount_minor(figure.strip(), currency)
        if _ACCOUNT.fullmatch(name.strip()) is None or minor is None:
            raise TypedError("answer_split_malformed")
        parts.append((account(name.strip(), "Split"), minor))
    if len(parts) < 2 or len({named for named, _ in parts}) < len(parts):
        raise TypedError("answer_split_malformed")
    return parts


def hold_until(text: str, today: date) -> str:
    """A day after today, as ISO.

    Raises:
        TypedError: it is no such day, or could be two.
    """
    day = _day(text)
    if not today < day <= today + _LONGEST_HOLD:
        raise TypedError("answer_date_past")
    return day.isoformat()


def other_value_date(text: str, true_day: str, today: date) -> str:
    """A day after the line's own and not after today, as ISO.

    Raises:
        TypedError: it is no such day, or could be two.
    """
    day = _day(text)
    if not date.fromisoformat(true_day) < day <= today:
        raise TypedError("answer_value_date_range", day=true_day)
    return day.isoformat()


def _day(text: str) -> date:
    """The one day that a text means: `2026-11-28`, `28/11/2026` either way round, `28 Nov 2026`."""
    days = set()
    for spelling in _DATES:
        with suppress(ValueError):
            days.add(datetime.strptime(text, spelling).replace(tzinfo=UTC).date())
    if not days:
        raise TypedError("answer_date_malformed")
    if len(days) > 1:
        raise TypedError("answer_date_ambiguous", days=" or ".join(sorted(map(str, days))))
    return days.pop()


def transaction(text: str) -> str:
    """A Fineract transaction's number.

    Raises:
        TypedError: it is none.
    """
    if _TRANSACTION.fullmatch(text) is None:
        raise TypedError("answer_transaction_malformed")
    return text.lstrip("0") or "0"


def paper_reference(text: str) -> str:
    """A transaction, journal entry or paper reference.

    Raises:
        TypedError: too short to find anything by.
    """
    if len(text) < 3:
        raise TypedError("answer_paper_reference_short")
    return text
