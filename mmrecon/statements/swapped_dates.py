"""Dates of which Excel swapped day and month, put right where the rest of the file proves it.

A month-first Excel takes `03-04-2026` for 4 March and leaves `13-04-2026` alone, because there is
no month 13 (domain.md F-27). The mixture tells what happened; the stated period or the order of
the rows proves it. Without such a proof nothing is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.statements.cells import Mask, as_mask
from mmrecon.statements.layout import DateFormat
from mmrecon.statements.moments import ISO, Evidence, Int64s, parse_moments
from mmrecon.statements.rows import DataRows
from mmrecon.statements.text_buffers import lengths

_DAY_S: Final = 86_400
_DAY_FIRST: Final = tuple(
    DateFormat(format=text) for text in ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M")
)
_WHOLE_WIDTH: Final = len("31-01-2026 08:01:02")
_NAMES: Final = ("the period", "the order of the rows")


@dataclass(frozen=True)
class _Mixture:
    """A column of two kinds of dates: those that Excel touched, and those it left alone."""

    touched: Mask
    as_written_s: Int64s
    swapped_s: Int64s
    whole_minutes: bool


def with_days_unswapped(
    data: DataRows, formats: Sequence[DateFormat], evidence: Sequence[Evidence]
) -> DataRows:
    """The rows with swapped dates put right, where a piece of evidence holds for that alone.

    The moments of completion are what evidence is about; those of initiation follow them.
    """
    completed = _mixture(data, "completed_at", formats)
    if completed is None:
        return data
    place, mixture = completed
    alone = bool(mixture.touched.all())  # then the order of the rows is no proof
    proof = _proof(mixture, evidence[:1] if alone else evidence)
    if proof is None:
        return data
    initiated = _mixture(data, "initiated_at", formats)
    mended = data if initiated is None else _put(data, *initiated)
    mended = _put(mended, place, mixture)
    told: dict[str, str | int] = {"rows": int(mixture.touched.sum()), "evidence": proof}
    notices = (*data.table.notices, ("dates_swapped", told))
    return replace(mended, table=replace(mended.table, notices=notices))


def _mixture(
    data: DataRows, field: str, formats: Sequence[DateFormat]
) -> tuple[int, _Mixture] | None:
    """The place of a field's column and its two kinds of dates; None where it is of one kind."""
    columns = [col for col in data.table.layout.text_columns if col.field == field]
    place = data.position(columns[0]) if columns else None
    if place is None or not len(data.rows):
        return None
    marks = data.table.true_dates.get(place)
    cells = data.cells(place)
    if marks is None and (lengths(cells) == _WHOLE_WIDTH).all():
        return None  # a look that costs little: what Excel wrote again is shorter
    text = pc.utf8_trim_whitespace(cells)
    if pc.any(pc.equal(text, "")).as_py():
        return None
    if marks is None:
        found = _of_text(text, formats)
    else:
        found = _of_workbook(text, marks[data.keep], formats)
    return None if found is None else (place, found)


def _proof(mixture: _Mixture, evidence: Sequence[Evidence]) -> str | None:
    """The first evidence that holds for the swapped dates and not for the written ones."""
    for name, fits in zip(_NAMES, evidence, strict=False):
        written, swapped = fits(ISO, mixture.as_written_s), fits(ISO, mixture.swapped_s)
        if written != swapped:
            return name if swapped else None
    return None


def _of_workbook(text: pa.Array, marks: Mask, formats: Sequence[DateFormat]) -> _Mixture | None:
    """True dates, all of days up to 12, beside texts of later days, or alone."""
    written_s, is_date = parse_moments(text.filter(pa.array(marks)), ISO)
    swapped_s, could_be = _swapped(written_s)
    if not is_date.all() or not could_be.all() or not len(written_s):
        return None
    left_s = _left_alone(text.filter(pa.array(~marks)), formats)
    if left_s is None:
        return None
    written, swapped = (np.zeros(len(text), dtype=np.int64) for _ in range(2))
    written[marks], swapped[marks] = written_s, swapped_s
    written[~marks] = swapped[~marks] = left_s
    return _Mixture(marks, written, swapped, whole_minutes=False)


def _of_text(text: pa.Array, formats: Sequence[DateFormat]) -> _Mixture | None:
    """Texts that Excel wrote again, all of days up to 12, beside texts of later days."""
    native = [form for form in formats if not form.resaved and _is_day_first(form)]
    if not native:
        return None
    native_s, left = parse_moments(text, native[0])
    left &= as_mask(pc.equal(pc.utf8_length(text), _WHOLE_WIDTH))
    if left.all() or not left.any() or not _days_after_12(native_s[left]):
        return None
    rest = text.filter(pa.array(~left))
    for form in _DAY_FIRST:
        days_first_s, read = parse_moments(rest, form)
        swapped_s, could_be = _swapped(days_first_s)
        if read.all() and could_be.all():
            written, swapped = native_s.copy(), native_s.copy()
            swapped[~left], written[~left] = days_first_s, swapped_s
            return _Mixture(~left, written, swapped, whole_minutes=not form.has_seconds)
    return None


def _left_alone(text: pa.Array, formats: Sequence[DateFormat]) -> Int64s | None:
    """Texts that a month-first Excel could not take for dates; None where it could have."""
    if not len(text):
        return np.zeros(0, dtype=np.int64)
    for form in formats:
        if not form.resaved and _is_day_first(form):
            local_s, read = parse_moments(text, form)
            if read.all() and _days_after_12(local_s):
                return local_s
    return None


def _is_day_first(form: DateFormat) -> bool:
    return form.format.startswith("%d") and "%m" in form.format


def _days_after_12(local_s: Int64s) -> bool:
    dates = local_s.astype("datetime64[s]").astype("datetime64[D]")
    return bool(((dates - dates.astype("datetime64[M]")).astype(np.int64) >= 12).all())


def _swapped(local_s: Int64s) -> tuple[Int64s, Mask]:
    """The same moments with day and month swapped, and whether such a day exists."""
    dates = local_s.astype("datetime64[s]").astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    years = dates.astype("datetime64[Y]")
    day = (dates - months).astype(np.int64)
    month = (months - years).astype(np.int64)
    moved = (years.astype("datetime64[M]") + day % 12).astype("datetime64[D]") + month
    return moved.astype("datetime64[s]").astype(np.int64) + local_s % _DAY_S, day < 12


def _put(data: DataRows, place: int, mixture: _Mixture) -> DataRows:
    """The column with every moment written out, marked as true dates."""
    local_s = mixture.swapped_s
    if mixture.whole_minutes:
        local_s = local_s - local_s % 60
    texts = pc.strftime(pa.array(local_s).cast(pa.timestamp("s")), format="%Y-%m-%d %H:%M:%S")
    columns = list(data.table.columns)
    columns[place] = pc.replace_with_mask(
        columns[place], pa.array(data.keep), texts.cast(pa.string())
    )
    table = replace(
        data.table,
        columns=columns,
        true_dates={**data.table.true_dates, place: data.keep.copy()},
    )
    return replace(data, table=table)
