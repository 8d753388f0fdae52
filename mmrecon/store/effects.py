"""What an approved batch does to the store, in the transaction of the approval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from mmrecon.store.batches import altered
from mmrecon.store.line_sources import line_sources
from mmrecon.store.links import insert_links
from mmrecon.store.postings import ApprovedRow, RefusedRow, insert_approved
from mmrecon.store.review_reasons import clear_reasons
from mmrecon.store.schema import HOLD, ITEM

_HOLDING: Final = frozenset({"hold", "suspense"})
_CHUNK: Final = 500


def take_effect(
    connection: Connection, rows: Sequence[ApprovedRow], *, at_utc: str, run_id: str
) -> list[RefusedRow]:
    """Do what approved rows say; gives the rows for which there is no money left any more.

    Raises:
        SafetyRefusal: a row's index names another line or item than the row itself.
    """
    _refuse_misplaced(connection, rows)
    refused = [
        *insert_approved(connection, rows, at_utc=at_utc, run_id=run_id),
        *insert_links(connection, rows, at_utc=at_utc, run_id=run_id),
    ]
    numbers = {row.row_number for row in refused}
    made = [row for row in rows if row.row_number not in numbers]
    line_ids = sorted({row.line_id for row in made if row.line_id is not None})
    for chunk in _chunks(line_ids):
        clear_reasons(connection, chunk)
        _end_holds(connection, chunk)
    _insert_holds(connection, made, at_utc)
    return refused


def _end_holds(connection: Connection, line_ids: Sequence[int]) -> None:
    connection.execute(
        update(HOLD).where(HOLD.c.line_id.in_(line_ids), HOLD.c.ended.is_(False)).values(ended=True)
    )


def _insert_holds(connection: Connection, rows: Sequence[ApprovedRow], at_utc: str) -> None:
    holds = [
        {
            "line_id": row.line_id,
            "kind": row.facts["act"],
            "until": row.facts.get("until") or "",
            "batch_id": row.batch_id,
            "batch_row": row.row_number,
            "reason": row.facts.get("reason") or "",
            "at_utc": at_utc,
            "ended": False,
        }
        for row in rows
        if row.facts["act"] in _HOLDING
    ]
    if holds:
        connection.execute(insert(HOLD), holds)


def _refuse_misplaced(connection: Connection, rows: Sequence[ApprovedRow]) -> None:
    """The row's own facts say which line and item it is about; the index beside it must agree."""
    lines = line_sources(connection, [row.line_id for row in rows if row.line_id is not None])
    items = _item_keys(connection, [row.item_id for row in rows if row.item_id is not None])
    for row in rows:
        line, source = str(row.facts.get("line") or ""), str(row.facts.get("source") or "")
        known_line = "" if row.line_id is None else lines.get(row.line_id, "?")
        known_item = "" if row.item_id is None else items.get(row.item_id, "?")
        if line != known_line or source not in {line, known_item}:
            what = f"row {row.row_number} points to another line or item than it names"
            raise altered(row.batch_id, what)


def _item_keys(connection: Connection, item_ids: Sequence[int]) -> dict[int, str]:
    query = select(ITEM.c.item_id, ITEM.c.item_key)
    return {
        row.item_id: row.item_key
        for chunk in _chunks(item_ids)
        for row in connection.execute(query.where(ITEM.c.item_id.in_(chunk)))
    }


def _chunks(ids: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
