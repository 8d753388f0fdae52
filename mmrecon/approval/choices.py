"""Which decisions a row takes, what each of them does and which cells it needs (DESIGN 7.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from mmrecon.model.approval import Decision
from mmrecon.model.line import LineClass

_ANYTHING: Final = (
    Decision.HOLD_UNTIL,
    Decision.SUSPENSE,
    Decision.NOT_OURS,
    Decision.ALREADY_POSTED,
    Decision.DONE_BY_HAND,
)
_COLLECTION: Final = (Decision.DIFFERENT_ACCOUNT, Decision.SPLIT, *_ANYTHING)
_PAYOUT: Final = (Decision.DIFFERENT_ACCOUNT, *_ANYTHING)

CHOICES: Final[Mapping[str, tuple[Decision, ...]]] = {
    "collection": (Decision.APPROVE, *_COLLECTION),
    "collection without proposal": _COLLECTION,
    "payout": (Decision.APPROVE, *_PAYOUT),
    "payout without proposal": _PAYOUT,
    "reversal": (Decision.UNDO, Decision.LEAVE, *_ANYTHING),
    "other": _ANYTHING,
}
"""Decisions that apply, by what a row is; the words stand in a hidden column beside it."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A decision as the officer is told it: what it does, and the cells it needs."""

    does: str
    needs: str = ""


EXPLAINED: Final[Mapping[Decision, Explained]] = {
    Decision.APPROVE: Explained("posts to the proposed account"),
    Decision.DIFFERENT_ACCOUNT: Explained(
        "posts all of it to another account", "Different account, Reason"
    ),
    Decision.SPLIT: Explained("posts it to several accounts", "Split, Reason"),
    Decision.HOLD_UNTIL: Explained("leaves the workbook until that day", "Hold until"),
    Decision.SUSPENSE: Explained("stays in Suspense until its owner is known"),
    Decision.NOT_OURS: Explained("closes it: nothing is posted", "Reason"),
    Decision.ALREADY_POSTED: Explained(
        "links it to a transaction in Fineract",
        "Transaction or paper reference (Different account, if not the proposed one)",
    ),
    Decision.DONE_BY_HAND: Explained(
        "closes it: somebody has booked it by hand", "Transaction or paper reference, Reason"
    ),
    Decision.UNDO: Explained(
        "takes back the posting of the reversed payment",
        "Reason (its receipt in Transaction or paper reference, if several are possible)",
    ),
    Decision.LEAVE: Explained("closes the reversal: what was posted stays posted", "Reason"),
}

NEEDED_FOR: Final[Mapping[str, tuple[Decision, ...]]] = {
    "Different account": (Decision.DIFFERENT_ACCOUNT,),
    "Split": (Decision.SPLIT,),
    "Hold until": (Decision.HOLD_UNTIL,),
    "Reason": (
        Decision.DIFFERENT_ACCOUNT,
        Decision.SPLIT,
        Decision.NOT_OURS,
        Decision.DONE_BY_HAND,
        Decision.UNDO,
        Decision.LEAVE,
    ),
    "Transaction or paper reference": (Decision.ALREADY_POSTED, Decision.DONE_BY_HAND),
}
"""Which decisions cannot be taken while a cell is empty, by its title."""

HOW_TO_WRITE: Final[Mapping[str, str]] = {
    "Different account": "Write savings:000000123 or loan:000000123.",
    "Split": "Write savings:000000123=500; loan:000000045=250. The parts add up to the row.",
    "Hold until": "Write the day as 2026-03-31.",
    "Reason": "Choose from the list; “other, see comment” needs a Comment.",
    "Transaction or paper reference": "The number in Fineract, or what stands on the paper.",
}


def kinds_of(proposals: pd.DataFrame) -> pd.Series:
    """The key of `CHOICES` of each row of a ProposalFrame."""
    line_class = proposals["line_class"]
    proposed = ~proposals["legs_json"].isin(["", "[]"])
    words = np.select(
        [
            (line_class == LineClass.COLLECTION.value) & proposed,
            line_class == LineClass.COLLECTION.value,
            (line_class == LineClass.PAYOUT.value) & proposed,
            line_class == LineClass.PAYOUT.value,
            line_class == LineClass.REVERSAL.value,
        ],
        list(CHOICES)[:-1],
        default="other",
    )
    return pd.Series(words, index=proposals.index, dtype="str")
