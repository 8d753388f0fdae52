"""Money of a line in the wallet's books, on any account and under any payment type."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from mmrecon.config import WalletSettings
from mmrecon.fineract.contract import as_list
from mmrecon.fineract.report_sql import TRANSACTIONS
from mmrecon.fineract.reports import install
from mmrecon.model.found import POSTED_ELSEWHERE, PROBABLY_POSTED
from mmrecon.model.posting import PostingState, Slip
from mmrecon.posting.journal_search import Searched, search_journal
from mmrecon.store.database import reading
from mmrecon.store.posting_reads import postings_in
from tests.posting.branch import FORMS, Branch, days_ago, today
from tests.posting.desk import Desk, Leg


def wallet(*gl_account_ids: int) -> WalletSettings:
    return WalletSettings(
        name="pay", provider="mpesa_ke", account="600100", currency="KES", zone="Africa/Nairobi",
        country="KE", live_from=date(2026, 1, 1), gl_account_ids=gl_account_ids,
    )  # fmt: skip


def search(desk: Desk, branch: Branch, *gl_account_ids: int) -> Searched:
    with reading(desk.engine) as connection:
        postings = postings_in(connection, [PostingState.APPROVED])
    return search_journal(
        desk.context(),
        branch.client,
        {1: wallet(*gl_account_ids)},
        [Slip.of(posting) for posting in postings],
        today().isoformat(),
    )


def codes(searched: Searched) -> list[str]:
    return [withdrawal.code for withdrawal in searched.withdrawals]


def test_nothing_in_the_books_lets_everything_go(desk: Desk, branch: Branch) -> None:
    desk.deposit(branch.savings(), 10_000)
    assert codes(search(desk, branch, branch.gl_wallet)) == []


def test_the_receipt_on_another_account_of_the_same_client_is_proposed_as_a_link(
    desk: Desk, branch: Branch
) -> None:
    member = branch.member()
    line_id = desk.deposit(branch.savings(member), 10_000)
    other = branch.savings(member)
    transaction_id = branch.teller(other, 100, desk.receipt(line_id))
    searched = search(desk, branch, branch.gl_wallet)
    assert codes(searched) == [POSTED_ELSEWHERE]
    arguments = searched.withdrawals[0].arguments
    assert (arguments["account_id"], arguments["transaction_id"]) == (
        other.account_id, transaction_id,
    )  # fmt: skip


def test_the_receipt_on_a_friends_account_is_a_question(desk: Desk, branch: Branch) -> None:
    line_id = desk.deposit(branch.savings(), 10_000)
    branch.teller(branch.savings(), 100, desk.receipt(line_id))
    assert codes(search(desk, branch, branch.gl_wallet)) == [PROBABLY_POSTED]


@pytest.mark.parametrize("days", [0, 40])
def test_a_receipt_is_found_by_the_day_of_typing_too(desk: Desk, branch: Branch, days: int) -> None:
    member = branch.member()
    line_id = desk.deposit(branch.savings(member), 10_000)
    branch.teller(branch.loan(member), 100, desk.receipt(line_id), days_ago(days))
    assert codes(search(desk, branch, branch.gl_wallet)) == [POSTED_ELSEWHERE]


def test_a_manual_entry_that_names_the_receipt_is_a_question(desk: Desk, branch: Branch) -> None:
    line_id = desk.deposit(branch.savings(), 10_000)
    entry = {
        "officeId": 1, "transactionDate": days_ago(1), "currencyCode": "KES",
        "referenceNumber": desk.receipt(line_id),
        "debits": [{"glAccountId": branch.gl_wallet, "amount": 100}],
        "credits": [{"glAccountId": branch.gl("cash"), "amount": 100}], **FORMS,
    }  # fmt: skip
    branch.call("POST", "journalentries", entry)
    assert codes(search(desk, branch, branch.gl_wallet)) == [PROBABLY_POSTED]


def test_the_charge_that_shares_a_receipt_is_no_hit(desk: Desk, branch: Branch) -> None:
    line_id = desk.deposit(branch.savings(), 10_000)
    entry = {
        "officeId": 1, "transactionDate": days_ago(1), "currencyCode": "KES",
        "referenceNumber": desk.receipt(line_id),
        "debits": [{"glAccountId": branch.gl("expense"), "amount": 2}],
        "credits": [{"glAccountId": branch.gl_wallet, "amount": 2}], **FORMS,
    }  # fmt: skip
    branch.call("POST", "journalentries", entry)
    assert codes(search(desk, branch, branch.gl_wallet)) == []


def test_what_was_undone_is_no_hit(desk: Desk, branch: Branch) -> None:
    account = branch.savings()
    line_id = desk.deposit(branch.savings(), 10_000)
    branch.undo(account, branch.teller(account, 100, desk.receipt(line_id)))
    assert codes(search(desk, branch, branch.gl_wallet)) == []


def test_legs_posted_before_are_no_strangers(desk: Desk, branch: Branch) -> None:
    account = branch.savings()
    line_id = desk.line(30_000)
    desk.approve(line_id, Leg(account, 10_000))
    desk.run()
    desk.approve(line_id, Leg(account, 20_000), kind="choices", first_leg=2)
    assert codes(search(desk, branch, branch.gl_wallet)) == []


def test_a_wallet_without_gl_accounts_is_named_as_not_searched(desk: Desk, branch: Branch) -> None:
    desk.deposit(branch.savings(), 10_000)
    assert search(desk, branch).unseen_wallets == ("pay",)


@pytest.fixture(params=["journal", "report"])
def way(request: pytest.FixtureRequest, branch: Branch) -> Iterator[str]:
    """By the wallet's GL accounts, or by the report that an administrator installed."""
    if request.param == "report":
        install(branch.client, TRANSACTIONS)
    yield str(request.param)
    for row in as_list(branch.client.get("reports")):
        if row["reportName"] == TRANSACTIONS.name:
            branch.call("DELETE", f"reports/{row['id']}", {})


@pytest.mark.parametrize(
    "field", ["receiptNumber", "accountNumber", "checkNumber", "routingCode", "bankNumber"]
)
def test_a_receipt_in_any_field_is_found_either_way(
    desk: Desk, branch: Branch, way: str, field: str
) -> None:
    member = branch.member()
    line_id = desk.deposit(branch.savings(member), 10_000)
    receipt = desk.receipt(line_id)
    typed = {} if field == "receiptNumber" else {field: receipt.lower()}
    branch.teller(branch.savings(member), 100, "" if typed else receipt, **typed)
    assert codes(search(desk, branch, branch.gl_wallet)) == [POSTED_ELSEWHERE]


def test_the_report_sees_what_no_gl_account_of_the_wallet_shows(desk: Desk, branch: Branch) -> None:
    member = branch.member()
    account, loan = branch.savings(member), branch.loan(member)
    lines = [desk.deposit(account, 10_000), desk.deposit(account, 20_000)]
    branch.teller(branch.savings(member), 100, desk.receipt(lines[0]), paymentTypeId=1)
    branch.teller(loan, 200, desk.receipt(lines[1]), paymentTypeId=1)
    assert search(desk, branch).unseen_wallets == ("pay",)
    assert codes(search(desk, branch, branch.gl_wallet)) == []
    install(branch.client, TRANSACTIONS)
    seen = search(desk, branch)
    assert seen.unseen_wallets == ()
    assert codes(seen) == [POSTED_ELSEWHERE, POSTED_ELSEWHERE]


@pytest.mark.parametrize("typed", ["", "the first receipt"])
def test_three_receipts_that_somebody_typed_as_one_sum_are_three_questions(
    desk: Desk, branch: Branch, way: str, typed: str
) -> None:
    account, friend = branch.savings(), branch.savings()
    ids = [desk.deposit(account, minor) for minor in (10_000, 20_000, 35_000)]
    desk.deposit(account, 7_000)
    desk.deposit(friend, 10_000)
    branch.teller(account, 650, desk.receipt(ids[0]) if typed else "", days_ago(0))
    searched = search(desk, branch, branch.gl_wallet)
    questions = {w.posting.line_id: w.code for w in searched.withdrawals}
    assert questions == dict.fromkeys(ids, PROBABLY_POSTED)


def test_a_sum_with_another_receipt_is_other_money(desk: Desk, branch: Branch, way: str) -> None:
    account = branch.savings()
    for minor in (10_000, 20_000):
        desk.deposit(account, minor)
    branch.teller(account, 300, "ANOTHER1", days_ago(0))
    assert codes(search(desk, branch, branch.gl_wallet)) == []


def test_a_payment_that_was_undone_is_not_found(desk: Desk, branch: Branch, way: str) -> None:
    member = branch.member()
    line_id = desk.deposit(branch.savings(member), 10_000)
    other = branch.savings(member)
    branch.undo(other, branch.teller(other, 100, desk.receipt(line_id)))
    assert codes(search(desk, branch, branch.gl_wallet)) == []


def test_an_entry_made_by_hand_is_found_beside_the_report(desk: Desk, branch: Branch) -> None:
    line_id = desk.deposit(branch.savings(), 10_000)
    entry = {
        "officeId": 1, "transactionDate": days_ago(1), "currencyCode": "KES",
        "referenceNumber": desk.receipt(line_id),
        "debits": [{"glAccountId": branch.gl_wallet, "amount": 100}],
        "credits": [{"glAccountId": branch.gl("cash"), "amount": 100}], **FORMS,
    }  # fmt: skip
    branch.call("POST", "journalentries", entry)
    install(branch.client, TRANSACTIONS)
    assert codes(search(desk, branch, branch.gl_wallet)) == [PROBABLY_POSTED]
