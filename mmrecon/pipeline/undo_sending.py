"""The part of `post` that takes back what two people signed to be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mmrecon.errors import OutsideUnreachable
from mmrecon.fineract.client import FineractClient
from mmrecon.model.issue import Issue
from mmrecon.model.posting import PostingState
from mmrecon.pipeline.approved_undos import Undoable
from mmrecon.posting.context import PostingContext
from mmrecon.posting.undo import GIVEN_UP, UNKNOWN, WAITS, Outcome, Undoer
from mmrecon.posting.undo_reads import needs_checker

_COUNTED: Final = {WAITS: "undo_waits", UNKNOWN: "undo_unknown"}


def take_back(
    context: PostingContext, client: FineractClient, undoable: Undoable, *, only_read: bool = False
) -> list[Issue]:
    """Take lines back, those first that an earlier run began; what is not right comes back.

    `only_read`: nothing may be sent; only what was begun is looked up.

    Raises:
        OutsideUnreachable: Fineract is not there, or does not let the user do it.
        SafetyRefusal: an answer names another account than was asked.
    """
    if not undoable.lines:
        return []
    undoer = Undoer(context, client)
    commands = {posting.command for posting in undoable.postings()}
    loose = frozenset() if only_read else needs_checker(client, commands)
    outcomes = []
    for line in undoable.lines:
        if context.stop.is_set():
            break
        begun = any(one.posting.state is PostingState.UNDOING for one in line)
        if not begun and any(one.posting.command in loose for one in line):
            outcomes.append(undoer.give_up(line, "undo_needs_checker"))
        else:
            outcomes.append(undoer.take_back(line, only_read=only_read))
    return _issues(outcomes)


def look_up_begun(context: PostingContext, client: FineractClient, undoable: Undoable) -> None:
    """What an earlier run began is undone if it reads back so; nothing is sent.

    A Fineract that does not answer now changes nothing.
    """
    try:
        take_back(context, client, undoable, only_read=True)
    except OutsideUnreachable:
        return


def _issues(outcomes: Sequence[Outcome]) -> list[Issue]:
    issues = []
    for outcome in outcomes:
        if outcome.ended == GIVEN_UP:
            first = outcome.undos[0]
            why = f"{outcome.why}, {outcome.said}" if outcome.said else outcome.why
            arguments = {"batch_id": first.batch_id, "why": why}
            issues.append(
                Issue("undo_given_up", receipt=first.posting.receipt, arguments=arguments)
            )
    for ended, code in _COUNTED.items():
        count = sum(len(one.undos) for one in outcomes if one.ended == ended)
        if count:
            issues.append(Issue(code, arguments={"count": count}))
    return issues
