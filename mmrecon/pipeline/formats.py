"""`mmrecon formats`: the layouts a site has. Nothing is stored, and no database is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from mmrecon.config import Settings
from mmrecon.statements.layout import Layout, built_in_names, load_layouts


@dataclass(frozen=True, slots=True)
class KnownLayout:
    """A layout, and whether it is the site's own."""

    layout: Layout
    is_own: bool


def known_layouts(settings: Settings | None) -> list[KnownLayout]:
    """Every layout by provider and name, those of the site's own folder among them.

    Raises:
        ConfigurationError: a layout of the site's own has faults.
    """
    layouts = load_layouts(None if settings is None else settings.formats_folder)
    ours = built_in_names()
    known = [KnownLayout(layout, layout.name not in ours) for layout in layouts]
    return sorted(known, key=lambda one: (one.layout.provider, one.layout.name))
