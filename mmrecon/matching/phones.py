"""Phones in one spelling for each country; masks; hashes (statement-formats.md 1.4 and 11).

The canonical form is the international number as int64 (254700000001); 0 is no phone. The country
comes from the wallet. A network prefix is a hint and never proof, so only lengths are checked.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.matching.keys import Flags, Keys, Places, digits_value, flags

COUNTRIES: Final[dict[str, tuple[int, int]]] = {
    "KE": (254, 9), "UG": (256, 9), "RW": (250, 9), "CM": (237, 9), "GH": (233, 9), "ZM": (260, 9),
    "TZ": (255, 9), "MW": (265, 9), "CD": (243, 9), "MZ": (258, 9), "LS": (266, 8), "BI": (257, 8),
}  # fmt: skip
"""Country to calling code and number of national digits (statement-formats.md section 11)."""

_DAMAGED: Final = r"[Ee]\+?\d"
_POWERS: Final = 10 ** np.arange(18, dtype=np.int64)
_MASK: Final = r"^\+?(?P<prefix>\d*)[*Xx]+(?:[\d*Xx]*[*Xx])?(?P<suffix>\d*)$"


@dataclass(frozen=True, slots=True)
class Masks:
    """Visible ends of masked phones, in national form; `length` 0 means nothing visible."""

    is_mask: Flags
    prefix: Keys
    prefix_length: Places
    suffix: Keys
    suffix_length: Places


def canonical(texts: pa.StringArray, country: str) -> Keys:
    """Each text's phone, in any spelling section 11 lists; 0 where it is none."""
    plain = flags(pc.or_(pc.utf8_is_digit(texts), pc.equal(texts, "")))
    if plain.all():
        return _of_digits(texts, country)
    phones = np.zeros(len(texts), dtype=np.int64)
    phones[plain] = _of_digits(texts.filter(pa.array(plain)), country)
    odd = pc.replace_substring_regex(texts.filter(pa.array(~plain)), r"\.0+$", "")
    damaged = pc.match_substring_regex(odd, _DAMAGED)
    digits = pc.replace_substring_regex(odd, r"[\s\-()./+]", "")
    phones[~plain] = _of_digits(pc.if_else(damaged, "", digits), country)
    return phones


def _of_digits(digits: pa.StringArray, country: str) -> Keys:
    lengths = pc.utf8_length(digits).to_numpy(zero_copy_only=False).astype(np.int64)
    values = digits_value(digits)
    values[lengths > 15] = -1
    return _canonical(values, lengths, country)


def _canonical(values: Keys, lengths: Places, country: str) -> Keys:
    code, national_length = COUNTRIES.get(country, (0, 99))
    significant = np.searchsorted(_POWERS, values, side="right").astype(np.int64)
    zeros = lengths - significant
    local = (values > 0) & (significant == national_length) & (zeros <= 1)
    result = np.where(local, code * 10 ** min(national_length, 15) + values, 0)
    for other, other_length in COUNTRIES.values():
        size = len(str(other)) + other_length
        abroad = (values > 0) & ~local & (significant == size) & ((zeros == 0) | (zeros == 2))
        abroad &= values // 10**other_length == other
        abroad &= values % 10**other_length >= 10 ** (other_length - 1)
        result[abroad] = values[abroad]
    return result


def masks(texts: pa.StringArray, country: str) -> Masks:
    """The visible ends of masked phones: `25470****001`, `07******01`, `0722XXXX89`."""
    encoded = pc.dictionary_encode(texts)  # masks are few, however many lines show them
    found = _masks(encoded.dictionary, country)
    at = encoded.indices.to_numpy(zero_copy_only=False)
    return Masks(
        found.is_mask[at], found.prefix[at], found.prefix_length[at], found.suffix[at],
        found.suffix_length[at],
    )  # fmt: skip


def _masks(texts: pa.StringArray, country: str) -> Masks:
    code, _ = COUNTRIES.get(country, (0, 99))
    packed = pc.replace_substring(pc.replace_substring(texts, " ", ""), "-", "")
    parts = pc.extract_regex(packed, _MASK)
    is_mask = flags(pc.is_valid(parts))
    prefix = pc.fill_null(pc.struct_field(parts, "prefix"), "")
    suffix = pc.fill_null(pc.struct_field(parts, "suffix"), "")
    prefix = pc.replace_substring_regex(prefix, rf"^(00)?{code}|^0", "")
    shorter = pc.is_in(prefix, pa.array([str(code)[:size] for size in (1, 2)]))
    prefix = pc.if_else(shorter, "", prefix)
    return Masks(is_mask, *_visible(prefix), *_visible(suffix))


def fits(mask: Masks, at: Places, phones: Keys, country: str) -> Flags:
    """Whether the masks at these places can hide these canonical phones."""
    code, national_length = COUNTRIES.get(country, (0, 0))
    national = phones % 10**national_length
    ours = (phones // 10**national_length == code) & mask.is_mask[at]
    hidden = np.maximum(national_length - mask.prefix_length[at], 0)
    begins = national // 10**hidden == mask.prefix[at]
    ends = national % (10 ** np.minimum(mask.suffix_length[at], 15)) == mask.suffix[at]
    room = mask.prefix_length[at] + mask.suffix_length[at] <= national_length
    result: Flags = ours & begins & ends & room
    return result


def hashes(phones: Keys) -> list[str]:
    """SHA-256 of each canonical phone's digits. Only ever of our own clients; never logged."""
    return [hashlib.sha256(str(phone).encode()).hexdigest() for phone in phones.tolist()]


def _visible(texts: pa.StringArray) -> tuple[Keys, Places]:
    lengths = pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.int64)
    values = digits_value(texts)
    usable = (lengths > 0) & (lengths <= 12)
    return np.where(usable, values, 0), np.where(usable, lengths, 0)
