"""Every posting is read back, and drift is seen."""

from __future__ import annotations

from mmrecon.model.posting import PostingState
from mmrecon.posting.verify import verify_postings
from mmrecon.store.database import transaction
from mmrecon.store.schema import POSTING
from tests.posting.branch import Branch, days_ago
from tests.posting.desk import Desk, Leg

READABLE = (PostingState.POSTED, PostingState.VERIFIED)


def verify(desk: Desk, branch: Branch) -> list[str]:
    return [read.code for read in verify_postings(desk.context(), branch.client, READABLE)]


def test_what_reads_back_as_posted_is_verified(desk: Desk, branch: Branch) -> None:
    savings, loan, out = branch.savings(), branch.loan(), branch.loan(disbursed=False)
    desk.deposit(savings, 10_000)
    desk.approve(desk.line(20_000), Leg(loan, 20_000, "repayment"))
    desk.approve(desk.line(100_000, sign=-1), Leg(out, 100_000, "disbursement"))
    desk.run()
    assert verify(desk, branch) == ["", "", ""]
    assert desk.states() == ["verified"] * 3
    assert verify(desk, branch) == ["", "", ""]


def test_a_reversal_in_fineract_puts_the_line_back_in_review(desk: Desk, branch: Branch) -> None:
    savings, loan = branch.savings(), branch.loan()
    first = desk.deposit(savings, 10_000)
    second = desk.line(20_000)
    desk.approve(second, Leg(loan, 20_000, "repayment"))
    desk.run()
    verify(desk, branch)
    for account, posting in zip((savings, loan), desk.postings(), strict=True):
        branch.undo(account, posting.transaction_id)
    assert verify(desk, branch) == ["reversed_outside"] * 2
    assert desk.states() == ["reversed_outside"] * 2
    assert desk.reasons(first) == desk.reasons(second) == ["reversed_outside"]


def test_a_transaction_that_is_gone_or_differs_is_told_and_changes_nothing(
    desk: Desk, branch: Branch
) -> None:
    desk.deposit(branch.savings(), 10_000)
    desk.deposit(branch.savings(), 20_000)
    desk.run()
    gone, differs = desk.postings()
    with transaction(desk.engine) as connection:
        of = POSTING.c.posting_id
        connection.execute(
            POSTING.update().where(of == gone.posting_id).values(transaction_id="999999")
        )
        connection.execute(
            POSTING.update().where(of == differs.posting_id).values(value_date=days_ago(3))
        )
    assert verify(desk, branch) == ["posting_not_found", "posting_differs"]
    assert desk.states() == ["posted", "posted"]


def test_the_same_receipt_by_somebody_else_is_an_alarm(desk: Desk, branch: Branch) -> None:
    account = branch.savings()
    line_id = desk.deposit(account, 10_000)
    desk.run()
    branch.teller(account, 100, desk.receipt(line_id))
    assert verify(desk, branch) == ["receipt_twice"]
    assert desk.states() == ["verified"]


def test_a_backdated_repayment_of_another_is_no_drift(desk: Desk, branch: Branch) -> None:
    loan = branch.loan()
    desk.approve(desk.line(20_000), Leg(loan, 20_000, "repayment"))
    desk.run()
    branch.teller(loan, 100, "EARLIER", days_ago(20))
    assert verify(desk, branch) == [""]
