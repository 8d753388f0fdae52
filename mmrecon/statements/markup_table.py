"""HTML and SpreadsheetML 2003 saved as `.xls` into records; no entity is ever looked up.

Excel itself saves "XML Spreadsheet 2003"; portals write an HTML table under the name `.xls`
(statement-formats.md 9).
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from mmrecon.statements.refusal import NotReadableError
from mmrecon.statements.sheet import Sheet, SheetLimits

_NAMESPACE: Final = "{urn:schemas-microsoft-com:office:spreadsheet}"
_SPACES: Final = re.compile(r"[ \t\r\n\f]+")


def xml_sheets(content: bytes, limits: SheetLimits) -> list[Sheet]:
    """The sheets of an XML Spreadsheet 2003.

    Raises:
        NotReadableError: it is broken, declares entities, or is larger than allowed.
    """
    reader = _Spreadsheet(limits)
    try:
        for event, element in iterparse(
            io.BytesIO(content), events=("start", "end"), forbid_dtd=True, forbid_external=True
        ):
            reader.take(event, element)
    except DefusedXmlException as error:
        raise NotReadableError("external_entities") from error
    except (ParseError, ValueError, LookupError) as error:
        raise NotReadableError("markup_broken") from error
    return reader.sheets


class _Spreadsheet:
    """Rows as they close; everything read is let go of at once."""

    def __init__(self, limits: SheetLimits) -> None:
        self.sheets: list[Sheet] = []
        self._limits = limits
        self._row: list[tuple[str, bool]] = []

    def take(self, event: str, element: Element) -> None:
        """One start or end of an element."""
        name = element.tag.removeprefix(_NAMESPACE)
        if event == "start":
            self._open(name, element)
        elif name == "Cell" and self.sheets:
            self._cell(element)
        elif name == "Row" and self.sheets:
            self.sheets[-1].add(
                [text for text, _ in self._row], [is_date for _, is_date in self._row]
            )
            element.clear()

    def _open(self, name: str, element: Element) -> None:
        if name == "Worksheet":
            title = element.get(f"{_NAMESPACE}Name", "")
            self.sheets.append(Sheet(title, self._limits))
        elif name == "Row" and self.sheets:
            self._row = []
            place = int(element.get(f"{_NAMESPACE}Index", "0"))
            self.sheets[-1].skip_to(place - 1)
            if element.get(f"{_NAMESPACE}Hidden") == "1":
                self.sheets[-1].hidden_rows += 1

    def _cell(self, element: Element) -> None:
        place = int(element.get(f"{_NAMESPACE}Index", "0")) - 1
        self._limits.check_columns(max(place, len(self._row)))
        self._row += [("", False)] * (place - len(self._row))
        data = element.find(f"{_NAMESPACE}Data")
        text = "" if data is None else "".join(data.itertext())
        is_date = data is not None and data.get(f"{_NAMESPACE}Type") == "DateTime"
        if is_date:
            text = text.split(".")[0].replace("T", " ")
        self._row.append((text, is_date))
        merged = int(element.get(f"{_NAMESPACE}MergeAcross", "0"))
        self._limits.check_columns(len(self._row) + merged)
        self._row += [("", False)] * merged


def html_sheets(content: bytes, limits: SheetLimits) -> list[Sheet]:
    """The rows of every table of a page as one sheet; nothing where it has none.

    Raises:
        NotReadableError: it is larger than allowed.
    """
    reader = _Page(limits)
    reader.feed(content.decode("utf-8"))
    reader.close()
    reader.end_row()
    return [reader.sheet] if reader.sheet.records else []


@dataclass
class _Row:
    """An open row: its finished cells, and the text of the cell that is open."""

    cells: list[str] = field(default_factory=list)
    open_text: list[str] | None = None
    columns: int = 1

    def has_text(self) -> bool:
        """Whether any cell says something."""
        return any(self.cells) or bool("".join(self.open_text or []).strip())


class _Page(HTMLParser):
    """Table cells of a page; a table inside a cell gives rows of its own."""

    def __init__(self, limits: SheetLimits) -> None:
        super().__init__(convert_charrefs=True)
        self.sheet = Sheet("", limits)
        self._limits = limits
        self._row: _Row | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Rows and cells may stay unclosed, as browsers allow."""
        if tag == "table" and self._row is not None and not self._row.has_text():
            self._row = None  # a row that only holds another table
        elif tag == "tr":
            self.end_row()
            self._row = _Row()
        elif tag in ("td", "th"):
            self._row = self._row or _Row()
            self._end_cell()
            self._row.open_text = []
            self._row.columns = _span(dict(attrs).get("colspan"))
            self._limits.check_columns(len(self._row.cells) + self._row.columns)
        elif tag == "br" and self._row is not None and self._row.open_text is not None:
            self._row.open_text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """A closed cell, row or table."""
        if tag in ("td", "th"):
            self._end_cell()
        elif tag in ("tr", "table"):
            self.end_row()

    def handle_data(self, data: str) -> None:
        """Text counts inside a cell only."""
        if self._row is not None and self._row.open_text is not None:
            self._row.open_text.append(_SPACES.sub(" ", data))

    def end_row(self) -> None:
        """Give the open row to the sheet."""
        self._end_cell()
        if self._row is not None:
            self.sheet.add(self._row.cells)
        self._row = None

    def _end_cell(self) -> None:
        if self._row is None or self._row.open_text is None:
            return
        self._row.cells.append("".join(self._row.open_text).strip())
        self._row.cells += [""] * (self._row.columns - 1)
        self._row.open_text = None


def _span(text: str | None) -> int:
    return max(1, int(text)) if text and text.isascii() and text.isdigit() and len(text) < 7 else 1
