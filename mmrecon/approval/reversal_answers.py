"""Answers that only the provider's reversal of a payment takes: undo its posting, or leave it."""

from __future__ import annotations

from typing import Any, Final

from mmrecon.approval.accepted import Answer
from mmrecon.approval.typed import TypedError
from mmrecon.model.approval import Decision
from mmrecon.model.line import LineClass

_NO_REVERSAL: Final = {
    Decision.UNDO: "the row is no reversal; `mmrecon undo` takes back what was posted for others",
    Decision.LEAVE: "the row is no reversal",
}


def of_reversal(answer: Answer, decision: Decision, row: Any) -> dict[str, Any]:
    """Which posting an undo takes back: the one that is known, or the one that is named.

    Raises:
        TypedError: the row is no reversal, or it is not clear what it takes back.
    """
    if row.line_class != LineClass.REVERSAL.value:
        because = _NO_REVERSAL[decision]
        raise TypedError("answer_not_possible", decision=decision.value, because=because)
    if decision is Decision.LEAVE:
        return {}
    standing = row.takes_back.split(";") if row.takes_back else []
    original = answer.evidence_reference.upper()
    if not original and len(standing) == 1:
        original = standing[0]
    if not original:
        raise TypedError("answer_undo_of_what", count=len(standing))
    return {"original": original}
