"""What a line of the demo's day is: what a provider prints, and what should become of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from mmrecon.sandbox.demo_dice import DemoDice

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_YEAR_OF_A: Final = 2006
FULL, MASKED, SHORTCODE = "full", "masked", "shortcode"

Leg = tuple[str, str, int]
"""Kind, account number, amount in minor units."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The truth about a line.

    `states` are those that are right before anybody has decided; where two stand, both are: the
    evidence is one edit away or a question of policy. `legs` are what a ready line posts.
    """

    story: str
    states: tuple[str, ...]
    tier: str = ""
    legs: tuple[Leg, ...] = ()


NO_POSTING: Final = Expected("no posting", ("no_posting",))


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays: a telephone or a shortcode, a name, and how a statement shows them."""

    phone: str
    name: str
    shown: str = MASKED

    def printed(self) -> str:
        """`25470****001 - ALICE **** EXAMPLE`, or everything, or a shortcode."""
        if self.shown != MASKED:
            return f"{self.phone} - {self.name}"
        first, _, rest = self.name.partition(" ")
        name = f"{first} **** {rest}" if rest else first
        return f"{self.phone[:5]}****{self.phone[-3:]} - {name}"


@dataclass(frozen=True, slots=True)
class Collection:
    """A payment to the institution, before it has a moment and a receipt."""

    payer: Payer
    reference: str
    amount_minor: int
    expected: Expected
    how: str = "pay_bill"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a statement. `amount_minor` is signed; `fee_minor` is a fee column's."""

    at: datetime
    receipt: str
    line_class: str
    amount_minor: int
    reason: str
    words: str
    expected: Expected
    party: str = ""
    name: str = ""
    reference: str = ""
    linked_receipt: str = ""
    status: str = "Completed"
    fee_minor: int = 0
    begun_at: datetime | None = None
    is_damaged: bool = False

    @property
    def moves(self) -> bool:
        """Whether the balance moved."""
        return self.status in {"Completed", "Successful"}


class Receipts:
    """M-PESA receipts of a day (statement-formats.md 1.9); no two are the same."""

    def __init__(self, day: date, dice: DemoDice) -> None:
        year = chr(ord("A") + (day.year - _YEAR_OF_A) % 26)
        self._start = f"{year}{chr(ord('A') + day.month - 1)}{ALPHABET[day.day]}"
        self._dice = dice
        self._taken: set[str] = set()

    def next(self) -> str:
        """Ten capitals and digits."""
        while True:
            tail = "".join(self._dice.one_of(ALPHABET) for _ in range(7))
            if tail not in self._taken:
                self._taken.add(tail)
                return self._start + tail


class DayClock:
    """Moments of a business day, no two in the same second."""

    def __init__(self, day: date, dice: DemoDice) -> None:
        self._midnight = datetime.combine(day, time())
        self._dice = dice
        self._taken: set[int] = set()

    def any_time(self) -> datetime:
        """Some second between six in the morning and ten at night."""
        return self.at_or_after(6 * 3600 + self._dice.below(16 * 3600))

    def at_or_after(self, second: int) -> datetime:
        """That second of the day, or the next free one."""
        while second in self._taken:
            second += 1
        self._taken.add(second)
        return self._midnight + timedelta(seconds=second)

    def after(self, moment: datetime, minutes: int) -> datetime:
        """So many minutes later, or the next free second."""
        return self.at_or_after(int((moment - self._midnight).total_seconds()) + 60 * minutes)


def in_time(
    units: list[list[Collection]], clock: DayClock, minutes_between: int
) -> list[tuple[datetime, Collection]]:
    """Payments with their moments; those of one unit follow each other by some minutes."""
    placed: list[tuple[datetime, Collection]] = []
    for unit in units:
        moment = clock.any_time()
        for collection in unit:
            placed.append((moment, collection))
            moment = clock.after(moment, minutes_between)
    return sorted(placed, key=lambda pair: pair[0])


def chronological(entries: list[Entry]) -> list[Entry]:
    """In order of time; a charge follows the payment it belongs to."""
    return sorted(entries, key=lambda entry: (entry.at, entry.line_class == "charge"))


def balances(entries: list[Entry], opening_minor: int) -> list[int]:
    """The balance after each row, rows in order of time."""
    balance, found = opening_minor, []
    for entry in entries:
        if entry.moves:
            balance += entry.amount_minor - entry.fee_minor
        found.append(balance)
    return found


def charge_of(payment: Entry, fee_minor: int, reason: str) -> Entry:
    """A payment's charge: the same receipt and moment, money out, party SP."""
    return replace(
        payment,
        line_class="charge",
        amount_minor=-fee_minor,
        reason=reason,
        words=reason,
        expected=NO_POSTING,
        party="SP",
        reference="",
    )
