"""Workbooks that came back, and each answer with what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from mmrecon.model.keys import canonical_json
from mmrecon.store.schema import ANSWER, RETURN


@dataclass(frozen=True, slots=True)
class StoredReturn:
    """One return of a workbook; the bytes lie in the archive."""

    workbook_id: str
    sha256: str
    archived_as: str
    person: str
    returned_at_utc: str
    run_id: str


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """One answer as typed (`details`, cell name to text) and what became of it."""

    row_id: str
    line_id: int | None
    decision: str
    details: Mapping[str, str]
    accepted: bool
    reason_code: str
    reason_arguments: Mapping[str, str | int]


def insert_return(
    connection: Connection, returned: StoredReturn, answers: Iterable[StoredAnswer]
) -> int:
    """Keep a return with its answers; gives its id."""
    result = connection.execute(
        insert(RETURN).values(
            workbook_id=returned.workbook_id,
            sha256=returned.sha256,
            archived_as=returned.archived_as,
            person=returned.person,
            returned_at_utc=returned.returned_at_utc,
            run_id=returned.run_id,
        )
    )
    key = result.inserted_primary_key
    assert key is not None
    return_id = int(key[0])
    rows = [
        {
            "return_id": return_id,
            "workbook_id": returned.workbook_id,
            "row_id": answer.row_id,
            "line_id": answer.line_id,
            "decision": answer.decision,
            "details_json": canonical_json(dict(answer.details)),
            "accepted": answer.accepted,
            "reason_code": answer.reason_code,
            "reason_json": canonical_json(dict(answer.reason_arguments)),
            "person": returned.person,
            "at_utc": returned.returned_at_utc,
        }
        for answer in answers
    ]
    if rows:
        connection.execute(insert(ANSWER), rows)
    return return_id


def taken_answers(connection: Connection, workbook_id: str) -> dict[str, Mapping[str, str]]:
    """The newest answer that was accepted from a workbook, by row id, as typed."""
    query = (
        select(ANSWER.c.row_id, ANSWER.c.details_json)
        .where(ANSWER.c.workbook_id == workbook_id, ANSWER.c.accepted.is_(True))
        .order_by(ANSWER.c.answer_id)
    )
    return {row.row_id: json.loads(row.details_json) for row in connection.execute(query)}
