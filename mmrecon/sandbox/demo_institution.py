"""The demo's institution: an invented savings and credit society in Kenya and Uganda.

Everything follows from a day: 400 clients of three offices, their savings accounts and loans.
Client numbers, savings account numbers and loan account numbers have ranges of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from mmrecon.sandbox.demo_dice import DemoDice
from mmrecon.sandbox.demo_people import kenyan_name, kenyan_phone, ugandan_name, ugandan_phone

NAME: Final = "Jirani Example SACCO"
KENYANS: Final = 300
UGANDANS: Final = 100
ACTIVE, CLOSED, BLOCKED = "active", "closed", "blocked"

_FIRST_CLIENT: Final = 10_001
_FIRST_SAVINGS: Final = 200_001
_FIRST_SHARES: Final = 250_001
_FIRST_LOAN: Final = 300_001
_FIRST_NATIONAL_ID: Final = 31_000_451
_SHARES_EVERY: Final = 5
_CLOSED: Final = frozenset(range(270, 278))
_BLOCKED: Final = frozenset(range(278, 284))
_TWO_LOANS: Final = frozenset(range(140, 143))
_APPROVED_LOANS: Final = frozenset(range(200, 214))
_COUPLE: Final = (290, 291)


@dataclass(frozen=True, slots=True)
class DemoSavings:
    """A savings account; `product` is the product's short name."""

    account_no: str
    product: str
    opened_on: date
    opening_minor: int
    status: str = ACTIVE


@dataclass(frozen=True, slots=True)
class DemoLoan:
    """A loan without interest in equal monthly instalments.

    `disbursed_on` is None for an approved loan that waits for its money.
    """

    account_no: str
    external_id: str
    product: str
    approved_on: date
    disbursed_on: date | None
    instalments: int
    instalment_minor: int
    paid_minor: int

    @property
    def principal_minor(self) -> int:
        """What was lent, or will be."""
        return self.instalments * self.instalment_minor

    @property
    def outstanding_minor(self) -> int:
        """What is still owed."""
        return self.principal_minor - self.paid_minor

    def due_minor(self, day: date) -> int:
        """What should have been paid by the end of a day and was not."""
        if self.disbursed_on is None:
            return 0
        fallen_due = sum(due <= day for due in self.due_dates())
        return max(fallen_due * self.instalment_minor - self.paid_minor, 0)

    def due_dates(self) -> Iterator[date]:
        """The day of each instalment."""
        if self.disbursed_on is None:
            return
        for number in range(1, self.instalments + 1):
            yield _months_later(self.disbursed_on, number)


@dataclass(frozen=True, slots=True)
class DemoClient:
    """A client; `number` is Fineract's account number of the client.

    `national_id` is "" where the institution has not seen one.
    """

    number: str
    external_id: str
    first_name: str
    last_name: str
    mobile_no: str
    office: str
    country: str
    national_id: str
    since: date
    savings: tuple[DemoSavings, ...]
    loans: tuple[DemoLoan, ...]

    @property
    def name(self) -> str:
        """The name as a provider prints it."""
        return f"{self.first_name} {self.last_name}".upper()

    @property
    def phone(self) -> str:
        """The telephone number in digits."""
        return self.mobile_no.removeprefix("+")

    def savings_of(self, product: str) -> DemoSavings:
        """The savings account of a product."""
        return next(account for account in self.savings if account.product == product)


@dataclass(frozen=True, slots=True)
class Institution:
    """Offices and clients as they stand on the morning of the day."""

    day: date
    offices: tuple[tuple[str, str], ...]
    clients: tuple[DemoClient, ...]

    def of_country(self, country: str) -> list[DemoClient]:
        """The clients of Kenya (`KE`) or Uganda (`UG`)."""
        return [client for client in self.clients if client.country == country]


def build_institution(day: date) -> Institution:
    """The institution of a demo whose statements are of that day."""
    dice = DemoDice("institution")
    clients = [_kenyan(number, day, dice) for number in range(KENYANS)]
    clients += [_ugandan(number, day, dice) for number in range(UGANDANS)]
    offices = (("Nairobi Branch", "KE"), ("Kisumu Branch", "KE"), ("Kampala Branch", "UG"))
    return Institution(day, offices, tuple(_share_phone(clients)))


def _share_phone(clients: list[DemoClient]) -> list[DemoClient]:
    """A couple with one telephone: Fineract wants numbers unique as text, so one has a plus."""
    one, other = _COUPLE
    shared = f"+{clients[one].phone}"
    return [
        replace(client, mobile_no=shared) if place == other else client
        for place, client in enumerate(clients)
    ]


def _kenyan(number: int, day: date, dice: DemoDice) -> DemoClient:
    first, last = kenyan_name(number)
    since = day - timedelta(days=dice.between(250, 900))
    status = CLOSED if number in _CLOSED else BLOCKED if number in _BLOCKED else ACTIVE
    opening = 0 if status == CLOSED else dice.between(20_000_00, 60_000_00, 500_00)
    savings = [_savings(_FIRST_SAVINGS + number, "SA", since, opening, status)]
    if number % _SHARES_EVERY == 0:
        shares = dice.between(1_000_00, 9_000_00, 500_00)
        savings.append(_savings(_FIRST_SHARES + number, "SH", since, shares, ACTIVE))
    loans: list[DemoLoan] = []
    if number < max(_TWO_LOANS) + 1:
        loans.append(_running_loan(number, "NL", day, dice))
    if number in _TWO_LOANS:
        loans.append(_running_loan(number + 200, "NL", day, dice))
    if number in _APPROVED_LOANS:
        loans.append(_waiting_loan(number, "NL", day, dice))
    national_id = str(_FIRST_NATIONAL_ID + number * 173) if number % 4 == 1 else ""
    office = "Nairobi Branch" if number % 5 < 3 else "Kisumu Branch"
    return DemoClient(
        str(_FIRST_CLIENT + number), f"JS-{_FIRST_CLIENT + number}", first, last,
        kenyan_phone(number), office, "KE", national_id, since, tuple(savings), tuple(loans),
    )  # fmt: skip


def _ugandan(number: int, day: date, dice: DemoDice) -> DemoClient:
    first, last = ugandan_name(number)
    since = day - timedelta(days=dice.between(250, 900))
    opening = dice.between(300_000, 2_000_000, 10_000)
    client_number = _FIRST_CLIENT + KENYANS + number
    savings = _savings(_FIRST_SAVINGS + KENYANS + number, "US", since, opening, ACTIVE)
    loans = (_running_loan(KENYANS + 200 + number, "UL", day, dice),) if number % 5 < 2 else ()
    return DemoClient(
        str(client_number), f"JS-{client_number}", first, last, ugandan_phone(number),
        "Kampala Branch", "UG", "", since, (savings,), loans,
    )  # fmt: skip


def _savings(number: int, product: str, since: date, opening: int, status: str) -> DemoSavings:
    return DemoSavings(f"{number:09}", product, since, opening, status)


def _running_loan(number: int, product: str, day: date, dice: DemoDice) -> DemoLoan:
    """A loan of a few months; two in three are behind with something."""
    instalments = dice.one_of((6, 6, 12))
    instalment = (
        dice.between(1_000_00, 4_000_00, 100_00)
        if product == "NL"
        else dice.between(40_000, 160_000, 5_000)
    )
    disbursed = _day_with_quiet_dues(day, dice.between(40, 165))
    loan = DemoLoan(
        f"{_FIRST_LOAN + number:09}", f"LN-{_FIRST_LOAN + number}", product,
        disbursed - timedelta(days=3), disbursed, instalments, instalment, 0,
    )  # fmt: skip
    fallen_due = loan.due_minor(day) // instalment
    behind = dice.one_of((0, 1, 1)) if fallen_due else 0
    paid = (fallen_due - behind) * instalment
    if behind and dice.below(3) == 0:
        paid += instalment * 2 // 5
    return replace(loan, paid_minor=paid)


def _waiting_loan(number: int, product: str, day: date, dice: DemoDice) -> DemoLoan:
    return DemoLoan(
        f"{_FIRST_LOAN + number:09}", f"LN-{_FIRST_LOAN + number}", product,
        day - timedelta(days=2), None, 6, dice.between(2_000_00, 6_000_00, 500_00), 0,
    )  # fmt: skip


def _day_with_quiet_dues(day: date, days_ago: int) -> date:
    """A day so long ago from which no instalment falls due around the demo's day.

    So what is due does not depend on how long after its day the demo is played.
    """
    disbursed = day - timedelta(days=days_ago)
    while disbursed.day > 28 or _due_around(disbursed, day):
        disbursed -= timedelta(days=1)
    return disbursed


def _due_around(disbursed: date, day: date) -> bool:
    dues = (_months_later(disbursed, number) for number in range(1, 13))
    return any(timedelta(days=-3) <= due - day <= timedelta(days=8) for due in dues)


def _months_later(start: date, months: int) -> date:
    month = start.month - 1 + months
    return date(start.year + month // 12, month % 12 + 1, start.day)
