"""What the store knows of the lines and accounts that postings are about."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, literal, select

from mmrecon.model.account import AccountKind
from mmrecon.model.approval import BatchKind
from mmrecon.model.line import LineClass
from mmrecon.store.schema import BATCH, LINE, LINK, POSTING, REVIEW_REASON

_CHUNK: Final = 500
_QUESTIONS: Final = ("posted_elsewhere", "probably_posted")


@dataclass(frozen=True, slots=True)
class PostedLine:
    """A line's own facts as they stand now; `reversal_seen`: the provider took it back."""

    line_id: int
    wallet_id: int
    line_class: str
    sign: int
    amount_minor: int
    receipt: str
    value_date: str
    completed_at_utc_s: int
    conflict: bool
    reversal_seen: bool


@dataclass(frozen=True, slots=True)
class Known:
    """Fineract transactions that mmrecon made or that are linked already."""

    transactions: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    external_ids: frozenset[str] = field(default_factory=frozenset)


def lines_of(connection: Connection, line_ids: Collection[int]) -> dict[int, PostedLine]:
    """Lines by id, each with whether a reversal of it was seen in its wallet."""
    names = (
        "line_id", "wallet_id", "line_class", "sign", "amount_minor", "receipt", "value_date",
        "completed_at_utc_s", "conflict",
    )  # fmt: skip
    query = select(*(LINE.c[name] for name in names))
    rows = [
        row
        for chunk in _chunks(sorted(line_ids))
        for row in connection.execute(query.where(LINE.c.line_id.in_(chunk)))
    ]
    taken_back = _reversed(connection, {row.receipt for row in rows})
    return {
        row.line_id: PostedLine(
            **{name: getattr(row, name) for name in names},
            reversal_seen=(row.wallet_id, row.receipt) in taken_back,
        )
        for row in rows
    }


def ready_batches(connection: Connection, batch_ids: Collection[str]) -> set[str]:
    """Which batches hold only ready rows, unchanged (DESIGN 7.1)."""
    query = select(BATCH.c.batch_id).where(
        BATCH.c.kind == BatchKind.POSTINGS.value, BATCH.c.batch_id.in_(list(batch_ids))
    )
    return set(connection.execute(query).scalars())


def known_on_accounts(connection: Connection, account_ids: Collection[int]) -> Known:
    """What mmrecon made or linked on some accounts (of either kind)."""
    return _known(connection, "account_id", sorted(account_ids))


def known_transactions(connection: Connection, transaction_ids: Collection[str]) -> Known:
    """What mmrecon made or linked among some transactions."""
    return _known(connection, "transaction_id", sorted(transaction_ids))


def asked_before(connection: Connection, line_ids: Collection[int]) -> dict[int, set[str]]:
    """Transactions that a person was asked about for each line and answered with an approval."""
    query = select(REVIEW_REASON.c.line_id, REVIEW_REASON.c.arguments_json).where(
        REVIEW_REASON.c.cleared.is_(True), REVIEW_REASON.c.code.in_(_QUESTIONS)
    )
    asked: dict[int, set[str]] = {}
    for chunk in _chunks(sorted(line_ids)):
        for row in connection.execute(query.where(REVIEW_REASON.c.line_id.in_(chunk))):
            about = str(json.loads(row.arguments_json).get("transaction_id", ""))
            asked.setdefault(row.line_id, set()).add(about)
    return asked


def _reversed(connection: Connection, receipts: set[str]) -> set[tuple[int, str]]:
    query = select(LINE.c.wallet_id, LINE.c.linked_receipt).where(
        LINE.c.line_class == LineClass.REVERSAL.value
    )
    return {
        (row.wallet_id, row.linked_receipt)
        for chunk in _chunks(sorted(receipts - {""}))
        for row in connection.execute(query.where(LINE.c.linked_receipt.in_(chunk)))
    }


def _known(connection: Connection, column: str, wanted: Sequence[Any]) -> Known:
    made = select(POSTING.c.account_kind, POSTING.c.transaction_id, POSTING.c.external_id).where(
        POSTING.c.account_kind.in_(list(AccountKind))
    )
    linked = select(LINK.c.account_kind, LINK.c.transaction_id, literal("")).where(
        LINK.c.withdrawn.is_(False)
    )
    rows = [
        tuple(row)
        for chunk in _chunks(wanted)
        for row in (
            *connection.execute(made.where(POSTING.c[column].in_(chunk))),
            *connection.execute(linked.where(LINK.c[column].in_(chunk))),
        )
    ]
    return Known(
        frozenset((kind, number) for kind, number, _ in rows if number),
        frozenset(external_id for _, _, external_id in rows if external_id),
    )


def _chunks(wanted: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (wanted[start : start + _CHUNK] for start in range(0, len(wanted), _CHUNK))
