"""What the store knows of the lines and accounts that postings are about."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    bindparam,
    exists,
    literal,
    literal_column,
    select,
)

from mmrecon.model.account import AccountKind
from mmrecon.model.approval import BatchKind
from mmrecon.model.found import POSTED_ELSEWHERE, PROBABLY_POSTED
from mmrecon.model.line import LineClass
from mmrecon.model.posting import PostingState
from mmrecon.store.schema import BATCH, LINE, LINK, POSTING, REVIEW_REASON

Account = tuple[str, int]

_CHUNK: Final = 500
_QUESTIONS: Final = (POSTED_ELSEWHERE, PROBABLY_POSTED)


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
    """Fineract transactions that mmrecon made or that are linked already.

    `open_accounts`: accounts of postings among them whose fate is open.
    """

    transactions: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    external_ids: frozenset[str] = field(default_factory=frozenset)
    open_accounts: frozenset[Account] = field(default_factory=frozenset)


def lines_of(connection: Connection, line_ids: Collection[int]) -> dict[int, PostedLine]:
    """Lines by id, each with whether a reversal of it was seen in its wallet."""
    return {
        row.line_id: PostedLine(*row)
        for chunk in _chunks(sorted(line_ids))
        for row in connection.execute(_LINES, {"line_ids": chunk})
    }


_REVERSAL: Final = LINE.alias("reversal")
_LINES: Final = select(
    LINE.c.line_id, LINE.c.wallet_id, LINE.c.line_class, LINE.c.sign, LINE.c.amount_minor,
    LINE.c.receipt, LINE.c.value_date, LINE.c.completed_at_utc_s, LINE.c.conflict,
    exists().where(
        _REVERSAL.c.linked_receipt == LINE.c.receipt,
        _REVERSAL.c.wallet_id == LINE.c.wallet_id,
        LINE.c.receipt != "",
        _REVERSAL.c.line_class == literal_column(f"'{LineClass.REVERSAL.value}'"),
    ),
).where(LINE.c.line_id.in_(bindparam("line_ids", expanding=True)))  # fmt: skip
"""As columns of `PostedLine`. The class is written out for the partial index on reversals."""


def ready_batches(connection: Connection, batch_ids: Collection[str]) -> set[str]:
    """Which batches hold only ready rows, unchanged (DESIGN 7.1)."""
    return set(connection.execute(_READY, {"batch_ids": list(batch_ids)}).scalars())


_READY: Final = select(BATCH.c.batch_id).where(
    BATCH.c.kind == BatchKind.POSTINGS.value,
    BATCH.c.batch_id.in_(bindparam("batch_ids", expanding=True)),
)


def known_on_accounts(connection: Connection, account_ids: Collection[int]) -> Known:
    """What mmrecon made or linked on some accounts (of either kind)."""
    return _known(connection, "account_id", sorted(account_ids))


def known_transactions(connection: Connection, transaction_ids: Collection[str]) -> Known:
    """What mmrecon made or linked among some transactions."""
    return _known(connection, "transaction_id", sorted(transaction_ids))


def asked_before(connection: Connection, line_ids: Collection[int]) -> dict[int, set[str]]:
    """Transactions that a person was asked about for each line and answered with an approval.

    What mmrecon itself posted (a reason that names its batch) is no matter of opinion: not in it.
    """
    asked: dict[int, set[str]] = {}
    for chunk in _chunks(sorted(line_ids)):
        for row in connection.execute(_ASKED, {"line_ids": chunk}):
            told = json.loads(row.arguments_json)
            if not told.get("batch_id"):
                asked.setdefault(row.line_id, set()).add(str(told.get("transaction_id", "")))
    return asked


_ASKED: Final = select(REVIEW_REASON.c.line_id, REVIEW_REASON.c.arguments_json).where(
    REVIEW_REASON.c.cleared.is_(True),
    REVIEW_REASON.c.code.in_(_QUESTIONS),
    REVIEW_REASON.c.line_id.in_(bindparam("line_ids", expanding=True)),
)


def _known(connection: Connection, column: str, wanted: Sequence[Any]) -> Known:
    made, linked = _known_by(column)
    rows = [
        tuple(row)
        for chunk in _chunks(wanted)
        for query in (made, linked)
        for row in connection.execute(query, {"wanted": chunk})
    ]
    return Known(
        frozenset((kind, number) for kind, _, number, _, _ in rows if number),
        frozenset(external_id for _, _, _, external_id, _ in rows if external_id),
        frozenset((kind, account_id) for kind, account_id, _, _, state in rows if state in _OPEN),
    )


_OPEN: Final = frozenset({PostingState.SENDING, PostingState.UNKNOWN, PostingState.UNDOING})


@cache
def _known_by(column: str) -> tuple[Select[Any], Select[Any]]:
    """Both queries by one column, built once: they run before every call to Fineract."""
    wanted: BindParameter[Any] = bindparam("wanted", expanding=True)
    of_posting = ("account_kind", "account_id", "transaction_id", "external_id", "state")
    made = select(*(POSTING.c[name] for name in of_posting)).where(
        POSTING.c.account_kind.in_(list(AccountKind)), POSTING.c[column].in_(wanted)
    )
    of_link = (LINK.c.account_kind, LINK.c.account_id, LINK.c.transaction_id)
    linked = select(*of_link, literal(""), literal("")).where(
        LINK.c.withdrawn.is_(False), LINK.c[column].in_(wanted)
    )
    return made, linked


def _chunks(wanted: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (wanted[start : start + _CHUNK] for start in range(0, len(wanted), _CHUNK))
