"""Periods: days, weeks, months, years."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

DAYS, WEEKS, MONTHS, YEARS = 0, 1, 2, 3
PERIODS_A_YEAR = {DAYS: 365, WEEKS: 52, MONTHS: 12, YEARS: 1}


def later(start: date, count: int, frequency: int) -> date:
    """A date some periods later; the end of a short month stands for a missing day."""
    if frequency == DAYS:
        return start + timedelta(days=count)
    if frequency == WEEKS:
        return start + timedelta(weeks=count)
    months = start.month - 1 + count * (1 if frequency == MONTHS else 12)
    year, month = start.year + months // 12, months % 12 + 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))
