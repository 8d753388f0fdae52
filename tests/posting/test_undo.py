"""Taking back against the stand-in Fineract: reversed once, or said why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from mmrecon.errors import OutsideUnreachable
from mmrecon.model.posting import Command
from mmrecon.posting.undo import GIVEN_UP, UNDONE, UNKNOWN, WAITS
from mmrecon.posting.undo_consequences import Looked
from mmrecon.posting.undo_reads import needs_checker, read_all
from mmrecon.posting.verify import verify_postings
from mmrecon.sandbox.server import SandboxServer
from tests.posting.branch import FORMS, Account, Branch, days_ago
from tests.posting.corrections import correction, looked_at, take_back
from tests.posting.desk import Desk, Leg


def posted(desk: Desk, *legs: Leg, minor: int = 0, sign: int = 1, day: str = "") -> int:
    """A line that is posted, leg by leg."""
    line_id = desk.line(minor or sum(leg.minor for leg in legs), sign=sign, day=day)
    desk.approve(line_id, *legs)
    desk.run()
    assert {p.state.value for p in desk.postings() if p.line_id == line_id} == {"posted"}
    return line_id


def codes(looked: Sequence[Looked]) -> list[str]:
    return [one.code for leg in looked for one in leg.consequences]


@pytest.fixture
def savings(branch: Branch) -> Account:
    return branch.savings()


def test_a_deposit_is_taken_back_once_and_its_line_is_free(
    desk: Desk, branch: Branch, savings: Account
) -> None:
    line_id = posted(desk, Leg(savings, 5_000))
    assert codes(looked_at(desk, line_id)) == []
    assert take_back(desk, line_id).ended == UNDONE
    assert desk.states() == ["undone"]
    assert desk.reasons(line_id) == ["taken_back"]
    assert [row.reversed for row in branch.ledger(savings)] == [True]
    assert desk.left(line_id) == 5_000
    assert take_back(desk, line_id, states=("undone",)).ended == GIVEN_UP
    desk.check_oracles(savings)


def test_what_was_taken_back_is_posted_again_with_a_new_key(desk: Desk, savings: Account) -> None:
    line_id = posted(desk, Leg(savings, 5_000))
    take_back(desk, line_id)
    desk.approve(line_id, Leg(savings, 5_000), attempt=2, kind="choices")
    desk.run()
    assert desk.states() == ["undone", "posted"]
    desk.check_oracles(savings)


@pytest.mark.parametrize("kind", ["savings", "loan"])
def test_what_is_posted_again_is_taken_back_by_a_store_that_counts_corrections_anew(
    desk: Desk, branch: Branch, kind: str
) -> None:
    """One that was put back knows nothing of the first correction: this is its first as well."""
    account = branch.savings() if kind == "savings" else branch.loan()
    leg = Leg(account, 10_000, "deposit" if kind == "savings" else "repayment")
    line_id = desk.line(10_000)
    for attempt in (1, 2):
        desk.approve(line_id, leg, kind=f"choices-{attempt}", attempt=attempt)
        desk.run()
        assert take_back(desk, line_id).ended == UNDONE
    assert desk.states() == ["undone", "undone"]
    desk.check_oracles(account)


def test_a_withdrawal_is_taken_back_and_its_request_is_open_again(
    desk: Desk, branch: Branch
) -> None:
    account = branch.savings(balance=500)
    line_id = posted(desk, Leg(account, 20_000, "withdrawal"), sign=-1)
    assert codes(looked_at(desk, line_id)) == ["undo_request_reopens"]
    assert take_back(desk, line_id).ended == UNDONE
    assert desk.left_of_item(line_id) == 20_000
    desk.check_oracles(account)


def test_a_repayment_is_taken_back_and_repaid_under_another_external_id(
    desk: Desk, branch: Branch
) -> None:
    loan = branch.loan()
    line_id = posted(desk, Leg(loan, 10_000, "repayment"))
    assert take_back(desk, line_id).ended == UNDONE
    desk.approve(line_id, Leg(loan, 10_000, "repayment"), attempt=2, kind="choices")
    desk.run()
    assert desk.states() == ["undone", "posted"]
    first, second = desk.postings()
    assert first.external_id != second.external_id
    desk.check_oracles(loan)


def test_a_disbursement_is_taken_back_in_a_call_of_its_own(desk: Desk, branch: Branch) -> None:
    loan = branch.loan(disbursed=False)
    line_id = posted(desk, Leg(loan, 100_000, "disbursement"), sign=-1)
    assert codes(looked_at(desk, line_id)) == ["undo_unsays_disbursal"]
    assert take_back(desk, line_id).ended == UNDONE
    assert desk.left_of_item(line_id) == 100_000
    desk.approve(line_id, Leg(loan, 100_000, "disbursement"), attempt=2, kind="choices")
    desk.run()
    assert desk.states() == ["undone", "posted"]
    desk.check_oracles(loan)


def test_a_disbursement_with_a_later_repayment_is_not_taken_back(
    desk: Desk, branch: Branch
) -> None:
    loan = branch.loan(disbursed=False)
    line_id = posted(desk, Leg(loan, 100_000, "disbursement"), sign=-1, day=days_ago(3))
    branch.teller(loan, 50)
    assert "undo_repaid_since" in codes(looked_at(desk, line_id))
    assert take_back(desk, line_id).why == "undo_repaid_since"
    assert desk.states() == ["posted"]
    assert len([row for row in branch.ledger(loan) if not row.reversed]) == 2


def test_all_legs_of_a_split_line_are_taken_back_in_one_call(desk: Desk, branch: Branch) -> None:
    member = branch.member()
    one, other = branch.savings(member), branch.loan(member)
    line_id = posted(desk, Leg(one, 5_000), Leg(other, 7_000, "repayment"))
    assert take_back(desk, line_id).ended == UNDONE
    assert desk.states() == ["undone", "undone"]
    desk.check_oracles(one, other)


def test_none_of_a_line_is_taken_back_when_the_money_of_one_leg_is_spent(
    desk: Desk, branch: Branch
) -> None:
    one, other = branch.savings(), branch.savings()
    line_id = posted(desk, Leg(one, 5_000), Leg(other, 7_000), day=days_ago(3))
    branch.withdraw(other, 40)
    looked = looked_at(desk, line_id)
    assert codes(looked) == ["undo_money_spent", "undo_sibling"]
    spent = next(c for leg in looked for c in leg.consequences if c.code == "undo_money_spent")
    assert spent.arguments["short"] == "KES 40.00"
    assert take_back(desk, line_id).why == "undo_money_spent"
    assert desk.states() == ["posted", "posted"]
    desk.check_oracles(one, other)


def test_fineract_refusing_one_leg_leaves_the_other_as_it_was(
    desk: Desk, branch: Branch, sandbox: SandboxServer
) -> None:
    """The money goes between the last look and the call."""
    one, other = branch.savings(), branch.savings()
    line_id = posted(desk, Leg(one, 5_000), Leg(other, 7_000), day=days_ago(3))

    def spend(point: str) -> None:
        if point == "undo_intended":
            branch.withdraw(other, 40)

    outcome = take_back(desk, line_id, context=desk.context(point=spend))
    assert (outcome.ended, outcome.why) == (GIVEN_UP, "undo_refused")
    assert outcome.said.endswith("results.in.balance.going.negative")
    assert desk.states() == ["posted", "posted"]
    desk.check_oracles(one, other)


def test_money_in_a_closed_period_is_not_taken_back(desk: Desk, branch: Branch) -> None:
    account = branch.savings()
    line_id = posted(desk, Leg(account, 5_000), day=days_ago(5))
    closing = {"officeId": 1, "closingDate": days_ago(4), "comments": "month end", **FORMS}
    closure = branch.call("POST", "glclosures", closing)["resourceId"]
    try:
        assert codes(looked_at(desk, line_id)) == ["undo_period_closed"]
        assert take_back(desk, line_id).why == "undo_period_closed"
    finally:
        branch.call("DELETE", f"glclosures/{closure}", {})
    assert desk.states() == ["posted"]
    desk.check_oracles(account)


def test_later_payments_on_a_loan_are_told_and_the_loan_that_reopens(
    desk: Desk, branch: Branch
) -> None:
    loan = branch.loan()
    line_id = posted(desk, Leg(loan, 60_000, "repayment"), day=days_ago(10))
    branch.teller(loan, 400)
    looked = looked_at(desk, line_id)
    assert codes(looked) == ["undo_recomputes", "undo_reopens"]
    assert looked[0].consequences[0].arguments["amount"] == "KES 400.00"
    assert take_back(desk, line_id).ended == UNDONE
    desk.check_oracles(loan)


def test_a_loan_with_interest_replays_later_payments_and_verify_finds_them(
    desk: Desk, branch: Branch
) -> None:
    loan = branch.loan(interest=5)
    first = posted(desk, Leg(loan, 25_500, "repayment"), day=days_ago(30))
    later = posted(desk, Leg(loan, 25_500, "repayment"), day=days_ago(20))
    verify_postings(desk.context(), branch.client, [desk.postings()[1].state])
    before = desk.postings()[1].transaction_id
    assert codes(looked_at(desk, first)) == ["undo_replays"]
    assert take_back(desk, first).ended == UNDONE
    rows = {row.receipt: row for row in branch.ledger(loan) if not row.reversed}
    assert str(rows[desk.receipt(later)].transaction_id) != before
    reads = verify_postings(desk.context(), branch.client, [desk.postings()[1].state])
    assert [read.code for read in reads] == [""]
    renumbered = desk.postings()[1].transaction_id
    assert renumbered == str(rows[desk.receipt(later)].transaction_id)
    assert take_back(desk, later).ended == UNDONE
    assert desk.states() == ["undone", "undone"]


def test_a_backdated_repayment_with_interest_is_no_drift(desk: Desk, branch: Branch) -> None:
    loan = branch.loan(interest=5)
    posted(desk, Leg(loan, 25_500, "repayment"), day=days_ago(20))
    posted(desk, Leg(loan, 10_000, "repayment"), day=days_ago(35))
    state = desk.postings()[0].state
    reads = verify_postings(desk.context(), branch.client, [state])
    assert [read.code for read in reads] == ["", ""]
    assert desk.states() == ["verified", "verified"]
    desk.check_oracles(loan)


def test_what_changed_since_it_was_signed_is_not_taken_back(desk: Desk, branch: Branch) -> None:
    loan = branch.loan()
    line_id = posted(desk, Leg(loan, 10_000, "repayment"), day=days_ago(10))
    undos = correction(desk, line_id)
    branch.teller(loan, 40)
    outcome = take_back(desk, line_id, undos=undos)
    assert (outcome.ended, outcome.why) == (GIVEN_UP, "undo_changed_since")
    assert desk.states() == ["posted"]


def test_a_correction_approved_long_ago_is_not_carried_out(desk: Desk, savings: Account) -> None:
    line_id = posted(desk, Leg(savings, 5_000))
    undos = correction(desk, line_id, approved_at_utc="2020-01-01T00:00:00+00:00")
    assert take_back(desk, line_id, undos=undos).why == "undo_too_old"
    assert desk.states() == ["posted"]


@pytest.mark.parametrize("kind", ["savings", "loan"])
def test_what_somebody_else_reversed_is_not_ours_to_take_back(
    desk: Desk, branch: Branch, kind: str
) -> None:
    account = branch.savings() if kind == "savings" else branch.loan()
    what = "deposit" if kind == "savings" else "repayment"
    line_id = posted(desk, Leg(account, 5_000, what))
    branch.undo(account, desk.postings()[0].transaction_id)
    assert codes(looked_at(desk, line_id)) == ["undo_reversed_already"]
    assert take_back(desk, line_id).why == "undo_reversed_already"
    verify_postings(desk.context(), branch.client, [desk.postings()[0].state])
    assert desk.states() == ["reversed_outside"]


def test_nothing_is_taken_back_beside_a_leg_that_is_still_under_way(
    desk: Desk, branch: Branch
) -> None:
    one, other = branch.savings(), branch.savings()
    line_id = posted(desk, Leg(one, 5_000), minor=9_000)
    desk.approve(line_id, Leg(other, 4_000), kind="choices", first_leg=2)
    outcome = take_back(desk, line_id)
    assert (outcome.ended, outcome.why) == (GIVEN_UP, "undo_not_settled")
    assert desk.states() == ["posted", "approved"]


FAULTS: list[dict[str, Any]] = [
    {"what": "drop_before"},
    {"what": "drop_after"},
    {"what": "error_500"},
    {"what": "error_500", "after": True},
    {"what": "bad_gateway_502", "after": True},
    {"what": "too_early_425"},
    {"what": "conflict_409"},
    {"what": "conflict_409", "after": True},
]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("command", ["deposit", "repayment", "disbursement"])
def test_a_lost_answer_never_takes_back_twice_and_never_forgets(
    desk: Desk, branch: Branch, sandbox: SandboxServer, fault: dict[str, Any], command: str
) -> None:
    if command == "deposit":
        account, minor = branch.savings(), 5_000
    else:
        account, minor = branch.loan(disbursed=command == "repayment"), 100_000
    sign = -1 if command == "disbursement" else 1
    line_id = posted(desk, Leg(account, minor, command), sign=sign)
    undos = correction(desk, line_id)
    path = ".*undodisbursal.*" if command == "disbursement" else "/batches.*"
    assert sandbox.world is not None
    sandbox.world.faults.replace({"rules": [{"method": "POST", "path": path, "times": 2, **fault}]})
    outcome = take_back(desk, line_id, undos=undos)
    if command == "disbursement" and fault["what"] == "too_early_425":
        assert (outcome.ended, outcome.why) == (GIVEN_UP, "undo_refused")
        assert desk.states() == ["posted"]
    else:
        assert outcome.ended == UNDONE
        assert desk.states() == ["undone"]
    desk.check_oracles(account)


def test_a_fineract_that_stays_silent_leaves_it_undoing_and_the_account_quiet(
    desk: Desk, branch: Branch, sandbox: SandboxServer, savings: Account
) -> None:
    line_id = posted(desk, Leg(savings, 5_000))
    undos = correction(desk, line_id)
    assert sandbox.world is not None
    rule = {"method": "POST", "path": "/batches.*enclosingTransaction=true.*", "what": "error_500"}
    sandbox.world.faults.replace({"rules": [rule]})
    assert take_back(desk, line_id, undos=undos).ended == UNKNOWN
    assert desk.states() == ["undoing"]
    other = desk.deposit(savings, 700)
    sandbox.world.faults.replace({})
    desk.run()
    assert [p.state.value for p in desk.postings() if p.line_id == other] == ["approved"]
    assert take_back(desk, line_id, undos=undos).ended == UNDONE
    desk.run()
    assert desk.states() == ["undone", "posted"]
    desk.check_oracles(savings)


def test_a_second_line_waits_while_the_account_has_an_open_one(
    desk: Desk, branch: Branch, savings: Account
) -> None:
    line_id = posted(desk, Leg(savings, 5_000))
    second = posted(desk, Leg(savings, 6_000))
    undos = correction(desk, line_id)
    desk.set_state(line_id, "undoing")
    assert take_back(desk, second).ended == WAITS
    assert take_back(desk, line_id, undos=undos).ended == UNDONE
    assert take_back(desk, second).ended == UNDONE
    desk.check_oracles(savings)


def test_a_user_who_may_not_take_back_stops_the_run_and_nothing_is_lost(
    desk: Desk, branch: Branch, savings: Account
) -> None:
    line_id = posted(desk, Leg(savings, 5_000))
    undos = correction(desk, line_id)
    clerk = branch.clerk("READ_SAVINGSACCOUNT", "READ_JOURNALENTRY", "READ_GLCLOSURE")
    with pytest.raises(OutsideUnreachable, match="take transactions back"):
        take_back(desk, line_id, undos=undos, client=clerk)
    assert desk.states() == ["posted"]
    assert take_back(desk, line_id, undos=undos).ended == UNDONE


def test_an_undo_that_needs_a_second_person_in_fineract_is_seen(branch: Branch) -> None:
    commands = list(Command)
    flag = {"permissions": {"UNDOTRANSACTION_SAVINGSACCOUNT": True}}
    assert needs_checker(branch.client, commands) == frozenset()
    branch.call("PUT", "permissions", flag)
    branch.switch("maker-checker", enabled=True)
    try:
        found = needs_checker(branch.client, commands)
    finally:
        branch.switch("maker-checker", enabled=False)
        branch.call(
            "PUT", "permissions", {"permissions": dict.fromkeys(flag["permissions"], False)}
        )
    assert found == {Command.SAVINGS_DEPOSIT, Command.SAVINGS_WITHDRAWAL}


def test_books_that_may_not_be_read_are_said_and_fineract_decides(
    desk: Desk, branch: Branch, savings: Account
) -> None:
    line_id = posted(desk, Leg(savings, 5_000))
    clerk = branch.clerk("READ_SAVINGSACCOUNT", "READ_JOURNALENTRY")
    seen = read_all(clerk, [leg for leg in desk.postings() if leg.line_id == line_id])
    assert [book.seen for book in seen.books.values()] == [False]
