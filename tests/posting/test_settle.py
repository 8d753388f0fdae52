"""What was decided about several legs, written down together."""

from __future__ import annotations

from mmrecon.fineract.contract_replies import Heard, Meaning
from mmrecon.model.posting import SentHow
from mmrecon.posting.recovery import Situation, next_step
from mmrecon.posting.settle import Decided, settle
from tests.posting.branch import Branch
from tests.posting.desk import Desk, Leg


def test_savings_wait_with_the_loan_of_their_line_that_is_locked(
    desk: Desk, branch: Branch
) -> None:
    """The close of business holds the loan; its sibling must not go alone in the meantime."""
    member = branch.member()
    line_id = desk.line(30_000)
    legs = (Leg(branch.loan(member), 20_000, "repayment"), Leg(branch.savings(member), 10_000))
    desk.approve(line_id, *legs)
    other = desk.deposit(branch.savings(), 5_000)
    for number in (line_id, other):
        desk.set_state(number, "sending")
    locked = Heard(Meaning.LOCKED, 409, "error.msg.loan.locked")
    decided = [
        Decided(
            posting,
            locked,
            next_step(
                Situation(
                    is_loan=posting.account_kind == "loan",
                    sent_how=SentHow.CLOSED,
                    heard=locked,
                    sendings=1,
                    doubt=False,
                )
            ),
        )
        for posting in desk.postings()
    ]
    settle(desk.context(), decided, (), doubt=False)
    assert desk.states() == ["deferred", "deferred", "approved"]
