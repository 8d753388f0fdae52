from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mmrecon.errors import OutsideUnreachable
from mmrecon.fineract.contract_reads import AccountFacts
from mmrecon.posting.account_reads import read_accounts
from mmrecon.posting.facts import changed_account, left_of_account, needed_of_account
from tests.fineract.peer import Handler, client_of, peer
from tests.fineract.recorded import posting

SAVINGS = AccountFacts(
    account_kind="savings", account_id=42, account_no="000000042", client_id=9, status=300,
    block="", currency="KES", digits=2, multiple=0, available_minor=200_000, outstanding_minor=0,
    principal_minor=0,
)  # fmt: skip
LOAN = replace(SAVINGS, account_kind="loan", outstanding_minor=150_050, principal_minor=150_050)


def changed(command: str, account: AccountFacts | None, **facts: Any) -> str:
    one = posting(command, 42, **facts)
    return changed_account(one, account, one.posted_minor, 0)


def test_an_account_that_is_as_approved_changes_nothing() -> None:
    assert changed("savings_deposit", SAVINGS) == ""
    assert changed("savings_withdrawal", SAVINGS) == ""
    assert changed("loan_repayment", LOAN) == ""
    assert changed("loan_disbursement", replace(LOAN, status=200)) == ""


@pytest.mark.parametrize(
    ("command", "block", "code"),
    [
        ("savings_deposit", "block_debit", ""),
        ("savings_deposit", "block_credit", "account_blocked_now"),
        ("savings_withdrawal", "block_credit", ""),
        ("savings_withdrawal", "block_debit", "account_blocked_now"),
        ("savings_deposit", "block", "account_blocked_now"),
    ],
)
def test_a_block_counts_in_its_direction(command: str, block: str, code: str) -> None:
    assert changed(command, replace(SAVINGS, block=block)) == code


def test_other_digits_of_the_currency_are_a_change() -> None:
    assert changed("savings_deposit", replace(SAVINGS, digits=0)) == "currency_changed"


def test_an_amount_that_fineract_would_round_is_not_sent() -> None:
    in_fives = replace(SAVINGS, multiple=5)
    assert changed("savings_deposit", in_fives) == "amount_would_be_rounded"
    assert changed("savings_deposit", in_fives, posted_minor=150_000) == ""


@pytest.mark.parametrize(
    ("command", "account", "code"),
    [
        ("loan_repayment", replace(LOAN, outstanding_minor=150_049), "loan_owes_less"),
        ("savings_withdrawal", replace(SAVINGS, available_minor=150_049), "too_little_left"),
        (
            "loan_disbursement",
            replace(LOAN, status=200, principal_minor=150_049),
            "too_little_left",
        ),
    ],
)
def test_one_minor_unit_too_little_is_too_little(
    command: str, account: AccountFacts, code: str
) -> None:
    assert changed(command, account) == code
    assert left_of_account(posting(command, 42), account) == "KES 1,500.49"


def test_nothing_limits_a_deposit() -> None:
    assert left_of_account(posting("savings_deposit", 42), SAVINGS) == ""


def test_a_loan_that_is_paid_off_takes_no_repayment() -> None:
    for status in (600, 700, 601, 200):
        assert changed("loan_repayment", replace(LOAN, status=status)) == "account_not_open"


def test_legs_of_one_call_on_one_account_are_added_up() -> None:
    one, two = posting("loan_repayment", 42), posting("loan_repayment", 42, leg=2)
    others = [posting("savings_withdrawal", 42), posting("loan_repayment", 43)]
    assert needed_of_account(one, [one, two, *others]) == 2 * one.posted_minor


def test_a_read_that_fineract_left_out_ends_the_run() -> None:
    asked = [posting("savings_deposit", 42)]
    with (
        peer(lambda handler: handler.say(200, "[]")) as at,
        client_of(at.url) as client,
        pytest.raises(OutsideUnreachable),
    ):
        read_accounts(client, asked)


def test_a_server_whose_batches_leave_transactions_out_is_searched_apart() -> None:
    account = (
        '{"id": 42, "accountNo": "000000042", "lastActiveTransactionDate": [2026, 11, 23],'
        ' "currency": {"code": "KES", "decimalPlaces": 2}}'
    )
    found = (
        '{"total": 1, "content": [{"id": 7, "transactionType": {"id": 1}, "amount": 10.00,'
        ' "date": [2026, 11, 23]}]}'
    )

    def answer(handler: Handler) -> None:
        if "/search?" in handler.path:
            handler.say(200, found)
        else:
            body = account.replace('"', '\\"')
            handler.say(200, f'[{{"requestId": 1, "statusCode": 200, "body": "{body}"}}]')

    with peer(answer) as at, client_of(at.url) as client:
        (read,) = read_accounts(client, [posting("savings_deposit", 42)]).values()
    assert [one.transaction_id for one in read.transactions] == ["7"]
    assert "fromDate=2026-11-22" in at.seen[1].path
