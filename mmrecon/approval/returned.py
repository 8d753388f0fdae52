"""What came back in a workbook, as text; nothing of it is believed yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from mmrecon.model.issue import Issue
from mmrecon.model.proposal import ReturnedFrame


@dataclass(frozen=True, slots=True)
class SectionAnswer:
    """One filled row of the sheet “Approve all”; cells as typed, `formula` where one is none."""

    section: str
    answer: str
    count: str
    total: str
    formula: bool


@dataclass(frozen=True, slots=True)
class SignedOff:
    """Count and total per currency on the sign-off sheet; cells as typed."""

    currency: str
    count: str
    total: str
    formula: bool


@dataclass(frozen=True, slots=True)
class Returned:
    """A workbook that came back; `rows` is a ReturnedFrame, `workbook_id` "" where none stands."""

    workbook_id: str
    rows: pd.DataFrame
    sections: Sequence[SectionAnswer] = ()
    sign_off: Sequence[SignedOff] = ()
    issues: Sequence[Issue] = ()
    hidden_rows: int = 0

    @classmethod
    def nothing(cls, issue: Issue) -> Returned:
        """A file of which nothing can be taken."""
        return cls("", ReturnedFrame.empty(), issues=(issue,))
