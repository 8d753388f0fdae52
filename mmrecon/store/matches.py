"""Matches: every one ever made of a line is kept; the one not superseded is in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, and_, bindparam, or_, select, update

from mmrecon.model.line import LineClass, LineFrame
from mmrecon.model.match import MatchFrame, MatchState
from mmrecon.model.posting import DEAD_STATES
from mmrecon.store.bulk import insert_columns, read_columns
from mmrecon.store.schema import HOLD, LINE, LINK, MATCH, POSTING

_FEW: Final = 500
_LOOKED_AT: Final = (
    "line_id", "wallet_id", "receipt", "line_class", "sign", "amount_minor", "completed_at_utc_s",
    "value_date", "party_kind", "party_phone", "party_name", "reference", "linked_receipt",
    "external_id", "repeats", "conflict", "known_elsewhere",
)  # fmt: skip
"""What matching looks at; the other columns of a line are left empty, to read less."""

_OWNED: Final = tuple(
    each.value
    for each in (LineClass.COLLECTION, LineClass.PAYOUT, LineClass.REVERSAL, LineClass.UNKNOWN)
)
_TEXT: Final = pd.StringDtype("pyarrow", np.nan)


@dataclass(frozen=True, slots=True)
class MatchSource:
    """What a set of matches was made from."""

    run_id: str
    snapshot_id: int
    policy_digest: str


def current(connection: Connection, line_ids: Sequence[int] | None = None) -> pd.DataFrame:
    """The matches in force of some lines (or all), as a MatchFrame by line_id."""
    query = (
        select(*(MATCH.c[name] for name in MatchFrame.columns()))
        .where(MATCH.c.superseded_by_run_id == "")
        .order_by(MATCH.c.line_id)
    )
    if line_ids is not None and len(line_ids) <= _FEW:
        query = query.where(MATCH.c.line_id.in_(list(line_ids)))
    frame = MatchFrame.build(read_columns(connection, query, MatchFrame.dtypes()))
    if line_ids is None or len(line_ids) <= _FEW:
        return frame
    return frame.loc[frame["line_id"].isin(list(line_ids))].reset_index(drop=True)


def replace(connection: Connection, matches: pd.DataFrame, source: MatchSource) -> int:
    """Put new matches in force where they differ from those that are; gives how many did."""
    changed = _changed(connection, MatchFrame.check(matches))
    if not len(changed):
        return 0
    _supersede(connection, changed["line_id"].tolist(), source.run_id)
    columns: dict[str, Any] = {str(name): changed[name] for name in changed.columns}
    facts = {
        "run_id": source.run_id, "superseded_by_run_id": "", "snapshot_id": source.snapshot_id,
        "policy_digest": source.policy_digest,
    }  # fmt: skip
    insert_columns(connection, MATCH, {**columns, **facts})
    return len(changed)


def lines_to_match(connection: Connection, since_utc_s: int) -> pd.DataFrame:
    """Stored lines as a LineFrame, with the columns that matching looks at.

    Left out is what no match can change any more: lines before `since_utc_s` whose money is
    occupied, and lines without an owner that are matched as such.
    """
    dtypes = {name: LineFrame.dtypes()[name] for name in _LOOKED_AT}
    query = select(*(LINE.c[name] for name in dtypes)).order_by(LINE.c.line_id)
    live = select(POSTING.c.line_id).where(
        POSTING.c.line_id == LINE.c.line_id,
        POSTING.c.state.not_in([state.value for state in DEAD_STATES]),
    )
    linked = select(LINK.c.line_id).where(
        LINK.c.line_id == LINE.c.line_id, LINK.c.withdrawn.is_(False)
    )
    ownerless = select(MATCH.c.line_id).where(
        MATCH.c.line_id == LINE.c.line_id,
        MATCH.c.superseded_by_run_id == "",
        MATCH.c.state == MatchState.NO_POSTING.value,
    )
    if connection.execute(select(MATCH.c.match_id).limit(1)).first() is not None:
        old = LINE.c.completed_at_utc_s < since_utc_s
        query = query.where(
            ~and_(old, or_(live.exists(), linked.exists())),
            or_(LINE.c.line_class.in_(_OWNED), ~ownerless.exists()),
        )
    columns = read_columns(connection, query, dtypes)
    return LineFrame.build(_nothing(len(columns["line_id"])) | columns)


def _nothing(count: int) -> dict[str, object]:
    """Empty columns of a LineFrame."""
    empty_text = pa.repeat("", count).to_pandas(types_mapper={pa.string(): _TEXT}.get)
    zeros = np.zeros(count, dtype=np.int64)
    values = {
        "str": empty_text, "int64": zeros, "bool": np.zeros(count, dtype=bool),
        "Int64": pd.Series(pd.arrays.IntegerArray(zeros, np.ones(count, dtype=bool))),
    }  # fmt: skip
    return {name: values[dtype] for name, dtype in LineFrame.dtypes().items()}


def occupied_lines(connection: Connection) -> list[int]:
    """Lines with any posting or link."""
    query = select(POSTING.c.line_id).where(POSTING.c.line_id.is_not(None))
    links = select(LINK.c.line_id).where(LINK.c.line_id.is_not(None))
    return sorted(connection.execute(query.union(links)).scalars())


def held_lines(connection: Connection) -> list[int]:
    """Lines that wait by decision."""
    return list(connection.execute(select(HOLD.c.line_id).where(HOLD.c.ended.is_(False))).scalars())


def _changed(connection: Connection, matches: pd.DataFrame) -> pd.DataFrame:
    if connection.execute(select(MATCH.c.match_id).limit(1)).first() is None:
        return matches
    before = current(connection, matches["line_id"].tolist())
    places = pd.Index(before["line_id"]).get_indexer(matches["line_id"])
    same = places >= 0
    for name in MatchFrame.columns()[1:]:
        old = before[name].take(np.where(same, places, 0)) if len(before) else None
        if old is None:
            return matches
        equal = (old.reset_index(drop=True) == matches[name]) | (
            old.reset_index(drop=True).isna() & matches[name].isna()
        )
        same &= equal.fillna(value=False).to_numpy(dtype=bool)
    return matches.take(np.flatnonzero(~same)).reset_index(drop=True)


def _supersede(connection: Connection, line_ids: Sequence[int], run_id: str) -> None:
    statement = (
        update(MATCH)
        .where(MATCH.c.line_id == bindparam("of_line"), MATCH.c.superseded_by_run_id == "")
        .values(superseded_by_run_id=run_id)
    )
    if connection.execute(select(MATCH.c.match_id).limit(1)).first() is not None:
        connection.execute(statement, [{"of_line": line_id} for line_id in line_ids])
