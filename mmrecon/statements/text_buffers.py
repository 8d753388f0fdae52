"""Looks at a whole text column at once, at the price of reading its bytes: no look per cell."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Offsets = npt.NDArray[np.int64]


def _buffers(column: pa.Array) -> tuple[Offsets, bytes]:
    """Where each cell ends in the column's bytes, from 0, and these bytes."""
    _, offset_buffer, data_buffer = column.buffers()
    width = np.int64 if pa.types.is_large_string(column.type) else np.int32
    every = np.frombuffer(offset_buffer, dtype=width)
    offsets: Offsets = every[column.offset : column.offset + len(column) + 1].astype(np.int64)
    if data_buffer is None or not len(column):
        return np.zeros(0, dtype=np.int64), b""
    first, last = int(offsets[0]), int(offsets[-1])
    data: bytes = data_buffer.slice(first, last - first).to_pybytes()
    return offsets - first, data


def lengths(column: pa.Array) -> Offsets:
    """Bytes of each cell."""
    return np.diff(_buffers(column)[0]) if len(column) else np.zeros(0, dtype=np.int64)


def has_any(column: pa.Array, *needles: bytes) -> bool:
    """Whether a piece of text may stand in a cell; where none does, it stands in none."""
    _, data = _buffers(column)
    return any(needle in data for needle in needles)


def is_ascii(column: pa.Array) -> bool:
    """Whether every cell is plain ASCII."""
    return _buffers(column)[1].isascii()


def has_before_end(column: pa.Array, byte: bytes, distance: int) -> bool:
    """Whether a cell has a byte that many places before its end."""
    offsets, data = _buffers(column)
    if byte not in data:
        return False
    ends = offsets[1:][np.diff(offsets) >= distance]
    return bool((np.frombuffer(data, dtype=np.uint8)[ends - distance] == byte[0]).any())
