"""What the words of a draft mean: status, direction, kind of line, how a party is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from mmrecon.model.line import LineClass, PartyKind
from mmrecon.model.words import counted
from mmrecon.statements.cells import as_mask
from mmrecon.statements.column_shapes import MASKED, PHONE
from mmrecon.statements.draft_text import DraftText, asked
from mmrecon.statements.guessed_words import class_of, is_final, way_of
from mmrecon.statements.unknown import Unknown

_CLASSES: Final = "collection, payout, charge, reversal, transfer, settlement or funding"
_FIRST: Final = (LineClass.REVERSAL, LineClass.CHARGE)
_WAYS: Final = {1: "money in", -1: "money out", 0: "direction not known"}
_PHONE: Final = r"^(?P<phone>\+?[0-9]{9,13})$"
_MASKED: Final = r"^(?P<phone>\+?[0-9]{2,6}[*xX]{2,8}[0-9]{2,4})$"
_BOTH: Final = r"^(?P<phone>\+?[0-9]{9,13})\s*[-/,]?\s+(?P<name>.*)$"


def write_status(draft: DraftText, unknown: Unknown) -> None:
    """Which statuses say that the money has moved for good."""
    draft.section("Status")
    found = unknown.guess("status")
    if found is None:
        draft.guess(
            "no column tells whether a payment was completed, so every row counts as completed; "
            "where the export holds failed ones too, it cannot be used"
        )
        return
    told = {word: is_final(word) for word in found.column.words}
    lost = [word for word, final in told.items() if final is None]
    final = [word for word, is_good in told.items() if is_good]
    if lost:
        draft.ask(
            "Take the question mark away from a status whose money has moved for good; move the "
            "other words, without it, to non_final."
        )
    draft.table("status")
    draft.guess("the words say so; a status in neither list makes its row refused")
    draft.put("final", [*final, *map(asked, lost)] or [asked()])
    draft.put("non_final", [word for word, is_good in told.items() if is_good is False])


def write_direction(draft: DraftText, unknown: Unknown) -> None:
    """Which words say that money came, and which that it went."""
    found = unknown.telling_words
    if found is None:
        return
    ways = {word: way_of(word) for word in found.column.words}
    lost = [word for word, way in ways.items() if not way]
    draft.section("Direction")
    if lost:
        draft.ask(
            "Take the question mark away from a word that says money in; move the others, without "
            "it, to `out`."
        )
    draft.table("direction")
    draft.guess("the words say so")
    draft.put("in", [*(w for w, way in ways.items() if way == "in"), *map(asked, lost)])
    draft.put("out", [word for word, way in ways.items() if way == "out"])


def write_classes(draft: DraftText, unknown: Unknown) -> None:
    """A rule for each word that names a kind of line; a word that may be two things is asked."""
    draft.section("What kind of line it is")
    draft.note(
        "The first rule that fits holds. A line that no rule fits is unknown: a person decides."
    )
    signs = unknown.amounts.signs(unknown.places)
    found = unknown.guess("reason_type")
    if found is None:
        _ask_by_sign(draft, signs)
        return
    cells = pc.utf8_trim_whitespace(unknown.table.columns[found.column.place])
    rules = []
    for word in found.column.words:
        here = as_mask(pc.equal(cells, word))
        seen = [0] if signs is None else sorted({int(sign) for sign in signs[here] if sign})
        for sign in seen or [0]:
            count = int(here.sum()) if signs is None else int((here & (signs == sign)).sum())
            rules.append((class_of(word, sign), word, sign, count))
    for name, word, sign, count in sorted(rules, key=lambda rule: rule[0] not in _FIRST):
        _write_rule(draft, name, word, sign, count)


def _write_rule(draft: DraftText, name: LineClass | None, word: str, sign: int, count: int) -> None:
    rows = f"{counted(count, 'row')}, {_WAYS[sign]}"
    if name is None:
        draft.ask(f"{rows}: is this {_CLASSES}? Delete the rule if it may be several.")
    else:
        draft.guess(f"{rows}; the word says so")
    draft.entry("classes")
    draft.put("line_class", asked() if name is None else name.value)
    draft.put("reason_type", f"(?i)^{_escaped(word)}$")
    if sign:
        draft.put_number("sign", sign)


def _escaped(word: str) -> str:
    """A word as a pattern that reads like the word."""
    return re.escape(word).replace(r"\ ", " ").replace(r"\-", "-")


def _ask_by_sign(draft: DraftText, signs: npt.NDArray[np.int64] | None) -> None:
    """Without words, only the direction tells lines apart."""
    for sign in (1, -1) if signs is None else _seen(signs.tolist()):
        draft.ask(
            f"No column of words tells what a line is. Is every row of {_WAYS[sign]} a "
            f"{'collection: a payment of a client' if sign > 0 else 'payout to a client'}? Then "
            "write that word; delete the rule where it may be anything else."
        )
        draft.entry("classes")
        draft.put("line_class", asked())
        draft.put_number("sign", sign)


def _seen(signs: Sequence[int]) -> Iterable[int]:
    return sorted({sign for sign in signs if sign}, reverse=True)


def write_parties(draft: DraftText, unknown: Unknown) -> None:
    """How a phone is written."""
    both, phone = unknown.guess("party"), unknown.guess("party_id")
    if both is None and phone is None:
        return
    draft.section("Who paid")
    if both is not None:
        _write_party(draft, PartyKind.PHONE, _BOTH, both.column.percent(_BOTH))
    if phone is not None:
        for kind, pattern, plain in (
            (PartyKind.PHONE, _PHONE, PHONE), (PartyKind.MASKED, _MASKED, MASKED),
        ):  # fmt: skip
            if phone.column.fitting(plain):
                _write_party(draft, kind, pattern, phone.column.percent(plain))


def _write_party(draft: DraftText, kind: PartyKind, pattern: str, percent: int) -> None:
    draft.guess(f"{percent} % of the parties are written so")
    draft.entry("parties")
    draft.put("kind", kind.value)
    draft.put("pattern", pattern)
