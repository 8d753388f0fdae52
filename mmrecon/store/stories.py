"""Everything the store knows of one receipt, in the order it happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, func, or_, select, union_all

from mmrecon.model.match import TEXTS
from mmrecon.model.match_texts import FACTS, with_texts
from mmrecon.store.line_table import LineFilter, LineTableFrame, line_table
from mmrecon.store.schema import (
    ANSWER,
    BATCH,
    BATCH_ROW,
    ENROLMENT,
    EXCHANGE,
    FILE,
    HOLD,
    LINE,
    LINK,
    MATCH,
    MATCH_SOURCE,
    POSTING,
    REFUSED_ROW,
    REVIEW_REASON,
    SIGHTING,
    SIGNATURE,
    STATEMENT,
    WITHDRAWN_LINE,
    WORKBOOK,
    WORKBOOK_ROW,
)

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredStory:
    """The lines of a receipt (LineTableFrame) and what hangs on them; records name `line_id`.

    `withdrawn` are lines, as such a frame, that only files show that count no longer.
    """

    lines: pd.DataFrame
    withdrawn: pd.DataFrame
    sightings: tuple[Record, ...]
    refused_rows: tuple[Record, ...]
    matches: tuple[Record, ...]
    workbook_rows: tuple[Record, ...]
    answers: tuple[Record, ...]
    batch_rows: tuple[Record, ...]
    signatures: tuple[Record, ...]
    review_reasons: tuple[Record, ...]
    holds: tuple[Record, ...]
    postings: tuple[Record, ...]
    exchanges: tuple[Record, ...]
    links: tuple[Record, ...]


def read_story(connection: Connection, receipt: str) -> StoredStory:
    """What is known of a receipt, whatever its letter case; reversals that name it belong to it."""
    wanted = receipt.upper()
    named = or_(func.upper(LINE.c.receipt) == wanted, func.upper(LINE.c.linked_receipt) == wanted)
    lines = line_table(connection, LineFilter(), condition=named)
    withdrawn = _withdrawn(connection, wanted)
    ids = [*lines["line_id"].tolist(), *withdrawn["line_id"].tolist()]
    postings = _rows(connection, _of_lines(POSTING, ids).order_by(POSTING.c.posting_id))
    batch_rows = _rows(connection, _batch_rows(ids))
    return StoredStory(
        lines=lines,
        withdrawn=withdrawn,
        sightings=_rows(connection, _sightings(ids)),
        refused_rows=_rows(connection, _refused(wanted)),
        matches=_matches(connection, ids),
        workbook_rows=_rows(connection, _workbook_rows(ids)),
        answers=_rows(connection, _of_lines(ANSWER, ids).order_by(ANSWER.c.answer_id)),
        batch_rows=batch_rows,
        signatures=_rows(connection, _signatures([row["batch_id"] for row in batch_rows])),
        review_reasons=_rows(
            connection, _of_lines(REVIEW_REASON, ids).order_by(REVIEW_REASON.c.review_reason_id)
        ),
        holds=_rows(connection, _of_lines(HOLD, ids).order_by(HOLD.c.hold_id)),
        postings=postings,
        exchanges=_rows(connection, _exchanges([row["posting_id"] for row in postings])),
        links=_rows(connection, _of_lines(LINK, ids).order_by(LINK.c.link_id)),
    )


def _withdrawn(connection: Connection, receipt: str) -> pd.DataFrame:
    """Lines of a receipt that no file shows any more, as a LineTableFrame; nothing else is known.

    What was once matched or posted of them stands in the records.
    """
    line = WITHDRAWN_LINE.c
    names = [name for name in LineTableFrame.columns() if name in line]
    query = select(*(line[name] for name in names), STATEMENT.c.delivered_name, line.first_row)
    query = query.outerjoin(STATEMENT, STATEMENT.c.statement_id == line.first_statement_id)
    rows = connection.execute(query.where(func.upper(line.receipt) == receipt)).all()
    frame = pd.DataFrame(
        [tuple(row) for row in rows], columns=[*names, "file", "row"], dtype=object
    )
    others = set(LineTableFrame.columns()) - set(frame.columns)
    return LineTableFrame.build(frame.assign(**dict.fromkeys(others, "")))


def _of_lines(table: Any, line_ids: Sequence[int]) -> Select[Any]:
    return select(table).where(table.c.line_id.in_(line_ids))


def _matches(connection: Connection, line_ids: Sequence[int]) -> tuple[Record, ...]:
    """Every match with all its texts, and without the columns that they follow from."""
    source = (MATCH_SOURCE.c.run_id, MATCH_SOURCE.c.snapshot_id, MATCH_SOURCE.c.policy_digest)
    told_of = (column for column in MATCH.c if column is not MATCH.c.source_id)
    query = (
        select(*told_of, *source)
        .outerjoin(MATCH_SOURCE, MATCH_SOURCE.c.source_id == MATCH.c.source_id)
        .where(MATCH.c.line_id.in_(line_ids))
    )
    kept = _rows(connection, query.order_by(MATCH.c.match_id))
    told = with_texts(pd.DataFrame(kept, columns=[*FACTS, *TEXTS], dtype=object))
    texts = told[list(TEXTS)].to_dict("records")
    return tuple(
        {name: value for name, value in match.items() if not name.startswith("one_")}
        | {name: text[name] for name in TEXTS}
        for match, text in zip(kept, texts, strict=True)
    )


def _sightings(line_ids: Sequence[int]) -> Select[Any]:
    """Every row that shows one of the lines: its first, which it names itself, and all others."""
    first = (
        (SIGHTING.c.statement_id == LINE.c.first_statement_id)
        & (SIGHTING.c.row == LINE.c.first_row)
        & (SIGHTING.c.line_id == LINE.c.line_id)
    )
    shown = (SIGHTING.c.line_id, SIGHTING.c.row, SIGHTING.c.is_first, SIGHTING.c.statement_id)
    seen = union_all(
        select(*shown).select_from(LINE).join(SIGHTING, first).where(LINE.c.line_id.in_(line_ids)),
        select(*shown).where(SIGHTING.c.line_id.in_(line_ids), ~SIGHTING.c.is_first),
    ).subquery()
    return (
        select(
            *seen.c, FILE.c.sha256, STATEMENT.c.delivered_name, STATEMENT.c.member,
            STATEMENT.c.layout, STATEMENT.c.read_at_utc, STATEMENT.c.current,
            STATEMENT.c.withdrawn_at_utc, STATEMENT.c.proof,
        )
        .join(STATEMENT, STATEMENT.c.statement_id == seen.c.statement_id)
        .join(FILE, FILE.c.file_id == STATEMENT.c.file_id)
        .where(STATEMENT.c.complete.is_(True))
        .order_by(STATEMENT.c.read_at_utc, seen.c.statement_id, seen.c.row)
    )  # fmt: skip


def _refused(receipt: str) -> Select[Any]:
    return (
        select(REFUSED_ROW, STATEMENT.c.delivered_name)
        .join(STATEMENT, STATEMENT.c.statement_id == REFUSED_ROW.c.statement_id)
        .where(func.upper(REFUSED_ROW.c.receipt) == receipt, STATEMENT.c.current.is_(True))
        .order_by(REFUSED_ROW.c.statement_id, REFUSED_ROW.c.row)
    )


def _workbook_rows(line_ids: Sequence[int]) -> Select[Any]:
    return (
        _of_lines(WORKBOOK_ROW, line_ids)
        .join(WORKBOOK, WORKBOOK.c.workbook_id == WORKBOOK_ROW.c.workbook_id)
        .order_by(WORKBOOK.c.written_at_utc, WORKBOOK_ROW.c.row_id)
    )


def _batch_rows(line_ids: Sequence[int]) -> Select[Any]:
    return (
        select(
            BATCH_ROW.c.line_id, BATCH_ROW.c.batch_id, BATCH_ROW.c.row_number,
            BATCH_ROW.c.row_json, BATCH_ROW.c.rejected, BATCH_ROW.c.reject_reason,
            BATCH.c.kind, BATCH.c.state, BATCH.c.prepared_by, BATCH.c.prepared_at_utc,
            BATCH.c.decided_by, BATCH.c.decided_at_utc, BATCH.c.reason,
        )
        .join(BATCH, BATCH.c.batch_id == BATCH_ROW.c.batch_id)
        .where(BATCH_ROW.c.line_id.in_(line_ids))
        .order_by(BATCH.c.prepared_at_utc, BATCH_ROW.c.batch_id, BATCH_ROW.c.row_number)
    )  # fmt: skip


def _signatures(batch_ids: Sequence[str]) -> Select[Any]:
    return (
        select(
            SIGNATURE.c.batch_id, SIGNATURE.c.act, SIGNATURE.c.signed_at_utc,
            SIGNATURE.c.fingerprint, ENROLMENT.c.name,
        )
        .outerjoin(ENROLMENT, ENROLMENT.c.fingerprint == SIGNATURE.c.fingerprint)
        .where(SIGNATURE.c.batch_id.in_(batch_ids))
        .order_by(SIGNATURE.c.signature_id)
    )  # fmt: skip


def _exchanges(posting_ids: Sequence[int]) -> Select[Any]:
    return (
        select(EXCHANGE, POSTING.c.line_id)
        .join(POSTING, POSTING.c.posting_id == EXCHANGE.c.posting_id)
        .where(EXCHANGE.c.posting_id.in_(posting_ids))
        .order_by(EXCHANGE.c.exchange_id)
    )


def _rows(connection: Connection, query: Select[Any]) -> tuple[Record, ...]:
    return tuple(dict(row) for row in connection.execute(query).mappings())
