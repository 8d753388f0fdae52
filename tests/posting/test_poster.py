"""Posting to the sandbox over HTTP: the ledger afterwards is what was approved, exactly once."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from mmrecon.config import PostingLimits
from mmrecon.errors import OutsideUnreachable, SafetyRefusal
from mmrecon.model.posting import Command
from mmrecon.posting.workers import recover
from mmrecon.sandbox.server import SandboxServer
from mmrecon.store.database import transaction
from mmrecon.store.schema import POSTING
from tests.posting.branch import PASSWORD, Account, Branch, days_ago
from tests.posting.desk import Desk, Leg

WRITES = r"/batches\?enclosingTransaction=true"


def trouble(sandbox: SandboxServer, what: str, path: str = WRITES, **rule: Any) -> None:
    """Let the sandbox go wrong on its way."""
    assert sandbox.world is not None
    entry = {"method": "POST", "path": path, "what": what, "times": 1} | rule
    sandbox.world.faults.replace({"rules": [entry]})


def test_a_deposit_goes_from_approved_to_the_ledger(desk: Desk, branch: Branch) -> None:
    account = branch.savings()
    desk.deposit(account, 150_050)
    desk.run()
    assert desk.states() == ["posted"]
    assert (desk.heard(), desk.waits) == (["posted"], [])
    desk.check_oracles(account)


def test_all_legs_of_a_line_are_posted_together(desk: Desk, branch: Branch) -> None:
    member = branch.member()
    savings, loan = branch.savings(member), branch.loan(member)
    line_id = desk.line(80_000)
    desk.approve(line_id, Leg(loan, 25_000, "repayment"), Leg(savings, 55_000))
    desk.run()
    assert desk.states() == ["posted", "posted"]
    desk.check_oracles(savings, loan)


def test_money_out_is_withdrawn_and_a_loan_is_disbursed(desk: Desk, branch: Branch) -> None:
    savings, loan = branch.savings(balance=900), branch.loan(disbursed=False)
    for account, minor, what in ((savings, 40_000, "withdrawal"), (loan, 100_000, "disbursement")):
        desk.approve(desk.line(minor, sign=-1), Leg(account, minor, what))
    desk.run()
    assert desk.states() == ["posted", "posted"]
    desk.check_oracles(savings, loan)


def test_a_second_run_posts_nothing_new(desk: Desk, branch: Branch) -> None:
    account = branch.savings()
    desk.deposit(account, 10_000)
    desk.run()
    desk.run()
    assert len(desk.heard()) == 1
    desk.check_oracles(account)


def test_two_payments_on_one_account_go_one_after_the_other(desk: Desk, branch: Branch) -> None:
    account = branch.savings()
    for minor in (10_000, 20_000, 30_000):
        desk.deposit(account, minor)
    desk.run()
    amounts = [int(row.amount) for row in branch.ledger(account)]
    assert amounts == [100, 200, 300]
    desk.check_oracles(account)


@pytest.mark.parametrize(
    "what",
    ["drop_before", "drop_after", "error_500", "exception_500", "bad_gateway_502", "conflict_409"],
)
@pytest.mark.parametrize("after", [False, True])
def test_any_doubt_is_answered_by_the_same_items_with_the_same_keys(
    desk: Desk, branch: Branch, sandbox: SandboxServer, what: str, after: bool
) -> None:
    accounts = [branch.savings(), branch.loan()]
    desk.deposit(accounts[0], 10_000)
    desk.approve(desk.line(20_000), Leg(accounts[1], 20_000, "repayment"))
    trouble(sandbox, what, after=after)
    desk.run()
    assert desk.states() == ["posted", "posted"]
    assert desk.waits == [2.0]
    desk.check_oracles(*accounts)


def test_doubt_that_stays_ends_unknown_and_keeps_new_money_off_the_account(
    desk: Desk, branch: Branch, sandbox: SandboxServer
) -> None:
    account = branch.savings()
    desk.deposit(account, 10_000)
    trouble(sandbox, "drop_before", times=99)
    desk.run()
    assert desk.states() == ["unknown"]
    assert desk.waits == [2.0, 5.0, 15.0, 60.0, 60.0]
    desk.deposit(account, 20_000)
    desk.run()
    assert desk.states() == ["unknown", "approved"]
    desk.check_oracles(account)
    trouble(sandbox, "drop_before", times=0)
    desk.run()
    assert desk.states() == ["posted", "posted"]
    desk.check_oracles(account)


def test_the_next_run_asks_once_and_does_not_wait_through_all_pauses_again(
    desk: Desk, branch: Branch, sandbox: SandboxServer
) -> None:
    desk.deposit(branch.savings(), 10_000)
    trouble(sandbox, "drop_before", times=99)
    desk.run()
    desk.waits.clear()
    desk.run()
    assert desk.states() == ["unknown"]
    assert (desk.waits, len(desk.heard())) == ([], 7)


def test_what_was_heard_is_kept_though_the_run_dies_before_it_is_settled(
    desk: Desk, branch: Branch, sandbox: SandboxServer
) -> None:
    desk.deposit(branch.savings(), 10_000)
    trouble(sandbox, "conflict_409")
    with pytest.raises(_KilledError):
        desk.run(desk.context(point=_die_at("recorded")))
    assert (desk.states(), desk.heard()) == (["sending"], ["unknown"])


def test_what_was_sent_together_goes_again_together(desk: Desk, branch: Branch) -> None:
    """Apart, one leg of a line would be posted and the other refused."""
    good, blocked = branch.savings(), branch.savings()
    desk.approve(desk.line(30_000), Leg(good, 10_000), Leg(blocked, 20_000))
    with pytest.raises(_KilledError):
        desk.run(desk.context(point=_die_at("intended")))
    branch.block(blocked)
    desk.run()
    assert desk.states() == ["withdrawn", "refused"]
    desk.check_oracles(good, blocked)


def test_what_was_posted_but_never_heard_of_is_found_in_the_ledger(
    desk: Desk, branch: Branch, sandbox: SandboxServer
) -> None:
    savings, loan = branch.savings(), branch.loan()
    desk.deposit(savings, 10_000)
    desk.approve(desk.line(20_000), Leg(loan, 20_000, "repayment"))
    trouble(sandbox, "drop_after", times=99)
    desk.run()
    assert desk.states() == ["posted", "posted"]
    desk.check_oracles(savings, loan)


def test_a_posted_loan_with_a_stuck_key_is_found_by_its_external_id(
    desk: Desk, branch: Branch
) -> None:
    loan = branch.loan()
    desk.approve(desk.line(20_000), Leg(loan, 20_000, "repayment"))
    with pytest.raises(_KilledError):
        desk.run(desk.context(point=_die_at("heard")))
    branch.stick(desk.postings()[0].idempotency_key)
    desk.run()
    (posting,) = desk.postings()
    assert (posting.state, posting.resend) == ("posted", 1)
    desk.check_oracles(loan)


def test_an_unposted_loan_with_a_stuck_key_goes_with_a_fresh_key(
    desk: Desk, branch: Branch
) -> None:
    loan, other = branch.loan(), branch.loan()
    desk.approve(desk.line(20_000), Leg(loan, 20_000, "repayment"))
    key = desk.postings()[0].idempotency_key
    branch.teller(other, 10, key=key)
    branch.stick(key)
    desk.run()
    (posting,) = desk.postings()
    assert (posting.state, posting.resend) == ("posted", 1)
    desk.check_oracles(loan)


def test_a_disbursed_loan_with_a_stuck_key_is_found_though_a_fresh_key_is_refused(
    desk: Desk, branch: Branch
) -> None:
    """Fineract says that the loan is not approved any more before it looks at the external id."""
    loan = branch.loan(disbursed=False)
    desk.approve(desk.line(100_000, sign=-1), Leg(loan, 100_000, "disbursement"))
    with pytest.raises(_KilledError):
        desk.run(desk.context(point=_die_at("heard")))
    branch.stick(desk.postings()[0].idempotency_key)
    desk.run()
    assert (desk.states(), desk.heard()) == (["posted"], ["stuck_key", "refused"])
    desk.check_oracles(loan)


def test_a_loan_that_is_paid_off_by_a_posting_with_a_stuck_key_is_found(
    desk: Desk, branch: Branch
) -> None:
    loan = branch.loan()
    desk.approve(desk.line(100_000), Leg(loan, 100_000, "repayment"))
    with pytest.raises(_KilledError):
        desk.run(desk.context(point=_die_at("heard")))
    branch.stick(desk.postings()[0].idempotency_key)
    desk.run()
    assert desk.states() == ["posted"]
    desk.check_oracles(loan)


def test_savings_with_a_stuck_key_wait_for_a_person(desk: Desk, branch: Branch) -> None:
    account, other = branch.savings(), branch.savings()
    desk.deposit(account, 10_000)
    key = desk.postings()[0].idempotency_key
    branch.teller(other, 10, key=key)
    branch.stick(key)
    desk.run()
    (posting,) = desk.postings()
    assert (posting.state, posting.resend) == ("unknown", 0)
    assert branch.ledger(account) == []


def test_posted_savings_with_a_stuck_key_are_found_in_the_ledger(
    desk: Desk, branch: Branch
) -> None:
    account = branch.savings()
    desk.deposit(account, 10_000)
    with pytest.raises(_KilledError):
        desk.run(desk.context(point=_die_at("heard")))
    branch.stick(desk.postings()[0].idempotency_key)
    desk.run()
    assert (desk.states(), desk.heard()) == (["posted"], ["stuck_key"])
    desk.check_oracles(account)


def test_a_refused_line_leaves_the_call_and_the_others_go(desk: Desk, branch: Branch) -> None:
    good, bad, sibling = branch.savings(), branch.savings(), branch.savings()
    desk.limits = PostingLimits(workers=1)
    desk.deposit(good, 10_000)
    line_id = desk.line(30_000)
    desk.approve(line_id, Leg(bad, 20_000), Leg(sibling, 10_000))
    desk.run(desk.context(point=_blocks(branch, bad)))
    assert desk.states() == ["posted", "refused", "withdrawn"]
    assert desk.reasons(line_id) == ["refused_by_fineract"]
    desk.check_oracles(good, bad, sibling)


def test_a_refused_line_can_be_approved_again_with_the_next_attempt(
    desk: Desk, branch: Branch
) -> None:
    blocked, savings = branch.savings(), branch.savings()
    line_id = desk.line(20_000)
    desk.approve(line_id, Leg(blocked, 20_000))
    desk.run(desk.context(point=_blocks(branch, blocked)))
    desk.approve(line_id, Leg(savings, 20_000), attempt=2, kind="choices")
    desk.run()
    assert desk.states() == ["refused", "posted"]
    desk.check_oracles(blocked, savings)


def test_a_future_date_waits_and_its_siblings_with_it(desk: Desk, branch: Branch) -> None:
    member = branch.member()
    savings, loan, other = branch.savings(member), branch.loan(member), branch.savings()
    line_id = desk.line(30_000, day=days_ago(-1))
    desk.approve(line_id, Leg(loan, 20_000, "repayment"), Leg(savings, 10_000))
    desk.deposit(other, 10_000)
    desk.run()
    assert desk.states() == ["deferred", "deferred", "posted"]
    assert desk.reasons(line_id) == []
    desk.check_oracles(savings, loan, other)


def test_a_server_that_is_gone_leaves_everything_approved(
    desk: Desk, branch: Branch, sandbox: SandboxServer
) -> None:
    account = branch.savings()
    desk.deposit(account, 10_000)
    trouble(sandbox, "drop_before", path=r"/batches\?enclosingTransaction=false", times=99)
    with pytest.raises(OutsideUnreachable):
        desk.run()
    assert desk.states() == ["approved"]
    assert desk.heard() == []


def test_an_answer_about_another_account_stops_the_run(desk: Desk, branch: Branch) -> None:
    asked, answered = branch.savings(), branch.savings()
    desk.deposit(asked, 10_000)
    (posting,) = desk.postings()
    branch.teller(answered, 100, key=posting.idempotency_key)
    with pytest.raises(SafetyRefusal) as caught:
        desk.run()
    assert caught.value.code == "other_account_answered"
    assert desk.states() == ["unknown"]


def test_a_run_that_is_told_to_stop_begins_nothing_new(desk: Desk, branch: Branch) -> None:
    account = branch.savings()
    for minor in (10_000, 20_000, 30_000):
        desk.deposit(account, minor)
    context = desk.context()

    def stop_after_the_first(name: str) -> None:
        if name == "settled":
            context.stop.set()

    desk.run(desk.context(point=stop_after_the_first, stop=context.stop))
    assert desk.states() == ["posted", "approved", "approved"]
    desk.run()
    assert desk.states() == ["posted"] * 3
    desk.check_oracles(account)


def test_under_maker_checker_a_deposit_waits_inside_fineract_and_is_never_sent_again(
    desk: Desk, branch: Branch
) -> None:
    maker = branch.clerk("DEPOSIT_SAVINGSACCOUNT", "READ_SAVINGSACCOUNT")
    account = branch.savings()
    desk.deposit(account, 10_000)
    flag = {"permissions": {"DEPOSIT_SAVINGSACCOUNT": True}}
    branch.switch("maker-checker", enabled=True)
    branch.call("PUT", "permissions", flag)
    try:
        for _ in range(2):
            desk.run(client=maker, loose={Command.SAVINGS_DEPOSIT})
            assert desk.states() == ["pending_in_core"]
            assert desk.heard() == ["pending_in_core"]
        (waiting,) = branch.inbox(account)
        branch.call("POST", f"makercheckers/{waiting}?command=approve", {})
    finally:
        branch.call("PUT", "permissions", {"permissions": {"DEPOSIT_SAVINGSACCOUNT": False}})
        branch.switch("maker-checker", enabled=False)
    desk.run()
    assert desk.states() == ["posted"]
    desk.check_oracles(account)


def test_what_is_rejected_inside_fineract_is_refused_by_its_audit_row(
    desk: Desk, branch: Branch
) -> None:
    maker = branch.clerk("DEPOSIT_SAVINGSACCOUNT", "READ_SAVINGSACCOUNT")
    account = branch.savings()
    lines = [desk.deposit(account, 10_000), desk.deposit(account, 10_000)]
    branch.switch("maker-checker", enabled=True)
    branch.call("PUT", "permissions", {"permissions": {"DEPOSIT_SAVINGSACCOUNT": True}})
    try:
        desk.run(client=maker, loose={Command.SAVINGS_DEPOSIT})
        assert desk.states() == ["pending_in_core"] * 2
        first, second = branch.inbox(account)
        branch.call("POST", f"makercheckers/{first}?command=reject", {})
        desk.run(client=maker, loose={Command.SAVINGS_DEPOSIT})
        assert desk.states() == ["pending_in_core"] * 2  # this user may not read the audit
        desk.run()
        assert desk.states() == ["refused", "pending_in_core"]
        path = f"{branch.server.base_url}/makercheckers/{second}"
        headers = {"Fineract-Platform-TenantId": "default"}
        deleted = requests.delete(path, auth=("mifos", PASSWORD), headers=headers, timeout=60)
        assert deleted.status_code == 200
        desk.run()
    finally:
        branch.call("PUT", "permissions", {"permissions": {"DEPOSIT_SAVINGSACCOUNT": False}})
        branch.switch("maker-checker", enabled=False)
    assert desk.states() == ["refused", "pending_in_core"]  # an empty inbox proves nothing
    assert desk.reasons(lines[0]) == ["rejected_in_fineract"]
    desk.check_oracles(account)


def test_a_user_without_permission_posts_nothing_and_the_run_says_so(
    desk: Desk, branch: Branch
) -> None:
    account = branch.savings()
    desk.deposit(account, 10_000)
    with pytest.raises(OutsideUnreachable) as caught:
        desk.run(client=branch.clerk("READ_SAVINGSACCOUNT"))
    assert "doctor" in caught.value.hint
    assert desk.states() == ["approved"]


def test_what_is_older_than_a_week_is_only_looked_up(desk: Desk, branch: Branch) -> None:
    account = branch.savings()
    desk.deposit(account, 10_000)
    with pytest.raises(_KilledError):
        desk.run(desk.context(point=_die_at("intended")))
    _make_old(desk)
    recover(desk.context(), branch.client)
    assert desk.states() == ["unknown"]
    (posting,) = desk.postings()
    branch.teller(account, 100, posting.receipt, posting.value_date)
    recover(desk.context(), branch.client)
    assert desk.states() == ["posted"]
    assert len(branch.ledger(account)) == 1


def test_only_reading_sends_nothing(desk: Desk, branch: Branch) -> None:
    account = branch.savings()
    desk.deposit(account, 10_000)
    with pytest.raises(_KilledError):
        desk.run(desk.context(point=_die_at("intended")))
    recover(desk.context(), branch.client, only_read=True)
    assert desk.states() == ["unknown"]
    assert branch.ledger(account) == []


class _KilledError(Exception):
    """Stands for a process that ends here."""


def _die_at(place: str) -> Any:
    def point(name: str) -> None:
        if name == place:
            raise _KilledError

    return point


def _blocks(branch: Branch, account: Account) -> Any:
    """Somebody blocks an account after it was looked at, and before the money comes."""
    blocked: list[str] = []

    def point(name: str) -> None:
        if name == "checked" and not blocked:
            blocked.append(name)
            branch.block(account)

    return point


def _make_old(desk: Desk) -> None:
    with transaction(desk.engine) as connection:
        connection.execute(POSTING.update().values(sent_at_utc="2026-01-01T00:00:00+00:00"))
