"""The recovery table of measured.md d4, row by row, with the additions of DESIGN 7.2 and 7.3."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from mmrecon.fineract.contract_replies import Heard, Meaning
from mmrecon.model.posting import SentHow
from mmrecon.posting.recovery import (
    PAUSES_S,
    QUIET_S,
    Decision,
    Shown,
    Situation,
    Step,
    first_step,
    next_step,
)

CLOSED, LOOSE = SentHow.CLOSED, SentHow.LOOSE


def now(meaning: Meaning, **changes: Any) -> Situation:
    heard = Heard(meaning, from_cache=changes.pop("from_cache", False))
    usual: dict[str, Any] = {
        "is_loan": False, "sent_how": CLOSED, "heard": heard, "sendings": 1, "doubt": False,
    }  # fmt: skip
    return Situation(**(usual | changes))


@pytest.mark.parametrize("sent_how", [CLOSED, LOOSE])
@pytest.mark.parametrize(
    ("meaning", "step"),
    [
        (Meaning.POSTED, Step.POSTED),
        (Meaning.PENDING, Step.PENDING),
        (Meaning.OTHER_ACCOUNT, Step.ALARM),
        (Meaning.LOGIN_REFUSED, Step.STOP),
        (Meaning.NOT_AUTHORISED, Step.STOP),
        (Meaning.NOT_SUPPORTED, Step.STOP),
    ],
)
def test_a_clear_answer_is_clear_in_every_mode(
    meaning: Meaning, step: Step, sent_how: SentHow
) -> None:
    assert next_step(now(meaning, sent_how=sent_how)).step is step
    assert next_step(now(meaning, sent_how=sent_how, doubt=True)).step is step


def test_what_never_left_is_checked_and_begun_again_a_few_times() -> None:
    steps = [next_step(now(Meaning.NOT_SENT, starts=starts)).step for starts in (1, 2, 3)]
    assert steps == [Step.TAKE_BACK, Step.TAKE_BACK, Step.STOP]


def test_what_was_in_doubt_before_it_could_not_leave_stays_open() -> None:
    assert next_step(now(Meaning.NOT_SENT, doubt=True)).step is Step.STOP


@pytest.mark.parametrize("doubt", [False, True])
@pytest.mark.parametrize("from_cache", [False, True])
def test_a_business_refusal_of_an_enclosing_batch_proves_that_nothing_was_posted(
    doubt: bool, from_cache: bool
) -> None:
    situation = now(Meaning.REFUSED, doubt=doubt, from_cache=from_cache)
    assert next_step(situation).step is Step.REFUSED


def test_what_was_rolled_back_with_another_item_is_taken_back() -> None:
    assert next_step(now(Meaning.ROLLED_BACK, doubt=True)).step is Step.TAKE_BACK


def test_a_future_date_is_deferred_unless_its_key_is_burnt() -> None:
    assert next_step(now(Meaning.DEFERRED)).step is Step.DEFER
    assert next_step(now(Meaning.DEFERRED, from_cache=True)).step is Step.REFUSED


def test_a_loan_under_close_of_business_is_deferred_only_when_nothing_was_sent_before() -> None:
    assert next_step(now(Meaning.LOCKED, is_loan=True)).step is Step.DEFER
    assert next_step(now(Meaning.LOCKED)).step is Step.TAKE_BACK
    assert next_step(now(Meaning.LOCKED, is_loan=True, doubt=True)).step is Step.SEND_AGAIN


def test_any_doubt_of_an_enclosing_batch_sends_the_same_again_with_growing_pauses() -> None:
    pauses = [
        next_step(now(Meaning.UNKNOWN, sendings=count, doubt=True)).pause_s
        for count in range(1, len(PAUSES_S) + 1)
    ]
    assert pauses == [2.0, 5.0, 15.0, 60.0, 60.0]


def test_after_five_resends_the_ledger_is_read_and_then_a_person_is_asked() -> None:
    exhausted = now(Meaning.UNKNOWN, sendings=6, doubt=True)
    assert next_step(exhausted) == Decision(Step.READ_LEDGER)
    for shown, step in (
        (Shown.THERE, Step.POSTED),
        (Shown.ABSENT, Step.PERSON),
        (Shown.REVERSED, Step.PERSON),
        (Shown.ELSEWHERE, Step.PERSON),
    ):
        seen = now(Meaning.UNKNOWN, sendings=6, doubt=True, shown=shown)
        assert next_step(seen).step is step


def test_a_duplicate_external_id_is_looked_up_on_this_loan() -> None:
    assert next_step(now(Meaning.DUPLICATE, is_loan=True)).step is Step.READ_LEDGER
    for shown, step in (
        (Shown.THERE, Step.POSTED),
        (Shown.ABSENT, Step.SEND_AGAIN),
        (Shown.ELSEWHERE, Step.PERSON),
        (Shown.REVERSED, Step.PERSON),
    ):
        seen = now(Meaning.DUPLICATE, is_loan=True, shown=shown)
        assert next_step(seen).step is step
    exhausted = now(Meaning.DUPLICATE, is_loan=True, shown=Shown.ABSENT, sendings=6)
    assert next_step(exhausted).step is Step.PERSON


def test_a_stuck_key_of_a_loan_is_answered_by_a_fresh_key_a_few_times() -> None:
    assert next_step(now(Meaning.STUCK, is_loan=True)).step is Step.FRESH_KEY
    assert next_step(now(Meaning.STUCK, is_loan=True, resend=3)).step is Step.READ_LEDGER


@pytest.mark.parametrize(
    ("meaning", "absent"),
    [
        (Meaning.REFUSED, Step.REFUSED),
        (Meaning.ROLLED_BACK, Step.TAKE_BACK),
        (Meaning.DEFERRED, Step.DEFER),
    ],
)
def test_what_a_fresh_key_hears_proves_nothing_of_the_keys_before_it(
    meaning: Meaning, absent: Step
) -> None:
    """A loan that was disbursed by the first key is refused to the second."""
    fresh = {"is_loan": True, "resend": 1, "doubt": True}
    assert next_step(now(meaning, **fresh)) == Decision(Step.READ_LEDGER, QUIET_S)
    for shown, step in (
        (Shown.THERE, Step.POSTED),
        (Shown.ABSENT, absent),
        (Shown.REVERSED, Step.PERSON),
    ):
        assert next_step(now(meaning, **fresh, shown=shown)).step is step


def test_a_stuck_key_of_savings_never_gets_a_fresh_key() -> None:
    assert next_step(now(Meaning.STUCK)).step is Step.READ_LEDGER
    assert next_step(now(Meaning.STUCK, shown=Shown.ABSENT)).step is Step.PERSON
    assert next_step(now(Meaning.STUCK, shown=Shown.THERE)).step is Step.POSTED


def test_savings_never_take_a_fresh_key_and_absence_alone_never_refuses() -> None:
    for meaning, shown, sent_how, doubt, sendings in product(
        Meaning, Shown, (CLOSED, LOOSE), (False, True), (1, 2, 6, 9)
    ):
        situation = now(meaning, shown=shown, sent_how=sent_how, doubt=doubt, sendings=sendings)
        step = next_step(situation).step
        assert step is not Step.FRESH_KEY
        if meaning not in {Meaning.REFUSED, Meaning.DEFERRED}:
            assert step is not Step.REFUSED
        if meaning not in {Meaning.ROLLED_BACK, Meaning.LOCKED, Meaning.NOT_SENT} or doubt:
            assert step is not Step.TAKE_BACK or meaning is Meaning.ROLLED_BACK


def test_a_loose_write_in_doubt_is_read_before_anything_else_after_a_quiet_minute() -> None:
    decision = next_step(now(Meaning.UNKNOWN, sent_how=LOOSE))
    assert decision == Decision(Step.READ_LEDGER, 60.0)


def test_a_loose_savings_posting_that_is_absent_goes_once_more_with_its_key_then_to_a_person() -> (
    None
):
    absent = {"sent_how": LOOSE, "shown": Shown.ABSENT}
    assert next_step(now(Meaning.UNKNOWN, **absent)).step is Step.SEND_AGAIN
    assert next_step(now(Meaning.UNKNOWN, **absent, sendings=2)).step is Step.PERSON
    assert next_step(now(Meaning.STUCK, **absent)).step is Step.PERSON
    assert next_step(now(Meaning.UNKNOWN, sent_how=LOOSE, shown=Shown.THERE)).step is Step.POSTED


def test_a_loose_refusal_counts_at_once_only_when_it_is_fresh_and_nothing_was_sent_before() -> None:
    assert next_step(now(Meaning.REFUSED, sent_how=LOOSE)).step is Step.REFUSED
    assert next_step(now(Meaning.DEFERRED, sent_how=LOOSE)).step is Step.DEFER
    cached = now(Meaning.REFUSED, sent_how=LOOSE, from_cache=True)
    assert next_step(cached).step is Step.READ_LEDGER
    absent = now(Meaning.REFUSED, sent_how=LOOSE, from_cache=True, shown=Shown.ABSENT)
    assert next_step(absent).step is Step.REFUSED
    posted = now(Meaning.REFUSED, sent_how=LOOSE, doubt=True, shown=Shown.THERE)
    assert next_step(posted).step is Step.POSTED


def test_a_loose_refusal_after_a_doubt_is_read_first() -> None:
    in_doubt = now(Meaning.REFUSED, sent_how=LOOSE, doubt=True)
    assert next_step(in_doubt).step is Step.READ_LEDGER


def test_a_loose_loan_never_gets_a_fresh_key_because_its_command_may_wait_for_a_checker() -> None:
    for sendings, step in ((1, Step.SEND_AGAIN), (2, Step.PERSON)):
        absent = now(
            Meaning.UNKNOWN, sent_how=LOOSE, is_loan=True, shown=Shown.ABSENT, sendings=sendings
        )
        assert next_step(absent).step is step


def test_recovery_resends_what_was_closed_and_reads_what_was_loose_or_is_old() -> None:
    assert first_step(CLOSED, older_than_keys=False) is Step.SEND_AGAIN
    assert first_step(CLOSED, older_than_keys=True) is Step.READ_LEDGER
    assert first_step(LOOSE, older_than_keys=False) is Step.READ_LEDGER
