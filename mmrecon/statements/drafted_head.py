"""The head of a draft: who it is, how it is recognised, what stands above its header."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.model.money import CURRENCY_DIGITS
from mmrecon.statements.cells import as_mask
from mmrecon.statements.column_shapes import date_formats
from mmrecon.statements.column_words import LABELS, likeness
from mmrecon.statements.draft_text import DraftText, asked
from mmrecon.statements.guessed_money import reads_amount
from mmrecon.statements.header import Nearest
from mmrecon.statements.layout import token
from mmrecon.statements.unknown import Unknown

_CURRENCY_WORDS: Final = {"KSH": "KES", "KSHS": "KES", "USH": "UGX", "CFA": "", "FCFA": ""}
"""Other spellings; two currencies are called CFA."""
_ALPHABETS: Final = ("[0-9]", "[A-Z]", "[A-Z0-9]", "[A-Z0-9._:/-]")
_LETTER: Final = re.compile(r"[^\W\d_]")
_MONEY_LABELS: Final = frozenset({"opening", "closing", "total_in", "total_out"})
_MOST_REQUIRED: Final = 6
_FIRST: Final = ("receipt", "completed_at", "amount", "in", "out", "balance", "reference", "status")


@dataclass(frozen=True, slots=True)
class About:
    """What is known beside the file's content: its name, its nearest layout, the site's words."""

    file_name: str
    name: str
    nearest: Nearest | None
    providers: Sequence[str]


def write_head(draft: DraftText, unknown: Unknown, about: About) -> None:
    """Name, provider, zone, currency, receipts and the fingerprint."""
    draft.note(f"A draft for {about.file_name}, by `mmrecon formats new`. It is not in use yet.")
    draft.note("OPEN asks what nobody can guess: put the answer in the place of the question mark.")
    draft.note("GUESS says why the lines below are so: compare, then write CHECKED instead.")
    draft.note(
        "Then: mmrecon formats try FILE --layout THIS-FILE. docs/adding-a-layout.md has all."
    )
    if about.nearest is not None:
        near = about.nearest
        draft.note(
            f"The nearest layout is {near.layout}; this export lacks of it: {near.missing}; "
            f"it has besides: {near.unknown}."
        )
    draft.section("Who it is")
    draft.put("name", about.name)
    draft.ask("What is this export called, in words?")
    draft.put("title", asked())
    draft.ask("Where in the provider's portal is it made?")
    draft.put("portal", asked())
    known = ", ".join(sorted(set(about.providers)))
    words = f"in use here: {known}" if known else "a short word in small letters"
    draft.ask(f"Which `provider` does the wallet in config.toml have? ({words})")
    draft.put("provider", asked())
    draft.put("containers", ["json"] if unknown.is_json else ["csv", "xls", "xlsx"])
    draft.ask(
        "In which time zone does the provider print its times? As Africa/Kampala, Africa/Nairobi, "
        "Africa/Douala, Africa/Dakar, UTC."
    )
    draft.put("zone", asked())
    _write_currency(draft, unknown)
    _write_receipts(draft, unknown)
    _write_order(draft, unknown)
    _write_fingerprint(draft, unknown)


def _write_currency(draft: DraftText, unknown: Unknown) -> None:
    column = unknown.guess("currency")
    if column is not None:
        words = {word.upper() for word in column.column.cells.to_pylist()}
        others = sorted(words - set(CURRENCY_DIGITS))
        for word in others:
            _write_currency_word(draft, word)
        return
    named = {word for name in unknown.table.header for word in re.findall(r"[A-Za-z]{3,4}", name)}
    found = sorted(
        {_CURRENCY_WORDS.get(w.upper(), w.upper()) for w in named} & set(CURRENCY_DIGITS)
    )
    if len(found) == 1:
        draft.guess("a column's name says so")
        draft.put("currency", found[0])
    else:
        draft.ask("In which currency are the amounts? Three letters, as UGX, KES, XAF, XOF.")
        draft.put("currency", asked())


def _write_currency_word(draft: DraftText, word: str) -> None:
    meant = _CURRENCY_WORDS.get(word, "")
    if meant:
        draft.guess(f"{word} is another spelling of {meant}")
    else:
        draft.ask(f"Which currency is {word}? Three letters, as UGX, KES, XAF, XOF.")
    draft.lines.append(f'currency_words = {{ {word} = "{meant or asked()}" }}')


def _write_receipts(draft: DraftText, unknown: Unknown) -> None:
    """How receipts are written: the alphabet and lengths of those that are here."""
    found = unknown.guess("receipt")
    if found is None:
        return
    cells = pc.utf8_upper(found.column.cells)
    lengths = pc.utf8_length(cells)
    shortest, longest = pc.min(lengths).as_py(), pc.max(lengths).as_py()
    prefix = _common_prefix(cells)
    alphabet = next(
        one
        for one in (*_ALPHABETS, r"\S")
        if as_mask(pc.match_substring_regex(cells, rf"^{re.escape(prefix)}{one}*$")).all()
    )
    rest = f"{{{shortest - len(prefix)},{longest - len(prefix)}}}"
    if shortest == longest:
        rest = f"{{{shortest - len(prefix)}}}"
    draft.guess(
        "all receipts of this file are written so; widen it where others are longer or begin "
        "otherwise, for a row with any other receipt is refused"
    )
    draft.put("receipt_pattern", f"^{re.escape(prefix)}{alphabet}{rest}$")


def _write_order(draft: DraftText, unknown: Unknown) -> None:
    """The order of rows, and rows below the list."""
    if unknown.is_newest_first:
        draft.guess("the newest row of this file is the first")
        draft.put_flag("newest_first", value=True)
    if unknown.footers:
        draft.guess("rows whose first cell is so are sums or words, and no payments")
        draft.put("footers", unknown.footers)


def _common_prefix(cells: pa.Array) -> str:
    """Letters with which every receipt begins; figures count on."""
    first, last = pc.min(cells).as_py(), pc.max(cells).as_py()
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    letters = re.match(r"[A-Z]*", first[:same])
    return letters[0] if letters else ""


def _write_fingerprint(draft: DraftText, unknown: Unknown) -> None:
    def rank(field: str) -> int:
        return _FIRST.index(field) if field in _FIRST else len(_FIRST)

    told = sorted(unknown.guesses, key=lambda one: rank(one.field))
    sure = [
        one.column.name.strip()
        for one in told
        if not unknown.is_json or one.column.filled == one.column.rows
    ]
    names = list(dict.fromkeys(sure))[:_MOST_REQUIRED]
    required = names or [name.strip() for name in unknown.table.header if token(name)]
    draft.section("How it is recognised")
    draft.table("fingerprint")
    draft.guess("these columns are in this file; they must be in every export of this kind")
    draft.put("required", required)
    optional = [one.name.strip() for one in unknown.unused if one.name.strip() not in required]
    if optional:
        draft.note("Known, and not used.")
        draft.put("optional", dict.fromkeys(optional))


def write_preamble(draft: DraftText, unknown: Unknown) -> None:
    """Labels above the header whose value stands beside them."""
    labels = list(_labels(unknown))
    if not labels:
        return
    draft.section("What stands above the header")
    for label, field in labels:
        if field:
            draft.guess("the label says so, and its value fits")
            draft.entry("preamble")
            draft.put("label", label)
            draft.put("field", field)
        else:
            draft.note(f"Not used: the label {label[:40]}.")


def _labels(unknown: Unknown) -> Iterator[tuple[str, str]]:
    """Each label with the header field it says, or nothing."""
    seen: set[str] = set()
    for record in unknown.table.preamble:
        filled = [cell.strip() for cell in record if cell.strip()]
        if len(filled) < 2 or not _LETTER.search(filled[0]) or token(filled[0]) in seen:
            continue
        seen.add(token(filled[0]))
        scores = {field: likeness(filled[0], field, LABELS) for field in LABELS}
        field = max(scores, key=lambda one: scores[one])
        fits = scores[field] > 0 and _fits(field, filled[1], unknown)
        yield filled[0], field if fits else ""


def _fits(field: str, value: str, unknown: Unknown) -> bool:
    if field in _MONEY_LABELS:
        return reads_amount(value, unknown.marks.marks)
    if field == "account":
        return re.fullmatch(r"\+?[0-9]{4,20}", value) is not None
    if field == "currency":
        return value.upper() in CURRENCY_DIGITS
    return bool(date_formats(pa.array([value])))
