"""Matches: every one ever made of a line is kept; the one not superseded is in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import (
    ColumnElement,
    Connection,
    Label,
    and_,
    bindparam,
    insert,
    not_,
    or_,
    select,
    true,
    update,
)

from mmrecon.model.line import LineClass, LineFrame
from mmrecon.model.match import MatchFrame, MatchState
from mmrecon.model.match_texts import with_texts
from mmrecon.model.posting import DEAD_STATES
from mmrecon.store.bulk import insert_columns, read_columns
from mmrecon.store.schema import HOLD, LINE, LINK, MATCH, MATCH_SOURCE, POSTING

_FEW: Final = 500
_LOOKED_AT: Final = (
    "line_id", "wallet_id", "receipt", "line_class", "sign", "amount_minor", "completed_at_utc_s",
    "value_date", "party_kind", "party_phone", "party_name", "reference", "linked_receipt",
    "external_id", "repeats", "conflict", "known_elsewhere",
)  # fmt: skip
"""What matching looks at; the other columns of a line are left empty, to read less."""

_SAYS_NOTHING: Final[Mapping[str, str | int]] = {
    "line_class": LineClass.COLLECTION.value, "sign": 1, "linked_receipt": "", "external_id": "",
    "repeats": 1, "conflict": False, "known_elsewhere": False,
}  # fmt: skip
_PLAIN: Final = and_(*(LINE.c[name] == value for name, value in _SAYS_NOTHING.items()))
"""Money that came in and nothing special about it: most lines, of which less need be read."""

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
    """The matches in force of some lines (or all) with their texts, as a MatchFrame by line_id."""
    return with_texts(_kept(connection, line_ids))


def _kept(connection: Connection, line_ids: Sequence[int] | None) -> pd.DataFrame:
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
    kept = connection.execute(insert(MATCH_SOURCE).values(**asdict(source)))
    assert kept.inserted_primary_key is not None
    facts = {"source_id": int(kept.inserted_primary_key[0]), "superseded_by_run_id": ""}
    short = changed["one_kind"] != ""
    for part in (changed[short], changed[~short]):  # alike, so that less is bound for each row
        columns: dict[str, Any] = {str(name): part[name] for name in part.columns}
        insert_columns(connection, MATCH, columns | facts)
    return len(changed)


def lines_to_match(connection: Connection, since_utc_s: int) -> pd.DataFrame:
    """Stored lines as a LineFrame, with the columns that matching looks at.

    Left out is what no match can change any more: lines before `since_utc_s` whose money is
    occupied, and lines without an owner that are matched as such.
    """
    still = _still_open(connection, since_utc_s)
    names = [name for name in _LOOKED_AT if name not in _SAYS_NOTHING]
    columns = _read(connection, still, names, _PLAIN.label("plain"))
    special = np.flatnonzero(~columns.pop("plain"))
    said = _same(len(columns["line_id"]), _SAYS_NOTHING)
    if len(special):
        others = _read(connection, and_(still, not_(_PLAIN)), list(_SAYS_NOTHING))
        for name, values in others.items():
            said[name][special] = values
    return LineFrame.build(said | columns)


def _read(
    connection: Connection, condition: ColumnElement[bool], names: Sequence[str],
    *flags: Label[bool],
) -> dict[str, Any]:  # fmt: skip
    """Columns of lines, and flags about them, in the order of the lines."""
    wanted = [LINE.c[name] for name in names]
    query = select(*wanted, *flags).where(condition).order_by(LINE.c.line_id)
    dtypes = {name: LineFrame.dtypes()[name] for name in names}
    return read_columns(connection, query, dtypes | {flag.name: "bool" for flag in flags})


def _still_open(connection: Connection, since_utc_s: int) -> ColumnElement[bool]:
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
    if connection.execute(select(MATCH.c.match_id).limit(1)).first() is None:
        return true()
    old = LINE.c.completed_at_utc_s < since_utc_s
    return and_(
        ~and_(old, or_(live.exists(), linked.exists())),
        or_(LINE.c.line_class.in_(_OWNED), ~ownerless.exists()),
    )


def _same(count: int, given: Mapping[str, str | int]) -> dict[str, Any]:
    """Columns of a LineFrame that say the same in every row: what is given, else nothing."""
    missing = np.ones(count, dtype=bool)
    columns: dict[str, Any] = {}
    for name, dtype in LineFrame.dtypes().items():
        value = given.get(name, "" if dtype == "str" else 0)
        if dtype == "str":
            columns[name] = pa.repeat(value, count).to_pandas(types_mapper={pa.string(): _TEXT}.get)
        elif dtype == "Int64":
            columns[name] = pd.Series(pd.arrays.IntegerArray(np.zeros(count, np.int64), missing))
        else:
            columns[name] = np.full(count, value, dtype=dtype)
    return columns


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
    before = _kept(connection, matches["line_id"].tolist())
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
