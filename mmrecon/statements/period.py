"""Lines that cannot be of the period their statement states, or came after it was made."""

from __future__ import annotations

from typing import Final

import pandas as pd

from mmrecon.model.line import LineClass, StatementHeader

_MINUTE_S: Final = 59
"""A re-save may have cut the seconds off."""


def odd_moments(lines: pd.DataFrame, header: StatementHeader) -> list[tuple[str, int]]:
    """Codes of what is odd about completed lines' moments, and how many (domain.md F-07, F-36)."""
    final = lines["line_class"] != LineClass.NON_FINAL.value
    moments = lines.loc[final, "completed_at_utc_s"]
    begins, ends = header.period_from_utc_s, header.period_to_utc_s
    counts: dict[str, int] = {}
    if begins is not None and ends is not None:
        inside = moments.between(begins - _MINUTE_S, ends + _MINUTE_S)
        counts["lines_outside_period"] = int((~inside).sum())
    if header.reported_at_utc_s is not None:
        late = moments > header.reported_at_utc_s + _MINUTE_S
        counts["lines_after_report"] = int(late.sum())
    return [(code, count) for code, count in counts.items() if count]
