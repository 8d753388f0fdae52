"""What a row means: fields packed into details, the party, the class."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.model.line import LineClass, PartyKind
from mmrecon.statements.cells import Mask, as_mask
from mmrecon.statements.layout import ClassRule, DetailRule, PartyForm
from mmrecon.statements.moments import Int64s

_CLASSES: Final = [line_class.value for line_class in LineClass]
_KINDS: Final = [kind.value for kind in PartyKind]
_LOOKED_AT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Parties:
    """The party of each row: its kind, its identifier and its name as printed."""

    kind: pa.Array
    phone: pa.Array
    name: pa.Array


def unpack_details(texts: dict[str, pa.Array], rules: Sequence[DetailRule]) -> dict[str, pa.Array]:
    """Fields that no column filled, from the first rule that fits a row's details."""
    if not rules:
        return dict(texts)
    open_fields = {
        name for name, cells in texts.items() if not as_mask(pc.not_equal(cells, "")).any()
    }
    found = dict(texts)
    waiting = np.ones(len(texts["details"]), dtype=np.bool_)
    for rule in rules:
        groups = [name for name in re.compile(rule.pattern).groupindex if name in open_fields]
        places = np.flatnonzero(waiting)
        if not groups or not len(places):
            continue
        parts = pc.extract_regex(texts["details"].take(pa.array(places)), rule.pattern)
        fits = as_mask(pc.is_valid(parts))
        for group in groups:
            values = pc.fill_null(pc.struct_field(parts, group), "").filter(pa.array(fits))
            found[group] = scatter(found[group], places[fits], values)
        waiting[places[fits]] = False
    return found


def scatter(target: pa.Array, places: npt.NDArray[np.int64], values: pa.Array) -> pa.Array:
    """The target with values put at places."""
    if not len(places):
        return target
    if len(places) == len(target):
        return values
    mask = np.zeros(len(target), dtype=np.bool_)
    mask[places] = True
    return pc.replace_with_mask(target, pa.array(mask), values)


def parties(texts: dict[str, pa.Array], forms: Sequence[PartyForm]) -> Parties:
    """Parse the party cell, or the party_id cell where it is empty."""
    source = party_text(texts)
    source = pc.utf8_trim_whitespace(source)
    count = len(source)
    kind = np.full(count, _KINDS.index(PartyKind.NONE.value), dtype=np.int64)
    phone = pa.array([""] * count, pa.string())
    name = texts["party_name"]
    waiting = as_mask(pc.not_equal(source, ""))
    for form in forms:
        places = np.flatnonzero(waiting)
        if not len(places):
            break
        parts = pc.extract_regex(source.take(pa.array(places)), _with_group(form.pattern))
        fits = as_mask(pc.is_valid(parts))
        hit = places[fits]
        kind[hit] = _KINDS.index(form.kind.value)
        groups = re.compile(form.pattern).groupindex
        if "phone" in groups:
            phone = scatter(phone, hit, _group(parts, "phone", fits))
        if "name" in groups:
            found = _group(parts, "name", fits)
            column = name.take(pa.array(hit))
            name = scatter(name, hit, pc.if_else(pc.equal(found, ""), column, found))
        waiting[hit] = False
    return Parties(pa.array(_KINDS).take(pa.array(kind)), phone, pc.utf8_trim_whitespace(name))


def party_text(texts: dict[str, pa.Array]) -> pa.Array:
    """The party as printed."""
    return pc.if_else(pc.equal(texts["party"], ""), texts["party_id"], texts["party"])


def _with_group(pattern: str) -> str:
    """A pattern that has at least one named group, as Arrow demands."""
    return pattern if re.compile(pattern).groupindex else f"(?P<all>{pattern})"


def _group(parts: pa.Array, name: str, fits: Mask) -> pa.Array:
    return pc.fill_null(pc.struct_field(parts, name), "").filter(pa.array(fits))


def classify(
    texts: dict[str, pa.Array], sign: Int64s, final: Mask, rules: Sequence[ClassRule]
) -> pa.Array:
    """The class of each row: the first rule that fits; unknown is a class, never a payment."""
    found = np.full(len(sign), _CLASSES.index(LineClass.UNKNOWN.value), dtype=np.int64)
    found[~final] = _CLASSES.index(LineClass.NON_FINAL.value)
    waiting = final.copy()
    columns = _Columns(texts)
    for rule in rules:
        fits = waiting.copy()
        if rule.sign is not None:
            fits &= sign == rule.sign
        for field in ("reason_type", "details", "party", "linked_receipt"):
            pattern = getattr(rule, field)
            if pattern is not None and fits.any():
                fits &= columns.matching(field, pattern)
        found[fits] = _CLASSES.index(rule.line_class.value)
        waiting &= ~fits
    return pa.array(_CLASSES).take(pa.array(found))


class _Columns:
    """Text columns whose regular expressions run once per distinct value, if values repeat."""

    def __init__(self, texts: dict[str, pa.Array]) -> None:
        self._texts = texts
        self._encoded: dict[str, pa.DictionaryArray | None] = {}

    def matching(self, field: str, pattern: str) -> Mask:
        """Rows whose field matches."""
        if field not in self._encoded:
            self._encoded[field] = _encoded(self._texts[field])
        encoded = self._encoded[field]
        if encoded is None:
            return as_mask(pc.match_substring_regex(self._texts[field], pattern))
        hits = as_mask(pc.match_substring_regex(encoded.dictionary, pattern))
        mask: Mask = hits[encoded.indices.to_numpy()]
        return mask


def _encoded(column: pa.Array) -> pa.DictionaryArray | None:
    """A column by its distinct values; None where most of its first ones are distinct."""
    first = column.slice(0, _LOOKED_AT)
    return pc.dictionary_encode(column) if 2 * len(first.unique()) <= len(first) else None
