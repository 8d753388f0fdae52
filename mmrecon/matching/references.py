"""What payers typed, brought into one form in the fixed order of domain.md 2.3; the raw text stays.

1. NFKC, control and zero-width characters out, blanks collapsed.  2. Capitals; for the key every
character that is no letter or digit goes.  3. Spreadsheet damage: `850060.0` is repaired,
`2.54712E+11` and amounts like `1,500.00` name nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.matching.keys import Flags, byte_set, flags, with_bytes, without_bytes

_CONTROL: Final = r"[\x00-\x1f\x7f]"
_BLANKS: Final = r"\s+"
_NO_KEY_CHARACTER: Final = byte_set(bytes(at for at in range(127) if not chr(at).isalnum()))
_UNTIDY: Final = r"[\x00-\x1f\x7f]|  |^ | $"
_NOT_PLAIN: Final = ~byte_set(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_CONTROL_OR_BLANK: Final = byte_set(bytes([*range(33), 127]))
_POINT_OR_PLUS: Final = byte_set(b".+")
_FLOAT_TAIL: Final = r"^'?(\d+)\.0$"
_EXPONENT: Final = r"^\d+(\.\d+)?E\+\d+$"
_DECIMAL: Final = r"^(?:\d{1,6}|\d{1,3}(?:,\d{3})+)\.\d{2}$"
_HIDDEN: Final = frozenset({"Cc", "Cf"})


@dataclass(frozen=True, slots=True)
class References:
    """`text` in capitals with single blanks; `key` without anything but letters and digits.

    `damaged` texts (exponents, decimals) name nothing. `several` have a separator inside.
    """

    text: pa.StringArray
    key: pa.StringArray
    damaged: Flags
    several: Flags


def normalise(raw: pa.StringArray) -> References:
    """All references in comparison form."""
    text = pc.utf8_upper(clean(raw))
    maybe = with_bytes(text, _POINT_OR_PLUS)
    damaged = maybe.copy()
    if maybe.any():
        mended = pc.replace_substring_regex(text.filter(pa.array(maybe)), _FLOAT_TAIL, r"\1")
        text = pc.replace_with_mask(text, pa.array(maybe), mended)
        damaged[maybe] = flags(
            pc.or_(
                pc.match_substring_regex(mended, _EXPONENT),
                pc.match_substring_regex(mended, _DECIMAL),
            )
        )
    key = comparison(text)
    lengths = pc.binary_length(text).to_numpy(zero_copy_only=False)
    several = lengths > pc.binary_length(key).to_numpy(zero_copy_only=False)
    return References(text, key, damaged, np.asarray(several, dtype=bool))


def clean(raw: pa.StringArray) -> pa.StringArray:
    """Step 1: one Unicode form, no hidden characters, single blanks."""
    plain = flags(pc.string_is_ascii(raw))
    if not plain.all():
        odd = pa.array(~plain)
        values = [_visible(text) for text in raw.filter(odd).to_pylist()]
        raw = pc.replace_with_mask(raw, odd, pa.array(values, pa.string()))
    untidy = with_bytes(raw, _CONTROL_OR_BLANK)
    untidy[untidy] = flags(pc.match_substring_regex(raw.filter(pa.array(untidy)), _UNTIDY))
    return _changed(raw, untidy, _tidy)


def comparison(texts: pa.StringArray) -> pa.StringArray:
    """Step 2: capitals, letters and digits only (letters beyond ASCII are kept)."""
    capitals = pc.utf8_upper(texts)
    return _changed(capitals, with_bytes(capitals, _NOT_PLAIN), _without_separators)


def register_key(texts: pa.StringArray) -> pa.StringArray:
    """The comparison form of a number as the ledger has it; most need nothing done."""
    return _changed(texts, with_bytes(texts, _NOT_PLAIN), lambda odd: comparison(clean(odd)))


def _changed(
    texts: pa.StringArray, where: Flags, change: Callable[[pa.StringArray], pa.StringArray]
) -> pa.StringArray:
    """Texts changed only where it is needed."""
    if not where.any():
        return texts
    chosen = pa.array(where)
    return pc.replace_with_mask(texts, chosen, change(texts.filter(chosen)))


def _tidy(texts: pa.StringArray) -> pa.StringArray:
    spaced = pc.replace_substring_regex(texts, _CONTROL, " ")
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(spaced, _BLANKS, " "))


def _without_separators(texts: pa.StringArray) -> pa.StringArray:
    return without_bytes(texts, _NO_KEY_CHARACTER)


def without_zeros(keys: pa.StringArray) -> pa.StringArray:
    """Keys of digits only without leading zeros (`0` stays `0`); others unchanged."""
    digits = pc.and_(pc.utf8_is_digit(keys), pc.starts_with(keys, "0"))
    stripped = pc.utf8_ltrim(keys, "0")
    stripped = pc.if_else(pc.equal(stripped, ""), "0", stripped)
    return pc.if_else(pc.fill_null(digits, fill_value=False), stripped, keys)


def _visible(text: str) -> str:
    normal = unicodedata.normalize("NFKC", text)
    return "".join(
        " " if letter in "\n\r\t" else letter
        for letter in normal
        if letter in "\n\r\t" or unicodedata.category(letter) not in _HIDDEN
    )
