"""Which days a wallet's statements cover, and which should be there by now."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from mmrecon.model.proof import StatementPeriod
from mmrecon.proof.coverage import WEEKDAYS, day_bounds, missing_days

ZONE = "Africa/Nairobi"
FRIDAY = date(2026, 3, 6)


def statement(day: date) -> StatementPeriod:
    begins, ends = day_bounds(day, ZONE)
    return StatementPeriod(1, "day.csv", "", begins, ends, None, None, "", 0, None, None)


def missing(at: str, *seen: int, off: tuple[str | date, ...] = (), first: int = 1) -> list[int]:
    now = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(ZONE))
    periods = [statement(date(2026, 3, day)) for day in seen]
    found = missing_days(periods, date(2026, 3, first), now, time(7, 30), off)
    return [day.day for day in found]


@pytest.mark.parametrize(
    ("at", "days"), [("2026-03-04T07:29:59", []), ("2026-03-04T07:30:00", [3])]
)
def test_f_01_yesterdays_statement_is_missing_from_the_hour_that_is_configured(
    at: str, days: list[int]
) -> None:
    assert missing(at, 1, 2) == days


def test_f_02_a_late_file_leaves_only_the_days_missing_that_it_does_not_cover() -> None:
    assert missing("2026-03-06T08:00:00", 1, 2, 5) == [3, 4]
    assert missing("2026-03-06T08:00:00", 1, 2, 3, 5) == [4]


def test_no_statement_is_expected_of_a_day_off_by_weekday_or_by_date() -> None:
    assert WEEKDAYS[FRIDAY.weekday()] == "friday"
    assert missing("2026-03-07T08:00:00", 1, 2, 3, 4, 5) == [6]
    assert missing("2026-03-07T08:00:00", 1, 2, 3, 4, 5, off=("friday",)) == []
    assert missing("2026-03-07T08:00:00", 1, 2, 3, 4, 5, off=(FRIDAY,)) == []


def test_nothing_is_missed_before_the_first_day_that_counts() -> None:
    assert missing("2026-03-04T08:00:00", first=4) == []
    assert missing("2026-03-04T08:00:00", first=3) == [3]
