"""Comparison texts as int64 keys, so that look-ups never touch strings (performance.md, rule 3).

Keys are exact: equal keys are equal texts, leading zeros included. Texts of up to 12 capitals and
digits are numbers in base 37; 13 to 17 digits are negative numbers; all others are places in a
vocabulary that only the ledger fills.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Keys = np.ndarray[tuple[int], np.dtype[np.int64]]
Places = np.ndarray[tuple[int], np.dtype[np.int64]]
Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]

NO_KEY: Final = 0
SHORT: Final = 12
"""Texts up to this length are numbers in base 37."""
LONGEST_DIGITS: Final = 17

_BASE: Final = 37
_VOCABULARY: Final = -(2**62)


def _letter_values() -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    values = np.zeros(256, dtype=np.int64)
    values[ord("0") : ord("9") + 1] = np.arange(1, 11)
    values[ord("A") : ord("Z") + 1] = np.arange(11, 37)
    return values


_VALUES: Final = _letter_values()


class KeySpace:
    """Turns comparison texts into keys; `register_keys` are those of the ledger's own texts."""

    def __init__(self, register_texts: pa.StringArray) -> None:
        is_long, keys = _parts(register_texts)
        distinct = pc.unique(register_texts.filter(pa.array(is_long)))
        self._vocabulary = pd.Index(distinct.to_pandas())
        self.register_keys = self._with_long(register_texts, is_long, keys)

    def encode(self, texts: pa.StringArray) -> Keys:
        """The key of each text; NO_KEY for an empty text and for a long one the ledger lacks."""
        return self._with_long(texts, *_parts(texts))

    def _with_long(self, texts: pa.StringArray, is_long: Flags, keys: Keys) -> Keys:
        if is_long.any() and len(self._vocabulary):
            places = np.flatnonzero(is_long)
            found = self._vocabulary.get_indexer(texts.take(pa.array(places)).to_pandas())
            keys[places[found >= 0]] = _VOCABULARY - found[found >= 0]
        return keys


def codes_of(texts: pa.StringArray, length: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Letter values of texts that all have this length: one row for each text."""
    data, starts, _ = _bytes(texts)
    values: np.ndarray[tuple[int, int], np.dtype[np.int64]]
    values = _VALUES[data[starts[:, None] + np.arange(length)]]
    return values


def keys_of_codes(codes: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> Keys:
    """The keys of texts given as letter values, as `encode` gives them; rows of one length."""
    length = codes.shape[1]
    if length <= SHORT:
        keys = np.zeros(len(codes), dtype=np.int64)
        for place in range(length):
            keys = keys * _BASE + codes[:, place]
        return keys
    keys = np.zeros(len(codes), dtype=np.int64)
    for place in range(length):
        keys = keys * 10 + (codes[:, place] - 1)
    return -(keys * 8 + (length - SHORT - 1)) - 1


def digits_value(texts: pa.StringArray) -> Keys:
    """Texts of at most 18 digits as numbers; -1 for anything else."""
    fits = pc.and_(pc.utf8_is_digit(texts), pc.less_equal(pc.binary_length(texts), 18))
    fits = pc.and_(fits, pc.string_is_ascii(texts))
    safe = pc.if_else(pc.fill_null(fits, fill_value=False), texts, "-1")
    return np.array(pc.cast(safe, pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)


def as_arrow(values: pd.Series | pa.Array | pa.ChunkedArray) -> pa.StringArray:
    """Any column of text as one Arrow string array without nulls."""
    array = pa.array(values.array) if isinstance(values, pd.Series) else values
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    array = array if array.type == pa.string() else pc.cast(array, pa.string())
    return array.fill_null("") if array.null_count else array


def texts(values: list[str]) -> pa.StringArray:
    """Python texts as an Arrow string array."""
    return pa.array(values, pa.string())


def flags(values: object) -> Flags:
    """An Arrow boolean array as numpy, nulls as False."""
    filled = pc.fill_null(values, fill_value=False)
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=bool)


def with_bytes(texts: pa.StringArray, wanted: Flags) -> Flags:
    """Texts with a byte of a set (`byte_set`); many times faster than a pattern."""
    data, starts, lengths = _bytes(texts)
    if not len(texts):
        return np.zeros(0, dtype=bool)
    ends = starts + lengths
    hits = np.flatnonzero(wanted[data[starts[0] : ends[-1]]]) + starts[0]
    found = np.zeros(len(texts), dtype=bool)
    found[np.searchsorted(ends, hits, side="right")] = True
    return found


def without_bytes(texts: pa.StringArray, unwanted: Flags) -> pa.StringArray:
    """Texts less every ASCII byte of a set."""
    data, starts, lengths = _bytes(texts)
    if not len(texts):
        return texts
    part = data[starts[0] : starts[-1] + lengths[-1]]
    kept = ~unwanted[part]
    ends = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(kept)])
    offsets = np.append(ends[starts - starts[0]], ends[-1]).astype(np.int32)
    buffers = pa.py_buffer(offsets), pa.py_buffer(part[kept])
    return pa.StringArray.from_buffers(len(texts), *buffers)


def byte_set(letters: bytes) -> Flags:
    """A set of bytes for `with_bytes`."""
    result = np.zeros(256, dtype=bool)
    result[list(letters)] = True
    return result


def _parts(texts: pa.StringArray) -> tuple[Flags, Keys]:
    """Which texts are long, and the keys of those that are not."""
    lengths = pc.binary_length(texts).to_numpy(zero_copy_only=False).astype(np.int64)
    values = _columns(texts, lengths)
    only_digits = ((values > 0) & (values <= 10)).sum(axis=0, dtype=np.uint8) == lengths
    plain = (values > 0).sum(axis=0, dtype=np.uint8) == lengths
    keys = np.zeros(len(texts), dtype=np.int64)
    for place in range(LONGEST_DIGITS - SHORT, LONGEST_DIGITS):
        keys = keys * _BASE + values[place]
    is_middle = only_digits & (lengths > SHORT) & (lengths <= LONGEST_DIGITS)
    middle = np.flatnonzero(is_middle)
    digits = np.zeros(len(middle), dtype=np.int64)
    for place in range(LONGEST_DIGITS):
        digits = digits * 10 + np.maximum(values[place, middle].astype(np.int64) - 1, 0)
    keys[middle] = -(digits * 8 + (lengths[middle] - SHORT - 1)) - 1
    is_long = (lengths > 0) & ~is_middle & ((lengths > SHORT) | ~plain)
    keys[is_long] = NO_KEY
    return is_long, keys


def _columns(
    texts: pa.StringArray, lengths: Places
) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Letter values of texts of at most 17 bytes, right-aligned: one row for each place.

    Longer texts are left out; nothing counts 0, like what is no capital and no digit.
    """
    short = texts if (lengths <= LONGEST_DIGITS).all() else pc.if_else(
        pa.array(lengths <= LONGEST_DIGITS), texts, ""
    )  # fmt: skip
    data, _, _ = _bytes(pc.ascii_lpad(short, LONGEST_DIGITS, padding=" "))
    rows = data[: len(texts) * LONGEST_DIGITS].reshape(len(texts), LONGEST_DIGITS)
    columns = np.ascontiguousarray(rows.T)
    return _VALUES.astype(np.uint8)[columns]


def _bytes(texts: pa.StringArray) -> tuple[Bytes, Places, Places]:
    _, offsets_buffer, data_buffer = texts.buffers()
    offsets = np.frombuffer(offsets_buffer, dtype=np.int32)[
        texts.offset : texts.offset + len(texts) + 1
    ].astype(np.int64)
    empty = np.zeros(1, dtype=np.uint8)
    data = empty if data_buffer is None else np.frombuffer(data_buffer, dtype=np.uint8)
    return data if len(data) else empty, offsets[:-1], offsets[1:] - offsets[:-1]
