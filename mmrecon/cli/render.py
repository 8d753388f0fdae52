"""What a person sees: one console, tables that read well at 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table


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
    title: str = "",
) -> Table:
    """A plain table; columns named in `right` hold numbers."""
    made = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    numbers = set(right)
    for header in headers:
        made.add_column(header, justify="right" if header in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*(str(cell) for cell in row))
    return made
