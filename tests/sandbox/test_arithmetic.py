"""Balances against a plain reckoning of the same movements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.client import COMMON, Institution

FIRST_DAY = date(2026, 2, 1)
AMOUNTS = st.integers(min_value=1, max_value=50_000)
DAYS = st.integers(min_value=0, max_value=40)
QUICK = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@dataclass
class Movement:
    """A movement that the server accepted."""

    day: int
    number: int
    minor: int
    undone: bool = False


def body(minor: int, day: int) -> dict[str, Any]:
    when = (FIRST_DAY + timedelta(days=day)).isoformat()
    amount = float(Decimal(minor) / 100)
    return {"transactionDate": when, "transactionAmount": amount, "paymentTypeId": 1, **COMMON}


def lowest(movements: list[Movement]) -> int:
    """The lowest balance after a withdrawal, in order of date and number; 0 if there is none."""
    balance, low = 0, 0
    for movement in sorted(movements, key=lambda m: (m.day, m.number)):
        if not movement.undone:
            balance += movement.minor
            if movement.minor < 0:
                low = min(low, balance)
    return low


STEPS = st.lists(st.tuples(st.sampled_from(["deposit", "withdrawal", "undo"]), AMOUNTS, DAYS))


@QUICK
@given(steps=STEPS)
def test_a_savings_balance_is_the_sum_of_what_was_accepted(
    institution: Institution, steps: list[tuple[str, int, int]]
) -> None:
    api, account = institution.api, institution.savings()
    path = f"/savingsaccounts/{account}/transactions"
    made: list[Movement] = []
    for word, minor, day in steps:
        if word == "undo":
            if made:
                chosen = made[minor % len(made)]
                chosen.undone = True
                allowed = lowest(made) >= 0
                answer = api.call("POST", f"{path}/{chosen.number}?command=undo", {})
                assert (answer.status_code == 200) == allowed
                chosen.undone = allowed
            continue
        signed = minor if word == "deposit" else -minor
        answer = api.call("POST", f"{path}?command={word}", body(minor, day))
        number = answer.json().get("resourceId", 10**9)
        tried = Movement(day, number, signed)
        assert (answer.status_code == 200) == (lowest([*made, tried]) >= 0)
        if answer.status_code == 200:
            made.append(tried)
    expected = sum(movement.minor for movement in made if not movement.undone)
    summary = api.done("GET", f"/savingsaccounts/{account}")["summary"]
    assert Decimal(str(summary["accountBalance"])) == Decimal(expected) / 100


@QUICK
@given(
    payments=st.lists(st.tuples(AMOUNTS, DAYS), max_size=6),
    rate=st.sampled_from([0, 2, Decimal("3.5")]),
    flat=st.booleans(),
)
def test_every_shilling_of_a_repayment_is_somewhere(
    institution: Institution,
    payments: list[tuple[int, int]],
    rate: Decimal,
    flat: bool,
) -> None:
    api = institution.api
    loan = institution.loan(
        interestRatePerPeriod=float(rate),
        interestType=int(flat),
        transactionProcessingStrategyCode=("mifos-standard-strategy"),
    )
    for minor, day in payments:
        api.done("POST", f"/loans/{loan}/transactions?command=repayment", body(minor, day))
    read = api.done("GET", f"/loans/{loan}?associations=all")
    repayments = [row for row in read["transactions"] if row["type"]["id"] == 2]
    paid = sum(minor for minor, _ in payments)
    assert minor_sum(row["amount"] for row in repayments) == paid
    for row in repayments:
        names = ("principalPortion", "interestPortion", "overpaymentPortion")
        assert minor_sum(row[name] for name in names) == minor_sum([row["amount"]])
    summary = read["summary"]
    over = minor_sum([read.get("totalOverpaid", 0)])
    owed = minor_sum([summary["totalExpectedRepayment"]])
    assert minor_sum([summary["totalOutstanding"]]) == max(owed - paid, 0)
    assert over == max(paid - owed, 0)
    assert read["status"]["id"] == (700 if over else 600 if paid == owed else 300)
    periods = read["repaymentSchedule"]["periods"][1:]
    assert minor_sum(period["totalPaidForPeriod"] for period in periods) == paid - over


def minor_sum(amounts: Any) -> int:
    return int(sum(Decimal(str(amount)) for amount in amounts) * 100)
