"""Money of a line in the wallet's books, on any account and under any payment type."""

from __future__ import annotations

from datetime import date

import pytest

from mmrecon.config import WalletSettings
from mmrecon.model.posting import PostingState
from mmrecon.posting.already import POSTED_ELSEWHERE, PROBABLY_POSTED
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
        postings,
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
