"""A snapshot from Fineract: by mmrecon's own report, else by paged lists (fineract-api.md 6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from mmrecon.errors import OutsideUnreachable
from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract import BatchItem, JsonObject, as_integer, as_list, as_object
from mmrecon.fineract.reports import ReportMissingError
from mmrecon.ledger.by_report import read_accounts
from mmrecon.ledger.frames import account_frame, client_frame, sorted_frame, unknown_statuses
from mmrecon.ledger.load import CLIENT_COLUMNS, Loaded
from mmrecon.ledger.pages import (
    DueAmounts,
    Row,
    client_row,
    due_amounts,
    is_active_loan,
    loan_row,
    savings_row,
    short_names,
)
from mmrecon.model.account import AccountFrame, ClientFrame
from mmrecon.model.issue import Issue
from mmrecon.model.progress import Progress

_ORDER: Final = {"orderBy": "id", "sortOrder": "ASC"}
_LOANS_A_BATCH: Final = 50
_ACCOUNT_COLUMNS: Final = (
    "client_id", "account_kind", "account_id", "account_no", "account_external_id",
    "product_code", "product_name", "account_status", "account_sub_status", "currency", "balance",
    "approved_principal", "net_disbursal", "outstanding", "overdue", "due_now", "next_due_date",
)  # fmt: skip


def refresh_from(client: FineractClient, today: date, progress: Progress) -> Loaded:
    """Clients, savings accounts and loans as Fineract has them now; `today` in the tenant's zone.

    Raises:
        OutsideUnreachable: something could not be read; no half snapshot is ever made.
    """
    try:
        people, accounts = read_accounts(client, today, progress)
    except ReportMissingError:
        return by_lists(client, today, progress)
    progress.finish()
    return _made(people, accounts, [])


def by_lists(client: FineractClient, today: date, progress: Progress) -> Loaded:
    """The same from paged lists: one read for each client's documents, loans without due sums.

    Raises:
        OutsideUnreachable: a list could not be read.
    """
    progress.start("clients", 0)
    found = list(_all(client, "clients"))
    documents, unreadable = _identifiers(client, found, progress)
    clients = [client_row(item, documents.get(_id(item), ())) for item in found]
    progress.start("accounts", 0)
    savings_codes = short_names(as_list(client.get("savingsproducts")))
    loan_codes = short_names(as_list(client.get("loanproducts")))
    accounts = [savings_row(item, savings_codes) for item in _all(client, "savingsaccounts")]
    loans = list(_all(client, "loans"))
    due = _due(client, [_id(item) for item in loans if is_active_loan(item)], today, progress)
    accounts += [loan_row(item, loan_codes, due.get(_id(item))) for item in loans]
    progress.finish()
    missing = sum(1 for item in loans if is_active_loan(item)) - len(due)
    return _loaded(clients, accounts, unreadable, missing)


def _loaded(clients: list[Row], accounts: list[Row], unreadable: int, missing: int) -> Loaded:
    issues: list[Issue] = []
    if unreadable:
        issues.append(Issue("ledger_identifiers_unreadable", arguments={"clients": unreadable}))
    if missing:
        issues.append(Issue("ledger_due_unreadable", arguments={"loans": missing}))
    return _made(
        _text_frame(clients, CLIENT_COLUMNS), _text_frame(accounts, _ACCOUNT_COLUMNS), issues
    )


def _made(client_rows: pd.DataFrame, account_rows: pd.DataFrame, found: list[Issue]) -> Loaded:
    made, issues = account_frame(
        account_rows.drop_duplicates(["account_kind", "account_id"], ignore_index=True),
        np.arange(1, len(account_rows) + 1), "",
    )  # fmt: skip
    people = client_frame(client_rows.drop_duplicates("client_id", ignore_index=True))
    issues += [*unknown_statuses(people, made, ""), *found]
    return Loaded(
        sorted_frame(ClientFrame, people), sorted_frame(AccountFrame, made), tuple(issues),
        usable=True,
    )  # fmt: skip


def _all(client: FineractClient, path: str) -> Iterator[JsonObject]:
    for page in client.pages(path, _ORDER):
        yield from page


def _identifiers(
    client: FineractClient, found: Sequence[JsonObject], progress: Progress
) -> tuple[dict[int, list[JsonObject]], int]:
    """Identity documents of each client, and of how many they could not be read.

    There is no list of all and no batch of them (fineract-api.md 7): one read for each client.
    """
    progress.start("identity documents", len(found))
    documents: dict[int, list[JsonObject]] = {}
    for number, item in enumerate(found):
        reply = client.ask(f"clients/{_id(item)}/identifiers")
        if reply.status == 403:
            return documents, len(found) - number
        if reply.status != 200:
            raise OutsideUnreachable(
                f"Fineract answered {reply.status} to a client's identity documents",
                hint="Look at Fineract's log, then run `mmrecon ledger refresh` again.",
            )
        documents[_id(item)] = as_list(reply.json())
        progress.advance(1)
    return documents, 0


def _due(
    client: FineractClient, loan_ids: Sequence[int], today: date, progress: Progress
) -> dict[int, DueAmounts]:
    """Due amounts of active loans, read in batches that are not enclosing."""
    progress.start("due amounts", len(loan_ids))
    due: dict[int, DueAmounts] = {}
    for start in range(0, len(loan_ids), _LOANS_A_BATCH):
        chosen = loan_ids[start : start + _LOANS_A_BATCH]
        items = [
            BatchItem(number, "GET", f"v1/loans/{loan_id}?associations=repaymentSchedule")
            for number, loan_id in enumerate(chosen, 1)
        ]
        answers = client.batch(items, enclosing=False).by_request()
        for number, loan_id in enumerate(chosen, 1):
            reply = answers.get(number)
            if reply is not None and reply.status == 200:
                due[loan_id] = due_amounts(as_object(reply.json()), today)
        progress.advance(len(chosen))
    return due


def _id(item: JsonObject) -> int:
    identity = as_integer(item.get("id"))
    return -1 if identity is None else identity


def _text_frame(rows: list[Row], columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns)).fillna("").astype("str")
