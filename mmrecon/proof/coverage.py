"""Which part of a day the statements cover, and up to when a wallet is read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mmrecon.model.proof import Coverage, StatementPeriod


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


def read_up_to(periods: Iterable[StatementPeriod]) -> int | None:
    """The last moment any statement covers, in epoch seconds."""
    return max((period.to_utc_s for period in periods if period.to_utc_s is not None), default=None)
