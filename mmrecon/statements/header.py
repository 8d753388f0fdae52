"""Whose file it is: the header row is found by its names, and exactly one layout may claim it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mmrecon.statements.layout import EVERY_OTHER, Layout, token
from mmrecon.statements.refusal import NotReadableError

SEARCHED_RECORDS: Final = 100
_TABLES: Final = frozenset({"csv", "xls", "xlsx"})
_SHOWN: Final = 8
_ALIKE: Final = 200
"""From so many common header names in a thousand on, a layout is called near."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One layout claims the record at `index` as its header."""

    layout: Layout
    index: int


def claimants(cells: Iterable[str], layouts: Sequence[Layout], container: str) -> list[Layout]:
    """The layouts whose fingerprint a record fulfils.

    One that lacks columns gives way to one that has all it needs, and then each to those that it
    names in `yields_to`.
    """
    record = [token(cell) for cell in cells]
    found = [
        layout
        for layout in layouts
        if _takes(layout, container) and _is_claimed(layout, layout.header_tokens(record))
    ]
    if len(found) > 1:
        whole = [layout for layout in found if not _missing(layout, layout.header_tokens(record))]
        found = whole or found
    names = {layout.name for layout in found}
    return [layout for layout in found if not _yields(layout, names)]


def _takes(layout: Layout, container: str) -> bool:
    """Tables are re-saved from one container into another; what is no table is not."""
    if container in _TABLES:
        return not _TABLES.isdisjoint(layout.containers)
    return container in layout.containers


def unknown_columns(
    layout: Layout, header: Sequence[str]
) -> list[tuple[str, dict[str, str | int]]]:
    """A notice about columns that the layout does not know; nothing where it knows all."""
    unknown = set(layout.header_tokens(header)) - _known_tokens(layout) - {""}
    if not unknown:
        return []
    return [("columns_unknown", {"columns": len(unknown), "names": _listed(unknown)})]


def _is_claimed(layout: Layout, tokens: Sequence[str]) -> bool:
    mark, there = layout.fingerprint, set(tokens)
    return (
        there.issuperset(mark.required)
        and there.isdisjoint(mark.forbidden)
        and (not mark.any_of or not there.isdisjoint(mark.any_of))
        and (not mark.closed or there - {""} <= _known_tokens(layout))
    )


def _yields(layout: Layout, names: set[str]) -> bool:
    others, to = names - {layout.name}, layout.fingerprint.yields_to
    return bool(others) if EVERY_OTHER in to else not others.isdisjoint(to)


def find_claim(
    records: Sequence[Sequence[str]], layouts: Sequence[Layout], container: str
) -> Claim | None:
    """The first record that a layout claims as its header.

    Raises:
        NotReadableError: two layouts claim it, or it lacks or doubles columns of its layout.
    """
    for index, cells in enumerate(records[:SEARCHED_RECORDS]):
        found = claimants(cells, layouts, container)
        if len(found) > 1:
            raise NotReadableError(
                "two_layouts", layouts=", ".join(layout.name for layout in found)
            )
        if found:
            _refuse_other_columns(found[0], cells)
            return Claim(found[0], index)
    return None


@dataclass(frozen=True, slots=True)
class Nearest:
    """The layout that an unclaimed header is most like, and the difference of columns."""

    layout: str
    missing: str
    unknown: str


def no_layout(records: Sequence[Sequence[str]], layouts: Sequence[Layout]) -> NotReadableError:
    """Why no layout claims the records: the nearest one and the difference of columns."""
    near = nearest(records, layouts)
    if near is None:
        return NotReadableError("no_layout_at_all")
    return NotReadableError(
        "no_layout", nearest=near.layout, missing=near.missing, unknown=near.unknown
    )


def nearest(records: Sequence[Sequence[str]], layouts: Sequence[Layout]) -> Nearest | None:
    """The layout that one of the records is most like; None where no record is like any."""
    best: tuple[int, Layout, set[str]] | None = None
    for cells in records[:SEARCHED_RECORDS]:
        record = [token(cell) for cell in cells]
        for layout in layouts:
            tokens = set(layout.header_tokens(record)) - {""}
            known = _known_tokens(layout)
            likeness = 1000 * len(tokens & known) // len(tokens | known)
            if likeness >= _ALIKE and (best is None or likeness > best[0]):
                best = (likeness, layout, tokens)
    if best is None:
        return None
    _, layout, tokens = best
    needed = set(layout.fingerprint.required) | _required_columns(layout)
    missing, unknown = needed - tokens, tokens - _known_tokens(layout)
    return Nearest(layout.name, _listed(missing), _listed(unknown))


def _refuse_other_columns(layout: Layout, cells: Sequence[str]) -> None:
    tokens = layout.header_tokens(cells)
    missing = _missing(layout, tokens)
    if missing:
        raise NotReadableError(
            "columns_missing",
            layout=layout.name,
            missing=_listed(missing),
            unknown=_listed(set(tokens) - _known_tokens(layout) - {""}),
        )
    doubled = {
        column.name
        for column in layout.columns
        if column.occurrence == 1 and column.after is None and tokens.count(column.name) > 1
    }
    if doubled:
        raise NotReadableError("columns_doubled", layout=layout.name, doubled=_listed(doubled))


def _missing(layout: Layout, tokens: Sequence[str]) -> set[str]:
    return {
        column.name
        for column in layout.columns
        if column.required and tokens.count(column.name) < column.occurrence
    }


def _required_columns(layout: Layout) -> set[str]:
    return {column.name for column in layout.columns if column.required}


def _known_tokens(layout: Layout) -> set[str]:
    columns = {column.name for column in layout.columns}
    mark = layout.fingerprint
    return columns | {*mark.required, *mark.any_of, *mark.optional, *layout.counter_columns}


def _listed(tokens: set[str]) -> str:
    """Header names for a message, at most a few; long cells are no header names."""
    names = sorted(name[:40] for name in tokens)
    rest = len(names) - _SHOWN
    return (", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")) or "nothing"
