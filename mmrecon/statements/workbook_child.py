"""Opens one workbook in a process of its own, where damage and bombs can hurt nothing else.

A broken compound file sends calamine round a chain of sectors for ever, and one stray cell in the
last corner makes it ask for more memory than any machine has: both end this process only. The
workbook comes on stdin; each sheet goes to stdout as an Arrow stream of text columns `c0`, `c1` …
with `d0` … beside columns that hold true dates, and the sheet's name in the schema's metadata.
"""

from __future__ import annotations

import datetime as dt
import io
import resource
import sys
from typing import Any, Final

import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

ENCRYPTED: Final = 3
BROKEN: Final = 4
MEMORY_BYTES: Final = 2 << 30


def main() -> int:
    """Read stdin, write sheets to stdout; 0, ENCRYPTED or BROKEN."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        for name in workbook.sheet_names:
            records = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            _write(_table(name, records))
    except PasswordError:
        return ENCRYPTED
    except (CalamineError, MemoryError):
        return BROKEN
    return 0


def _table(name: str, records: list[list[Any]]) -> pa.Table:
    columns: dict[str, pa.Array] = {}
    for index, cells in enumerate(zip(*records, strict=True)):
        texts = [cell if type(cell) is str else _text(cell) for cell in cells]
        columns[f"c{index}"] = pa.array(texts, pa.string())
        dates = [isinstance(cell, dt.datetime) for cell in cells]
        if any(dates):
            columns[f"d{index}"] = pa.array(dates)
    return pa.table(columns).replace_schema_metadata({"sheet": name})


def _write(table: pa.Table) -> None:
    with pa.ipc.new_stream(sys.stdout.buffer, table.schema) as stream:
        stream.write_table(table)


def _text(cell: Any) -> str:
    """A typed cell as the text a CSV export would hold; whole numbers without a point."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        rounded = cell + dt.timedelta(microseconds=500_000)
        return rounded.strftime("%Y-%m-%d %H:%M:%S")
    return str(cell)


if __name__ == "__main__":
    sys.exit(main())
