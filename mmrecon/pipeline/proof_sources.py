"""Fineract's side of the proof: which of its transactions belong to a wallet's days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from mmrecon.config import WalletSettings
from mmrecon.errors import OutsideUnreachable
from mmrecon.fineract.contract_requests import BY_HAND
from mmrecon.fineract.payments import read_payments
from mmrecon.fineract.reports import ReportMissingError
from mmrecon.model.account import AccountKind
from mmrecon.model.posting import PostingState
from mmrecon.model.proof import TransactionFrame
from mmrecon.pipeline.run import Run
from mmrecon.proof.transactions import (
    Row,
    journal_parameters,
    journal_rows,
    loan_rows,
    net,
    payment_row,
    savings_rows,
)

if TYPE_CHECKING:
    from mmrecon.fineract.client import FineractClient

_SEARCH_ROWS: Final = 500
_NOT_SENT: Final = (PostingState.APPROVED, PostingState.DEFERRED)


@dataclass(frozen=True, slots=True)
class FineractSide:
    """Fineract's side, or why it is not there."""

    transactions: pd.DataFrame | None
    why_not: str = ""
    accounts_only: bool = False


class FineractReader:
    """Asks Fineract for transactions; once it did not answer, it is not asked again."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.unreachable = ""

    def read(
        self, wallet: WalletSettings, first: str, last: str, ours: pd.DataFrame
    ) -> FineractSide:
        """The wallet's transactions with value dates from `first` to `last` (ISO)."""
        if self._run.settings.fineract is None:
            return FineractSide(None, "none is configured")
        if wallet.payment_type is None:
            return FineractSide(None, "the wallet has no payment type")
        if self.unreachable:
            return FineractSide(None, self.unreachable)
        try:
            return _read(self._run, wallet, first, last, ours)
        except OutsideUnreachable as error:
            self.unreachable = str(error)
            return FineractSide(None, self.unreachable)


def _read(
    run: Run, wallet: WalletSettings, first: str, last: str, ours: pd.DataFrame
) -> FineractSide:
    assert wallet.payment_type is not None
    client = run.connect()
    try:
        rows, sees_books = _booked(client, wallet, first, last)
        found = net(rows)
        known = set(found[["account_kind", "transaction_id"]].itertuples(index=False, name=None))
        more = net(_accounts(run, client, wallet, _unseen(ours, known), first, last))
    finally:
        client.close()
    key = TransactionFrame.key
    both = pd.concat([found, more], ignore_index=True).drop_duplicates(list(key), keep="first")
    return FineractSide(
        TransactionFrame.check(both.reset_index(drop=True)),
        accounts_only=not sees_books,
    )


def _booked(
    client: FineractClient, wallet: WalletSettings, first: str, last: str
) -> tuple[list[Row], bool]:
    """Rows by the transactions report, else of the GL accounts; and whether either was there."""
    assert wallet.payment_type is not None
    days, kind = (first, last), wallet.payment_type.id
    try:
        pages = list(read_payments(client, wallet.currency, days, payment_type_id=kind))
    except ReportMissingError:
        return _journal(client, wallet, days, {}), bool(wallet.gl_account_ids)
    rows = [payment_row(one) for page in pages for one in page if not one.reversed]
    return [*rows, *_journal(client, wallet, days, BY_HAND)], True


def _unseen(ours: pd.DataFrame, known: set[tuple[str, str]]) -> list[tuple[str, int]]:
    """Accounts with something sent or linked that the journal rows do not show."""
    sent = ours[~ours["state"].isin(_NOT_SENT) & ours["account_id"].notna()]
    rows = sent[["account_kind", "transaction_id", "account_id"]].itertuples(index=False, name=None)
    return sorted(
        {(kind, int(account)) for kind, number, account in rows if (kind, number) not in known}
    )


def _journal(
    client: FineractClient, wallet: WalletSettings, days: tuple[str, str], only: Mapping[str, str]
) -> list[Row]:
    assert wallet.payment_type is not None
    rows: list[Row] = []
    for gl_account_id in wallet.gl_account_ids:
        wanted = {**journal_parameters(gl_account_id, *days), **only}
        for page in client.pages("journalentries", wanted):
            rows.extend(journal_rows(page, wallet.payment_type.id, wallet.currency))
    return rows


def _accounts(
    run: Run,
    client: FineractClient,
    wallet: WalletSettings,
    accounts: Sequence[tuple[str, int]],
    first: str,
    last: str,
) -> list[Row]:
    """What stands on accounts themselves: products without accounting have no journal rows."""
    assert wallet.payment_type is not None
    rows: list[Row] = []
    if accounts:
        run.progress.start("reading accounts", len(accounts))
    for kind, account_id in accounts:
        if kind == AccountKind.LOAN:
            answer = client.get(f"loans/{account_id}", {"associations": "transactions"})
            every = loan_rows(answer, account_id, wallet.payment_type.id, wallet.currency)
            rows.extend(row for row in every if first <= row.value_date <= last)
        else:
            rows.extend(_searched(client, wallet, account_id, first, last))
        run.progress.advance(1)
    run.progress.finish()
    return rows


def _searched(
    client: FineractClient, wallet: WalletSettings, account_id: int, first: str, last: str
) -> list[Row]:
    """Pages of a savings account's search; its `offset` is a page index (fineract-api.md 4.3)."""
    assert wallet.payment_type is not None
    rows: list[Row] = []
    page = 0
    while True:
        asked: dict[str, str | int] = {
            "fromDate": first, "toDate": last, "dateFormat": "yyyy-MM-dd", "locale": "en",
            "orderBy": "id", "sortOrder": "ASC", "offset": page, "limit": _SEARCH_ROWS,
        }  # fmt: skip
        answer = client.get(f"savingsaccounts/{account_id}/transactions/search", asked)
        found = savings_rows(answer, account_id, wallet.payment_type.id, wallet.currency)
        rows.extend(found)
        total = answer.get("total") if isinstance(answer, dict) else None
        page += 1
        if not isinstance(total, int) or page * _SEARCH_ROWS >= total:
            return rows
