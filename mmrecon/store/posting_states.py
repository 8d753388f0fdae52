"""States of postings in and out by few statements: they are written twice for every call."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from sqlalchemy import Connection, Update, bindparam, select, update

from mmrecon.errors import Defect
from mmrecon.model.posting import PostingState
from mmrecon.store.schema import POSTING

_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Row:
    """New values of one posting that was just seen in a state."""

    posting_id: int
    seen: PostingState
    values: Mapping[str, str]


def states_now(connection: Connection, posting_ids: Collection[int]) -> dict[int, PostingState]:
    """States that nobody else changes before this transaction ends."""
    wanted = sorted(posting_ids)
    return {
        row.posting_id: PostingState(row.state)
        for start in range(0, len(wanted), _CHUNK)
        for row in connection.execute(_STATES, {"ids": wanted[start : start + _CHUNK]})
    }


_STATES: Final = (
    select(POSTING.c.posting_id, POSTING.c.state)
    .where(POSTING.c.posting_id.in_(bindparam("ids", expanding=True)))
    .order_by(POSTING.c.posting_id)
    .with_for_update()
)


def write_states(connection: Connection, rows: Sequence[Row]) -> None:
    """Write new values, one statement for rows that set the same columns.

    Raises:
        Defect: a posting is no longer in the state it was seen in.
    """
    groups: dict[tuple[str, ...], list[dict[str, object]]] = {}
    for row in rows:
        given: dict[str, object] = {f"new_{name}": value for name, value in row.values.items()}
        given |= {"id": row.posting_id, "seen": row.seen.value}
        groups.setdefault(tuple(row.values), []).append(given)
    for names, several in groups.items():
        if connection.execute(_update_of(names), several).rowcount != len(several):
            raise Defect("a posting changed while its row was held")


@cache
def _update_of(names: tuple[str, ...]) -> Update:
    return (
        update(POSTING)
        .where(POSTING.c.posting_id == bindparam("id"), POSTING.c.state == bindparam("seen"))
        .values({name: bindparam(f"new_{name}") for name in names})
    )
