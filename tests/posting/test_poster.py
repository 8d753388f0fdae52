from __future__ import annotations

from tests.posting.branch import Branch
from tests.posting.desk import Desk, Leg


def test_a_deposit_goes_from_approved_to_the_ledger(desk: Desk, branch: Branch) -> None:
    account = branch.savings()
    desk.deposit(account, 150_000)
    desk.run()
    assert desk.states() == ["posted"]
    desk.check_oracles(account)


def test_all_legs_of_a_line_are_posted_together(desk: Desk, branch: Branch) -> None:
    member = branch.member()
    savings, loan = branch.savings(member), branch.loan(member)
    line_id = desk.line(80_000)
    desk.approve(line_id, Leg(loan, 25_000, "repayment"), Leg(savings, 55_000))
    desk.run()
    assert desk.states() == ["posted", "posted"]
    desk.check_oracles(savings, loan)
