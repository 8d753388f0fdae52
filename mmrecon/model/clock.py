"""Time is handed in, never taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
"""Gives the present moment in UTC."""


def system_clock() -> datetime:
    """The machine's clock; the only place that reads it."""
    return datetime.now(UTC)


def local_date(moment_utc: datetime, zone: str) -> date:
    """The calendar day of a moment in a declared zone."""
    return moment_utc.astimezone(ZoneInfo(zone)).date()


def local_time(moment: datetime | str | int, zone: str) -> str:
    """A moment (with its zone, ISO text, or epoch seconds) for people: `2026-03-02 14:05`."""
    if isinstance(moment, int):
        moment = datetime.fromtimestamp(moment, UTC)
    elif isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def local_seconds(utc_s: int, zone: str) -> str:
    """An epoch second for people: `2026-03-02 14:05:09`."""
    return f"{datetime.fromtimestamp(utc_s, ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


def zoned_time(moment: datetime | str | int, zone: str) -> str:
    """The same with the zone named: `2026-03-02 14:05 Africa/Nairobi`."""
    return f"{local_time(moment, zone)} {zone}"


def iso_utc(moment_utc: datetime) -> str:
    """ISO 8601 with seconds and `+00:00`."""
    return moment_utc.astimezone(UTC).isoformat(timespec="seconds")
