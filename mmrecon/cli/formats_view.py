"""Layouts as `mmrecon formats` shows them: JSON, or a few lines each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from mmrecon.statements.layout_words import classes_told_apart, proves

if TYPE_CHECKING:
    from mmrecon.pipeline.formats import KnownLayout

_UNSAID: Final = "not said"
_ANY: Final = "any provider (the wallet's own)"


def layout_json(known: KnownLayout) -> dict[str, Any]:
    """One layout with what it is for."""
    layout = known.layout
    return {
        "name": layout.name,
        "provider": layout.provider,
        "title": layout.title,
        "portal": layout.portal or None,
        "proves": proves(layout),
        "files": list(layout.containers),
        "classes": list(classes_told_apart(layout)),
        "own": known.is_own,
        "refused": bool(layout.refuse),
    }


def list_lines(known: Sequence[KnownLayout]) -> list[str]:
    """Every layout under its provider."""
    shown = []
    for provider, group in groupby(known, key=lambda one: one.layout.provider):
        shown.append(_ANY if provider == "any" else provider)
        shown += ["\n".join(_entry(one)) for one in group]
    return [
        *shown,
        "One of them: `mmrecon formats show NAME`. Another export: docs/adding-a-layout.md.",
    ]


def _entry(known: KnownLayout) -> Iterator[str]:
    layout = known.layout
    yield f"  {layout.name}: {layout.title}" + (" (your own)" if known.is_own else "")
    yield f"    from    {layout.portal or _UNSAID}"
    yield f"    proves  {proves(layout)}"


def layout_lines(known: KnownLayout) -> Iterator[str]:
    """One layout with its columns and classes."""
    layout = known.layout
    yield from (line.removeprefix("  ") for line in _entry(known))
    yield f"  files   {', '.join(layout.containers)}; provider {layout.provider}"
    mark = layout.fingerprint
    yield f"  known by the columns: {', '.join(mark.required)}"
    if mark.forbidden:
        yield f"  never with: {', '.join(mark.forbidden)}"
    for column in layout.columns:
        missing = "" if column.required else " (may be missing)"
        yield f"  {column.field:<16}{column.name}{missing}"
    if layout.preamble:
        yield f"  above the header: {', '.join(label.label for label in layout.preamble)}"
    if layout.classes:
        yield f"  classes, first rule first: {', '.join(classes_told_apart(layout))}; else unknown"
