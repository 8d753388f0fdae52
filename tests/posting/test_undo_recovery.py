"""After any answer to an undo: what comes next, row by row."""

from __future__ import annotations

import pytest

from mmrecon.fineract.contract_replies import Heard, Meaning
from mmrecon.posting.recovery import PAUSES_S, QUIET_S, Shown
from mmrecon.posting.undo_recovery import (
    UndoSituation,
    UndoStep,
    heard_of_line,
    next_undo_step,
)


def situation(meaning: Meaning, shown: Shown = Shown.NOT_READ, **more: object) -> UndoSituation:
    facts: dict[str, object] = {"single": False, "sendings": 1, "doubt": False} | more
    return UndoSituation(
        Heard(meaning),
        single=bool(facts["single"]),
        sendings=int(str(facts["sendings"])),
        doubt=bool(facts["doubt"]),
        shown=shown,
    )


STOPS = {
    Meaning.NOT_SENT, Meaning.LOGIN_REFUSED, Meaning.NOT_AUTHORISED, Meaning.NOT_SUPPORTED,
}  # fmt: skip


@pytest.mark.parametrize("meaning", list(Meaning))
def test_every_answer_is_read_back_before_anything_follows_from_it(meaning: Meaning) -> None:
    step = next_undo_step(situation(meaning)).step
    if meaning in STOPS:
        assert step is UndoStep.STOP
    elif meaning is Meaning.OTHER_ACCOUNT:
        assert step is UndoStep.ALARM
    else:
        assert step is UndoStep.READ


@pytest.mark.parametrize("meaning", sorted(set(Meaning) - STOPS - {Meaning.OTHER_ACCOUNT}))
def test_only_what_reads_back_as_reversed_is_undone(meaning: Meaning) -> None:
    assert next_undo_step(situation(meaning, Shown.REVERSED)).step is UndoStep.UNDONE
    for shown in (Shown.ABSENT, Shown.ELSEWHERE):
        assert next_undo_step(situation(meaning, shown)).step is UndoStep.WAIT
    assert next_undo_step(situation(meaning, Shown.THERE)).step is not UndoStep.UNDONE


@pytest.mark.parametrize(
    ("meaning", "doubt", "step"),
    [
        (Meaning.REFUSED, False, UndoStep.GIVE_UP),
        (Meaning.REFUSED, True, UndoStep.GIVE_UP),
        (Meaning.ROLLED_BACK, False, UndoStep.GIVE_UP),
        (Meaning.DEFERRED, False, UndoStep.LATER),
        (Meaning.DEFERRED, True, UndoStep.WAIT),
        (Meaning.LOCKED, False, UndoStep.LATER),
        (Meaning.LOCKED, True, UndoStep.WAIT),
        (Meaning.POSTED, False, UndoStep.WAIT),
        (Meaning.PENDING, False, UndoStep.WAIT),
        (Meaning.UNKNOWN, True, UndoStep.SEND_AGAIN),
        (Meaning.DUPLICATE, False, UndoStep.SEND_AGAIN),
        (Meaning.STUCK, False, UndoStep.SEND_AGAIN),
    ],
)
def test_what_stands_after_an_answer(meaning: Meaning, doubt: bool, step: UndoStep) -> None:
    assert next_undo_step(situation(meaning, Shown.THERE, doubt=doubt)).step is step


def test_a_stuck_key_outside_a_batch_ends_the_correction_at_the_second_answer() -> None:
    now = situation(Meaning.STUCK, Shown.THERE, single=True, sendings=2)
    assert next_undo_step(now).step is UndoStep.GIVE_UP
    now = situation(Meaning.STUCK, Shown.THERE, single=True, sendings=1)
    assert next_undo_step(now).step is UndoStep.SEND_AGAIN


def test_it_is_not_sent_for_ever() -> None:
    last = situation(Meaning.UNKNOWN, Shown.THERE, sendings=len(PAUSES_S) + 1, doubt=True)
    assert next_undo_step(last).step is UndoStep.WAIT


def test_what_may_still_run_is_waited_for_before_reading() -> None:
    assert next_undo_step(situation(Meaning.UNKNOWN)).pause_s == PAUSES_S[0]
    assert next_undo_step(situation(Meaning.UNKNOWN, sendings=9)).pause_s == PAUSES_S[-1]
    assert next_undo_step(situation(Meaning.UNKNOWN, single=True)).pause_s == QUIET_S
    assert next_undo_step(situation(Meaning.POSTED)).pause_s == 0
    assert next_undo_step(situation(Meaning.REFUSED)).pause_s == 0


def test_what_went_wrong_with_one_leg_went_wrong_with_the_line() -> None:
    refused, back = Heard(Meaning.REFUSED, 400, "no"), Heard(Meaning.ROLLED_BACK)
    assert heard_of_line([back, refused]) is refused
    assert heard_of_line([Heard(Meaning.POSTED), back]) is back
    assert heard_of_line([Heard(Meaning.POSTED)]).meaning is Meaning.POSTED
