"""Opening and closing of a day: printed, or told by the ends of the chain of balances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmrecon.model.line import LineClass
from mmrecon.model.proof import Evidence, StatementPeriod


@dataclass(frozen=True, slots=True)
class Chain:
    """Balances before the first and after the last line; `breaks` are the holes between them."""

    opening_minor: int | None = None
    closing_minor: int | None = None
    breaks: int = 0


def movement_minor(lines: pd.DataFrame) -> int:
    """What the final lines of a DayLineFrame moved together."""
    return int((lines["sign"] * lines["amount_minor"])[_final(lines)].sum())


def chain(lines: pd.DataFrame) -> Chain:
    """The ends of the chain that a day's DayLineFrame makes, in whatever order it stands.

    Every balance after a line is the balance before the next one; what is left over are the ends.
    A day without one balance per printed row has no chain; neither has one that ends where it
    began, unless its first second holds one row.
    """
    rows = _printed_rows(lines[_final(lines)])
    if rows.empty or bool(rows["balance_minor"].isna().any()):
        return Chain()
    after = rows["balance_minor"].to_numpy(dtype=np.int64)
    before = after - rows["moved_minor"].to_numpy(dtype=np.int64)
    values, places = np.unique(np.concatenate([before, after]), return_inverse=True)
    half = len(before)
    surplus = np.bincount(places[:half], minlength=len(values)) - np.bincount(
        places[half:], minlength=len(values)
    )
    openings = int(surplus[surplus > 0].sum())
    if openings == 1:
        return Chain(int(values[surplus > 0][0]), int(values[surplus < 0][0]))
    if openings > 1:
        return Chain(breaks=openings - 1)
    first = rows["completed_at_utc_s"] == rows["completed_at_utc_s"].min()
    if int(first.sum()) > 1:
        return Chain()
    return Chain(int(before[first][0]), int(before[first][0]))


def printed(
    periods: list[StatementPeriod], lines: pd.DataFrame, first_s: int, last_s: int
) -> Evidence:
    """Opening and closing by the statements' own headers.

    A statement of exactly this day says both; one that began earlier says the opening, carried
    over the movements of the days between. `lines` are all of the sub-account.
    """
    exact = [
        period
        for period in periods
        if (period.from_utc_s, period.to_utc_s) == (first_s, last_s)
        and period.opening_minor is not None
        and period.closing_minor is not None
    ]
    if exact:
        return Evidence(exact[-1].opening_minor, exact[-1].closing_minor, "statement")
    for period in reversed(periods):
        if period.opening_minor is None or period.from_utc_s is None or period.to_utc_s is None:
            continue
        if period.from_utc_s <= first_s and last_s <= period.to_utc_s:
            moments = lines["completed_at_utc_s"]
            earlier = lines[(moments >= period.from_utc_s) & (moments < first_s)]
            within = lines[(moments >= first_s) & (moments <= last_s)]
            opening = period.opening_minor + movement_minor(earlier)
            return Evidence(opening, opening + movement_minor(within), "carried")
    return Evidence()


def _final(lines: pd.DataFrame) -> pd.Series:
    return lines["line_class"] != LineClass.NON_FINAL


def _printed_rows(lines: pd.DataFrame) -> pd.DataFrame:
    """One row per printed row: a payment and the fee in its column share one balance."""
    moved = lines.assign(moved_minor=lines["sign"] * lines["amount_minor"])
    return (
        moved.groupby(["first_statement_id", "first_row"], sort=False)
        .agg(
            moved_minor=("moved_minor", "sum"),
            balance_minor=("balance_minor", "max"),
            completed_at_utc_s=("completed_at_utc_s", "min"),
        )
        .reset_index(drop=True)
    )
