"""Records above the header: a preamble may stand there, and no row of money."""

from __future__ import annotations

import re

from mmrecon.statements.layout import Layout
from mmrecon.statements.moments import ISO, one_moment
from mmrecon.statements.refusal import NotReadableError
from mmrecon.statements.table import RawTable, Record

_DIGIT = re.compile(r"\d")


def refuse_rows_above(table: RawTable) -> None:
    """Refuse a table whose header stands below rows: they would be lost.

    A damaged first header with a whole one further down looks like this.

    Raises:
        NotReadableError: with the first such record.
    """
    layout = table.layout
    if layout.refuse:
        return
    tokens = layout.header_tokens(table.header)
    places: dict[str, int] = {
        column.field: tokens.index(column.name)
        for column in layout.text_columns
        if column.field in ("receipt", "completed_at") and column.name in tokens
    }
    if len(places) < 2:
        return
    for number, record in enumerate(table.preamble, 1):
        if _is_row(record, places, layout):
            raise NotReadableError("rows_above_header", row=number)


def _is_row(record: Record, places: dict[str, int], layout: Layout) -> bool:
    """Whether a receipt and a moment stand where the header has them."""
    if len(record) <= max(places.values()):
        return False
    receipt, moment = record[places["receipt"]].strip(), record[places["completed_at"]].strip()
    if not _DIGIT.search(receipt) or not re.search(layout.receipt_pattern, receipt.upper()):
        return False
    return any(one_moment(moment, form) is not None for form in (*layout.dates, ISO))
