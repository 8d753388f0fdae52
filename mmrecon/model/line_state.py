"""Where a line stands: what matching said and what happened since (DESIGN section 8)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np
import pandas as pd

from mmrecon.model.frame import FrameSchema, Integer, Text


class LineState(StrEnum):
    """One word for a line; its own words first, then those of its postings."""

    READY = "ready"
    REVIEW = "review"
    SUSPENSE = "suspense"
    NO_POSTING = "no_posting"
    BEFORE_LIVE = "before_live"
    POSTED_ELSEWHERE = "posted_elsewhere"
    HELD = "held"
    SUBMITTED = "submitted"
    NOT_OURS = "not_ours"
    CLOSED_BY_HAND = "closed_by_hand"
    APPROVED = "approved"
    SENDING = "sending"
    POSTED = "posted"
    VERIFIED = "verified"
    REFUSED = "refused"
    DEFERRED = "deferred"
    PENDING_IN_CORE = "pending_in_core"
    UNKNOWN = "unknown"
    UNDOING = "undoing"
    UNDONE = "undone"
    REVERSED_OUTSIDE = "reversed_outside"
    WITHDRAWN = "withdrawn"


WORST_FIRST: Final = (
    LineState.UNKNOWN,
    LineState.SENDING,
    LineState.UNDOING,
    LineState.PENDING_IN_CORE,
    LineState.REVERSED_OUTSIDE,
    LineState.REFUSED,
    LineState.WITHDRAWN,
    LineState.UNDONE,
    LineState.REVIEW,
    LineState.SUSPENSE,
    LineState.HELD,
    LineState.SUBMITTED,
    LineState.READY,
    LineState.DEFERRED,
    LineState.APPROVED,
    LineState.POSTED,
    LineState.VERIFIED,
    LineState.POSTED_ELSEWHERE,
    LineState.CLOSED_BY_HAND,
    LineState.NOT_OURS,
    LineState.BEFORE_LIVE,
    LineState.NO_POSTING,
)
"""Of a line whose parts stand differently, the first of these is told: what nobody knows, what is
under way, what waits for a person, what waits for mmrecon, what is done."""

WORDS: Final = {
    LineState.READY: "has one sure owner and waits for approval",
    LineState.REVIEW: "waits for a person to decide",
    LineState.SUSPENSE: "has no owner yet and is in suspense",
    LineState.NO_POSTING: "concerns no client; nothing is posted for it",
    LineState.BEFORE_LIVE: "is older than the day this wallet went live; nothing is posted for it",
    LineState.POSTED_ELSEWHERE: "stands in Fineract already, made by somebody else",
    LineState.HELD: "is held back by decision",
    LineState.SUBMITTED: "was handed back and waits for a second person",
    LineState.NOT_OURS: "was closed as not ours",
    LineState.CLOSED_BY_HAND: "was closed as done by hand",
    LineState.APPROVED: "is approved and will be sent",
    LineState.SENDING: "is being sent to Fineract",
    LineState.POSTED: "is posted in Fineract",
    LineState.VERIFIED: "is posted in Fineract and was read back",
    LineState.REFUSED: "was refused by Fineract",
    LineState.DEFERRED: "is approved and sent later",
    LineState.PENDING_IN_CORE: "waits for a checker inside Fineract",
    LineState.UNKNOWN: "was sent, and nobody knows yet whether it stands",
    LineState.UNDOING: "is being taken back in Fineract",
    LineState.UNDONE: "was posted and taken back",
    LineState.REVERSED_OUTSIDE: "was posted, and somebody reversed it in Fineract",
    LineState.WITHDRAWN: "was approved and withdrawn, because a fact changed",
}
"""What a state says to an officer, after the receipt."""

RANK: Final = {state.value: rank for rank, state in enumerate(WORST_FIRST)}
_NOTHING: Final = len(WORST_FIRST)
_WORDS: Final = np.array([state.value for state in WORST_FIRST], dtype=object)


class LineStateFrame(FrameSchema):
    """One word per line."""

    key = ("line_id",)

    line_id: Integer
    state: Text


class LineFactFrame(FrameSchema):
    """One thing that is so of a line: a state word, and how much of the line it occupies."""

    line_id: Integer
    state: Text
    amount_minor: Integer


def derive(
    lines: pd.DataFrame,
    *,
    matched: pd.DataFrame,
    waiting: pd.DataFrame,
    occupying: pd.DataFrame,
    questions: pd.DataFrame,
) -> pd.DataFrame:
    """The state of each line, as a LineStateFrame in the order of `lines` (line_id, amount_minor).

    All others are LineFactFrames. `waiting` tells of money that nothing occupies (answers under
    way, holds, returns to review), strongest last; `occupying` of live postings, links and
    closings; `questions` of reasons that no answer has cleared. A line that is occupied whole has
    the worst of what occupies it and of its questions; one that is occupied in part the worst of
    what occupies it and of the rest.
    """
    index = pd.Index(lines["line_id"])
    rest = np.full(len(index), RANK[LineState.REVIEW], dtype=np.int64)
    for facts in (matched, waiting):
        positions, ranks, _ = _placed(index, facts)
        rest[positions] = ranks
    positions, ranks, amounts = _placed(index, occupying)
    live = np.full(len(index), _NOTHING, dtype=np.int64)
    np.minimum.at(live, positions, ranks)
    occupied = np.zeros(len(index), dtype=np.int64)
    np.add.at(occupied, positions, amounts)
    asked = np.full(len(index), _NOTHING, dtype=np.int64)
    positions, ranks, _ = _placed(index, questions)
    np.minimum.at(asked, positions, ranks)
    whole = (live != _NOTHING) & (occupied >= lines["amount_minor"].to_numpy())
    words = _WORDS[np.minimum(live, np.where(whole, asked, rest))]
    return LineStateFrame.build({"line_id": lines["line_id"], "state": pd.Series(words)})


def _placed(index: pd.Index, facts: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Position in `index`, rank and amount of each fact whose line is there."""
    positions = index.get_indexer(pd.Index(facts["line_id"]))
    ranks = facts["state"].map(RANK).to_numpy(dtype=np.int64)
    there = positions >= 0
    return positions[there], ranks[there], facts["amount_minor"].to_numpy()[there]
