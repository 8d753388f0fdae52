"""Which column of an unknown table is what: a guess needs a name that says it, and fitting cells.

Nothing is taken that only might be so: two equal claims, or a name without fitting cells, are left
to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mmrecon.statements.column_shapes import Column
from mmrecon.statements.column_words import COLUMNS, likeness, plain

MONEY_FIELDS: Final = ("in", "out", "amount", "balance", "before", "fee")
_CODE: Final = r"^\S{3,60}$"
_BY_CELLS: Final = 5
_WITH_TIME: Final = 4
_VALUE_DATE: Final = 20


@dataclass(frozen=True, slots=True)
class Guess:
    """A column is taken for a field, for a reason; `rivals` are columns that might be it too.

    `is_open`: one of them has as much for it, so a person must choose.
    """

    column: Column
    field: str
    reason: str
    rivals: tuple[str, ...] = ()
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class _Claim:
    score: int
    column: Column
    field: str


def _is_amount(column: Column) -> bool:
    return column.is_money and not column.dates


def _may_be_empty(column: Column) -> bool:
    return _is_amount(column) or not column.filled


def _is_text(column: Column) -> bool:
    return column.filled > 0 and not column.dates and not column.is_money


def _is_name(column: Column) -> bool:
    return _is_text(column) and column.percent("[0-9]{3}") < 10


def _is_code(column: Column) -> bool:
    return column.filled > 0 and not column.dates and column.percent(_CODE) == 100


_FITS: Final[dict[str, tuple[Callable[[Column], bool], str]]] = {
    "receipt": (lambda column: column.is_receipt, "each filled cell is a code of its own"),
    "completed_at": (lambda column: bool(column.dates), "its cells are dates"),
    "initiated_at": (lambda column: bool(column.dates), "its cells are dates"),
    "status": (lambda column: bool(column.words), "it has a few words only"),
    "direction": (lambda column: 0 < len(column.words) <= 4, "it has a few words only"),
    "reason_type": (lambda column: bool(column.words), "it has a few words only"),
    "currency": (lambda column: column.is_currency, "its cells are currencies"),
    "account": (lambda column: column.has_one_number, "one number stands in every row"),
    "party": (lambda column: column.has_phones_with_names, "its cells are phones with names"),
    "party_id": (lambda column: column.has_phones, "its cells look like phones"),
    "party_name": (_is_name, "its cells are text without figures"),
    "reference": (lambda column: column.filled > 0 and not column.dates, "it is filled"),
    "linked_receipt": (_is_code, "its cells are codes"),
    "external_id": (_is_code, "its cells are codes"),
    "in": (_may_be_empty, "its cells are amounts"),
    "out": (_may_be_empty, "its cells are amounts"),
    "amount": (_is_amount, "its cells are amounts"),
    "balance": (_is_amount, "its cells are amounts"),
    "before": (_is_amount, "its cells are amounts"),
    "fee": (_is_amount, "its cells are amounts"),
    "details": (_is_text, "its cells are text"),
}
_KNOWN_BY_CELLS: Final = ("completed_at", "party", "party_id", "currency")


def guessed_columns(columns: Sequence[Column]) -> list[Guess]:
    """The best claim for each field, in the order of the columns; a column serves one field."""
    claims = sorted(
        (claim for column in columns if column.name.strip() for claim in _claims(column)),
        key=lambda claim: (-claim.score, claim.column.place),
    )
    chosen: dict[int, _Claim] = {}
    fields: set[str] = set()
    for claim in claims:
        if claim.column.place in chosen or claim.field in fields:
            continue
        if _excludes(claim.field, fields):
            continue
        chosen[claim.column.place] = claim
        if claim.field != "fee":
            fields.add(claim.field)
    return [_guess(claim, claims, chosen) for _, claim in sorted(chosen.items())]


def _guess(claim: _Claim, claims: Sequence[_Claim], chosen: dict[int, _Claim]) -> Guess:
    """A claim with those beside it that nothing else uses."""
    rivals = [
        one
        for one in claims
        if one.field == claim.field != "fee" and one.column.place not in chosen
    ]
    names = tuple(dict.fromkeys(one.column.name.strip() for one in rivals))
    is_open = any(
        one.score >= claim.score and one.column.name != claim.column.name for one in rivals
    )
    return Guess(claim.column, claim.field, _reason(claim), names, is_open)


def _excludes(field: str, fields: set[str]) -> bool:
    """One amount or two columns for in and out, a party in one cell or in two: never both."""
    if field == "amount":
        return {"in", "out"} <= fields
    if field == "party":
        return not fields.isdisjoint({"party_id", "party_name"})
    return field in ("party_id", "party_name") and "party" in fields


def _claims(column: Column) -> Iterator[_Claim]:
    says_anything = any(_named(column, field) for field in _FITS)
    for field, (fits, _) in _FITS.items():
        score = _named(column, field)
        if not score and field in _KNOWN_BY_CELLS and not says_anything:
            score = _BY_CELLS
        if score <= 0 or not fits(column):
            continue
        if field == "completed_at":
            score += _WITH_TIME if any("%H" in form.format for form in column.dates) else 0
            score -= _VALUE_DATE if {"value", "valeur"} & set(plain(column.name).split()) else 0
        yield _Claim(score, column, field)


def _named(column: Column, field: str) -> int:
    """How much a column's name says a field."""
    if field == "party":
        return max(likeness(column.name, each) for each in ("party_id", "party_name", "details"))
    if field == "account" and column.rows > 2:
        return max(likeness(column.name, each) for each in ("account", "reference"))
    return likeness(column.name, field) if field in COLUMNS else 0


def _reason(claim: _Claim) -> str:
    _, cells = _FITS[claim.field]
    if not claim.column.filled:
        return "its name says so; it is empty in this file"
    said = "its name says so" if _named(claim.column, claim.field) else "its name does not say"
    return f"{said}, and {cells}"
