"""Text cells into moments. One way of writing dates holds for the whole file, or none does."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.statements.cells import Mask, as_mask
from mmrecon.statements.layout import DateFormat
from mmrecon.statements.refusal import NotReadableError

ISO: Final = DateFormat(format="%Y-%m-%d %H:%M:%S")
_DAY_S: Final = 86_400
_YEAR_2000_S: Final = 946_684_800
_TIME: Final = re.compile(r"[ T]|%[HI]")
_FRACTION: Final = r"(:[0-9]{2})\.[0-9]{1,9}"

Int64s = npt.NDArray[np.int64]
Evidence = Callable[[DateFormat, Int64s], bool]
"""Whether the local seconds that a way of writing gives fit what else the file says."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of one column as local seconds since 1970 in the file's own zone."""

    local_s: Int64s
    valid: Mask
    has_seconds: bool
    decided_by_evidence: bool = False


def moments(
    column: pa.Array,
    formats: Sequence[DateFormat],
    evidence: Sequence[Evidence],
    true_dates: Mask | None = None,
    zone: str = "",
) -> Moments:
    """The column under the one way of writing that fits all of its cells; `zone` is the file's.

    Raises:
        NotReadableError: day and month cannot be told apart, or are mixed.
    """
    text = pc.utf8_trim_whitespace(column)
    present = as_mask(pc.not_equal(text, ""))
    if true_dates is not None:
        if (present & ~true_dates).any():
            raise NotReadableError("dates_mixed")
        parsed = parse_moments(text, ISO, zone)
        return Moments(*parsed, has_seconds=bool((parsed[0] % 60).any()))
    native = [form for form in formats if not form.resaved]
    for form in native:
        local_s, valid = parse_moments(text, form, zone)
        if valid.sum() == present.sum() and _is_padded(text, present, form):
            return Moments(local_s, valid, form.has_seconds)
    parsed_all = [(form, *parse_moments(text, form, zone)) for form in formats]
    return _decide(present, parsed_all, evidence)


_Parsed = tuple[DateFormat, Int64s, Mask]


def _decide(present: Mask, parsed: list[_Parsed], evidence: Sequence[Evidence]) -> Moments:
    whole = [entry for entry in parsed if entry[2].sum() == present.sum()]
    if not whole:
        return _best(parsed)
    decided = False
    for fits in evidence:
        if len(_different(whole)) > 1:
            kept = [entry for entry in whole if fits(entry[0], entry[1][present])]
            decided = decided or len(_different(kept)) == 1
            whole = kept or whole
    if len(_different(whole)) > 1:
        raise NotReadableError("dates_ambiguous")
    form, local_s, valid = whole[0]
    return Moments(local_s, valid, form.has_seconds, decided_by_evidence=decided)


def _best(parsed: list[_Parsed]) -> Moments:
    """The way that reads most cells, when none with another day order reads any of the rest."""
    form, local_s, valid = max(parsed, key=lambda entry: int(entry[2].sum()))
    for other, _, other_valid in parsed:
        if is_day_first(other) != is_day_first(form) and (other_valid & ~valid).any():
            raise NotReadableError("dates_mixed")
    return Moments(local_s, valid, form.has_seconds)


def is_day_first(form: DateFormat) -> bool:
    """Whether a way of writing has the day before the month, or the month in letters."""
    return "%b" in form.format or form.format.index("%d") < form.format.index("%m")


def _different(entries: list[_Parsed]) -> list[Int64s]:
    """The distinct readings among ways of writing."""
    distinct: list[Int64s] = []
    for _, local_s, _ in entries:
        if not any(np.array_equal(local_s, seen) for seen in distinct):
            distinct.append(local_s)
    return distinct


def _is_padded(text: pa.Array, present: Mask, form: DateFormat) -> bool:
    """Every cell has the full width of its format, as the provider writes it."""
    if not present.any():
        return True
    lengths = pc.utf8_length(_whole_seconds(text, form)).to_numpy()[present]
    return bool((lengths == _width(form.format)).all())


def _width(strptime_format: str) -> int:
    return len(datetime(2000, 12, 31, 23, 59, 59, tzinfo=UTC).strftime(strptime_format))


def _whole_seconds(text: pa.Array, form: DateFormat) -> pa.Array:
    return pc.replace_substring_regex(text, _FRACTION, r"\1") if form.fraction else text


def parse_moments(text: pa.Array, form: DateFormat, zone: str = "") -> tuple[Int64s, Mask]:
    """Local seconds and which cells could be read; days that do not exist are not read."""
    text = _whole_seconds(text, form)
    parsed = pc.strptime(text, format=form.format, unit="s", error_is_null=True)
    valid = as_mask(pc.is_valid(parsed))
    local_s = pc.fill_null(pc.cast(parsed, pa.int64()), 0).to_numpy().copy()
    valid &= local_s >= _YEAR_2000_S
    valid &= ~_overflown(text, valid, local_s, form)
    if form.zone and zone and form.zone != zone:
        local_s = to_local_s(to_utc_s(local_s, form.zone), zone)
    local_s[~valid] = 0
    return local_s, valid


def _overflown(text: pa.Array, valid: Mask, local_s: Int64s, form: DateFormat) -> Mask:
    """Cells like 31 February, which strptime takes for the first days of March."""
    overflown = np.zeros(len(valid), dtype=np.bool_)
    days = (local_s // _DAY_S).astype("datetime64[D]")
    day_of_month = (days - days.astype("datetime64[M]")).astype(np.int64) + 1
    places = np.flatnonzero(valid & (day_of_month <= 3))
    if not len(places):
        return overflown
    date_format, *time = _TIME.split(form.format, maxsplit=1)
    date_texts = text.take(pa.array(places))
    if time and form.format[len(date_format)] in " T":
        date_texts = pc.replace_substring_regex(date_texts, r"([0-9])[T\s][\s\S]*$", r"\1")
    else:
        date_texts = pc.utf8_slice_codeunits(date_texts, 0, _width(date_format))
    encoded = pc.dictionary_encode(date_texts)
    unreal = [not _is_real(date, date_format) for date in encoded.dictionary.to_pylist()]
    overflown[places] = np.asarray(unreal)[encoded.indices.to_numpy()]
    return overflown


def _is_real(date_text: str, date_format: str) -> bool:
    try:
        datetime.strptime(date_text, date_format).replace(tzinfo=UTC)
    except ValueError:
        return False
    return True


def readable(column: pa.Array, formats: Sequence[DateFormat]) -> Mask:
    """Cells that one of the ways of writing reads."""
    text = pc.utf8_trim_whitespace(column)
    found = np.zeros(len(text), dtype=np.bool_)
    for form in formats:
        found |= parse_moments(text, form)[1]
    return found


def one_moment(text: str, form: DateFormat) -> int | None:
    """One cell as local seconds; None where it is written otherwise."""
    local_s, valid = parse_moments(pa.array([text.strip()]), form)
    return int(local_s[0]) if valid[0] else None


def to_utc_s(local_s: Int64s, zone: str) -> Int64s:
    """Local seconds of a zone as UTC seconds."""
    naive = pa.array(local_s).cast(pa.timestamp("s"))
    aware = pc.assume_timezone(naive, zone, ambiguous="earliest", nonexistent="earliest")
    seconds: Int64s = pc.cast(aware, pa.int64()).to_numpy()
    return seconds


def to_local_s(utc_s: Int64s, zone: str) -> Int64s:
    """UTC seconds as local seconds of a zone."""
    moments = pa.array(utc_s).cast(pa.timestamp("s", tz="UTC"))
    local = pc.local_timestamp(moments.cast(pa.timestamp("s", tz=zone)))
    seconds: Int64s = pc.cast(local, pa.int64()).to_numpy().copy()
    return seconds


def local_dates(local_s: Int64s) -> pa.Array:
    """ISO dates of local seconds, as dictionary-decoded text."""
    days, where = np.unique(local_s // _DAY_S, return_inverse=True)
    names = pa.array(days.astype("datetime64[D]").astype(str).tolist(), pa.string())
    return names.take(pa.array(where))
