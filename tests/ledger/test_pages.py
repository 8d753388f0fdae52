from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from mmrecon.fineract.contract import parse_json
from mmrecon.ledger.pages import (
    client_row,
    due_amounts,
    is_active_loan,
    loan_row,
    savings_row,
    short_names,
)


def _json(text: str) -> dict[str, Any]:
    parsed = parse_json(text)
    assert isinstance(parsed, dict)
    return parsed


SAVINGS = """{"id": 405, "accountNo": "000000405", "depositType": {"id": 100},
 "clientId": 418, "savingsProductId": 83, "savingsProductName": "Sacco savings",
 "status": {"id": 300, "code": "savingsAccountStatusType.active", "value": "Active"},
 "subStatus": {"id": 0, "code": "SavingsAccountSubStatusEnum.none", "value": "None"},
 "currency": {"code": "KES"}, "summary": {"accountBalance": 10.5, "availableBalance": 8.25}}"""
LOAN = """{"id": 149, "accountNo": "000000149", "clientId": 418, "loanProductId": 60,
 "status": {"code": "loanStatusType.active", "active": true}, "currency": {"code": "KES"},
 "approvedPrincipal": 1000.0, "netDisbursalAmount": 970.0,
 "summary": {"totalOutstanding": 750.0}}"""
SCHEDULE = """{"repaymentSchedule": {"periods": [
 {"dueDate": [2026, 10, 15], "principalDisbursed": 1000.0},
 {"period": 1, "dueDate": [2026, 11, 15], "totalOutstandingForPeriod": 250.0},
 {"period": 2, "dueDate": [2026, 11, 24], "totalOutstandingForPeriod": 250.5},
 {"period": 3, "dueDate": [2026, 12, 15], "totalOutstandingForPeriod": 250.0}]}}"""


def test_a_savings_account_reads_its_available_balance_exactly() -> None:
    row = savings_row(_json(SAVINGS), {83: "SAV"})
    assert (row["balance"], row["product_code"]) == ("8.25", "SAV")
    assert row["account_sub_status"] == "SavingsAccountSubStatusEnum.none"


def test_a_fixed_deposit_is_never_open() -> None:
    fixed = SAVINGS.replace('"id": 100', '"id": 200')
    assert savings_row(_json(fixed), {})["account_status"] == "term_deposit"


def test_a_group_s_loan_has_no_client() -> None:
    row = loan_row(_json(LOAN.replace('"clientId": 418, ', "")), {60: "LN"}, None)
    assert (row["client_id"], row["product_code"], row["due_now"]) == ("", "LN", "")


def test_due_amounts_are_as_of_the_day() -> None:
    due = due_amounts(_json(SCHEDULE), date(2026, 11, 24))
    assert (due.overdue, due.due_now) == (Decimal("250.0"), Decimal("500.5"))
    assert due.next_due_date == "2026-12-15"


def test_only_active_loans_have_something_due() -> None:
    assert is_active_loan(_json(LOAN))
    assert not is_active_loan(_json(LOAN.replace("true", "false")))


def test_a_client_carries_every_identity_document() -> None:
    item = _json('{"id": 1, "accountNo": "000000001", "displayName": "Alice", "status": null}')
    row = client_row(item, [{"documentKey": "20000001"}, {"documentKey": " P-77 "}])
    assert row["national_ids"] == "20000001;P-77"


def test_products_are_known_by_their_short_names() -> None:
    assert short_names([{"id": 83, "shortName": "SAV"}, {"shortName": "?"}]) == {83: "SAV"}
