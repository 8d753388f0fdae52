"""A first layout for an unknown export: what can be guessed is, with reasons; the rest is asked."""

from __future__ import annotations

from mmrecon.statements.draft_text import DraftText
from mmrecon.statements.drafted_columns import (
    write_money,
    write_texts,
    write_unused,
)
from mmrecon.statements.drafted_head import About, write_head, write_preamble
from mmrecon.statements.drafted_words import (
    write_classes,
    write_direction,
    write_parties,
    write_status,
)
from mmrecon.statements.unknown import Unknown


def draft_of(unknown: Unknown, about: About) -> str:
    """The whole draft as TOML with comments; nothing of a cell is quoted but plain words."""
    draft = DraftText()
    write_head(draft, unknown, about)
    write_preamble(draft, unknown)
    write_texts(draft, unknown)
    write_money(draft, unknown)
    write_direction(draft, unknown)
    write_status(draft, unknown)
    write_classes(draft, unknown)
    write_parties(draft, unknown)
    write_unused(draft, unknown)
    return draft.whole()
