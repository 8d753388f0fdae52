"""After any answer to an undo, what next: one pure function.

A posting is undone when its transaction reads back as reversed, and only then. Taking back twice
does no harm (fineract-api.md 4.2, 5.1), so what is unclear is read and sent again with its key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mmrecon.fineract.contract_replies import Heard, Meaning
from mmrecon.posting.recovery import PAUSES_S, QUIET_S, Shown


class UndoStep(StrEnum):
    """The next step for the legs of a line that are sent together."""

    READ = "read"
    UNDONE = "undone"
    SEND_AGAIN = "send_again"
    LATER = "later"
    GIVE_UP = "give_up"
    WAIT = "wait"
    STOP = "stop"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class UndoSituation:
    """One line after an answer.

    `single`: it was sent outside a batch, so key and effect are committed apart. `sendings` counts
    this run's, `doubt`: one of them, or an earlier run's, stayed without a clear answer.
    """

    heard: Heard
    single: bool
    sendings: int
    doubt: bool
    shown: Shown = Shown.NOT_READ


@dataclass(frozen=True, slots=True)
class UndoDecision:
    """A step, and how long to wait before it."""

    step: UndoStep
    pause_s: float = 0.0


_STOPS: Final = frozenset(
    {
        Meaning.NOT_SENT, Meaning.LOGIN_REFUSED, Meaning.NOT_AUTHORISED, Meaning.NOT_SUPPORTED,
    }
)  # fmt: skip
_STANDS_AFTER: Final = {
    Meaning.REFUSED: UndoStep.GIVE_UP,
    Meaning.ROLLED_BACK: UndoStep.GIVE_UP,
    Meaning.DEFERRED: UndoStep.LATER,
    Meaning.LOCKED: UndoStep.LATER,
    Meaning.POSTED: UndoStep.WAIT,
    Meaning.PENDING: UndoStep.WAIT,
}
"""After a clear answer, when the transaction stands all the same."""


def next_undo_step(now: UndoSituation) -> UndoDecision:
    """The next step; absence of evidence leaves the line `undoing`."""
    if now.heard.meaning is Meaning.OTHER_ACCOUNT:
        return UndoDecision(UndoStep.ALARM)
    if now.heard.meaning in _STOPS:
        return UndoDecision(UndoStep.STOP)
    if now.shown is Shown.NOT_READ:
        return UndoDecision(UndoStep.READ, _quiet(now))
    if now.shown is Shown.REVERSED:
        return UndoDecision(UndoStep.UNDONE)
    return UndoDecision(_still_there(now) if now.shown is Shown.THERE else UndoStep.WAIT)


def _still_there(now: UndoSituation) -> UndoStep:
    """It was read back and stands. A refusal then ends it: to the same keys, it proves that."""
    meaning = now.heard.meaning
    known = _STANDS_AFTER.get(meaning)
    if known is not None:
        return UndoStep.WAIT if known is UndoStep.LATER and now.doubt else known
    if meaning is Meaning.STUCK and now.single and now.sendings > 1:
        return UndoStep.GIVE_UP
    return UndoStep.SEND_AGAIN if now.sendings <= len(PAUSES_S) else UndoStep.WAIT


def heard_of_line(heards: Sequence[Heard]) -> Heard:
    """What an answer says of all legs together: what went wrong with one went wrong with all."""
    aside = (Meaning.POSTED, Meaning.ROLLED_BACK)
    wrong = [heard for heard in heards if heard.meaning not in aside]
    rolled_back = [heard for heard in heards if heard.meaning is Meaning.ROLLED_BACK]
    return next(iter([*wrong, *rolled_back, *heards]))


def _quiet(now: UndoSituation) -> float:
    """So long until what may still be running has ended."""
    if now.heard.meaning in _STANDS_AFTER:
        return 0.0
    if now.single:
        return QUIET_S
    return PAUSES_S[min(now.sendings, len(PAUSES_S)) - 1]
