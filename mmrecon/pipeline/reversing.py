"""“Undo” answers on a reversal: what taking the posting back would do, and the correction of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from mmrecon.approval.accepted import Accepted, Decided, Refused
from mmrecon.errors import OutsideUnreachable, UsageError
from mmrecon.model.approval import Decision
from mmrecon.model.catalogue import by_code
from mmrecon.model.issue import Issue
from mmrecon.model.money import to_text
from mmrecon.model.undo import Reversed, closing_row
from mmrecon.model.words import worded
from mmrecon.pipeline.drafts import Draft
from mmrecon.pipeline.run import Run
from mmrecon.pipeline.undoing import Undoing, What, draft_of, look
from mmrecon.store.batches import RowPlace


@dataclass(frozen=True, slots=True)
class Undo:
    """An accepted answer, and what Fineract shows of the posting that it takes back."""

    answer: Accepted
    undoing: Undoing


def look_at_undos(run: Run, decided: Decided) -> tuple[Decided, list[Undo]]:
    """The same decisions, each undo after Fineract was read; impossible ones are refused.

    Raises:
        SafetyRefusal: a posting is not as two people signed it, or this is another server.
    """
    undos: list[Undo] = []
    refused: list[Refused] = []
    for answer in undo_answers(decided):  # few: a person typed each
        found = _looked(run, answer)
        if isinstance(found, Issue):
            typed = decided.answers[answer.row_id]
            placed = replace(found, file=typed.sheet, row=typed.row, receipt=answer.receipt)
            refused.append(Refused(answer.row_id, placed))
        else:
            undos.append(found)
    fallen = {one.row_id for one in refused}
    accepted = [one for one in decided.accepted if one.row_id not in fallen]
    return replace(decided, accepted=accepted, refused=[*decided.refused, *refused]), undos


def undo_answers(decided: Decided) -> list[Accepted]:
    """Answers that take a posting back."""
    return [one for one in decided.accepted if one.decision is Decision.UNDO]


def undo_drafts(connection: Connection, run: Run, undos: Sequence[Undo]) -> Iterator[Draft]:
    """One correction per reversal: the posting's legs, and the closing of the reversal itself."""
    for undo in undos:
        draft = draft_of(connection, run, undo.undoing)
        closing = closing_row(draft.batch.rows[0], _reversed(undo.answer))
        batch = replace(draft.batch, rows=[*draft.batch.rows, closing])
        yield Draft(batch, [*draft.places, RowPlace(undo.answer.line_id)])


def _looked(run: Run, answer: Accepted) -> Undo | Issue:
    original = {"original": answer.original}
    try:
        undoing = look(run, What(receipt=answer.original, wallet=answer.wallet), answer.reason)
    except UsageError as error:
        return Issue("answer_undo_not_possible", arguments={**original, "because": str(error)})
    except OutsideUnreachable as error:
        return Issue("answer_not_read_back", arguments={"why": str(error)})
    against = [one for leg in undoing.legs for one in leg.consequences if one.blocks]
    if against:
        because = worded(by_code()[against[0].code].sentence, against[0].arguments)
        return Issue("answer_undo_not_possible", arguments={**original, "because": because})
    posted_minor = sum(leg.posting.amount_minor for leg in undoing.legs)
    if posted_minor != answer.left_minor:
        told = {
            "given": to_text(answer.left_minor, answer.currency),
            "expected": to_text(posted_minor, answer.currency),
        }
        return Issue("answer_undo_amount", arguments={**original, **told})
    return Undo(answer, undoing)


def _reversed(answer: Accepted) -> Reversed:
    return Reversed(
        answer.line_id, answer.line, answer.receipt, answer.left_minor, answer.currency,
        answer.value_date,
    )  # fmt: skip
