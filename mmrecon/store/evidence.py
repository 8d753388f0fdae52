"""Why a line's match came out as it did, for whoever decides on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select

from mmrecon.store.schema import MATCH

_FEW: Final = 500


def explanations(connection: Connection, line_ids: Sequence[int]) -> dict[int, str]:
    """The sentence of the match in force, by line; lines that have none are left out."""
    wanted = set(line_ids)
    query = select(MATCH.c.line_id, MATCH.c.explanation).where(
        MATCH.c.superseded_by_run_id == "", MATCH.c.explanation != ""
    )
    if len(wanted) <= _FEW:
        query = query.where(MATCH.c.line_id.in_(sorted(wanted)))
    found = connection.execute(query)
    return {row.line_id: row.explanation for row in found if row.line_id in wanted}
