"""The part of `post` that takes back what two people signed to be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mmrecon.errors import OutsideUnreachable, SafetyRefusal
from mmrecon.fineract.client import FineractClient
from mmrecon.model.issue import Issue
from mmrecon.model.posting import PostingEnd, PostingState
from mmrecon.pipeline.approved_undos import Undoable, approved_undos
from mmrecon.pipeline.refusals import journalled
from mmrecon.pipeline.run import Run
from mmrecon.posting.context import PostingContext
from mmrecon.posting.preflight import (
    Fingerprint,
    check_permissions,
    compare_server,
    read_fingerprint,
)
from mmrecon.posting.undo import GIVEN_UP, UNKNOWN, WAITS, Outcome, Undoer
from mmrecon.posting.undo_reads import needs_checker
from mmrecon.store.database import reading
from mmrecon.store.posting_reads import ends_of

_COUNTED: Final = {WAITS: "undo_waits", UNKNOWN: "undo_unknown"}


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of corrections: their postings as they are now, and what is not right.

    `trouble`: Fineract is not there, or does not let the user take transactions back.
    """

    postings: Sequence[PostingEnd] = ()
    issues: Sequence[Issue] = ()
    trouble: OutsideUnreachable | None = None


def take_back_approved(run: Run, context: PostingContext, client: FineractClient) -> TakenBack:
    """Take back what two people signed to be taken back.

    Raises:
        SafetyRefusal: a correction, a posting, a signature or the server is not what people
            approved, or an answer names another account; it is in the journal.
    """
    with journalled(run):
        with reading(run.engine) as connection:
            undoable = approved_undos(connection, run)
        if not undoable.lines:
            return TakenBack()
        trouble, outcomes = None, list[Outcome]()
        try:
            refuse_other_server(client, undoable.servers)
            _refuse_without_permission(client, undoable)
            _take_back(context, client, undoable, outcomes)
        except OutsideUnreachable as error:
            trouble = error
    with reading(run.engine) as connection:
        now = ends_of(connection, [one.posting_id for one in undoable.postings()])
    return TakenBack(now, _issues(outcomes), trouble)


def refuse_other_server(client: FineractClient, servers: Sequence[Fingerprint]) -> None:
    """Only the server that the postings were approved for is asked to take them back.

    Raises:
        SafetyRefusal: this is another one.
    """
    differences = compare_server(read_fingerprint(client), servers)
    if differences:
        raise SafetyRefusal(
            f"this is not the Fineract that it was posted to: {differences[0].seen}",
            hint="Correct `fineract.base_url`.",
            code="preflight_differs",
        )


def _refuse_without_permission(client: FineractClient, undoable: Undoable) -> None:
    """Before the first write of the run, as for postings.

    Raises:
        SafetyRefusal: the user may not take back what two people signed.
    """
    found = check_permissions(client, (), {one.command for one in undoable.postings()})
    if not found.holds:
        raise SafetyRefusal(
            f"Fineract does not let this user take back what two people signed: {found.seen}",
            hint=found.remedy,
            code="preflight_differs",
        )


def _take_back(
    context: PostingContext, client: FineractClient, undoable: Undoable, outcomes: list[Outcome]
) -> None:
    """Line by line, those first that an earlier run began."""
    undoer = Undoer(context, client)
    loose = needs_checker(client, {posting.command for posting in undoable.postings()})
    for line in undoable.lines:
        if context.stop.is_set():
            break
        begun = any(one.posting.state is PostingState.UNDOING for one in line)
        if not begun and any(one.posting.command in loose for one in line):
            outcomes.append(undoer.give_up(line, "undo_needs_checker"))
        else:
            outcomes.append(undoer.take_back(line))


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
