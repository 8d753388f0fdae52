"""What rests on lines: postings, links, holds, batches that wait, rows of the workbook."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, select, update

from mmrecon.model.posting import DEAD_STATES, PostingState
from mmrecon.store import journal
from mmrecon.store.bulk import chunks
from mmrecon.store.postings import Change, change_states
from mmrecon.store.schema import (
    BATCH,
    BATCH_ROW,
    HOLD,
    LINK,
    MATCH,
    POSTING,
    REVIEW_REASON,
    WORKBOOK,
    WORKBOOK_ROW,
)

WITHDRAWN: Final = "file_withdrawn"
"""Why a posting that was approved is not sent."""


def live_postings(connection: Connection, line_ids: Collection[int]) -> list[Row[Any]]:
    """Postings of lines that are not dead: id, batch, row, receipt, state; rehearsals too."""
    query = select(
        POSTING.c.posting_id, POSTING.c.batch_id, POSTING.c.batch_row, POSTING.c.receipt,
        POSTING.c.state,
    ).where(POSTING.c.state.not_in([state.value for state in DEAD_STATES]))  # fmt: skip
    return sorted(rows_of_lines(connection, query, POSTING.c.line_id, line_ids))


def live_links(connection: Connection, line_ids: Collection[int]) -> list[Row[Any]]:
    """Links and closings of lines that stand: batch, row."""
    query = select(LINK.c.batch_id, LINK.c.batch_row).where(LINK.c.withdrawn.is_(False))
    return sorted(rows_of_lines(connection, query, LINK.c.line_id, line_ids))


def waiting_batches(connection: Connection, line_ids: Collection[int]) -> list[str]:
    """Batches that wait for a second person and speak of one of these lines."""
    query = (
        select(BATCH_ROW.c.batch_id)
        .join(BATCH, BATCH.c.batch_id == BATCH_ROW.c.batch_id)
        .where(BATCH.c.state == "prepared", BATCH_ROW.c.rejected.is_(False))
    )
    rows = rows_of_lines(connection, query, BATCH_ROW.c.line_id, line_ids)
    return sorted({row.batch_id for row in rows})


def rows_shown(connection: Connection, line_ids: Collection[int]) -> int:
    """How many of these lines the newest workbook shows."""
    newest = select(WORKBOOK.c.workbook_id).order_by(
        WORKBOOK.c.written_at_utc.desc(), WORKBOOK.c.workbook_id.desc()
    )
    wanted = WORKBOOK_ROW.c.workbook_id == newest.limit(1).scalar_subquery()
    shown = connection.execute(select(WORKBOOK_ROW.c.line_id).where(wanted)).scalars()
    return len(set(shown) & set(line_ids))


def end_what_rests(
    connection: Connection, line_ids: Collection[int], *, at_utc: str, run_id: str
) -> None:
    """Matches, questions, holds, links and unsent postings of lines that left end with them."""
    approved = [
        Change(one.posting_id, {PostingState.APPROVED}, PostingState.WITHDRAWN, WITHDRAWN)
        for one in live_postings(connection, line_ids)
    ]
    change_states(connection, approved, at_utc=at_utc, run_id=run_id)
    entries = [
        journal.Entry("link_withdrawn", {"batch_id": one.batch_id, "row": one.batch_row})
        for one in live_links(connection, line_ids)
    ]
    journal.append(connection, entries, at_utc=at_utc, run_id=run_id)
    ended: list[tuple[Any, dict[str, Any]]] = [
        (LINK, {"withdrawn": True}), (HOLD, {"ended": True}), (REVIEW_REASON, {"cleared": True}),
    ]  # fmt: skip
    for chunk in chunks(sorted(line_ids)):
        for table, values in ended:
            connection.execute(update(table).where(table.c.line_id.in_(chunk)).values(**values))
        in_force = MATCH.c.line_id.in_(chunk) & (MATCH.c.superseded_by_run_id == "")
        connection.execute(update(MATCH).where(in_force).values(superseded_by_run_id=run_id))


def rows_of_lines(
    connection: Connection, query: Any, column: ColumnElement[Any], line_ids: Collection[int]
) -> Iterator[Row[Any]]:
    """The rows of a query whose column names one of these lines, however many they are."""
    for chunk in chunks(sorted(line_ids)):
        yield from connection.execute(query.where(column.in_(chunk)))
