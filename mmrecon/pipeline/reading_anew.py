"""A store that was put back reads Fineract before it sends anything (DESIGN section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from mmrecon.config import WalletSettings
from mmrecon.fineract.client import FineractClient
from mmrecon.model.issue import Issue
from mmrecon.model.posting import PostingState
from mmrecon.pipeline.approved_postings import servers_named
from mmrecon.pipeline.run import Run
from mmrecon.posting.after_restore import read_anew
from mmrecon.posting.context import PostingContext
from mmrecon.posting.preflight import Fingerprint
from mmrecon.posting.workers import recover
from mmrecon.store.database import reading, transaction
from mmrecon.store.instances import How, begin, current, have_read
from mmrecon.store.posting_reads import postings_in


def must_read(run: Run) -> bool:
    """Whether this store has to read Fineract before it may send."""
    with reading(run.engine) as connection:
        instance = current(connection)
    return instance is not None and instance.must_read


def servers_before(run: Run) -> list[Fingerprint]:
    """The servers that a store which has to read posted to: reading another proves nothing."""
    if not must_read(run):
        return []
    with reading(run.engine) as connection:
        posted = postings_in(connection, (PostingState.POSTED, PostingState.VERIFIED), shadow=False)
        return servers_named(connection, posted)


def read_once_more(run: Run) -> None:
    """A person says that the other mmrecon was stopped: what it posted is read, then known."""
    with transaction(run.engine) as connection:
        begin(connection, How.OTHER_STOPPED, at_utc=run.at_utc(), run_id=run.run_id)


def read_before(
    run: Run,
    context: PostingContext,
    client: FineractClient,
    wallets: Mapping[int, WalletSettings],
    today: date,
) -> list[Issue]:
    """Read what has to be read before anything is sent; nothing where the memory has no gap.

    Raises:
        OutsideUnreachable: Fineract does not answer; the next run reads again.
    """
    with reading(run.engine) as connection:
        instance = current(connection)
    if instance is None or not instance.must_read:
        return []
    recover(context, client, only_read=True)
    read = read_anew(context, client, wallets, instance.known_from, today.isoformat())
    if context.stop.is_set():
        return []
    with transaction(run.engine) as connection:
        have_read(
            connection, instance, read.batches,
            counts=read.counts(), at_utc=run.at_utc(), run_id=run.run_id,
        )  # fmt: skip
    return [Issue("read_anew", arguments={**read.counts()})]
