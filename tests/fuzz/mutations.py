"""Damage of every kind: what people, portals and Excel do, and what nobody does."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

from tests.fuzz.specimen import Row, Specimen

Mutation = Callable[[Specimen, list[Row], random.Random], None]
_DATE: Final = re.compile(r"\d{1,4}[-/]\d{1,2}[-/]\d{1,4}[ T]\d{1,2}:\d{2}(?::\d{2})?")
_NUMBER: Final = re.compile(r"-?[\d,]*\d(?:\.\d+)?")
_ODD: Final = (
    "", " ", "0", "-", "--", "?", "#REF!", "NULL", "nan", "1e5", "1.42593E+11", "2,547E+11",
    "=1+1", "@SUM(A1)", "1.234,50", "1 234,50", "1,234.5", "1.500", "99999999999999999999",
    "-+1500", "(50)", "KES 50", "254700000001.0", "46053.334", "31-02-2026 08:01:02",
    "1/2/2026 9:00", "2026-01-31T08:01:02Z", "\u200eUAV0EXAM01", "\u00a012", "A" * 5_000,
    'say "hi"', "two\nlines", "comma, inside", "semi; colon", "tab\tinside", "\u202egnp.exe",
    "R\u00c3\u00a9ussi", "\u00e9", "\u0663", "\U0001d7d9", "\x1b[31m",
)  # fmt: skip


def _below(specimen: Specimen, rows: list[Row]) -> list[Row]:
    return [row for row in rows[specimen.header_at + 1 :] if row.cells]


def _pick(specimen: Specimen, rows: list[Row], rng: random.Random) -> Row:
    row = rng.choice(_below(specimen, rows) or rows)
    row.touched = True
    return row


def odd_cell(specimen: Specimen, rows: list[Row], rng: random.Random) -> None:
    """Any cell becomes something odd."""
    row = _pick(specimen, rows, rng)
    row.cells[rng.randrange(len(row.cells))] = rng.choice(_ODD)
    specimen.dates_touched = True


def bent_cell(specimen: Specimen, rows: list[Row], rng: random.Random) -> None:
    """A cell loses, gains or swaps a character."""
    row = _pick(specimen, rows, rng)
    places = [at for at, cell in enumerate(row.cells) if cell]
    if not places:
        return
    at = rng.choice(places)
    cell, place = row.cells[at], rng.randrange(len(row.cells[at]))
    new = rng.choice(["", "x", "0", ".", ",", "E+", " ", '"', "\u00a0", "\n"])
    row.cells[at] = cell[:place] + new + cell[place + rng.randrange(2) :]
    specimen.dates_touched = True


def resaved_dates(specimen: Specimen, rows: list[Row], rng: random.Random) -> None:
    """Excel writes some or all dates again in its own way."""
    forms = ("%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%y %H:%M", "serial", "%Y-%m-%d %H:%M:%S")
    form, share = rng.choice(forms), rng.choice([1.0, 1.0, 0.5, 0.1])
    specimen.dates_touched = True
    for row in _below(specimen, rows):
        if rng.random() > share:
            continue
        for at, cell in enumerate(row.cells):
            if _DATE.fullmatch(cell):
                row.cells[at] = _rewritten(cell, form)
                row.touched = True


def _rewritten(cell: str, form: str) -> str:
    for known in ("%d-%m-%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S"):
        try:
            moment = datetime.strptime(cell, known)  # noqa: DTZ007
        except ValueError:
            continue
        if form == "serial":
            since = moment - datetime(1899, 12, 30)  # noqa: DTZ001
            return f"{since.days + since.seconds / 86_400:.10f}".rstrip("0")
        return moment.strftime(form)
    return cell


def resaved_money(specimen: Specimen, rows: list[Row], rng: random.Random) -> None:
    """Numbers are written again with other marks, all of them or some."""
    group, decimal = rng.choice([(".", ","), (" ", ","), ("", ","), ("'", "."), (",", ".")])
    share = rng.choice([1.0, 1.0, 0.5])
    for row in _below(specimen, rows):
        if rng.random() > share:
            continue
        for at, cell in enumerate(row.cells):
            if _NUMBER.fullmatch(cell) and "." in cell:
                text = f"{float(cell.replace(',', '')):,.2f}"
                marks = {",": group, ".": decimal}
                row.cells[at] = "".join(marks.get(letter, letter) for letter in text)
                row.touched = True


def lost_row(specimen: Specimen, rows: list[Row], rng: random.Random) -> None:
    """A row is gone."""
    rows.remove(_pick(specimen, rows, rng))


def doubled_row(specimen: Specimen, rows: list[Row], rng: random.Random) -> None:
    """A row stands twice."""
    row = _pick(specimen, rows, rng)
    rows.insert(rng.randrange(specimen.header_at + 1, len(rows) + 1), Row(list(row.cells)))


def sorted_rows(specimen: Specimen, rows: list[Row], rng: random.Random) -> None:
    """The data rows stand in another order."""
    below = rows[specimen.header_at + 1 :]
    rng.shuffle(below)
    rows[specimen.header_at + 1 :] = below


def short_row(specimen: Specimen, rows: list[Row], rng: random.Random) -> None:
    """A row ends early."""
    row = _pick(specimen, rows, rng)
    del row.cells[rng.randrange(1, len(row.cells) + 1) :]


def long_row(specimen: Specimen, rows: list[Row], rng: random.Random) -> None:
    """A row has more cells."""
    _pick(specimen, rows, rng).cells.extend(
        rng.choice(["", "x", "5.00"]) for _ in range(rng.randrange(1, 4))
    )


def inserted_rows(specimen: Specimen, rows: list[Row], rng: random.Random) -> None:
    """Blank lines, totals, remarks and repeated headers between the rows."""
    header = rows[specimen.header_at].cells
    kinds: list[list[str]] = [
        [],
        [""] * len(header),
        ["Total", "", "5.00"],
        ["a remark"],
        list(header),
    ]
    for _ in range(rng.randrange(1, 4)):
        rows.insert(
            rng.randrange(specimen.header_at + 1, len(rows) + 1), Row(list(rng.choice(kinds)))
        )


def grown_preamble(specimen: Specimen, rows: list[Row], rng: random.Random) -> None:
    """More lines above the header, or fewer."""
    if specimen.header_at and rng.random() < 0.4:
        del rows[rng.randrange(specimen.header_at)]
        specimen.header_at -= 1
        return
    rows.insert(0, Row(rng.choice([[], ["Printed by", "x"], ["EXAMPLE SACCO"], ["=cmd()"]])))
    specimen.header_at += 1


def added_column(specimen: Specimen, rows: list[Row], rng: random.Random) -> None:
    """A column that nobody knows, somewhere."""
    at = rng.randrange(len(rows[specimen.header_at].cells) + 1)
    for number, row in enumerate(rows[specimen.header_at :]):
        if row.cells:
            row.cells.insert(at, "Remarks" if number == 0 else rng.choice(["", "x"]))


def moved_column(specimen: Specimen, rows: list[Row], rng: random.Random) -> None:
    """A column stands elsewhere; not where several share a name."""
    header = rows[specimen.header_at].cells
    if len(set(header)) < len(header):
        return
    come, go = rng.randrange(len(header)), rng.randrange(len(header))
    for row in rows[specimen.header_at :]:
        if len(row.cells) == len(header):
            row.cells.insert(go, row.cells.pop(come))


def lost_column(specimen: Specimen, rows: list[Row], rng: random.Random) -> None:
    """A column is gone or has another name; everything may have changed."""
    at = rng.randrange(len(rows[specimen.header_at].cells))
    renamed = rng.random() < 0.5
    for number, row in enumerate(rows[specimen.header_at :]):
        row.touched = True
        if renamed:
            row.cells[at:] = ["Other name", *row.cells[at + 1 :]] if number == 0 else row.cells[at:]
        elif at < len(row.cells):
            del row.cells[at]
    specimen.dates_touched = True


def header_changed(specimen: Specimen, rows: list[Row], rng: random.Random) -> None:
    """The header in capitals, with spaces, with invisible letters."""
    form = rng.choice(["upper", "lower", "  {} ", "{}\u200b"])
    named = {"upper": str.upper, "lower": str.lower}.get(form, form.format)
    rows[specimen.header_at].cells = [named(cell) for cell in rows[specimen.header_at].cells]


MUTATIONS: tuple[Mutation, ...] = (
    odd_cell, odd_cell, bent_cell, bent_cell, resaved_dates, resaved_money, lost_row, doubled_row,
    sorted_rows, short_row, long_row, inserted_rows, grown_preamble, added_column, moved_column,
    lost_column, header_changed,
)  # fmt: skip


def bent_bytes(content: bytes, rng: random.Random) -> bytes:
    """Bytes flipped, cut out, put in, doubled, or the end cut off."""
    damaged = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 5, 20])):
        at = rng.randrange(len(damaged) + 1)
        kind = rng.randrange(5)
        if kind == 0 and at < len(damaged):
            damaged[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del damaged[at : at + rng.randrange(1, 40)]
        elif kind == 2:
            damaged[at:at] = rng.choice(
                [b'"', b"\x00", b"\xff\xfe", b"\r", b"\n\n", b",", b"\xc3", rng.randbytes(9)]
            )
        elif kind == 3:
            damaged[at:at] = damaged[at : at + rng.randrange(1, 400)]
        elif rng.random() < 0.3:
            del damaged[at:]
    return bytes(damaged)
