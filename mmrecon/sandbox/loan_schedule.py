"""Repayment schedules: dates and amounts of the instalments of a loan.

Declining balance with equal instalments or equal principal, and flat interest; exact decimals,
rounded half-even to the currency's digits, the last instalment takes what is left.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext

from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.days import is_holiday, is_working_day
from mmrecon.sandbox.periods import PERIODS_A_YEAR, later
from mmrecon.sandbox.refusals import UnknownToSandboxError
from mmrecon.sandbox.values import MILLION, iso, micro, rounded

FLAT, DAILY, EQUAL_PRINCIPAL = 1, 0, 0


@dataclass(frozen=True)
class Terms:
    """What a schedule follows from."""

    principal: int
    instalments: int
    every: int
    frequency: int
    annual_rate: int
    flat: bool
    daily: bool
    equal_principal: bool
    digits: int

    @classmethod
    def of(cls, loan: Row, principal: int) -> Terms:
        """The terms of a loan over a principal."""
        return cls(
            principal=principal,
            instalments=loan["number_of_repayments"],
            every=loan["repay_every"],
            frequency=loan["repayment_period_frequency_enum"],
            annual_rate=loan["annual_nominal_interest_rate"],
            flat=loan["interest_method_enum"] == FLAT,
            daily=loan["interest_calculated_in_period_enum"] == DAILY,
            equal_principal=loan["amortization_method_enum"] == EQUAL_PRINCIPAL,
            digits=loan["currency_digits"],
        )


@dataclass(frozen=True)
class Instalment:
    """One instalment, amounts in millionths."""

    number: int
    starts: date
    due: date
    principal: int
    interest: int


def due_dates(
    session: Session, terms: Terms, start: date, first: date | None, office_id: int
) -> list[date]:
    """The due dates, moved off holidays and non-working days as the organisation does."""
    if first is None:
        plain = [
            later(start, n * terms.every, terms.frequency) for n in range(1, terms.instalments + 1)
        ]
    else:
        plain = [later(first, n * terms.every, terms.frequency) for n in range(terms.instalments)]
    return [_moved(session, day, office_id) for day in plain]


def _moved(session: Session, day: date, office_id: int) -> date:
    if is_working_day(session, day) and not is_holiday(session, office_id, day):
        return day
    rule = session.value("select repayment_rescheduling_enum from m_working_days")
    if rule == 1:
        return day
    if rule not in (2, 4):
        raise UnknownToSandboxError(f"rescheduling of repayments by rule {rule}")
    step = timedelta(days=1 if rule == 2 else -1)
    while not is_working_day(session, day) or is_holiday(session, office_id, day):
        day += step
    return day


def schedule(terms: Terms, start: date, dues: list[date]) -> list[Instalment]:
    """The instalments of a loan."""
    with localcontext() as context:
        context.prec = 34
        if terms.flat:
            return _flat(terms, start, dues)
        return _declining(terms, start, dues)


def _rate(terms: Terms, starts: date, due: date) -> Decimal:
    yearly = Decimal(terms.annual_rate) / MILLION / 100
    if terms.daily:
        days = 366 if calendar.isleap(starts.year) else 365
        return yearly * (due - starts).days / days
    return yearly * terms.every / PERIODS_A_YEAR[terms.frequency]


def _money(amount: Decimal, digits: int) -> int:
    return rounded(micro(amount), digits)


def _declining(terms: Terms, start: date, dues: list[date]) -> list[Instalment]:
    principal = Decimal(terms.principal) / MILLION
    count = len(dues)
    first_rate = _rate(terms, start, dues[0])
    level = principal / count
    if first_rate and not terms.equal_principal:
        level = principal * first_rate / (1 - (1 + first_rate) ** -count)
    payment = _money(level, terms.digits)
    balance, starts, made = terms.principal, start, []
    for number, due in enumerate(dues, 1):
        interest = _money(Decimal(balance) / MILLION * _rate(terms, starts, due), terms.digits)
        part = payment if terms.equal_principal or not first_rate else payment - interest
        if number == count:
            part = balance
        made.append(Instalment(number, starts, due, part, interest))
        balance -= part
        starts = due
    return made


def _flat(terms: Terms, start: date, dues: list[date]) -> list[Instalment]:
    principal = Decimal(terms.principal) / MILLION
    count = len(dues)
    spans = list(zip([start, *dues[:-1]], dues, strict=True))
    total = _money(
        sum((principal * _rate(terms, *span) for span in spans), Decimal(0)), terms.digits
    )
    each_interest = _money(Decimal(total) / MILLION / count, terms.digits)
    each_principal = _money(principal / count, terms.digits)
    made = []
    for number, (starts, due) in enumerate(spans, 1):
        last = number == count
        part = terms.principal - each_principal * (count - 1) if last else each_principal
        interest = total - each_interest * (count - 1) if last else each_interest
        made.append(Instalment(number, starts, due, part, interest))
    return made


def store(session: Session, loan_id: int, instalments: list[Instalment]) -> None:
    """Replace the schedule of a loan."""
    session.run("delete from m_loan_repayment_schedule where loan_id = ?", (loan_id,))
    for one in instalments:
        row = {
            "loan_id": loan_id,
            "fromdate": iso(one.starts),
            "duedate": iso(one.due),
            "installment": one.number,
            "principal_amount": one.principal,
            "interest_amount": one.interest,
            "principal_completed_derived": 0,
            "interest_completed_derived": 0,
            "total_paid_in_advance_derived": 0,
            "total_paid_late_derived": 0,
        }
        session.insert("m_loan_repayment_schedule", row)
