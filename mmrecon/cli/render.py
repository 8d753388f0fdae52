"""What a person sees: one console, tables that read well at 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final, Literal

from rich import box
from rich.console import Console
from rich.table import Table

_NARROW: Final = 14
"""Words up to this length are not broken either; the whole table grows over the edge for them."""
_GAP: Final = 3


@cache
def console() -> Console:
    """Results go to stdout; no markup is read from data, no automatic colours."""
    return Console(markup=False, highlight=False, emoji=False, soft_wrap=True)


@cache
def talk() -> Console:
    """Messages and progress go to stderr."""
    return Console(stderr=True, markup=False, highlight=False, emoji=False)


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    right: Iterable[str] = (),
    whole: Iterable[str] = (),
    title: str = "",
) -> Table:
    """A plain table; columns named in `right` hold numbers.

    Cells of columns named in `whole` (ids, keys, file names) can be copied: they are never broken,
    even where the terminal is too narrow for them.
    """
    cells = [[str(cell) for cell in row] for row in rows]
    made = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    numbers, unbroken = set(right), set(whole)
    columns = list(zip(*cells, strict=True)) or [() for _ in headers]
    least = [
        _longest([header, *column])
        if header in unbroken
        else min(_NARROW, _longest(" ".join([header, *column]).split()))
        for header, column in zip(headers, columns, strict=True)
    ]
    for header, width in zip(headers, least, strict=True):
        justify: Literal["right", "left"] = "right" if header in numbers else "left"
        whole_cells = header in unbroken
        made.add_column(
            header, justify=justify, overflow="fold", no_wrap=whole_cells, min_width=width
        )
    for row in cells:
        made.add_row(*row)
    if sum(least) + _GAP * len(headers) > console().width:
        made.width = sum(least) + _GAP * len(headers)
    return made


def _longest(texts: Iterable[str]) -> int:
    return max(map(len, texts), default=0)
