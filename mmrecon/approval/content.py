"""What a workbook shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

from mmrecon.model.frame import FrameSchema, Integer, Text
from mmrecon.model.proposal import Sheet


class CountFrame(FrameSchema):
    """Lines of the days shown, counted by wallet, class and state."""

    wallet: Text
    currency: Text
    line_class: Text
    state: Text
    lines: Integer
    amount_minor: Integer


@dataclass(frozen=True, slots=True)
class HeldShown:
    """Rows of a wallet that are back on a day (ISO), and stand on no sheet till then."""

    until: str
    wallet: str
    currency: str
    lines: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class FileShown:
    """One statement file on the summary."""

    name: str
    period: str
    proof: str


@dataclass(frozen=True, slots=True)
class WalletShown:
    """One wallet on the summary; `light` is a word, `proof` a sentence about the newest day."""

    name: str
    currency: str
    days: str
    light: str
    proof: str
    files: Sequence[FileShown] = ()


@dataclass(frozen=True, slots=True)
class WorkbookContent:
    """Everything a workbook shows; `proposals` is a ProposalFrame, `counts` a CountFrame."""

    workbook_id: str
    institution: str
    written_at_local: datetime
    expires_on: date
    proposals: pd.DataFrame
    counts: pd.DataFrame
    wallets: Sequence[WalletShown] = ()
    warnings: Sequence[str] = ()
    held: Sequence[HeldShown] = ()

    def on(self, sheet: Sheet) -> pd.DataFrame:
        """The proposals of one sheet."""
        proposals = self.proposals
        return proposals[proposals["sheet"] == sheet.value].reset_index(drop=True)
