"""What stands where: read for `status`, changing nothing."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection, case, func, or_, select

from mmrecon.model.approval import Act
from mmrecon.model.line import LineClass
from mmrecon.model.posting import PostingState
from mmrecon.store.line_states import line_states
from mmrecon.store.schema import (
    BATCH,
    LINE,
    POSTING,
    RUN,
    SIGNATURE,
    SNAPSHOT,
    STATEMENT,
)

_MOVED = case((LINE.c.line_class == LineClass.NON_FINAL.value, 0), else_=LINE.c.amount_minor)
"""What a line moved: nothing, when it never became final."""
_UNHEARD = (
    PostingState.UNKNOWN, PostingState.SENDING, PostingState.PENDING_IN_CORE,
    PostingState.DEFERRED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NewestStatement:
    """The statement of a wallet that was read last."""

    name: str
    read_at_utc: str
    outcome: str
    proof: str


@dataclass(frozen=True, slots=True)
class WaitingBatch:
    """A batch that nobody has decided; `approved_once` when a second approver is wanted."""

    batch_id: str
    kind: str
    row_count: int
    totals_json: str
    prepared_by: str
    prepared_at_utc: str
    approved_once: bool


@dataclass(frozen=True, slots=True)
class OpenUnknown:
    """Postings in one state whose fate nobody knows, in one currency."""

    state: str
    currency: str
    count: int
    amount_minor: int
    oldest_sent_at_utc: str


@dataclass(frozen=True, slots=True)
class RecentRun:
    """A run that took the lock; no exit code while it runs, or when it was killed."""

    run_id: str
    command: str
    started_at_utc: str
    ended_at_utc: str
    exit_code: int | None


def newest_statement(connection: Connection, wallet_id: int) -> NewestStatement | None:
    """The statement of a wallet that was read last and counts, or None."""
    query = (
        select(
            STATEMENT.c.delivered_name, STATEMENT.c.read_at_utc, STATEMENT.c.outcome,
            STATEMENT.c.proof,
        )
        .where(
            STATEMENT.c.wallet_id == wallet_id,
            STATEMENT.c.complete.is_(True),
            STATEMENT.c.current.is_(True),
        )
        .order_by(STATEMENT.c.read_at_utc.desc(), STATEMENT.c.statement_id.desc())
        .limit(1)
    )  # fmt: skip
    row = connection.execute(query).one_or_none()
    return None if row is None else NewestStatement(*row)


def lines_by_state(connection: Connection) -> pd.DataFrame:
    """Moved money of all lines: wallet_id, state, currency, lines, in_minor, out_minor."""
    query = select(LINE.c.line_id, LINE.c.wallet_id, LINE.c.currency, LINE.c.sign, _MOVED)
    names = ["line_id", "wallet_id", "currency", "sign", "amount_minor"]
    lines = pd.DataFrame([tuple(row) for row in connection.execute(query).all()], columns=names)
    lines = lines.merge(line_states(connection), on="line_id")
    lines["in_minor"] = lines["amount_minor"].where(lines["sign"] > 0, 0)
    lines["out_minor"] = lines["amount_minor"].where(lines["sign"] < 0, 0)
    return lines.groupby(["wallet_id", "state", "currency"], as_index=False).agg(
        lines=("line_id", "size"), in_minor=("in_minor", "sum"), out_minor=("out_minor", "sum")
    )


def waiting_batches(connection: Connection) -> list[WaitingBatch]:
    """Batches that wait for a person, oldest first."""
    approved = (
        select(SIGNATURE.c.batch_id).where(SIGNATURE.c.act == Act.APPROVE.value).scalar_subquery()
    )
    query = (
        select(
            BATCH.c.batch_id, BATCH.c.kind, BATCH.c.row_count, BATCH.c.totals_json,
            BATCH.c.prepared_by, BATCH.c.prepared_at_utc, BATCH.c.batch_id.in_(approved),
        )
        .where(BATCH.c.state == "prepared")
        .order_by(BATCH.c.prepared_at_utc, BATCH.c.batch_id)
    )  # fmt: skip
    return [WaitingBatch(*row) for row in connection.execute(query)]


def open_unknowns(connection: Connection) -> list[OpenUnknown]:
    """Postings whose fate nobody knows, by state and currency."""
    query = (
        select(
            POSTING.c.state, POSTING.c.currency, func.count(), func.sum(POSTING.c.posted_minor),
            func.min(POSTING.c.sent_at_utc),
        )
        .where(POSTING.c.state.in_(_UNHEARD), POSTING.c.shadow.is_(False))
        .group_by(POSTING.c.state, POSTING.c.currency)
        .order_by(POSTING.c.state, POSTING.c.currency)
    )  # fmt: skip
    return [OpenUnknown(*row) for row in connection.execute(query)]


def recent_runs(connection: Connection, count: int) -> list[RecentRun]:
    """The newest runs, newest first; ticks that ended quietly are left out."""
    query = (
        select(
            RUN.c.run_id, RUN.c.command, RUN.c.started_at_utc, RUN.c.ended_at_utc, RUN.c.exit_code
        )
        .where(or_(RUN.c.command != "tick", RUN.c.exit_code.is_(None), RUN.c.exit_code != 0))
        .order_by(RUN.c.started_at_utc.desc(), RUN.c.run_id.desc())
    )
    return [RecentRun(*row) for row in connection.execute(query.limit(count))]


def last_quiet_tick_at(connection: Connection) -> str:
    """When the last tick that had nothing to tell began, or nothing."""
    query = select(func.max(RUN.c.started_at_utc)).where(
        RUN.c.command == "tick", RUN.c.exit_code == 0
    )
    return connection.execute(query).scalar_one() or ""


def newest_snapshot_at(connection: Connection) -> str:
    """When the newest snapshot of the ledger was taken, or nothing."""
    return connection.execute(select(func.max(SNAPSHOT.c.taken_at_utc))).scalar_one() or ""
