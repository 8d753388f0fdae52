"""Value dates that Fineract would refuse go back to a person with their reason, untried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest

from tests.posting.branch import FORMS, Account, Branch, days_ago
from tests.posting.desk import Desk, Leg


@contextmanager
def closed_books(branch: Branch) -> Iterator[None]:
    body = {"officeId": 1, "closingDate": days_ago(3), "comments": "month end", **FORMS}
    number = branch.call("POST", "glclosures", body)["resourceId"]
    yield
    branch.call("DELETE", f"glclosures/{number}", {})


@pytest.fixture
def holiday(branch: Branch) -> Iterator[None]:
    body = {
        "name": f"Feast of {days_ago(2)}", "fromDate": days_ago(2), "toDate": days_ago(2),
        "repaymentsRescheduledTo": days_ago(1), "offices": [{"officeId": 1}], **FORMS,
    }  # fmt: skip
    number = branch.call("POST", "holidays", body)["resourceId"]
    branch.call("POST", f"holidays/{number}?command=activate", {})
    yield
    branch.call("DELETE", f"holidays/{number}", {})


@pytest.fixture
def rest_day(branch: Branch) -> Iterator[None]:
    names = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
    resting = date.fromisoformat(days_ago(2)).weekday()
    working = ",".join(name for at, name in enumerate(names) if at != resting)

    def put(days: str) -> None:
        body: dict[str, Any] = {
            "recurrence": f"FREQ=WEEKLY;INTERVAL=1;BYDAY={days}", "repaymentRescheduleType": 2,
            "extendTermForDailyRepayments": False, "locale": "en",
        }  # fmt: skip
        branch.call("PUT", "workingdays", body)

    put(working)
    yield
    put(",".join(names))


def send(desk: Desk, account: Account, day: str) -> int:
    line_id = desk.line(10_000, day=day)
    what = "repayment" if account.kind == "loan" else "deposit"
    desk.approve(line_id, Leg(account, 10_000, what))
    desk.run()
    return line_id


def back(desk: Desk, line_id: int, code: str) -> bool:
    """Withdrawn before it was sent, with its reason."""
    return (desk.states()[-1], desk.reasons(line_id), desk.heard()) == ("withdrawn", [code], [])


@pytest.mark.parametrize("kind", ["savings", "loan"])
def test_closed_books_are_told_before_anything_is_sent(
    desk: Desk, branch: Branch, kind: str
) -> None:
    account = branch.savings() if kind == "savings" else branch.loan()
    with closed_books(branch):
        assert back(desk, send(desk, account, days_ago(3)), "period_closed")
        send(desk, account, days_ago(2))
    assert desk.states()[-1] == "posted"


@pytest.mark.usefixtures("holiday")
def test_a_holiday_holds_for_loans_only_and_unless_it_is_allowed(
    desk: Desk, branch: Branch
) -> None:
    loan, savings = branch.loan(), branch.savings()
    assert back(desk, send(desk, loan, days_ago(2)), "holiday")
    send(desk, savings, days_ago(2))
    assert desk.states()[-1] == "posted"
    branch.switch("allow-transactions-on-holiday", enabled=True)
    try:
        send(desk, loan, days_ago(2))
    finally:
        branch.switch("allow-transactions-on-holiday", enabled=False)
    assert desk.states()[-1] == "posted"


@pytest.mark.usefixtures("rest_day")
def test_a_non_working_day_holds_for_loans_only_and_unless_it_is_allowed(
    desk: Desk, branch: Branch
) -> None:
    loan = branch.loan()
    assert back(desk, send(desk, loan, days_ago(2)), "non_working_day")
    branch.switch("allow-transactions-on-non_workingday", enabled=True)
    try:
        send(desk, loan, days_ago(2))
    finally:
        branch.switch("allow-transactions-on-non_workingday", enabled=False)
    assert desk.states()[-1] == "posted"


@pytest.mark.parametrize(
    ("made", "day"),
    [(Branch.savings, days_ago(61)), (Branch.loan, days_ago(41))],
)
def test_money_from_before_the_account_was_opened_goes_back(
    desk: Desk, branch: Branch, made: Callable[[Branch], Account], day: str
) -> None:
    assert back(desk, send(desk, made(branch), day), "before_activation")


@pytest.mark.usefixtures("holiday")
def test_a_user_who_may_not_read_the_days_hears_the_same_reason_from_fineract(
    desk: Desk, branch: Branch
) -> None:
    clerk = branch.clerk(
        "DEPOSIT_SAVINGSACCOUNT", "REPAYMENT_LOAN", "READ_SAVINGSACCOUNT", "READ_LOAN"
    )
    savings, loan = branch.savings(), branch.loan()
    with closed_books(branch):
        for account, day, code in (
            (savings, days_ago(3), "period_closed"), (loan, days_ago(2), "holiday"),
        ):  # fmt: skip
            line_id = desk.line(10_000, day=day)
            what = "repayment" if account.kind == "loan" else "deposit"
            desk.approve(line_id, Leg(account, 10_000, what))
            desk.run(client=clerk)
            assert (desk.states()[-1], desk.reasons(line_id)) == ("refused", [code])
