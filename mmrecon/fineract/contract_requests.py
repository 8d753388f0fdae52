"""Requests as values: what is written to Fineract, and what is asked of it (no network)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mmrecon.fineract.contract import BatchItem, dump_json
from mmrecon.model.money import to_decimal
from mmrecon.model.posting import Command, Posting

FORMS: Final[dict[str, str]] = {"locale": "en", "dateFormat": "yyyy-MM-dd"}
"""Goes with every write (fineract-api.md 1.3, 1.4)."""

PERMISSIONS: Final[dict[Command, str]] = {
    Command.SAVINGS_DEPOSIT: "DEPOSIT_SAVINGSACCOUNT",
    Command.SAVINGS_WITHDRAWAL: "WITHDRAWAL_SAVINGSACCOUNT",
    Command.LOAN_REPAYMENT: "REPAYMENT_LOAN",
    Command.LOAN_DISBURSEMENT: "DISBURSE_LOAN",
}
"""What a user needs to give each command (fineract-api.md 1.2)."""

READ_PERMISSIONS: Final = (
    "READ_CLIENT",
    "READ_SAVINGSACCOUNT",
    "READ_LOAN",
    "READ_PAYMENTTYPE",
    "READ_JOURNALENTRY",
    "READ_CONFIGURATION",
    "READ_BUSINESS_DATE",
    "READ_OFFICE",
    "READ_PERMISSION",
)
"""What mmrecon itself reads before it posts."""

MARK: Final = "mmrecon"
"""What every note of a posting begins with; its batch and row follow."""

_ADDRESSES: Final[dict[Command, str]] = {
    Command.SAVINGS_DEPOSIT: "v1/savingsaccounts/{}/transactions?command=deposit",
    Command.SAVINGS_WITHDRAWAL: "v1/savingsaccounts/{}/transactions?command=withdrawal",
    Command.LOAN_REPAYMENT: "v1/loans/{}/transactions?command=repayment",
    Command.LOAN_DISBURSEMENT: "v1/loans/{}?command=disburse",
}


def build_posting(posting: Posting, request_id: int) -> BatchItem:
    """The batch item that posts one leg; the same text every time it is sent."""
    return BatchItem(
        request_id=request_id,
        method="POST",
        relative_url=_ADDRESSES[posting.command].format(posting.account_id),
        body=dump_json(_posting_body(posting)),
        idempotency_key=posting.idempotency_key,
    )


def build_account_read(account_kind: str, account_id: int, request_id: int) -> BatchItem:
    """The batch item that reads one account with its transactions (`chargeStatus`: 7)."""
    address = (
        f"v1/savingsaccounts/{account_id}?chargeStatus=all&associations=transactions"
        if account_kind == "savings"
        else f"v1/loans/{account_id}?associations=transactions"
    )
    return BatchItem(request_id=request_id, method="GET", relative_url=address)


def transaction_path(posting: Posting) -> str:
    """Where a posting reads back: loans by external id, because their ids may change (3.2)."""
    if posting.account_kind == "loan":
        return f"loans/{posting.account_id}/transactions/external-id/{posting.external_id}"
    return f"savingsaccounts/{posting.account_id}/transactions/{posting.transaction_id}"


def search_parameters(first_day: str, last_day: str, page: int, rows: int) -> dict[str, str | int]:
    """Parameters of a savings `transactions/search` by value date; `offset` is a page (4.3)."""
    return {
        "fromDate": first_day,
        "toDate": last_day,
        "offset": page,
        "limit": rows,
        "orderBy": "id",
        "sortOrder": "ASC",
        **FORMS,
    }


def journal_parameters(gl_account_id: int, first_day: str, last_day: str) -> dict[str, str | int]:
    """Parameters of `journalentries` for one GL account and period, receipts included (12a)."""
    return {
        "glAccountId": gl_account_id,
        "fromDate": first_day,
        "toDate": last_day,
        "transactionDetails": "true",
        "orderBy": "id",
        "sortOrder": "ASC",
        **FORMS,
    }


BY_HAND: Final = {"manualEntriesOnly": "true"}
"""With `journal_parameters`: only entries that nobody's transaction made."""


def booking_parameters(gl_account_id: int, first_day: str, last_day: str) -> dict[str, str | int]:
    """As `journal_parameters`, by the day of typing; both ends are always given (9)."""
    by_value = journal_parameters(gl_account_id, first_day, last_day)
    kept = {name: value for name, value in by_value.items() if name not in {"fromDate", "toDate"}}
    return kept | {"submittedOnDateFrom": first_day, "submittedOnDateTo": last_day}


def needed_permissions(commands: Iterable[Command]) -> set[str]:
    """What the user must be allowed: to read, and to give these commands."""
    return set(READ_PERMISSIONS) | {PERMISSIONS[command] for command in commands}


def posting_note(posting: Posting) -> str:
    """The note that each posting carries: its signed row, and its true day if that is another."""
    moved = f", paid on {posting.paid_on} ({posting.date_reason})" if posting.paid_on else ""
    return f"{MARK} {posting.batch_id}/{posting.batch_row}{moved}"


def _posting_body(posting: Posting) -> dict[str, object]:
    disburses = posting.command is Command.LOAN_DISBURSEMENT
    body: dict[str, object] = {
        "actualDisbursementDate" if disburses else "transactionDate": posting.value_date,
        "transactionAmount": to_decimal(posting.posted_minor, posting.currency),
        "paymentTypeId": posting.payment_type_id,
        "receiptNumber": posting.receipt,
        "note": posting_note(posting),
        **FORMS,
    }
    if posting.account_kind == "loan":
        body["externalId"] = posting.external_id
    return body
