"""JSON that integrators save from an API: one document, a list, or one document a line.

Each record's innermost values become cells under their own names; where two places in the file
share a name, under their whole paths. Lists of `Key` and `Value` (or `Name` and `Value`) pairs
are read as what they mean. Dumps are small by nature, so records are taken one by one.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from mmrecon.statements.header import find_claim, no_layout
from mmrecon.statements.layout import Layout
from mmrecon.statements.refusal import NotReadableError
from mmrecon.statements.sheet import SheetLimits
from mmrecon.statements.sniff import Text
from mmrecon.statements.table import RawTable, Record

_BEGINS: Final = re.compile(rb'\s*(?:\{\s*["}]|\[\s*[\[{\]])')
_BLANK: Final = re.compile(r"[\s,]*")
_AT_MOST_BYTES: Final = 100 << 20
"""A parsed document takes ten times its text; longer dumps are handed in by day, or as CSV."""

_Path = tuple[str, ...]
_Cells = dict[_Path, str]


def is_json(content: bytes) -> bool:
    """Whether a text begins as JSON does."""
    return _BEGINS.match(content[:1024]) is not None


def read_json(text: Text, layouts: Sequence[Layout], limits: SheetLimits) -> RawTable:
    """The table that the records of a JSON text make.

    Raises:
        NotReadableError: it is no JSON, no layout claims it, or it is too large.
    """
    header, columns = json_columns(text, limits)
    claim = find_claim([header], layouts, "json")
    if claim is None:
        raise no_layout([header], layouts)
    return RawTable(
        layout=claim.layout,
        sheet="",
        header=header,
        header_row=0,
        preamble=(),
        columns=columns,
        rows=np.arange(1, len(columns[0]) + 1 if columns else 1, dtype=np.int64),
    )


def json_columns(text: Text, limits: SheetLimits) -> tuple[Record, list[pa.Array]]:
    """The names of the innermost values of a JSON text, and a column of text under each.

    Raises:
        NotReadableError: it is no JSON, or it is too large.
    """
    if len(text.content) > _AT_MOST_BYTES:
        size = len(text.content)
        raise NotReadableError("file_too_large", size_bytes=size, limit_bytes=_AT_MOST_BYTES)
    records = []
    for record in _records(text.content.decode("utf-8")):
        records.append(_flat(record))
        limits.check_rows(len(records))
    paths = list(dict.fromkeys(path for cells in records for path in cells))
    limits.check_columns(len(paths))
    limits.check_cell(max((len(cell) for cells in records for cell in cells.values()), default=0))
    columns = [pa.array([cells.get(path, "") for cells in records], pa.string()) for path in paths]
    return _names(paths), columns


def _records(text: str) -> Iterator[dict[str, Any]]:
    """Every record of every document; numbers stay as they are written."""
    decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
    place, document = _after_blank(text, 0), 0
    while place < len(text):
        document += 1
        try:
            value, place = decoder.raw_decode(text, place)
            found = list(_records_of(value))
        except (ValueError, TypeError, RecursionError) as error:
            raise NotReadableError("json_broken", document=document) from error
        yield from found
        place = _after_blank(text, place)


def _after_blank(text: str, place: int) -> int:
    found = _BLANK.match(text, place)
    return found.end() if found else place


def _records_of(value: Any) -> Iterator[dict[str, Any]]:
    """A document's records: itself, the members of a list, or those of the one list inside."""
    if isinstance(value, list):
        for member in value:
            yield from _records_of(member)
    elif isinstance(value, dict):
        lists = [inner for inner in value.values() if _holds_records(inner)]
        yield from (_records_of(lists[0]) if len(lists) == 1 else (value,))
    else:
        raise TypeError("a value that is no record")


def _holds_records(value: Any) -> bool:
    is_list = isinstance(value, list) and len(value) > 0
    return is_list and all(isinstance(one, dict) and _pair(one) is None for one in value)


def _pair(value: Any) -> tuple[str, Any] | None:
    """The name and value that an object of exactly these two keys stands for."""
    if not isinstance(value, dict) or len(value) != 2:
        return None
    members = {name.casefold(): inner for name, inner in value.items()}
    name = members.get("key", members.get("name"))
    return (name, members["value"]) if isinstance(name, str) and "value" in members else None


def _flat(record: dict[str, Any]) -> _Cells:
    """The innermost values of a record, by their paths; walked without recursion."""
    found: _Cells = {}
    waiting: list[tuple[_Path, Any]] = [((), record)]
    while waiting:
        path, value = waiting.pop()
        members = _members(value)
        if members is None:
            found[path] = _text(value)
        else:
            waiting += [((*path, name), inner) for name, inner in reversed(members)]
    return found


def _members(value: Any) -> list[tuple[str, Any]] | None:
    """What is inside an object or a list of pairs; None for an innermost value."""
    if isinstance(value, dict):
        return list(value.items())
    if not isinstance(value, list):
        return None
    pairs = [pair for each in value if (pair := _pair(each)) is not None]
    return pairs if value and len(pairs) == len(value) else None


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _names(paths: Sequence[_Path]) -> Record:
    """Each path's last name; the whole path where that name comes twice."""
    counted = Counter(path[-1].casefold() for path in paths if path)
    return tuple(
        path[-1] if path and counted[path[-1].casefold()] == 1 else ".".join(path) for path in paths
    )
