from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from mmrecon.proof.transactions import journal_rows, loan_rows, net, savings_rows

WALLET_TYPE = 62


def entry(row_id: int, transaction: str, debit: object, amount: str, **more: Any) -> dict[str, Any]:
    """One row of `GET /journalentries?transactionDetails=true` (fineract-api.md 9)."""
    details = {"paymentType": {"id": more.pop("payment_type", 62)}, "receiptNumber": "SGL1"}
    return {
        "id": row_id, "transactionDate": [2026, 3, 2], "amount": Decimal(amount),
        "entryType": {"id": 2 if debit else 1}, "transactionId": transaction, "entityId": 366,
        "transactionDetails": {"paymentDetails": details},
    } | more  # fmt: skip


def told(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    names = ["account_kind", "transaction_id", "receipt", "signed_minor"]
    return list(frame[names].itertuples(index=False, name=None))


def test_a_deposit_debits_the_wallet_and_a_withdrawal_credits_it() -> None:
    page = [entry(1, "S650", True, "77.0"), entry(2, "S651", False, "20.50")]
    assert told(net(journal_rows(page, WALLET_TYPE, "KES"))) == [
        ("savings", "650", "SGL1", 7700),
        ("savings", "651", "SGL1", -2050),
    ]


def test_an_undone_transaction_nets_to_nothing_and_is_left_out() -> None:
    page = [entry(117, "S650", True, "77.0"), entry(120, "S650", False, "77.0")]
    assert told(net(journal_rows(page, WALLET_TYPE, "KES"))) == []


def test_a_row_that_several_notes_repeat_counts_once() -> None:
    page = [entry(117, "L443", True, "60.0"), entry(117, "L443", True, "60.0")]
    assert told(net(journal_rows(page, WALLET_TYPE, "KES"))) == [("loan", "443", "SGL1", 6000)]


def test_other_payment_types_are_not_the_wallets() -> None:
    page = [entry(1, "S1", True, "5", payment_type=9), entry(2, "S2", True, "5")]
    assert told(net(journal_rows(page, WALLET_TYPE, "KES"))) == [("savings", "2", "SGL1", 500)]


def test_entries_made_by_hand_are_told_with_their_reference_whatever_their_payment_type() -> None:
    by_hand: Mapping[str, Any] = {
        "transactionDetails": {}, "referenceNumber": "REF-1", "entityId": None,
    }  # fmt: skip
    page = [entry(5, "660fddad19354", False, "25.0", **by_hand)]
    assert told(net(journal_rows(page, WALLET_TYPE, "KES"))) == [
        ("journal", "660fddad19354", "REF-1", -2500)
    ]


def test_an_amount_without_decimals_of_a_whole_unit_currency_stays_whole() -> None:
    rows = journal_rows([entry(1, "S1", True, "20000.000000")], WALLET_TYPE, "UGX")
    assert rows[0].signed_minor == 20000


def savings_item(number: int, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "transactionType": {kind: True},
        "date": [2026, 3, 2], "amount": Decimal("250.0"), "reversed": False, "isReversal": False,
        "paymentDetailData": {"paymentType": {"id": 62}, "receiptNumber": "SGU1"},
    } | more  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "more", "signed"),
    [
        ("deposit", {}, [25000]),
        ("withdrawal", {}, [-25000]),
        ("interest", {}, []),
        ("deposit", {"reversed": True}, []),
        ("deposit", {"isReversal": True}, []),
        ("deposit", {"paymentDetailData": {"paymentType": {"id": 1}}}, []),
    ],
)
def test_an_accounts_search_gives_what_stands_under_the_payment_type(
    kind: str, more: dict[str, Any], signed: list[int]
) -> None:
    answer = {"total": 1, "content": [savings_item(818, kind, **more)]}
    rows = savings_rows(answer, 461, WALLET_TYPE, "KES")
    assert [row.signed_minor for row in rows] == signed


@pytest.mark.parametrize(
    ("kind", "undone", "signed"),
    [
        ("repayment", False, [6000]),
        ("disbursement", False, [-6000]),
        ("accrual", False, []),
        ("repayment", True, []),
    ],
)
def test_a_loan_gives_repayments_in_and_disbursements_out(
    kind: str, undone: object, signed: list[int]
) -> None:
    item = {
        "id": 443, "type": {kind: True}, "date": [2026, 3, 2], "amount": Decimal("60.0"),
        "manuallyReversed": undone, "paymentDetailData": {"paymentType": {"id": 62}},
    }  # fmt: skip
    rows = loan_rows({"transactions": [item]}, 137, WALLET_TYPE, "KES")
    assert [row.signed_minor for row in rows] == signed
