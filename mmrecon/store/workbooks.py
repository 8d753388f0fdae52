"""Workbooks that went out, and what each row of them showed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import pandas as pd
from sqlalchemy import Connection, Row, insert, select

from mmrecon.model.line import LineFrame
from mmrecon.model.proposal import IssuedFrame
from mmrecon.store.bulk import insert_columns
from mmrecon.store.schema import LINE, SIGHTING, STATEMENT, WORKBOOK, WORKBOOK_ROW
from mmrecon.store.statements import frame_of

_FEW: Final = 500


@dataclass(frozen=True, slots=True)
class StoredWorkbook:
    """A workbook that was written; `sha256` is that of its bytes as issued."""

    workbook_id: str
    written_at_utc: str
    run_id: str
    path: str
    sha256: str
    expires_on: str


def insert_workbook(connection: Connection, workbook: StoredWorkbook, rows: pd.DataFrame) -> None:
    """Keep a workbook and its rows (an IssuedFrame); in bulk, it may be 100,000."""
    connection.execute(
        insert(WORKBOOK).values(
            workbook_id=workbook.workbook_id,
            written_at_utc=workbook.written_at_utc,
            run_id=workbook.run_id,
            path=workbook.path,
            sha256=workbook.sha256,
            expires_on=workbook.expires_on,
        )
    )
    columns: dict[str, Any] = {str(name): rows[name] for name in rows.columns}
    insert_columns(connection, WORKBOOK_ROW, {"workbook_id": workbook.workbook_id, **columns})


def find_workbook(connection: Connection, workbook_id: str) -> StoredWorkbook | None:
    """The workbook of an id; None when it was never written here."""
    query = select(WORKBOOK).where(WORKBOOK.c.workbook_id == workbook_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _stored(row)


def newest_workbook(connection: Connection) -> StoredWorkbook | None:
    """The workbook that was written last."""
    query = select(WORKBOOK).order_by(WORKBOOK.c.written_at_utc.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else _stored(row)


def issued_rows(connection: Connection, workbook_id: str) -> pd.DataFrame:
    """What a workbook's rows showed, as an IssuedFrame."""
    query = select(*(WORKBOOK_ROW.c[name] for name in IssuedFrame.columns())).where(
        WORKBOOK_ROW.c.workbook_id == workbook_id
    )
    return frame_of(IssuedFrame, connection.execute(query).all())


def lines_of(connection: Connection, line_ids: Sequence[int]) -> pd.DataFrame:
    """The lines of some ids as a LineFrame, in the order of their ids."""
    query = select(*(LINE.c[name] for name in LineFrame.columns())).order_by(LINE.c.line_id)
    if len(line_ids) <= _FEW:
        return frame_of(
            LineFrame, connection.execute(query.where(LINE.c.line_id.in_(line_ids))).all()
        )
    between = LINE.c.line_id.between(min(line_ids), max(line_ids))
    found = frame_of(LineFrame, connection.execute(query.where(between)).all())
    return found[found["line_id"].isin(line_ids)].reset_index(drop=True)


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A statement file whose lines a workbook shows."""

    name: str
    from_utc_s: int | None
    to_utc_s: int | None
    proof: str


def shown_files(connection: Connection, wallet_id: int, first_day: str) -> list[ShownFile]:
    """Complete, current statements of a wallet that hold lines from a day (ISO) on."""
    recent = (LINE.c.wallet_id == wallet_id, LINE.c.value_date >= first_day)
    first = select(LINE.c.first_statement_id).where(*recent)
    again = (
        select(SIGHTING.c.statement_id)
        .join(LINE, LINE.c.line_id == SIGHTING.c.line_id)
        .where(~SIGHTING.c.is_first, *recent)
    )
    query = (
        select(
            STATEMENT.c.delivered_name, STATEMENT.c.period_from_utc_s, STATEMENT.c.period_to_utc_s,
            STATEMENT.c.proof,
        )
        .where(
            STATEMENT.c.wallet_id == wallet_id,
            STATEMENT.c.complete.is_(True),
            STATEMENT.c.current.is_(True),
            STATEMENT.c.statement_id.in_(first.union(again)),
        )
        .order_by(STATEMENT.c.period_from_utc_s, STATEMENT.c.statement_id)
    )  # fmt: skip
    return [ShownFile(*row) for row in connection.execute(query)]


def _stored(row: Row[Any]) -> StoredWorkbook:
    return StoredWorkbook(*(getattr(row, field.name) for field in fields(StoredWorkbook)))
