"""Corrections of postings: which are asked for, which came to an end, what may be undone.

What is signed is read from the signed rows; how far it came, from the posting's state. Only that
a correction was given up is written down here, as the last exchange with its key.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, insert, select

from mmrecon.model.approval import BatchKind, BatchState, CanonicalRow
from mmrecon.model.posting import DEAD_STATES, Posting, PostingState
from mmrecon.model.undo import UNDO
from mmrecon.store import journal
from mmrecon.store.posting_reads import postings_of
from mmrecon.store.postings import Change, change_states, posting_facts
from mmrecon.store.reversals import ask_about_reversals, close_pairs
from mmrecon.store.review_reasons import ReviewReason, add_reasons
from mmrecon.store.schema import (
    BATCH,
    BATCH_ROW,
    EXCHANGE,
    FILE,
    LINE,
    POSTING,
    SIGHTING,
    STATEMENT,
    WALLET,
)

GIVEN_UP: Final = "undo_given_up"
_CHUNK: Final = 500
_LIVE: Final = POSTING.c.state.not_in([state.value for state in DEAD_STATES])


@dataclass(frozen=True, slots=True)
class Correction:
    """A row that asks for an undo: its batch, and the posting by the row that it was signed in."""

    batch_id: str
    row_number: int
    state: BatchState
    rejected: bool
    row: CanonicalRow

    @property
    def posting(self) -> tuple[str, int]:
        """Batch and row of the posting."""
        of_posting: Any = self.row["posting"]
        return str(of_posting[0]), int(of_posting[1])

    @property
    def idempotency_key(self) -> str:
        """The key of the correction."""
        return posting_facts(self.row).idempotency_key(0)

    @property
    def leg(self) -> tuple[str, int]:
        """Source and leg: what attempts of corrections are counted by."""
        leg: Any = self.row["leg"]
        return str(self.row["source"]), int(leg)


@dataclass(frozen=True, slots=True)
class Named:
    """A line that somebody wants to take back, and the wallet it is in."""

    line_id: int
    wallet: str
    receipt: str


def corrections(connection: Connection) -> list[Correction]:
    """Every row that ever asked for an undo, as stored; few by nature. Nothing is verified here."""
    query = (
        select(
            BATCH_ROW.c.batch_id, BATCH_ROW.c.row_number, BATCH_ROW.c.row_json,
            BATCH_ROW.c.rejected, BATCH.c.state,
        )
        .join(BATCH, BATCH.c.batch_id == BATCH_ROW.c.batch_id)
        .where(BATCH.c.kind == BatchKind.CORRECTIONS.value)
        .order_by(BATCH.c.prepared_at_utc, BATCH_ROW.c.batch_id, BATCH_ROW.c.row_number)
    )  # fmt: skip
    rows = [(row, json.loads(row.row_json)) for row in connection.execute(query)]
    return [
        Correction(row.batch_id, row.row_number, BatchState(row.state), row.rejected, facts)
        for row, facts in rows
        if facts.get("act") == UNDO
    ]


def given_up(connection: Connection, keys: Collection[str]) -> set[str]:
    """Which of these corrections, by their keys, have come to an end without an undo."""
    query = select(EXCHANGE.c.idempotency_key).where(EXCHANGE.c.meaning == GIVEN_UP)
    return set(keys) & set(connection.execute(query).scalars())


def give_up(
    connection: Connection,
    keys: Iterable[tuple[Posting, str]],
    code: str,
    *,
    at_utc: str,
    run_id: str,
) -> None:
    """Corrections, by posting and key, that end without an undo; what stands stays posted."""
    told = [(posting.posting_id, key) for posting, key in keys]
    rows = [
        {
            "posting_id": posting_id, "sent_at_utc": at_utc, "heard_at_utc": at_utc,
            "idempotency_key": key, "status": None, "meaning": GIVEN_UP, "code": code,
            "transaction_id": "",
        }
        for posting_id, key in told
    ]  # fmt: skip
    if rows:
        connection.execute(insert(EXCHANGE), rows)
    entries = [
        journal.Entry(GIVEN_UP, {"posting_id": posting_id, "code": code}) for posting_id, _ in told
    ]
    journal.append(connection, entries, at_utc=at_utc, run_id=run_id)
    ended = {key for _, key in told}
    batch_ids = {one.batch_id for one in corrections(connection) if one.idempotency_key in ended}
    ask_about_reversals(connection, batch_ids, code, at_utc=at_utc)


def mark_undone(
    connection: Connection,
    done: Sequence[tuple[Posting, str]],
    *,
    at_utc: str,
    run_id: str,
) -> None:
    """Postings, each with the batch of its correction, that read back as reversed."""
    changes = [
        Change(posting.posting_id, {PostingState.UNDOING}, PostingState.UNDONE, batch_id)
        for posting, batch_id in done
    ]
    change_states(connection, changes, at_utc=at_utc, run_id=run_id)
    reasons = [
        ReviewReason(posting.line_id, "taken_back", {"leg": posting.leg, "batch_id": batch_id})
        for posting, batch_id in done
        if posting.line_id is not None
    ]
    add_reasons(connection, reasons, at_utc=at_utc)
    batch_ids = {batch_id for _, batch_id in done}
    close_pairs(connection, batch_ids, at_utc=at_utc, run_id=run_id)


def postings_signed_in(
    connection: Connection, rows: Collection[tuple[str, int]]
) -> dict[tuple[str, int], Posting]:
    """Postings by the batch and row that they were signed in."""
    batch_ids = sorted({batch_id for batch_id, _ in rows})
    query = select(POSTING.c.posting_id)
    found = [
        posting_id
        for chunk in _chunks(batch_ids)
        for posting_id in connection.execute(query.where(POSTING.c.batch_id.in_(chunk))).scalars()
    ]
    postings = postings_of(connection, found)
    signed = {(posting.batch_id, posting.batch_row): posting for posting in postings}
    return {row: signed[row] for row in rows if row in signed}


def rows_of(
    connection: Connection, postings: Sequence[Posting]
) -> dict[tuple[str, int], CanonicalRow]:
    """The signed rows of some postings, as stored."""
    query = select(BATCH_ROW.c.batch_id, BATCH_ROW.c.row_number, BATCH_ROW.c.row_json)
    wanted = {(posting.batch_id, posting.batch_row) for posting in postings}
    return {
        (row.batch_id, row.row_number): json.loads(row.row_json)
        for chunk in _chunks(sorted({batch_id for batch_id, _ in wanted}))
        for row in connection.execute(query.where(BATCH_ROW.c.batch_id.in_(chunk)))
        if (row.batch_id, row.row_number) in wanted
    }


def lines_of_receipt(connection: Connection, receipt: str) -> list[Named]:
    """Lines with a receipt of which anything stands or is under way in Fineract."""
    return _named(connection, LINE.c.receipt == receipt)


def lines_of_batch(connection: Connection, batch_id: str) -> list[Named]:
    """Lines of which a posting that a batch approved stands or is under way."""
    return _named(connection, POSTING.c.batch_id == batch_id)


def lines_of_file(connection: Connection, file_id: int) -> list[Named]:
    """Lines that a file shows and of which anything stands or is under way."""
    seen = (
        select(SIGHTING.c.line_id)
        .join(STATEMENT, STATEMENT.c.statement_id == SIGHTING.c.statement_id)
        .where(STATEMENT.c.file_id == file_id, STATEMENT.c.current.is_(True))
    )
    return _named(connection, LINE.c.line_id.in_(seen))


def also_in(connection: Connection, line_ids: Collection[int], file_id: int) -> dict[int, str]:
    """By line: the name of another file that shows it too, in a reading that counts."""
    other = (STATEMENT.c.file_id != file_id) & STATEMENT.c.current.is_(True)
    first = (
        select(LINE.c.line_id, STATEMENT.c.delivered_name)
        .join(STATEMENT, STATEMENT.c.statement_id == LINE.c.first_statement_id)
        .where(other)
    )
    again = (
        select(SIGHTING.c.line_id, STATEMENT.c.delivered_name)
        .join(STATEMENT, STATEMENT.c.statement_id == SIGHTING.c.statement_id)
        .where(other, ~SIGHTING.c.is_first)
    )
    return {
        row.line_id: row.delivered_name
        for chunk in _chunks(sorted(line_ids))
        for row in (
            *connection.execute(again.where(SIGHTING.c.line_id.in_(chunk))),
            *connection.execute(first.where(LINE.c.line_id.in_(chunk))),
        )
    }


def files_named(connection: Connection, text: str) -> list[tuple[int, str, str]]:
    """Files (id, hash, name) whose hash begins with a text, or that were delivered by that name."""
    query = select(FILE.c.file_id, FILE.c.sha256, FILE.c.first_name).where(
        FILE.c.sha256.startswith(text.lower(), autoescape=True) | (FILE.c.first_name == text)
    )
    return [(row.file_id, row.sha256, row.first_name) for row in connection.execute(query)]


def live_legs(connection: Connection, line_ids: Collection[int]) -> list[Posting]:
    """Every live posting of some lines that is not a rehearsal, oldest first."""
    query = select(POSTING.c.posting_id).where(_LIVE, POSTING.c.shadow.is_(False))
    found = [
        posting_id
        for chunk in _chunks(sorted(line_ids))
        for posting_id in connection.execute(query.where(POSTING.c.line_id.in_(chunk))).scalars()
    ]
    return postings_of(connection, found)


def _named(connection: Connection, condition: Any) -> list[Named]:
    query: Select[Any] = (
        select(LINE.c.line_id, WALLET.c.name, LINE.c.receipt)
        .distinct()
        .join(POSTING, POSTING.c.line_id == LINE.c.line_id)
        .join(WALLET, WALLET.c.wallet_id == LINE.c.wallet_id)
        .where(condition, _LIVE, POSTING.c.shadow.is_(False))
        .order_by(LINE.c.line_id)
    )
    return [Named(row.line_id, row.name, row.receipt) for row in connection.execute(query)]


def _chunks(wanted: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (wanted[start : start + _CHUNK] for start in range(0, len(wanted), _CHUNK))
