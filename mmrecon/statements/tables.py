"""From bytes to the table in them: the content decides what it is in."""

from __future__ import annotations

from collections.abc import Sequence

from mmrecon.statements.csv_table import csv_heads, read_csv
from mmrecon.statements.excel_table import excel_heads, read_excel
from mmrecon.statements.json_table import is_json, json_columns, read_json
from mmrecon.statements.layout import Layout
from mmrecon.statements.opening import Opening
from mmrecon.statements.sniff import decode, sniff
from mmrecon.statements.table import RawTable, Record


def table_of(content: bytes, layouts: Sequence[Layout], opening: Opening) -> RawTable:
    """The table in a file, whatever it is in.

    Raises:
        NotReadableError: it is no statement, damaged, too large, or no layout's.
    """
    kind = sniff(content)
    if kind == "csv":
        text = decode(content)
        read_text = read_json if is_json(text.content) else read_csv
        return read_text(text, layouts, opening.sheet)
    if kind == "html":
        content = decode(content).content
    return read_excel(content, kind, layouts, opening)


def heads_of(content: bytes, opening: Opening) -> tuple[bool, list[list[Record]]]:
    """The first records of a file in each way its cells may be parted; whether it is JSON.

    Raises:
        NotReadableError: it is no statement, damaged or too large.
    """
    kind = sniff(content)
    if kind != "csv":
        content = decode(content).content if kind == "html" else content
        return False, excel_heads(content, kind, opening)
    text = decode(content)
    if is_json(text.content):
        return True, [[json_columns(text, opening.sheet)[0]]]
    return False, csv_heads(text)
