"""Which part of a day the statements cover, and up to when a wallet is read."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from mmrecon.model.proof import Coverage, StatementPeriod

WEEKDAYS: Final = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip


def day_bounds(day: date, zone: str) -> tuple[int, int]:
    """First and last second of a calendar day in a zone, as epoch seconds."""
    start = datetime.combine(day, time.min, ZoneInfo(zone))
    end = datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(zone))
    return int(start.timestamp()), int(end.timestamp()) - 1


def covered(periods: Iterable[StatementPeriod], day: date, zone: str) -> Coverage:
    """How much of the day the statements' periods cover together; a second's seam is no gap."""
    first, last = day_bounds(day, zone)
    spans = sorted(
        (period.from_utc_s, period.to_utc_s)
        for period in periods
        if period.from_utc_s is not None and period.to_utc_s is not None
    )
    reached, touched = first, False
    for start, end in spans:
        if end < first or start > last:
            continue
        touched = True
        if start <= reached:
            reached = max(reached, end + 1)
    if reached > last:
        return Coverage.FULL
    return Coverage.PARTIAL if touched else Coverage.NONE


def days_touched(periods: Iterable[StatementPeriod], zone: str) -> set[date]:
    """Calendar days that any statement's period touches."""
    days: set[date] = set()
    for period in periods:
        if period.from_utc_s is None or period.to_utc_s is None:
            continue
        day = datetime.fromtimestamp(period.from_utc_s, ZoneInfo(zone)).date()
        last = datetime.fromtimestamp(period.to_utc_s, ZoneInfo(zone)).date()
        while day <= last:
            days.add(day)
            day += timedelta(days=1)
    return days


def missing_days(
    periods: Iterable[StatementPeriod],
    first: date,
    now: datetime,
    expected_by: time,
    days_off: Collection[str | date],
) -> list[date]:
    """Days from `first` on of which no statement says anything, though it should be there by now.

    A day's statement is due the morning after, at `expected_by`; `now` is in the wallet's zone.
    `days_off` are weekdays in small letters, and dates.
    """
    seen = days_touched(periods, str(now.tzinfo))
    last = now.date() - timedelta(days=1 if now.time() >= expected_by else 2)
    days = (first + timedelta(days=after) for after in range((last - first).days + 1))
    return [
        day
        for day in days
        if day not in seen and not {day, WEEKDAYS[day.weekday()]} & set(days_off)
    ]


def read_up_to(periods: Iterable[StatementPeriod]) -> int | None:
    """The last moment any statement covers, in epoch seconds."""
    return max((period.to_utc_s for period in periods if period.to_utc_s is not None), default=None)
