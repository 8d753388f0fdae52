"""Day and month told apart by the running balance, where nothing else tells them apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mmrecon.statements.layout import Layout
from mmrecon.statements.moments import is_day_first
from mmrecon.statements.prove import HELD, Stated, movements, prove_section
from mmrecon.statements.typed import TypedRows

_ROWS_AT_LEAST: Final = 4
"""Fewer rows may follow each other by chance."""


def typed_by_chain(
    type_with: Callable[[Layout], TypedRows], layout: Layout, currency: str
) -> TypedRows | None:
    """The rows under the one order of day and month in which every balance follows.

    None where both orders hold, or none, or the rows are too few to prove anything.
    """
    holding = []
    for day_first in (True, False):
        dates = tuple(form for form in layout.dates if is_day_first(form) is day_first)
        if not dates:
            continue
        typed = type_with(layout.model_copy(update={"dates": dates}))
        moved = movements(typed, 0, 0, newest_first=layout.newest_first)
        proof = prove_section(Stated(), moved, currency, 0, chain=True)
        follows = any(check[:2] == ("chain", HELD) for check in proof.checks)
        if follows and len(moved.local_s) >= _ROWS_AT_LEAST:
            holding.append(typed)
    return holding[0] if len(holding) == 1 else None
