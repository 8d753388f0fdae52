"""Exact hits in Fineract become one batch of links; one that a person rejects is a question."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import pandas as pd
from sqlalchemy import Connection

from mmrecon.approval.accepted import Accepted, Target
from mmrecon.approval.proposals import propose
from mmrecon.model.approval import BatchKind, Decision
from mmrecon.model.issue import Issue
from mmrecon.model.money import to_text
from mmrecon.pipeline.drafts import Draft, drafts_of
from mmrecon.pipeline.open_work import ledger_snapshot, open_work
from mmrecon.pipeline.run import Run
from mmrecon.store.batches import StoredBatch
from mmrecon.store.database import reading
from mmrecon.store.found_links import (
    POSTED_ELSEWHERE,
    FoundTransaction,
    found_transactions,
)
from mmrecon.store.review_reasons import ReviewReason, add_reasons, open_reasons

_REASON: Final = "found in Fineract: same receipt and amount, an account of the same client"


def found(run: Run) -> list[FoundTransaction]:
    """What was found in Fineract and lacks a preparer's signature."""
    with reading(run.engine) as connection:
        return found_transactions(connection)


def sums(transactions: Sequence[FoundTransaction]) -> dict[str, int]:
    """Minor units to be linked, by currency."""
    totals: dict[str, int] = {}
    for one in transactions:
        totals[one.currency] = totals.get(one.currency, 0) + one.link_minor
    return totals


def issues_of(transactions: Sequence[FoundTransaction]) -> list[Issue]:
    """That they wait for a signature; nothing where nothing waits."""
    if not transactions:
        return []
    told = ", ".join(to_text(minor, code) for code, minor in sorted(sums(transactions).items()))
    return [Issue("links_found", arguments={"count": len(transactions), "total": told})]


def link_drafts(
    connection: Connection, run: Run, transactions: Sequence[FoundTransaction]
) -> list[Draft]:
    """One batch of kind `links` with all of them; none where there is nothing to link.

    Raises:
        UsageError: there is no snapshot of the ledger to name their accounts from.
    """
    if not transactions:
        return []
    by_line = {one.line_id: one for one in transactions}
    snapshot = ledger_snapshot(run, connection)
    proposals = propose(open_work(run, connection, snapshot, list(by_line)))
    accounts = snapshot.accounts.set_index(["account_kind", "account_id"])
    rows: list[Any] = list(proposals.itertuples(index=False))
    answers = [_answer(row, by_line[int(row.line_id)], accounts) for row in rows]
    return drafts_of(connection, run, answers)


def ask_again(
    connection: Connection, stored: StoredBatch, numbers: Collection[int], *, at_utc: str
) -> None:
    """Links that were found by mmrecon and not confirmed are questions in the next workbook."""
    if stored.batch.kind is not BatchKind.LINKS:
        return
    rows = {stored.places[number - 1].line_id: stored.batch.rows[number - 1] for number in numbers}
    lines = [line_id for line_id in rows if line_id is not None]
    standing = open_reasons(connection, lines)
    asked = {one.line_id for one in standing if one.code == POSTED_ELSEWHERE}
    add_reasons(
        connection,
        [ReviewReason(line_id, "link_rejected", _named(rows[line_id])) for line_id in asked],
        at_utc=at_utc,
    )


def _answer(row: Any, one: FoundTransaction, accounts: pd.DataFrame) -> Accepted:
    return Accepted(
        row_id=row.row_id,
        line_id=one.line_id,
        wallet=row.wallet,
        decision=Decision.ALREADY_POSTED,
        unchanged=False,
        line=row.source,
        item_id=None if pd.isna(row.item_id) else int(row.item_id),
        item_key=row.item_key,
        currency=row.currency,
        value_date=row.value_date,
        receipt=row.receipt,
        sign=int(row.sign),
        left_minor=one.link_minor,
        target=_target(one, accounts),
        reason=_REASON,
        transaction_id=one.transaction_id,
        transaction_minor=one.transaction_minor,
    )


def _target(one: FoundTransaction, accounts: pd.DataFrame) -> Target:
    """The account as the ledger's snapshot names it; one that is younger has its id only."""
    key = (one.account_kind, one.account_id)
    if key not in accounts.index:
        return Target(*key, "", None)
    account = accounts.loc[[key]].iloc[0]
    client_id = None if pd.isna(account["client_id"]) else int(account["client_id"])
    return Target(*key, str(account["account_no"]), client_id)


def _named(row: Any) -> dict[str, str | int]:
    return {name: row[name] for name in ("account_kind", "account_id", "transaction_id")}
