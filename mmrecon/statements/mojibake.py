"""UTF-8 that was once read as cp1252 (`RÃ©ussi`), repaired where every letter proves it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_FOREIGN: Final = re.compile(r"[^\x00-\x7f]+")
_SIGN: Final = re.compile("[\u00c2-\u00c5\u00e2][^\x00-\x7f]")
"""What UTF-8 looks like as cp1252: a lead byte as a letter, and another letter behind it."""

_LEFT: Final = "mojibake_left"
_REPAIRED: Final = "mojibake_repaired"


@cache
def _byte_of() -> dict[str, int]:
    """Each character of cp1252 to its byte; its five unused bytes stand for themselves."""
    known = {}
    for byte in range(0x80, 0x100):
        try:
            known[bytes([byte]).decode("cp1252")] = byte
        except UnicodeDecodeError:
            known[chr(byte)] = byte
    return known


def _repaired(run: str) -> str | None:
    """A run of foreign letters as it was before; None where it is no UTF-8."""
    known = _byte_of()
    try:
        return bytes(known[letter] for letter in run).decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        return None


def _table(runs: Iterable[str]) -> tuple[dict[str, str], str]:
    """What every run of a file becomes: all of them or none; and the notice to give."""
    distinct = set(runs)
    if not any(_SIGN.search(run) for run in distinct):
        return {}, ""
    table = {run: whole for run in distinct if (whole := _repaired(run)) is not None}
    if len(table) < len(distinct):
        return {}, _LEFT
    return table, _REPAIRED


def whole_text(text: str) -> tuple[str, str]:
    """A text after an exact repair, and the notice about it; nothing to say is no notice."""
    table, notice = _table(_FOREIGN.findall(text))
    if not table:
        return text, notice
    return _FOREIGN.sub(lambda run: table[run[0]], text), notice


def whole_columns(columns: list[pa.Array]) -> tuple[list[pa.Array], str]:
    """The columns of a sheet after an exact repair of the whole sheet, and the notice about it."""
    foreign = [not pc.all(pc.string_is_ascii(column)).as_py() for column in columns]
    cells = [
        cell
        for column, is_foreign in zip(columns, foreign, strict=True)
        if is_foreign
        for cell in column.unique().to_pylist()
    ]
    table, notice = _table(run for cell in cells for run in _FOREIGN.findall(cell))
    if not table:
        return columns, notice
    pairs = zip(columns, foreign, strict=True)
    return [
        _column(column, table) if is_foreign else column for column, is_foreign in pairs
    ], notice


def _column(column: pa.Array, table: dict[str, str]) -> pa.Array:
    encoded = pc.dictionary_encode(column)
    whole = [
        _FOREIGN.sub(lambda run: table[run[0]], cell) for cell in encoded.dictionary.to_pylist()
    ]
    return pa.array(whole, pa.string()).take(encoded.indices)
