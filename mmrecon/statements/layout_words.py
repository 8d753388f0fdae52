"""What a layout is, in words: for `mmrecon formats` and the generated page."""

from __future__ import annotations

from mmrecon.statements.layout import Layout


def proves(layout: Layout) -> str:
    """What the figures that such a file prints prove of it."""
    if layout.refuse:
        return f"nothing; such a file is refused (`{layout.refuse}`)"
    header = {label.field for label in layout.preamble}
    has_balance = any(column.field == "balance" for column in layout.money_columns)
    proofs = [
        ("that every row's balance follows from the one before", has_balance and layout.chain),
        ("the header's totals", {"total_in", "total_out"} <= header),
        ("opening and closing balance", {"opening", "closing"} <= header),
    ]
    found = ", ".join(words for words, there in proofs if there)
    if {"opening", "closing"} <= header:
        return found
    if not found:
        return "nothing by itself: it prints no balances and no totals"
    return f"{found}; it states no opening and closing, so a day is proved by its neighbours"


def classes_told_apart(layout: Layout) -> tuple[str, ...]:
    """The classes that its rules give, first rule first."""
    return tuple(dict.fromkeys(rule.line_class.value for rule in layout.classes))
