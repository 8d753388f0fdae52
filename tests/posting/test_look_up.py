"""What the ledger shows of a posting: only its own money counts as found."""

from __future__ import annotations

import json
from dataclasses import replace

from mmrecon.posting.look_up import Sight, look_up
from mmrecon.posting.recovery import Shown
from mmrecon.store.posting_lines import Known
from tests.fineract.peer import client_of, peer
from tests.fineract.recorded import posting
from tests.posting.branch import Branch, days_ago
from tests.posting.desk import Desk, Leg

NOTHING_KNOWN = Known()


def test_a_posting_that_stands_is_found_by_its_facts_or_external_id(
    desk: Desk, branch: Branch
) -> None:
    desk.deposit(branch.savings(), 10_000)
    desk.approve(desk.line(20_000), Leg(branch.loan(), 20_000, "repayment"))
    desk.run()
    for one in desk.postings():
        found = look_up(branch.client, replace(one, transaction_id=""), NOTHING_KNOWN)
        assert found == Sight(Shown.THERE, one.transaction_id)


def test_a_transaction_of_another_posting_is_not_taken_for_this_one(
    desk: Desk, branch: Branch
) -> None:
    desk.deposit(branch.savings(), 10_000)
    desk.run()
    (one,) = desk.postings()
    taken = Known(frozenset({("savings", one.transaction_id)}))
    assert look_up(branch.client, one, taken).shown is Shown.ABSENT


def test_another_amount_day_or_receipt_is_not_this_posting(desk: Desk, branch: Branch) -> None:
    desk.deposit(branch.savings(), 10_000)
    desk.run()
    (one,) = desk.postings()
    for other in (
        replace(one, posted_minor=10_001),
        replace(one, value_date=days_ago(2)),
        replace(one, receipt="OTHER"),
    ):
        assert look_up(branch.client, other, NOTHING_KNOWN).shown is Shown.ABSENT


def test_two_equal_transactions_are_a_persons(desk: Desk, branch: Branch) -> None:
    account = branch.savings()
    line_id = desk.deposit(account, 10_000)
    for _ in range(2):
        branch.teller(account, 100, desk.receipt(line_id))
    (one,) = desk.postings()
    assert look_up(branch.client, one, NOTHING_KNOWN) == Sight(Shown.ELSEWHERE)


def test_a_reversed_posting_is_told_and_never_taken_for_standing(
    desk: Desk, branch: Branch
) -> None:
    savings, loan = branch.savings(), branch.loan()
    desk.deposit(savings, 10_000)
    desk.approve(desk.line(20_000), Leg(loan, 20_000, "repayment"))
    desk.run()
    for one, account in zip(desk.postings(), (savings, loan), strict=True):
        branch.undo(account, one.transaction_id)
        assert look_up(branch.client, one, NOTHING_KNOWN).shown is Shown.REVERSED


def test_an_external_id_on_another_loan_is_elsewhere(desk: Desk, branch: Branch) -> None:
    desk.approve(desk.line(20_000), Leg(branch.loan(), 20_000, "repayment"))
    desk.run()
    (one,) = desk.postings()
    other = replace(one, account_id=branch.loan().account_id)
    assert look_up(branch.client, other, NOTHING_KNOWN).shown is Shown.ELSEWHERE
    nobodys = replace(other, external_id="mm-nobody")
    assert look_up(branch.client, nobodys, NOTHING_KNOWN).shown is Shown.ABSENT


def test_a_transaction_that_names_another_loan_is_elsewhere() -> None:
    body = {
        "id": 7, "loanId": 13, "type": {"id": 2}, "amount": 1500.50, "date": [2026, 11, 23],
        "externalId": "mm-1",
    }  # fmt: skip
    with (
        peer(lambda handler: handler.say(200, json.dumps(body))) as at,
        client_of(at.url) as client,
    ):
        seen = look_up(client, posting("loan_repayment", 12), NOTHING_KNOWN)
        asked = look_up(client, posting("loan_repayment", 13), NOTHING_KNOWN)
    assert (seen.shown, asked.shown) == (Shown.ELSEWHERE, Shown.THERE)
