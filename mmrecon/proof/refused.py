"""Rows that could not be read are a bucket of the day's proof, and so is what nobody explains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mmrecon.model.proof import Listed, Movement, StatementPeriod

_A_DAY_S: Final = 86_400


def refused_rows(periods: Sequence[StatementPeriod], missed_minor: int | None) -> Movement | None:
    """The bucket of rows that could not be read, with what of their money could be.

    A row that a later file shows whole is missed no more; one that two files refuse counts once.
    Balances tell which of several files' rows are missed; without balances the fullest is told.
    """
    refusing = [period for period in periods if period.refused_rows and _is_of_one_day(period)]
    if missed_minor == 0 or not refusing:
        return None
    chances = [_refused_of(refusing), *(_refused_of([period]) for period in refusing)]
    exact = [one for one in chances if one.in_minor - one.out_minor == missed_minor]
    return exact[0] if exact else max(chances[1:], key=lambda one: one.lines)


def _refused_of(periods: Sequence[StatementPeriod]) -> Movement:
    return Movement(
        "refused",
        sum(period.refused_rows for period in periods),
        sum(period.refused_in_minor or 0 for period in periods),
        sum(period.refused_out_minor or 0 for period in periods),
    )


def unexplained(missed_minor: int | None, refused: Movement | None) -> tuple[Movement, ...]:
    """What balances say beyond the lines: rows that could not be read, and what is not explained.

    With these the buckets add up to closing minus opening (DESIGN rule 1).
    """
    read = (refused,) if refused is not None else ()
    rest = rest_minor(missed_minor, refused)
    if not rest:
        return read
    return (*read, Movement("unexplained", 0, max(rest, 0), max(-rest, 0)))


def rest_minor(missed_minor: int | None, refused: Movement | None) -> int:
    """What balances say beyond the lines and beyond what could be read of refused rows."""
    known = 0 if refused is None else refused.in_minor - refused.out_minor
    return (missed_minor or 0) - known if missed_minor is not None else 0


def unread_money(
    periods: Sequence[StatementPeriod], missed_minor: int | None, refused: Movement | None
) -> tuple[Listed, ...]:
    """Rows whose money nobody knows: what is missed is not what could be read of them."""
    rows = sum(period.refused_rows for period in periods)
    rest = rest_minor(missed_minor, refused)
    silent = any(
        period.refused_rows and period.refused_in_minor is None and _is_of_one_day(period)
        for period in periods
    )
    if rows and (rest or (silent and missed_minor is None)):
        return (Listed("refused_money_unknown", rows, rest),)
    return ()


def _is_of_one_day(period: StatementPeriod) -> bool:
    """Whether its refused rows can only be of the day that is looked at."""
    return (period.to_utc_s or 0) - (period.from_utc_s or 0) < _A_DAY_S
