"""What the match in force of a line says, for whoever decides on it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
from sqlalchemy import Connection, select

from mmrecon.model.match_texts import FACTS, with_texts
from mmrecon.store.schema import MATCH

_FEW: Final = 500


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a match came out as it did: codes of the catalogue, worded on output."""

    tier: str
    explanation: str
    arguments: Mapping[str, Any]
    vetoes: tuple[str, ...]


def evidence_of(connection: Connection, line_ids: Sequence[int]) -> dict[int, Evidence]:
    """The match in force, by line; lines that have none are left out."""
    wanted = set(line_ids)
    names = ("line_id", "tier", "explanation", "explanation_json", "vetoes", *FACTS)
    query = select(*(MATCH.c[name] for name in names)).where(MATCH.c.superseded_by_run_id == "")
    if len(wanted) <= _FEW:
        query = query.where(MATCH.c.line_id.in_(sorted(wanted)))
    rows = [tuple(row) for row in connection.execute(query) if row.line_id in wanted]
    told = with_texts(pd.DataFrame(rows, columns=list(names)))
    return {
        row["line_id"]: Evidence(
            tier=row["tier"],
            explanation=row["explanation"],
            arguments=json.loads(row["explanation_json"] or "{}"),
            vetoes=tuple(code for code in row["vetoes"].split(";") if code),
        )
        for row in told.to_dict("records")
    }
