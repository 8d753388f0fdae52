"""A configuration that people are about to sign: what it changes, or what the first one says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmrecon.model.words import counted

if TYPE_CHECKING:
    from mmrecon.model.approval import CanonicalRow
    from mmrecon.pipeline.configuration import Difference


def configuration_shown(changes: Sequence[Difference], row: CanonicalRow) -> list[str]:
    """Every change; of the first configuration only what is not at its default."""
    from mmrecon.pipeline.configuration import chosen_paths, is_first

    if not is_first(changes):
        return [
            "The configuration differs from the approved one:",
            *(f"  {found.words()}" for found in changes),
        ]
    chosen = chosen_paths(row)
    told = [f"  {found.words()}" for found in changes if found.path in chosen]
    rest = len(changes) - len(told)
    return [
        "No configuration is approved yet; this is the first one:",
        *told,
        f"  and {counted(rest, 'setting')} as by default; --json lists them all.",
    ]
