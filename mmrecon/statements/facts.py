"""What a statement says of itself: the labels above the header, and its file name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from mmrecon.statements.cells import money
from mmrecon.statements.layout import DateFormat, Layout, token
from mmrecon.statements.moments import ISO, one_moment
from mmrecon.statements.table import Record

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class HeaderFacts:
    """The texts found under a header's labels, by header field."""

    texts: dict[str, str] = field(default_factory=dict)

    def money_minor(self, name: str, layout: Layout, digits: int) -> int | None:
        """An amount of the header; None where it is not there or not a number."""
        text = self.texts.get(name, "")
        cells = money(pa.array([text]), layout.money, digits)
        return int(cells.minor[0]) if cells.present[0] and not cells.bad[0] else None

    def moment_s(self, name: str, formats: Iterable[DateFormat]) -> int | None:
        """A moment of the header in local seconds, under the first format that reads it."""
        text = self.texts.get(name, "")
        if not text:
            return None
        found = (one_moment(text, form) for form in (*formats, ISO))
        return next((moment for moment in found if moment is not None), None)


def header_facts(preamble: Sequence[Record], layout: Layout) -> HeaderFacts:
    """The value of each declared label: the next filled cell of its row."""
    fields = {label.label: label.field for label in layout.preamble}
    texts: dict[str, str] = {}
    for record in preamble:
        cells = [cell.strip() for cell in record]
        for place, cell in enumerate(cells):
            name = fields.get(token(cell))
            if name is not None and name not in texts:
                texts[name] = _value_after(cells, place, set(fields))
    return HeaderFacts(texts)


def _value_after(cells: Sequence[str], place: int, labels: set[str]) -> str:
    following = (cell for cell in cells[place + 1 :] if cell)
    value = next(following, "")
    return "" if token(value) in labels else value


def name_facts(name: str, layout: Layout) -> HeaderFacts:
    """What the file's name says; a hint that content overrules."""
    base = name.rsplit("/", 1)[-1]
    for pattern in layout.file_names:
        found = re.search(pattern, base)
        if found:
            texts = {key: value for key, value in found.groupdict().items() if value}
            if "period_from" in texts:
                texts["period_from"] += " 00:00:00"
            if "period_to" in texts:
                texts["period_to"] += " 23:59:59"
            return HeaderFacts(texts)
    return HeaderFacts()
