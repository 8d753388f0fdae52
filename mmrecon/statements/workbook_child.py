"""Opens one workbook in a process of its own, where damage and bombs can hurt nothing else.

A broken compound file sends calamine round a chain of sectors for ever, and one stray cell in the
last corner makes it ask for more memory than any machine has: both end this process only. The
order comes on stdin as one line of JSON, the workbook behind it; each sheet goes to stdout as an
Arrow stream of text columns `c0`, `c1` … with `d0` … beside columns that hold true dates, and the
sheet's name and count of hidden rows in the schema's metadata. A refusal is JSON on stderr.
"""

from __future__ import annotations

import datetime as dt
import gc
import io
import json
import re
import resource
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from mmrecon.statements.decrypting import decrypted
from mmrecon.statements.markup_table import html_sheets, xml_sheets
from mmrecon.statements.refusal import NotReadableError
from mmrecon.statements.sheet import SheetLimits, longest

REFUSED: Final = 3
MEMORY_BYTES: Final = 2 << 30
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_ZIP: Final = b"PK\x03\x04"
_SHEET_PART: Final = re.compile(r"xl/worksheets/[^/]+\.xml")
_HIDDEN_ROW: Final = re.compile(rb'<row\b[^>]*\bhidden="(?:1|true)"')
_DAMAGED: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError,
    struct.error,
)  # fmt: skip
_RATIO_FROM_BYTES: Final = 1 << 20
Named = tuple[str, int, pa.Table]


def main() -> int:
    """Read the order and the workbook, write sheets; 0, or REFUSED with the reason on stderr."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    gc.disable()  # millions of cells, no cycles, and the process ends soon
    try:
        order = json.loads(sys.stdin.buffer.readline())
        for name, hidden_rows, table in _sheets(order, sys.stdin.buffer.read()):
            _write(name, hidden_rows, table)
    except NotReadableError as refusal:
        sys.stderr.write(json.dumps([refusal.code, dict(refusal.arguments)]))
        return REFUSED
    return 0


def _sheets(order: dict[str, Any], content: bytes) -> Iterator[Named]:
    limits = SheetLimits(**order["limits"])
    if order["kind"] in ("html", "xml"):
        found = (html_sheets if order["kind"] == "html" else xml_sheets)(content, limits)
        return ((sheet.name, sheet.hidden_rows, sheet.table()) for sheet in found)
    if _is_locked(content):
        content = decrypted(content, order["passwords"])
    if content.startswith(_ZIP):
        _refuse_bomb(content, order["unpacked_bytes"], order["ratio"])
    return _workbook(content, limits)


def _is_locked(content: bytes) -> bool:
    """Whether it is a compound file under a password: the new kind, or an old `.xls`."""
    if content.startswith(_ZIP):
        return False
    if _ENCRYPTED in content:
        return True
    try:
        CalamineWorkbook.from_filelike(io.BytesIO(content))
    except PasswordError:
        return True
    except CalamineError:
        return False
    return False


def _workbook(content: bytes, limits: SheetLimits) -> Iterator[Named]:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        hidden_rows = _hidden_rows(content) if content.startswith(_ZIP) else 0
        for name in workbook.sheet_names:
            sheet = workbook.get_sheet_by_name(name)
            limits.check_rows(sheet.total_height)
            limits.check_columns(sheet.total_width)
            yield name, hidden_rows, _table(sheet.to_python(skip_empty_area=False), limits)
            hidden_rows = 0
    except PasswordError as error:
        raise NotReadableError("encrypted_workbook") from error
    except (CalamineError, OSError, ValueError) as error:
        raise NotReadableError("workbook_broken") from error
    except MemoryError as error:
        raise NotReadableError("workbook_memory") from error


def _refuse_bomb(content: bytes, unpacked_bytes: int, ratio: int) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            size = sum(part.file_size for part in parts.infolist())
    except _DAMAGED as error:
        raise NotReadableError("workbook_broken") from error
    if size > unpacked_bytes:
        raise NotReadableError("archive_too_large", limit_bytes=unpacked_bytes)
    if size > max(len(content) * ratio, _RATIO_FROM_BYTES):
        raise NotReadableError("archive_ratio", limit=ratio)


def _hidden_rows(content: bytes) -> int:
    """Rows that a filter or a person hid, over all sheets of an `.xlsx`."""
    count = 0
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for name in parts.namelist():
            if _SHEET_PART.fullmatch(name):
                try:
                    part = parts.read(name)
                    count += len(_HIDDEN_ROW.findall(part)) if b" hidden=" in part else 0
                except _DAMAGED:
                    continue
    return count


def _table(records: list[list[Any]], limits: SheetLimits) -> pa.Table:
    columns: dict[str, pa.Array] = {}
    for index, cells in enumerate(zip(*records, strict=True)):
        try:
            columns[f"c{index}"] = pa.array(cells, pa.string())
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            texts = [cell if type(cell) is str else _text(cell) for cell in cells]
            columns[f"c{index}"] = pa.array(texts, pa.string())
            dates = [isinstance(cell, dt.datetime) for cell in cells]
            if any(dates):
                columns[f"d{index}"] = pa.array(dates)
        limits.check_cell(longest(columns[f"c{index}"]))
    return pa.table(columns)


def _write(name: str, hidden_rows: int, table: pa.Table) -> None:
    facts = {"sheet": name, "hidden_rows": str(hidden_rows)}
    with pa.ipc.new_stream(sys.stdout.buffer, table.schema.with_metadata(facts)) as stream:
        stream.write_table(table.replace_schema_metadata(facts))


def _text(cell: Any) -> str:
    """A typed cell as the text a CSV export would hold; whole numbers without a point.

    Excel keeps fifteen digits of a number and no more: what comes after them is noise.
    """
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else f"{cell:.15g}"
    if isinstance(cell, dt.datetime):
        rounded = cell + dt.timedelta(microseconds=500_000)
        return rounded.strftime("%Y-%m-%d %H:%M:%S")
    return str(cell)


if __name__ == "__main__":
    sys.exit(main())
