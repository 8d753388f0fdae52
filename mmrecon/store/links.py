"""Links: what occupies money of a line or item without being a posting (DESIGN section 5)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, insert, select, true, update

from mmrecon.errors import Defect
from mmrecon.store import journal
from mmrecon.store.occupied import check_source, is_own_transaction, linked_of_transaction
from mmrecon.store.postings import ApprovedRow, RefusedRow
from mmrecon.store.review_reasons import ReviewReason, add_reasons
from mmrecon.store.schema import LINE, LINK

_KINDS = {"link": "transaction", "by_hand": "by_hand", "not_ours": "not_ours"}


def insert_links(
    connection: Connection, rows: Sequence[ApprovedRow], *, at_utc: str, run_id: str
) -> list[RefusedRow]:
    """Make links of approved rows whose act is `link`, `by_hand` or `not_ours`.

    A `link` row's `posted_minor` is the whole amount of the Fineract transaction; 0 where nobody
    has read it yet: then one link is all that such a transaction takes, and `verify` reads it. A
    refusal is a value: `no_money_left`, `transaction_exceeded`, `own_transaction` or
    `amount_not_positive`.
    """
    refused = []
    made = []
    for row in rows:
        if row.facts["act"] not in _KINDS:
            continue
        code = _insert_link(connection, row, at_utc)
        if code:
            refused.append(RefusedRow(row.row_number, code))
            continue
        payload = {"batch_id": row.batch_id, "row": row.row_number, "act": row.facts["act"]}
        made.append(journal.Entry("link_made", payload))
    journal.append(connection, made, at_utc=at_utc, run_id=run_id)
    return refused


@dataclass(frozen=True, slots=True)
class LinkedTransaction:
    """A Fineract transaction that links name, and how much of it they occupy together."""

    account_kind: str
    account_id: int
    transaction_id: str
    currency: str
    linked_minor: int


def linked_of_lines(connection: Connection, line_ids: Collection[int]) -> list[LinkedTransaction]:
    """Transactions that live links of some lines name, with what these occupy of them."""
    return _linked(connection, LINK.c.line_id.in_(list(line_ids)))


def linked_transactions(connection: Connection) -> list[LinkedTransaction]:
    """Transactions that live links of lines name, with what they occupy."""
    return _linked(connection, true())


def _linked(connection: Connection, which: ColumnElement[bool]) -> list[LinkedTransaction]:
    key = (LINK.c.account_kind, LINK.c.account_id, LINK.c.transaction_id, LINE.c.currency)
    query = (
        select(*key, func.sum(LINK.c.amount_minor))
        .join(LINE, LINE.c.line_id == LINK.c.line_id)
        .where(
            LINK.c.kind == "transaction",
            LINK.c.withdrawn.is_(False),
            LINK.c.account_id.is_not(None),
            which,
        )
        .group_by(*key)
        .order_by(func.min(LINK.c.link_id))
    )
    return [
        LinkedTransaction(row[0], row[1], row[2], row[3], int(row[4]))
        for row in connection.execute(query)
    ]


def withdraw_links(
    connection: Connection, linked: LinkedTransaction, *, at_utc: str, run_id: str
) -> None:
    """A transaction that somebody reversed occupies nothing any more; its lines are in review."""
    these = (
        LINK.c.account_kind == linked.account_kind,
        LINK.c.account_id == linked.account_id,
        LINK.c.transaction_id == linked.transaction_id,
        LINK.c.kind == "transaction",
        LINK.c.withdrawn.is_(False),
    )
    rows = connection.execute(
        select(LINK.c.batch_id, LINK.c.batch_row, LINK.c.line_id).where(*these)
    ).all()
    connection.execute(update(LINK).where(*these).values(withdrawn=True))
    told: dict[str, str | int] = {
        "account_kind": linked.account_kind,
        "account_id": linked.account_id,
        "transaction_id": linked.transaction_id,
    }
    made = [
        journal.Entry("link_withdrawn", {"batch_id": row.batch_id, "row": row.batch_row} | told)
        for row in rows
    ]
    journal.append(connection, made, at_utc=at_utc, run_id=run_id)
    lines = [row.line_id for row in rows if row.line_id is not None]
    reasons = [ReviewReason(line_id, "link_reversed_since", told) for line_id in lines]
    add_reasons(connection, reasons, at_utc=at_utc)


def _insert_link(connection: Connection, row: ApprovedRow, at_utc: str) -> str:
    """The code that refuses a row; empty when its link stands."""
    facts = row.facts
    amount_minor = _integer(facts["amount_minor"])
    if amount_minor <= 0:
        return "amount_not_positive"
    if facts["act"] == "link":
        kind, transaction_id = str(facts["account_kind"]), str(facts["transaction_id"])
        if is_own_transaction(connection, kind, transaction_id):
            return "own_transaction"
        linked_minor = linked_of_transaction(connection, kind, transaction_id)
        whole_minor = _integer(facts["posted_minor"]) or amount_minor
        if linked_minor + amount_minor > whole_minor:
            return "transaction_exceeded"
    with connection.begin_nested() as savepoint:
        connection.execute(insert(LINK), [_columns(row, at_utc)])
        source = str(facts["source"])
        if check_source(connection, source, line_id=row.line_id, item_id=row.item_id):
            savepoint.rollback()
            return "no_money_left"
    return ""


def _columns(row: ApprovedRow, at_utc: str) -> dict[str, object]:
    facts = row.facts
    return {
        "batch_id": row.batch_id,
        "batch_row": row.row_number,
        "source": facts["source"],
        "line_id": row.line_id,
        "item_id": row.item_id,
        "kind": _KINDS[str(facts["act"])],
        "amount_minor": facts["amount_minor"],
        "account_kind": facts.get("account_kind") or "",
        "account_id": facts.get("account_id"),
        "transaction_id": facts.get("transaction_id") or "",
        "paper_reference": facts.get("paper_reference") or "",
        "reason": facts.get("reason") or "",
        "withdrawn": False,
        "at_utc": at_utc,
    }


def _integer(value: object) -> int:
    if not isinstance(value, int):
        raise Defect("a batch row's amount is no integer")
    return value
