"""A snapshot from mmrecon's own report, where Fineract has it (fineract-api.md 6.3, 6.4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

import pandas as pd

from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract import as_date
from mmrecon.fineract.report_sql import ACCOUNTS
from mmrecon.fineract.reports import report_rows
from mmrecon.model.progress import Progress

CLIENTS, DOCUMENTS, SAVINGS, LOANS = 1, 2, 3, 4
_LABELS: Final = {
    CLIENTS: "clients", DOCUMENTS: "identity documents", SAVINGS: "savings accounts",
    LOANS: "loans",
}  # fmt: skip

_TRANSFER: Final = {300: "active", 303: "transfer_in_progress", 304: "transfer_on_hold"}
_CLIENT_STATUSES: Final = _TRANSFER | {
    100: "pending", 600: "closed", 700: "rejected", 800: "withdrawn",
}  # fmt: skip
_SAVINGS_STATUSES: Final = _TRANSFER | {
    100: "submitted_and_pending_approval", 200: "approved", 400: "withdrawn_by_applicant",
    500: "rejected", 600: "closed", 700: "pre_mature_closure", 800: "matured",
}  # fmt: skip
_LOAN_STATUSES: Final = _TRANSFER | {
    100: "submitted_and_pending_approval", 200: "approved", 400: "withdrawn_by_client",
    500: "rejected", 600: "closed_obligations_met", 601: "closed_written_off",
    602: "closed_reschedule_outstanding_amount", 700: "overpaid",
}  # fmt: skip
_SUB_STATUSES: Final = {
    0: "", 100: "inactive", 200: "dormant", 300: "escheat", 400: "block", 500: "block_credit",
    600: "block_debit",
}  # fmt: skip
_PLAIN_SAVINGS: Final = 100
_NOT_YET: Final = frozenset({_LOAN_STATUSES[100], _LOAN_STATUSES[200]})
_DUE: Final = ("overdue", "due_now", "next_due_date")


def read_accounts(
    client: FineractClient, today: date, progress: Progress
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Clients and accounts as text columns, by pages of the account report.

    Raises:
        ReportMissingError: Fineract does not have it for this user.
        OutsideUnreachable: it could not be read; no half snapshot is ever made.
    """
    people = _read(client, CLIENTS, today, progress)
    documents = _read(client, DOCUMENTS, today, progress)
    savings = _read(client, SAVINGS, today, progress)
    loans = _read(client, LOANS, today, progress)
    return _clients(people, documents), pd.concat(
        [_savings(savings), _loans(loans)], ignore_index=True
    )


def _read(client: FineractClient, kind: int, today: date, progress: Progress) -> pd.DataFrame:
    progress.start(_LABELS[kind], 0)
    rows: list[list[object]] = []
    for page in report_rows(client, ACCOUNTS, {"kind": kind, "today": today.isoformat()}):
        rows += page
        progress.advance(len(page))
    return pd.DataFrame(
        {
            name: pd.Series([_text(row[place]) for row in rows], dtype="str")
            for place, name in enumerate(ACCOUNTS.columns)
        }
    )


def _clients(people: pd.DataFrame, documents: pd.DataFrame) -> pd.DataFrame:
    keys = documents["name"].str.strip()
    national = keys[keys != ""].groupby(documents["client_id"]).agg(";".join)
    return pd.DataFrame(
        {
            "client_id": people["client_id"],
            "client_account_no": people["account_no"],
            "client_external_id": people["external_id"],
            "client_name": people["name"],
            "client_status": _words(people["status"], _CLIENT_STATUSES),
            "office_name": people["office_name"],
            "mobile_no": people["mobile_no"],
            "other_phones": "",
            "national_ids": people["client_id"].map(national).fillna("").astype("str"),
            "group_code": "",
        }
    )


def _savings(rows: pd.DataFrame) -> pd.DataFrame:
    status = _words(rows["status"], _SAVINGS_STATUSES)
    plain = rows["deposit_type"].isin(["", str(_PLAIN_SAVINGS)])
    nothing = dict.fromkeys(("approved_principal", "net_disbursal", "outstanding", *_DUE), "")
    return _accounts(rows, "savings").assign(
        account_status=status.where(plain, "term_deposit"),
        account_sub_status=_words(rows["sub_status"], _SUB_STATUSES),
        balance=rows["balance"],
        **nothing,
    )


def _loans(rows: pd.DataFrame) -> pd.DataFrame:
    """Amounts are due on active loans only, and outstanding once there was one (as by lists)."""
    status = _words(rows["status"], _LOAN_STATUSES)
    money = {name: rows[name] for name in ("approved_principal", "net_disbursal")}
    money["outstanding"] = rows["outstanding"].where(~status.isin(_NOT_YET), "")
    due = {name: rows[name].where(status == "active", "") for name in _DUE}
    return _accounts(rows, "loan").assign(
        account_status=status, account_sub_status="", balance="", **money, **due
    )


def _accounts(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "client_id": rows["client_id"],
            "account_kind": kind,
            "account_id": rows["id"],
            "account_no": rows["account_no"],
            "account_external_id": rows["external_id"],
            "product_code": rows["product_code"],
            "product_name": rows["product_name"],
            "currency": rows["currency"],
        }
    )


def _words(numbers: pd.Series, words: Mapping[int, str]) -> pd.Series:
    by_text = {str(number): word for number, word in words.items()}
    return pd.Series([by_text.get(number, f"status_{number}") for number in numbers], dtype="str")


def _text(value: object) -> str:
    if value is None:
        return ""
    day = as_date(value) if isinstance(value, list) else None
    if day is not None:
        return day.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)
