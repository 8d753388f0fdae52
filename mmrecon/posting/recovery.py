"""After any answer, what next: the recovery table of fineract/measured.md d4 as one pure function.

DESIGN 7.2 and 7.3 add to it; fineract/mariadb.md section 7 is part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mmrecon.fineract.contract_replies import Heard, Meaning
from mmrecon.model.posting import SentHow

PAUSES_S: Final = (2.0, 5.0, 15.0, 60.0, 60.0)
"""Before each resend of an enclosing batch; when they are used up, the ledger is read."""

QUIET_S: Final = 60.0
"""So long nothing can be in flight any more (measured.md d4, loose savings)."""

KEYS_LAST_DAYS: Final = 7
"""An unknown older than this is looked up first: its key may have been purged."""


class Shown(StrEnum):
    """What the ledger shows of a posting."""

    NOT_READ = "not_read"
    THERE = "there"
    ABSENT = "absent"
    REVERSED = "reversed"
    ELSEWHERE = "elsewhere"


class Step(StrEnum):
    """The next step for one posting."""

    POSTED = "posted"
    REFUSED = "refused"
    TAKE_BACK = "take_back"
    DEFER = "defer"
    PENDING = "pending"
    SEND_AGAIN = "send_again"
    FRESH_KEY = "fresh_key"
    READ_LEDGER = "read_ledger"
    PERSON = "person"
    STOP = "stop"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Situation:
    """One posting after an answer.

    `sendings` counts how often it went with its present key and envelope in this run, `starts` how
    often it was checked and begun, `doubt` whether an earlier sending of this attempt stayed
    without a clear answer.
    """

    is_loan: bool
    sent_how: SentHow
    heard: Heard
    sendings: int
    doubt: bool
    attempt: int = 1
    resend: int = 0
    shown: Shown = Shown.NOT_READ
    starts: int = 1


@dataclass(frozen=True, slots=True)
class Decision:
    """A step, and how long to wait before it."""

    step: Step
    pause_s: float = 0.0


_FRESH_KEYS_AT_MOST: Final = 3
_STARTS_AT_MOST: Final = 3

_CLEAR: Final[dict[Meaning, Step]] = {
    Meaning.POSTED: Step.POSTED,
    Meaning.PENDING: Step.PENDING,
    Meaning.OTHER_ACCOUNT: Step.ALARM,
    Meaning.NOT_SENT: Step.STOP,
    Meaning.LOGIN_REFUSED: Step.STOP,
    Meaning.NOT_AUTHORISED: Step.STOP,
    Meaning.NOT_SUPPORTED: Step.STOP,
}


_PROVED: Final[dict[Meaning, Step]] = {
    Meaning.REFUSED: Step.REFUSED,
    Meaning.DEFERRED: Step.DEFER,
    Meaning.ROLLED_BACK: Step.TAKE_BACK,
}


_BUSINESS: Final[dict[Meaning, Step]] = {
    Meaning.REFUSED: Step.REFUSED,
    Meaning.DEFERRED: Step.DEFER,
    Meaning.LOCKED: Step.DEFER,
}


def next_step(now: Situation) -> Decision:
    """The next step for a posting; absence of evidence alone clears nothing."""
    clear = _CLEAR.get(now.heard.meaning)
    if clear is not None:
        if now.heard.meaning is Meaning.NOT_SENT and _may_start_again(now):
            return Decision(Step.TAKE_BACK)
        return Decision(clear)
    if now.shown is Shown.THERE:
        return Decision(Step.POSTED)
    if now.shown in {Shown.REVERSED, Shown.ELSEWHERE}:
        return Decision(Step.PERSON)
    if now.sent_how is SentHow.LOOSE:
        return _loose(now)
    return _closed(now)


def _may_start_again(now: Situation) -> bool:
    """What never left is checked again before it goes, however long Fineract was away."""
    return not now.doubt and now.starts < _STARTS_AT_MOST


def first_step(sent_how: SentHow, *, older_than_keys: bool) -> Step:
    """What recovery does with something found open: the same again, or the ledger first."""
    if sent_how is SentHow.LOOSE or older_than_keys:
        return Step.READ_LEDGER
    return Step.SEND_AGAIN


def _closed(now: Situation) -> Decision:
    """Enclosing: a business refusal to the same keys proves that nothing was posted."""
    meaning = now.heard.meaning
    proved = _PROVED.get(meaning)
    if proved is not None:
        return _proved(now, proved)
    if meaning is Meaning.LOCKED and not now.doubt:
        return Decision(Step.DEFER if now.is_loan else Step.TAKE_BACK)
    if meaning is Meaning.STUCK:
        return _stuck(now)
    if meaning is not Meaning.DUPLICATE or now.shown is Shown.ABSENT:
        if now.sendings <= len(PAUSES_S):
            return Decision(Step.SEND_AGAIN, PAUSES_S[now.sendings - 1])
        if now.shown is Shown.ABSENT:
            return Decision(Step.PERSON)
    return Decision(Step.READ_LEDGER)


def _proved(now: Situation, step: Step) -> Decision:
    """What a refusal proves, it proves of its own key: of those before it, the ledger tells."""
    if now.resend and now.shown is Shown.NOT_READ:
        return Decision(Step.READ_LEDGER, QUIET_S)
    burnt = now.heard.meaning is Meaning.DEFERRED and now.heard.from_cache
    return Decision(Step.REFUSED if burnt else step)


def _stuck(now: Situation) -> Decision:
    """425: the key was used in another mode before, or its command never ended."""
    if now.is_loan and now.resend < _FRESH_KEYS_AT_MOST:
        return Decision(Step.FRESH_KEY)
    return Decision(Step.READ_LEDGER if now.shown is Shown.NOT_READ else Step.PERSON)


def _loose(now: Situation) -> Decision:
    """Loose: money and key are committed apart, so the ledger is read before anything else.

    A command may wait for its checker unseen: never a fresh key by itself, not even for a loan.
    """
    meaning = now.heard.meaning
    business = _BUSINESS.get(meaning)
    if business is not None and not now.doubt and not now.heard.from_cache:
        return Decision(business)
    if now.shown is Shown.NOT_READ:
        return Decision(Step.READ_LEDGER, 0.0 if meaning is Meaning.DUPLICATE else QUIET_S)
    if meaning is Meaning.REFUSED:
        return Decision(Step.REFUSED)
    again = meaning is Meaning.UNKNOWN and now.sendings <= 1
    return Decision(Step.SEND_AGAIN if again else Step.PERSON)
