"""Another value date than the day of the line: the reasons that allow it (DESIGN rule 7)."""

from __future__ import annotations

from typing import Final

DATE_REASONS: Final = {
    "period_closed": "the books of that day are closed",
    "holiday": "that day was a holiday",
    "non_working_day": "that day was no working day",
    "before_activation": "the account was opened later",
}
"""Each reason with the words that people choose."""


def paid_on_words(paid_on: str, reason: str) -> str:
    """`paid on 2026-03-01, the books of that day are closed`; empty where no date was moved."""
    return f"paid on {paid_on}, {DATE_REASONS.get(reason, reason)}" if paid_on else ""
