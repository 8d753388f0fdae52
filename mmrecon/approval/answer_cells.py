"""The cells of an answer: which a decision needs, and what stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from mmrecon.approval import typed
from mmrecon.approval.accepted import Answer
from mmrecon.approval.typed import TypedError
from mmrecon.approval.vocabulary import (
    OTHER_REASON,
    REASONS,
    date_reason_of,
    decision_of,
    reason_of,
    suggestion,
)
from mmrecon.model.approval import Decision
from mmrecon.model.other_date import DATE_REASONS

CELLS: Final = {
    "different_account": "Different account",
    "split": "Split",
    "hold_until": "Hold until",
    "evidence_reference": "Transaction or paper reference",
    "other_value_date": "Other value date",
    "date_reason": "Why that date",
}
_NEEDED: Final[Mapping[Decision, tuple[str, ...]]] = {
    Decision.HOLD_UNTIL: ("hold_until",),
    Decision.DIFFERENT_ACCOUNT: ("different_account",),
    Decision.SPLIT: ("split",),
    Decision.ALREADY_POSTED: ("evidence_reference",),
    Decision.DONE_BY_HAND: ("evidence_reference",),
}
_OTHER_DATE: Final = ("other_value_date", "date_reason")
_ALSO_TAKEN: Final[Mapping[Decision, tuple[str, ...]]] = {
    Decision.APPROVE: _OTHER_DATE,
    Decision.DIFFERENT_ACCOUNT: _OTHER_DATE,
    Decision.SPLIT: _OTHER_DATE,
    Decision.ALREADY_POSTED: ("different_account",),
    Decision.UNDO: ("evidence_reference",),
}
POSTING: Final = frozenset({Decision.APPROVE, Decision.DIFFERENT_ACCOUNT, Decision.SPLIT})
"""Decisions that post money."""
_WITH_REASON: Final = frozenset(
    {
        Decision.DIFFERENT_ACCOUNT,
        Decision.SPLIT,
        Decision.NOT_OURS,
        Decision.DONE_BY_HAND,
        Decision.UNDO,
        Decision.LEAVE,
    }
)


def decision_named(answer: Answer) -> Decision:
    """The decision an answer names.

    Raises:
        TypedError: none is chosen, or it is none of the words.
    """
    if not answer.decision:
        filled = next(
            (title for field, title in _ALL_CELLS.items() if getattr(answer, field)), "a cell"
        )
        raise TypedError("answer_without_decision", cell=filled)
    decision = decision_of(answer.decision)
    if decision is None:
        words = [known.value for known in Decision]
        raise TypedError("answer_decision_unknown", suggestion=suggestion(answer.decision, words))
    return decision


_ALL_CELLS: Final = {**CELLS, "reason": "Reason", "comment": "Comment"}


def check_cells(answer: Answer, decision: Decision) -> None:
    """The cells that the decision needs are filled, and no others.

    Raises:
        TypedError: one is missing, or not expected.
    """
    needed = _NEEDED.get(decision, ())
    for field, title in CELLS.items():
        if field in needed and not getattr(answer, field):
            raise TypedError("answer_needs_cell", decision=decision.value, cell=title)
        taken = (*needed, *_ALSO_TAKEN.get(decision, ()))
        if field not in taken and getattr(answer, field):
            raise TypedError("answer_cell_not_expected", decision=decision.value, cell=title)


def reason_in(answer: Answer, decision: Decision) -> str:
    """The reason with its comment, as the approver reads it.

    Raises:
        TypedError: none, or none of the list.
    """
    if not answer.reason:
        if decision in _WITH_REASON:
            raise TypedError("answer_needs_cell", decision=decision.value, cell="Reason")
        return answer.comment
    reason = reason_of(answer.reason)
    if reason is None:
        raise TypedError("answer_reason_unknown", suggestion=suggestion(answer.reason, REASONS))
    if reason == OTHER_REASON and not answer.comment:
        raise TypedError("answer_comment_needed")
    return ": ".join(part for part in (reason, answer.comment) if part)


def other_date(answer: Answer, true_day: str, today: date) -> dict[str, str]:
    """The value date that a person chose instead of the line's own, with its reason.

    Raises:
        TypedError: one of the two is missing, or none that may be chosen.
    """
    if not answer.other_value_date and not answer.date_reason:
        return {}
    for field in _OTHER_DATE:
        if not getattr(answer, field):
            raise TypedError("answer_needs_cell", decision="another date", cell=CELLS[field])
    reason = date_reason_of(answer.date_reason)
    if reason is None:
        words = list(DATE_REASONS.values())
        raise TypedError("answer_reason_unknown", suggestion=suggestion(answer.date_reason, words))
    day = typed.other_value_date(answer.other_value_date, true_day, today)
    return {"other_value_date": day, "date_reason": reason}
