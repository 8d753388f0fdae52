"""What changed between approval and sending, and money that somebody posted meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mmrecon.fineract.contract_reads import AccountFacts
from mmrecon.model.found import POSTED_ELSEWHERE, PROBABLY_POSTED
from mmrecon.model.posting import Posting, PostingState
from mmrecon.posting.closed_days import ClosedDays
from mmrecon.posting.gate import check, read_stored
from mmrecon.store.database import transaction
from mmrecon.store.review_reasons import clear_reasons
from mmrecon.store.schema import LINE, POSTING
from tests.posting.branch import Account, Branch, days_ago
from tests.posting.desk import Desk, Leg


def close(branch: Branch, account: Account) -> None:
    path = f"savingsaccounts/{account.account_id}?command=close"
    body = {"closedOnDate": days_ago(0), "locale": "en", "dateFormat": "yyyy-MM-dd"}
    branch.call("POST", path, body)


@pytest.mark.parametrize(
    ("change", "code"),
    [(close, "account_not_open"), (Branch.block, "account_blocked_now")],
)
def test_a_changed_account_takes_its_whole_line_back(
    desk: Desk, branch: Branch, change: Callable[[Branch, Account], None], code: str
) -> None:
    member = branch.member()
    account, sibling, other = branch.savings(member), branch.savings(member), branch.savings()
    line_id = desk.line(30_000)
    desk.approve(line_id, Leg(account, 10_000), Leg(sibling, 20_000))
    desk.deposit(other, 10_000)
    change(branch, account)
    desk.run()
    assert desk.states() == ["withdrawn", "withdrawn", "posted"]
    assert desk.reasons(line_id) == [code]
    desk.check_oracles(account, sibling, other)


def test_a_repayment_above_what_is_outstanding_goes_back(desk: Desk, branch: Branch) -> None:
    loan = branch.loan()
    line_id = desk.line(90_000)
    desk.approve(line_id, Leg(loan, 90_000, "repayment"))
    branch.teller(loan, 200, "OTHER1")
    desk.run()
    assert desk.states() == ["withdrawn"]
    assert desk.reasons(line_id) == ["loan_owes_less"]


def test_a_tolerance_lets_a_repayment_exceed_the_loan_a_little(desk: Desk, branch: Branch) -> None:
    loan = branch.loan()
    desk.approve(desk.line(100_050), Leg(loan, 100_050, "repayment"))
    desk.run(desk.context(tolerance_minor={1: 50}))
    assert desk.states() == ["posted"]


def test_two_repayments_of_one_run_are_netted(desk: Desk, branch: Branch) -> None:
    loan = branch.loan()
    desk.approve(desk.line(60_000), Leg(loan, 60_000, "repayment"))
    second = desk.line(60_000)
    desk.approve(second, Leg(loan, 60_000, "repayment"))
    desk.run()
    assert desk.states() == ["posted", "withdrawn"]
    assert desk.reasons(second) == ["loan_owes_less"]


def test_a_withdrawal_above_the_available_balance_goes_back(desk: Desk, branch: Branch) -> None:
    account = branch.savings(balance=100)
    line_id = desk.line(20_000, sign=-1)
    desk.approve(line_id, Leg(account, 20_000, "withdrawal"))
    desk.run()
    assert desk.reasons(line_id) == ["too_little_left"]


def test_a_loan_that_was_disbursed_meanwhile_goes_back(desk: Desk, branch: Branch) -> None:
    loan = branch.loan()
    line_id = desk.line(100_000, sign=-1)
    desk.approve(line_id, Leg(loan, 100_000, "disbursement"))
    desk.run()
    assert desk.reasons(line_id) == ["account_not_open"]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"account_no": "999999999"}, "account_number_changed"),
        ({"client_id": 999_999}, "owner_changed"),
        ({"currency": "UGX"}, "currency_changed"),
        ({"account_id": 999_999}, "account_gone"),
        ({"approved_at_utc": "2026-01-01T00:00:00+00:00"}, "approval_too_old"),
        ({"receipt": "OTHER"}, "line_changed"),
    ],
)
def test_each_material_fact_is_compared(
    desk: Desk, branch: Branch, facts: dict[str, object], code: str
) -> None:
    line_id = desk.deposit(branch.savings(), 10_000)
    with transaction(desk.engine) as connection:
        connection.execute(POSTING.update().values(facts))
    desk.run()
    assert desk.reasons(line_id) == [code]
    assert desk.states() == ["withdrawn"]


def test_a_conflict_or_a_reversal_seen_since_takes_the_line_back(
    desk: Desk, branch: Branch
) -> None:
    contradicted = desk.deposit(branch.savings(), 10_000)
    taken_back = desk.deposit(branch.savings(), 10_000)
    with transaction(desk.engine) as connection:
        connection.execute(
            LINE.update().where(LINE.c.line_id == contradicted).values(conflict=True)
        )
    desk.line(10_000, sign=-1, line_class="reversal", linked_receipt=desk.receipt(taken_back))
    desk.run()
    assert desk.reasons(contradicted) == ["line_contradicted"]
    assert desk.reasons(taken_back) == ["reversal_seen_since"]


def test_the_same_receipt_by_a_teller_is_proposed_as_a_link(desk: Desk, branch: Branch) -> None:
    account = branch.savings()
    line_id = desk.deposit(account, 10_000)
    branch.teller(account, 100, f" {desk.receipt(line_id).lower()}")
    desk.run()
    assert desk.states() == ["withdrawn"]
    assert desk.reasons(line_id) == [POSTED_ELSEWHERE]
    assert len(branch.ledger(account)) == 1


@pytest.mark.parametrize("field", ["accountNumber", "checkNumber", "routingCode", "bankNumber"])
def test_a_receipt_in_any_payment_field_is_found(desk: Desk, branch: Branch, field: str) -> None:
    account = branch.savings()
    line_id = desk.deposit(account, 10_000)
    branch.teller(account, 100, "", **{field: desk.receipt(line_id)})
    desk.run()
    assert desk.reasons(line_id) == [POSTED_ELSEWHERE]


def test_the_receipt_with_another_amount_is_a_question(desk: Desk, branch: Branch) -> None:
    account = branch.savings()
    line_id = desk.deposit(account, 10_000)
    branch.teller(account, 90, desk.receipt(line_id))
    desk.run()
    assert desk.reasons(line_id) == [PROBABLY_POSTED]


def test_a_persons_choice_is_asked_about_even_when_everything_fits(
    desk: Desk, branch: Branch
) -> None:
    account = branch.savings()
    line_id = desk.line(10_000)
    desk.approve(line_id, Leg(account, 10_000), kind="choices")
    branch.teller(account, 100, desk.receipt(line_id))
    desk.run()
    assert desk.reasons(line_id) == [PROBABLY_POSTED]


@pytest.mark.parametrize(("day", "asked"), [(2, True), (1, True), (3, False)])
def test_the_same_amount_without_a_receipt_is_a_question(
    desk: Desk, branch: Branch, day: int, asked: bool
) -> None:
    account = branch.savings()
    line_id = desk.deposit(account, 10_000)
    branch.teller(account, 100, "", days_ago(day))
    desk.run()
    assert desk.reasons(line_id) == ([PROBABLY_POSTED] if asked else [])


def test_the_same_amount_under_another_receipt_is_other_money(desk: Desk, branch: Branch) -> None:
    account = branch.savings()
    line_id = desk.deposit(account, 10_000)
    branch.teller(account, 100, "OTHER2")
    desk.run()
    assert desk.reasons(line_id) == []
    assert desk.states() == ["posted"]


def test_a_transaction_that_was_undone_is_no_money(desk: Desk, branch: Branch) -> None:
    account = branch.savings()
    line_id = desk.deposit(account, 10_000)
    branch.undo(account, branch.teller(account, 100, desk.receipt(line_id)))
    desk.run()
    assert desk.states() == ["posted"]


def test_a_question_that_was_answered_is_not_asked_again(desk: Desk, branch: Branch) -> None:
    account = branch.savings()
    line_id = desk.deposit(account, 10_000)
    branch.teller(account, 100)
    desk.run()
    assert desk.reasons(line_id) == [PROBABLY_POSTED]
    with transaction(desk.engine) as connection:
        clear_reasons(connection, [line_id])
    desk.approve(line_id, Leg(account, 10_000), kind="choices", attempt=2)
    desk.run()
    assert desk.states() == [PostingState.WITHDRAWN, PostingState.POSTED]


def test_own_transactions_are_no_strangers(desk: Desk, branch: Branch) -> None:
    loan = branch.loan()
    for _ in range(2):
        desk.approve(desk.line(10_000), Leg(loan, 10_000, "repayment"))
        desk.run()
    assert desk.states() == ["posted", "posted"]
    desk.check_oracles(loan)


def test_a_teller_who_types_while_the_days_are_asked_for_is_seen(
    desk: Desk, branch: Branch
) -> None:
    """What Fineract answers slowly must not make what the accounts showed old."""
    account = branch.savings()
    line_id = desk.deposit(account, 10_000)
    (posting,) = desk.postings()

    class SlowDays(ClosedDays):
        def reason(self, posting: Posting, facts: AccountFacts) -> str:
            if not self.asked:
                branch.teller(account, 100, desk.receipt(line_id))
            return super().reason(posting, facts)

    days = SlowDays(branch.client)
    stored = read_stored(desk.context(), [posting.posting_id])
    found = check(desk.context(), branch.client, days, stored, [posting])
    assert [one.code for one in found] == [POSTED_ELSEWHERE]
