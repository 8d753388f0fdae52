"""What a signature covers, and when a second approver is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from mmrecon.config import PeopleRules
from mmrecon.model.approval import CanonicalRow

_MOVES_NO_MONEY: Final = frozenset({"hold", "suspense", "close_reversal"})


def whole_lines(rows: Sequence[CanonicalRow], rejected: Iterable[int]) -> frozenset[int]:
    """Row numbers (from 1) that fall with rejected ones: all legs of a line fall together."""
    chosen = set(rejected)
    fallen = {_line(row) for number, row in enumerate(rows, start=1) if number in chosen}
    with_line = {
        number for number, row in enumerate(rows, start=1) if _line(row) and _line(row) in fallen
    }
    return frozenset(chosen | with_line)


def needs_second(rows: Sequence[CanonicalRow], rejected: Iterable[int], rules: PeopleRules) -> bool:
    """Whether a row, or all that is not rejected together, is above a limit of its currency."""
    left_out = set(rejected)
    totals: Counter[str] = Counter()
    for number, row in enumerate(rows, start=1):
        amount_minor, currency = row.get("amount_minor"), row.get("currency")
        moves = row.get("act") not in _MOVES_NO_MONEY and number not in left_out
        if not (moves and isinstance(amount_minor, int) and isinstance(currency, str)):
            continue
        totals[currency] += amount_minor
        limit_minor = rules.second_approver_row_limit_minor.get(currency)
        if limit_minor is not None and amount_minor > limit_minor:
            return True
    limits = rules.second_approver_batch_limit_minor
    return any(
        currency in limits and total_minor > limits[currency]
        for currency, total_minor in totals.items()
    )


def _line(row: CanonicalRow) -> str:
    return str(row.get("line") or row.get("source") or "")
