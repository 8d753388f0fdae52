"""One run of posting: recovery first, then the queues, each account in one worker only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

from mmrecon.errors import MmreconError, worst
from mmrecon.fineract.client import FineractClient
from mmrecon.model.posting import Posting, PostingState
from mmrecon.posting.context import Halt, PostingContext
from mmrecon.posting.plan import Envelope, Plan
from mmrecon.posting.poster import Poster
from mmrecon.posting.recovery import KEYS_LAST_DAYS, PAUSES_S, Step, first_step
from mmrecon.store.database import reading, transaction
from mmrecon.store.posting_reads import postings_in, times_sent
from mmrecon.store.postings import Change, change_states


def recover(context: PostingContext, client: FineractClient, *, only_read: bool = False) -> int:
    """Clear what an earlier run left open; gives how many postings were open.

    `only_read`: nothing may be sent, only the ledger is read, and nobody waits for Fineract.

    Raises:
        OutsideUnreachable, SafetyRefusal: as `Poster.send`.
    """
    _sweep(context)
    context = replace(context, patient=not only_read)
    poster = Poster(context, client)
    with reading(context.engine) as connection:
        unknown = postings_in(connection, [PostingState.UNKNOWN], shadow=False)
        pending = postings_in(connection, [PostingState.PENDING_IN_CORE], shadow=False)
        sent = times_sent(connection, {posting.posting_id for posting in unknown})
    for envelope in _envelopes(unknown):
        if context.stop.is_set():
            break
        step = first_step(envelope[0].sent_how, older_than_keys=_is_old(context, envelope[0]))
        if only_read or step is Step.READ_LEDGER:
            poster.look_first(envelope, only_read=only_read or _is_old(context, envelope[0]))
        else:
            before = min(max(sent.get(leg.posting_id, 0) for leg in envelope), len(PAUSES_S))
            poster.settle_all(envelope, doubt=True, sent_before=before)
        context.point("recovered")
    if not context.stop.is_set():
        poster.find_pending(pending)
    return len(unknown) + len(pending)


def send_all(context: PostingContext, connect: Callable[[], FineractClient], plan: Plan) -> None:
    """Send every queue of a plan, one thread each; the first trouble stops all after their call.

    Raises:
        MmreconError: the most serious trouble of any worker.
    """
    if not plan.queues:
        return
    context = replace(context, stop=Halt(context.stop))
    with ThreadPoolExecutor(max_workers=len(plan.queues)) as pool:
        futures = [pool.submit(_work, context, connect, queue) for queue in plan.queues]
    _raise_worst(futures)


def _work(
    context: PostingContext, connect: Callable[[], FineractClient], queue: Sequence[Envelope]
) -> None:
    client = connect()
    poster = Poster(context, client)
    ended_well = False
    try:
        for envelope in queue:
            if not context.stop.is_set():
                poster.send(envelope)
        ended_well = True
    finally:
        client.close()
        if not ended_well:
            context.stop.set()


def _raise_worst(futures: Sequence[Future[None]]) -> None:
    troubles = [future.exception() for future in futures]
    known = [trouble for trouble in troubles if isinstance(trouble, MmreconError)]
    for trouble in troubles:
        if trouble is not None and trouble not in known:
            raise trouble
    if known:
        gravest = worst(trouble.exit_code for trouble in known)
        raise next(trouble for trouble in known if trouble.exit_code is gravest)


def _sweep(context: PostingContext) -> None:
    """Every `sending` found at the start is `unknown`: its sender is gone (run lock)."""
    with transaction(context.engine) as connection:
        found = postings_in(connection, [PostingState.SENDING])
        changes = [
            Change(posting.posting_id, {PostingState.SENDING}, PostingState.UNKNOWN)
            for posting in found
        ]
        change_states(connection, changes, at_utc=context.at_utc(), run_id=context.run_id)


def _envelopes(postings: Sequence[Posting]) -> list[list[Posting]]:
    """What was sent together, in the order it was."""
    groups: dict[str, list[Posting]] = {}
    for posting in postings:
        groups.setdefault(posting.envelope, []).append(posting)
    return list(groups.values())


def _is_old(context: PostingContext, posting: Posting) -> bool:
    age = context.clock() - datetime.fromisoformat(posting.sent_at_utc)
    return age > timedelta(days=KEYS_LAST_DAYS)
