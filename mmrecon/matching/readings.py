"""References read in every way that could name somebody: probes into the registers.

All readings are looked up, not only the likeliest, so that a reference that could name two people
is seen as such (DESIGN section 6: uniqueness is over every register).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.config import MatchingPolicy
from mmrecon.matching.index import (
    ANY_REGISTER,
    CLIENT_EXTERNAL,
    CLIENT_NO,
    GROUP_CODE,
    LOAN_EXTERNAL,
    LOAN_NO,
    NATIONAL_ID,
    SAVINGS_EXTERNAL,
    SAVINGS_NO,
    LedgerIndex,
)
from mmrecon.matching.keys import Flags, Keys, Places, as_arrow, flags
from mmrecon.matching.references import References, comparison

WHOLE: Final = 0
KIND: Final = 1
PRODUCT: Final = 2

NO_PRODUCT: Final = -1

_DIGITS: Final = r"^[0-9]+$"
_MIXED: Final = r"^[0-9A-Z]*(?:[0-9][A-Z]|[A-Z][0-9])[0-9A-Z]*$"
_GROUP_BITS: Final = {
    "number": ANY_REGISTER,
    "member": CLIENT_NO | CLIENT_EXTERNAL,
    "idno": NATIONAL_ID,
    "savings": SAVINGS_NO | SAVINGS_EXTERNAL,
    "loan": LOAN_NO | LOAN_EXTERNAL,
    "group": GROUP_CODE,
}


@dataclass(frozen=True, slots=True)
class Probes:
    """What to look up: for a line, a number in some registers, perhaps with a product."""

    line: Places
    key: Keys
    bits: Places
    role: Places
    product: Places
    number: pa.StringArray


def read(references: References, policy: MatchingPolicy, index: LedgerIndex) -> Probes:
    """Every reading of every reference."""
    usable = np.flatnonzero(~references.damaged & flags(pc.not_equal(references.key, "")))
    key = references.key.take(pa.array(usable))
    parts = [_probes(usable, key, ANY_REGISTER, WHOLE, NO_PRODUCT)]
    mixed = flags(pc.match_substring_regex(key, _MIXED))
    if mixed.any():
        lines, texts = usable[mixed], key.filter(pa.array(mixed))
        parts += _kinds(lines, texts)
        parts += _products(lines, texts, product_words(policy, index))
    for grammar in policy.grammars:
        parts += _by_grammar(usable, key, grammar, policy, index)
    return _joined(parts, index)


def product_words(policy: MatchingPolicy, index: LedgerIndex) -> dict[str, int]:
    """What payers may type for a product, and the product's number in the account table."""
    codes = index.accounts.product_codes
    words = {str(code): at for at, code in enumerate(codes) if str(code)}
    for word, code in policy.product_codes.items():
        wanted = comparison(pa.array([code, word], pa.string())).to_pylist()
        at = codes.get_indexer(pd.Index([wanted[0]]))[0]
        if at >= 0:
            words[wanted[1]] = int(at)
    return words


def _probes(
    lines: Places, numbers: pa.StringArray, bits: int, role: int, product: int
) -> tuple[Places, pa.StringArray, int, int, int]:
    return lines, numbers, bits, role, product


_Part = tuple[Places, pa.StringArray, int, int, int]


def _kinds(lines: Places, texts: pa.StringArray) -> list[_Part]:
    """`S000123` is savings, `L000123` a loan (domain.md 2.1)."""
    parts = []
    rest = pc.utf8_slice_codeunits(texts, 1)
    for letter, bits in (
        ("S", SAVINGS_NO | SAVINGS_EXTERNAL),
        ("L", LOAN_NO | LOAN_EXTERNAL),
    ):
        fits = pc.and_(pc.starts_with(texts, letter), pc.match_substring_regex(rest, _DIGITS))
        where = flags(fits)
        parts.append(_probes(lines[where], rest.filter(fits), bits, KIND, NO_PRODUCT))
    return parts


def _products(lines: Places, texts: pa.StringArray, words: dict[str, int]) -> list[_Part]:
    """A product code before or after the number; small by nature: one pass for each code."""
    parts = []
    for word, product in sorted(words.items()):
        for fits, number in (
            (pc.starts_with(texts, word), pc.utf8_slice_codeunits(texts, len(word))),
            (pc.ends_with(texts, word), pc.utf8_slice_codeunits(texts, 0, -len(word))),
        ):
            usable = pc.and_(fits, pc.match_substring_regex(number, "[0-9]"))
            where = flags(usable)
            if where.any():
                numbers = number.filter(usable)
                parts.append(_probes(lines[where], numbers, ANY_REGISTER, PRODUCT, product))
    return parts


def _by_grammar(
    lines: Places, key: pa.StringArray, grammar: str, policy: MatchingPolicy, index: LedgerIndex
) -> list[_Part]:
    found = pc.extract_regex(key, f"^(?:{grammar})$")
    names = [field.name for field in found.type]
    matched = flags(pc.is_valid(found))
    if not matched.any():
        return []
    lines, whole = lines[matched], key.filter(pa.array(matched))
    texts = {
        name: pc.struct_field(found, name).filter(pa.array(matched)).fill_null("") for name in names
    }
    products = _typed_products(texts.get("product"), product_words(policy, index), len(lines))
    parts = []
    for name, bits in _GROUP_BITS.items():
        if name not in texts:
            continue
        bare = flags(pc.equal(texts[name], whole))
        there = flags(pc.not_equal(texts[name], ""))
        for product in np.unique(products):
            role = KIND if product == NO_PRODUCT else PRODUCT
            where = there & ~bare & (products == product)
            parts.append(
                _probes(lines[where], texts[name].filter(pa.array(where)), bits, role, int(product))
            )
    return parts


def _typed_products(typed: pa.StringArray | None, words: dict[str, int], count: int) -> Places:
    if typed is None:
        return np.full(count, NO_PRODUCT, dtype=np.int64)
    known = pa.array(list(words), pa.string())
    places = pc.fill_null(pc.index_in(typed, known), -1).to_numpy(zero_copy_only=False)
    numbers = np.array([*words.values(), NO_PRODUCT], dtype=np.int64)
    chosen: Places = numbers[places]
    return chosen


def _joined(parts: list[_Part], index: LedgerIndex) -> Probes:
    sizes = [len(part[0]) for part in parts]
    number = as_arrow(pa.chunked_array([part[1] for part in parts], type=pa.string()))
    bits, role, product = (
        np.repeat(np.array(column, dtype=np.int64), sizes)
        for column in zip(*((part[2], part[3], part[4]) for part in parts), strict=True)
    )
    line = np.concatenate([part[0] for part in parts])
    return Probes(line, index.space.encode(number), bits, role, product, number)


def token_probes(references: References, index: LedgerIndex) -> tuple[Places, Keys, Flags]:
    """The single pieces of references with separators: line, key, and whether it has a digit."""
    lines = np.flatnonzero(references.several & ~references.damaged)
    pieces = pc.split_pattern_regex(references.text.take(pa.array(lines)), r"[^0-9A-Z]+")
    texts = pc.list_flatten(pieces)
    which = lines[pc.list_parent_indices(pieces).to_numpy(zero_copy_only=False)]
    digits = flags(pc.match_substring_regex(texts, "[0-9]"))
    return which, index.space.encode(as_arrow(texts)), digits
