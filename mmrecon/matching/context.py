"""What matching is given beside the lines: nothing is read, everything is handed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import pandas as pd

from mmrecon.config import MatchingPolicy
from mmrecon.model.account import LedgerSnapshot
from mmrecon.model.item import ItemFrame
from mmrecon.model.line import LineFrame


@dataclass(frozen=True, slots=True)
class WalletFacts:
    """A wallet as matching needs it."""

    name: str
    account: str
    country: str
    currency: str
    zone: str
    live_from: date
    policy: MatchingPolicy = field(default_factory=MatchingPolicy)


@dataclass(frozen=True)
class MatchContext:
    """Everything a match may use.

    `items` is an ItemFrame of all items; `others` a LineFrame of stored lines that are not asked
    about (earlier payments, reversals); `left_minor` is int64 by line_id: what postings and links
    leave of a line; a line that is not in it is untouched.
    """

    snapshot: LedgerSnapshot
    wallets: Mapping[int, WalletFacts]
    now_utc: datetime
    items: pd.DataFrame = field(default_factory=ItemFrame.empty)
    others: pd.DataFrame = field(default_factory=LineFrame.empty)
    left_minor: pd.Series = field(default_factory=lambda: pd.Series(dtype="int64"))
