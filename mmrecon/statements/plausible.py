"""What is odd about a whole file: receipts of other days, a round number of rows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import numpy as np
import pandas as pd

from mmrecon.model.line import LineClass

PAGES: Final = frozenset({1_000, 2_000, 2_500, 5_000, 10_000, 20_000, 50_000, 65_535})
"""Data rows at which portals end a page (domain.md F-20)."""

SHEETS: Final = frozenset({65_536, 1_048_576})
"""Records at which a sheet ends, with everything above the rows."""

_ENCODED: Final = "mpesa"
_LENGTH: Final = 10
_FIRST_YEAR: Final = 2006
_FITTING_AT_LEAST: Final = 0.9
_DAYS: Final = "123456789ABCDEFGHIJKLMNOPQRSTUV"


def cut_off_at(data_rows: int, last_record: int) -> int:
    """The limit that a file ends at exactly, in data rows or records; 0 where it does not."""
    return max({data_rows} & PAGES | {last_record} & SHEETS, default=0)


def encoded_day(receipt: str) -> date | None:
    """The day in an M-PESA receipt's first three letters (statement-formats.md section 3)."""
    year, month, day = (ord(receipt[0]) - 65, ord(receipt[1]) - 64, _DAYS.find(receipt[2]) + 1)
    try:
        return date(_FIRST_YEAR + year, month, day)
    except ValueError:
        return None


def receipts_of_other_days(lines: pd.DataFrame, provider: str) -> pd.DataFrame:
    """Completed lines (row, receipt, value_date, encoded) whose receipt is of another day.

    Nothing where the other receipts do not keep to the rule: it is observed, not documented. A
    day's difference is what midnight does.
    """
    final = lines["line_class"] != LineClass.NON_FINAL.value
    known = lines.loc[final, ["row", "receipt", "value_date"]]
    known = known.loc[known["receipt"].str.len() == _LENGTH]
    if provider != _ENCODED or not len(known):
        return known.iloc[:0].assign(encoded="")
    begins, prefixes = pd.factorize(known["receipt"].str.slice(0, 3))
    days, dates = pd.factorize(known["value_date"])
    both, pairs = pd.factorize(begins.astype(np.int64) * len(dates) + days)
    encoded = [encoded_day(str(prefix)) for prefix in prefixes]
    printed = [date.fromisoformat(str(day)) for day in dates]
    fits = np.array(
        [_near(encoded[pair // len(dates)], printed[pair % len(dates)]) for pair in pairs]
    )[both]
    if fits.all() or fits.mean() < _FITTING_AT_LEAST:
        return known.iloc[:0].assign(encoded="")
    told = np.array([str(day or "no day") for day in encoded], dtype=object)[begins]
    return known.assign(encoded=told)[~fits].drop_duplicates(["row", "receipt"])


def _near(encoded: date | None, printed: date) -> bool:
    return encoded is not None and abs(encoded - printed) <= timedelta(days=1)
