"""Savings accounts and their transactions as the API writes them."""

from __future__ import annotations

from mmrecon.sandbox import payment_details
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.enums import (
    ACCOUNT_TYPE,
    DEPOSIT_TYPE,
    option,
    savings_status,
    savings_sub_status,
    savings_transaction,
)
from mmrecon.sandbox.organisation import account_currency
from mmrecon.sandbox.savings_products import terms
from mmrecon.sandbox.timeline import person
from mmrecon.sandbox.values import Json, compact, date_parts, number

LAST_MOVEMENT = """
    (select max(m.transaction_date) from m_savings_account_transaction m
     where m.savings_account_id = s.id and m.transaction_type_enum in (1, 2)
       and not m.is_reversed and not m.is_reversal) as last_movement
"""
ACCOUNT_COLUMNS = (
    "s.*, p.name as product_name, p.accounting_type, c.display_name as client_name, "
    "g.display_name as group_name, coalesce(c.office_id, g.office_id) as office_id, "
    + LAST_MOVEMENT
)
ACCOUNT_SOURCE = (
    "m_savings_account s join m_savings_product p on p.id = s.product_id "
    "left join m_client c on c.id = s.client_id left join m_group g on g.id = s.group_id"
)
_NOTE = """
    (select note from m_note n where n.savings_account_transaction_id = t.id order by n.id limit 1)
"""
_ACCOUNT = "s.account_no, s.currency_code, s.currency_digits, s.currency_multiplesof, u.username"
TRANSACTION_COLUMNS = ", ".join(("t.*", _ACCOUNT, f"{_NOTE} as note", payment_details.SELECTED))
LINE_COLUMNS = "s.*, p.name as product_name, p.short_name, " + LAST_MOVEMENT
LINE_SOURCE = "m_savings_account s join m_savings_product p on p.id = s.product_id"
TRANSACTION_SOURCE = (
    "m_savings_account_transaction t join m_savings_account s on s.id = t.savings_account_id "
    "left join m_appuser u on u.id = t.appuser_id " + payment_details.JOINED
)
CREDITS = (1, 3, 21)


def timeline(session: Session, row: Row) -> Json:
    """Who did what to an account, and when."""
    steps = ("submitted", "rejected", "withdrawn", "approved", "activated", "closed")
    line: Json = {}
    for step in steps:
        day = row[f"{step}on_date"]
        if day is not None:
            line[f"{step}OnDate"] = date_parts(day)
            line |= person(session, f"{step}By", row[f"{step}on_userid"])
    return line


def last_active(row: Row) -> list[int] | None:
    """The day of the last live movement, else of the activation."""
    return date_parts(row["last_movement"] or row["activatedon_date"])


def summary(row: Row, currency: Json) -> Json:
    """The sums of an account."""
    on_hold = row["total_savings_amount_on_hold"] or 0
    return compact(
        {
            "currency": currency,
            "totalDeposits": number(row["total_deposits_derived"]),
            "totalWithdrawals": number(row["total_withdrawals_derived"]),
            "totalInterestPosted": 0,
            "accountBalance": number(row["account_balance_derived"]),
            "totalOverdraftInterestDerived": 0,
            "interestNotPosted": 0,
            "availableBalance": number(row["account_balance_derived"] - on_hold),
        }
    )


def account(session: Session, row: Row, known: dict[str, Row]) -> Json:
    """An account as lists and single reads show it."""
    currency = account_currency(row, known)
    on_hold = row["total_savings_amount_on_hold"] or 0
    shown = {
        "id": row["id"],
        "accountNo": row["account_no"],
        "depositType": option(row["deposit_type_enum"], "depositAccountType", DEPOSIT_TYPE),
        "externalId": row["external_id"],
        "groupId": row["group_id"],
        "groupName": row["group_name"],
        "clientId": row["client_id"],
        "clientName": row["client_name"],
        "savingsProductId": row["product_id"],
        "savingsProductName": row["product_name"],
        "fieldOfficerId": row["field_officer_id"] or 0,
        "status": savings_status(row["status_enum"]),
        "subStatus": savings_sub_status(row["sub_status_enum"]),
        "reasonForBlock": row["reason_for_block"],
        "timeline": timeline(session, row),
        "currency": currency,
        **terms(row),
        "minRequiredOpeningBalance": number(row["min_required_opening_balance"]),
        "withdrawalFeeForTransfers": bool(row["withdrawal_fee_for_transfer"]),
        "allowOverdraft": bool(row["allow_overdraft"]),
        "overdraftLimit": number(row["overdraft_limit"]),
        "minRequiredBalance": number(row["min_required_balance"]),
        "enforceMinRequiredBalance": bool(row["enforce_min_required_balance"]),
        "lienAllowed": bool(row["is_lien_allowed"]),
        "withHoldTax": bool(row["withhold_tax"]),
        "lastActiveTransactionDate": last_active(row),
        "isDormancyTrackingActive": False,
        "savingsAmountOnHold": number(on_hold) if on_hold else None,
        "summary": summary(row, currency),
    }
    return compact(shown)


def savings_account_line(session: Session, row: Row, known: dict[str, Row]) -> Json:
    """An account as the accounts of a client list it."""
    steps = timeline(session, row)
    active = row["status_enum"] >= 300
    steps = {k: v for k, v in steps.items() if not k.startswith("activatedBy")}
    return compact(
        {
            "id": row["id"],
            "accountNo": row["account_no"],
            "externalId": row["external_id"],
            "productId": row["product_id"],
            "productName": row["product_name"],
            "shortProductName": row["short_name"],
            "status": savings_status(row["status_enum"]),
            "currency": account_currency(row, known),
            "accountBalance": number(row["account_balance_derived"] or None) if active else None,
            "accountType": option(row["account_type_enum"] or 1, "accountType", ACCOUNT_TYPE),
            "timeline": steps,
            "subStatus": savings_sub_status(row["sub_status_enum"]),
            "lastActiveTransactionDate": last_active(row),
            "depositType": option(row["deposit_type_enum"], "depositAccountType", DEPOSIT_TYPE),
        }
    )


def is_credit(row: Row) -> bool:
    """Whether a row adds to the balance; a counter-transaction does the opposite."""
    return (row["transaction_type_enum"] in CREDITS) != bool(row["is_reversal"])


def transaction(row: Row, known: dict[str, Row]) -> Json:
    """A transaction as the API writes it."""
    return compact(
        {
            "id": row["id"],
            "transactionType": savings_transaction(row["transaction_type_enum"]),
            "entryType": "CREDIT" if is_credit(row) else "DEBIT",
            "accountId": row["savings_account_id"],
            "accountNo": row["account_no"],
            "date": date_parts(row["transaction_date"]),
            "currency": account_currency(row, known),
            "paymentDetailData": payment_details.shown(row, row["id"]),
            "amount": number(row["amount"]),
            "runningBalance": number(row["running_balance_derived"] or 0),
            "reversed": bool(row["is_reversed"]),
            "submittedOnDate": date_parts(row["submitted_on_date"]),
            "interestedPostedAsOn": False,
            "submittedByUsername": row["username"],
            "note": row["note"],
            "reasonForBlock": row["reason_for_block"],
            "isManualTransaction": bool(row["is_manual"]),
            "isReversal": bool(row["is_reversal"]),
            "originalTransactionId": row["original_transaction_id"] or 0,
            "lienTransaction": bool(row["is_lien_transaction"]),
            "releaseTransactionId": row["release_id_of_hold_amount"] or 0,
            "chargesPaidByData": [],
        }
    )
