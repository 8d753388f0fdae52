"""Numbers near a number: one edit, swapped neighbours, look-alikes, zeros (domain.md 2.3).

For suggestions only. Every neighbour of a text is probed in the sorted registers; nothing is
compared pair by pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.matching.index import LedgerIndex
from mmrecon.matching.keys import (
    LONGEST_DIGITS,
    SHORT,
    Flags,
    Keys,
    Places,
    codes_of,
    flags,
    keys_of_codes,
)
from mmrecon.matching.lookup import Lookup
from mmrecon.matching.references import without_zeros

Codes = np.ndarray[tuple[int, int], np.dtype[np.int64]]

SHORTEST: Final = 4
"""Shorter numbers have too many neighbours to suggest anything."""
ROWS_A_KEY: Final = 4

_LOOK_ALIKES: Final = (("O", "0"), ("I", "1"), ("L", "1"), ("S", "5"), ("B", "8"), ("Z", "2"))
_AT_ONCE: Final = 4_000
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)
_DIGITS: Final = range(1, 11)


class Sieve:
    """Says fast of most keys that they are not there; never that one is not that is."""

    def __init__(self, keys: Keys) -> None:
        self._shift = np.uint64(64 - max(8, (4 * len(keys)).bit_length()))
        self._marked = np.zeros(1 << (64 - int(self._shift)), dtype=bool)
        self._marked[self._place(keys)] = True

    def may_hold(self, keys: Keys) -> Flags:
        """Whether each key could be there."""
        marked: Flags = self._marked[self._place(keys)]
        return marked

    def _place(self, keys: Keys) -> Places:
        return ((keys.view(np.uint64) * _SPREAD) >> self._shift).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Pairs of an asked text and a register row, with the evidence code that joins them."""

    text: Places
    owner: Places
    account: Places
    bit: Places
    evidence: Places


def neighbours(numbers: pa.StringArray, index: LedgerIndex, evidence: dict[str, int]) -> Neighbours:
    """Register rows near each number, which itself is in no register."""
    found = [
        _rows(np.arange(len(numbers)), index.space.encode(without_zeros(numbers)),
              index.stripped, evidence["zero_stripped"]),
        *_look_alike_rows(numbers, index, evidence["look_alike"]),
    ]  # fmt: skip
    sieve = Sieve(index.registers.keys)
    lengths = pc.binary_length(numbers).to_numpy(zero_copy_only=False)
    plain = flags(pc.match_substring_regex(numbers, r"^[0-9A-Z]*[0-9][0-9A-Z]*$"))
    digits = flags(pc.match_substring_regex(numbers, r"^[0-9]+$"))
    for length in range(SHORTEST, LONGEST_DIGITS):
        here = np.flatnonzero((lengths == length) & (digits | (plain & (length < SHORT))))
        for start in range(0, len(here), _AT_ONCE):
            some = here[start : start + _AT_ONCE]
            codes = codes_of(numbers.take(pa.array(some)), length)
            for which, keys, code in _variants(codes):
                maybe = sieve.may_hold(keys)
                rows = _rows(some[which[maybe]], keys[maybe], index.registers, evidence[code])
                found.append(rows)
    return Neighbours(*(np.concatenate(columns) for columns in zip(*found, strict=True)))


_Found = tuple[Places, Places, Places, Places, Places]


def _rows(which: Places, keys: Keys, table: Lookup, evidence: int) -> _Found:
    places, rows = table.rows(table.find(keys), ROWS_A_KEY)
    return (
        which[places], table.owners[rows], table.accounts[rows], table.bits[rows],
        np.full(len(rows), evidence, dtype=np.int64),
    )  # fmt: skip


def _look_alike_rows(
    numbers: pa.StringArray, index: LedgerIndex, evidence: int
) -> Iterator[_Found]:
    """All look-alikes read as digits at once: `OOO12S` is `000125`, `SOOO12` savings `00012`."""
    rest = pc.utf8_slice_codeunits(numbers, 1)
    after_kind = flags(pc.match_substring_regex(numbers, "^[SL]"))
    for asked, texts_read in ((None, numbers), (after_kind, rest)):
        read = texts_read
        for letter, digit in _LOOK_ALIKES:
            read = pc.replace_substring(read, letter, digit)
        differs = flags(pc.not_equal(read, texts_read))
        changed = np.flatnonzero(differs if asked is None else differs & asked)
        read = read.take(pa.array(changed))
        yield _rows(changed, index.space.encode(read), index.registers, evidence)
        yield _rows(changed, index.space.encode(without_zeros(read)), index.stripped, evidence)


def _variants(codes: Codes) -> Iterator[tuple[Places, Keys, str]]:
    """Keys of all texts one edit away: place of the text, key, evidence code."""
    count, length = codes.shape
    everyone = np.arange(count)
    for at in range(length - 1):
        swapped = codes.copy()
        swapped[:, [at, at + 1]] = codes[:, [at + 1, at]]
        differs = codes[:, at] != codes[:, at + 1]
        yield everyone[differs], keys_of_codes(swapped[differs]), "swapped"
    for at in range(length):
        yield everyone, keys_of_codes(np.delete(codes, at, axis=1)), "one_edit"
        changed = codes.copy()
        for digit in _DIGITS:
            changed[:, at] = digit
            differs = codes[:, at] != digit
            yield everyone[differs], keys_of_codes(changed[differs]), "one_edit"
    if length == SHORT and (codes > 10).any():
        return
    for at in range(length + 1):
        for digit in _DIGITS:
            longer = np.insert(codes, at, digit, axis=1)
            yield everyone, keys_of_codes(longer), "one_edit"
