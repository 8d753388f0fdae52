"""What a person says of a posting, against Fineract; also once more before it is approved."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager

from mmrecon.errors import SafetyRefusal
from mmrecon.fineract.client import FineractClient
from mmrecon.model.catalogue import next_step_of, sentence_of
from mmrecon.model.issue import Issue
from mmrecon.model.posting import Posting
from mmrecon.model.resolution import RESOLUTIONS
from mmrecon.pipeline.one_poster import poster_lease
from mmrecon.pipeline.run import Run
from mmrecon.posting.resolve import absence_fault, claim_fault
from mmrecon.store.batches import StoredBatch
from mmrecon.store.database import reading
from mmrecon.store.lock import run_lock
from mmrecon.store.posting_lines import known_on_accounts
from mmrecon.store.posting_reads import posting_of_row


def refuse_contradicted(run: Run, claims: Sequence[tuple[Posting, str]]) -> None:
    """Read each claim (posting, transaction; none for "not posted") back from Fineract.

    Raises:
        SafetyRefusal: Fineract shows something else; all contradictions at once.
        OutsideUnreachable: Fineract does not answer, or does not let this user read.
    """
    with closing(run.connect()) as client:
        faults = [fault for claim in claims if (fault := _fault(run, client, *claim))]
    if faults:
        raise SafetyRefusal(
            "Fineract shows something else:\n"
            + "\n".join(f"  {sentence_of(fault)}" for fault in faults),
            hint="; ".join(dict.fromkeys(next_step_of(fault) for fault in faults)),
            code=faults[0].code,
        )


@contextmanager
def undisturbed(run: Run, stored: StoredBatch, rejected: Collection[int]) -> Iterator[None]:
    """While a batch that resolves postings is approved, no run posts; Fineract was just read.

    Neither a run of this state folder (its lock) nor one of another machine (the tenant's lease).

    Raises:
        LockHeld: a run holds the lock, or another machine the lease.
        SafetyRefusal, OutsideUnreachable: as `refuse_contradicted`.
    """
    rows = [
        row
        for number, row in enumerate(stored.batch.rows, start=1)
        if row.get("act") in RESOLUTIONS and number not in rejected
    ]
    if not rows:
        yield
        return
    lock = run_lock(run.state_folder, command="approve", since_utc=run.at_utc())
    with lock, poster_lease(run, threading.Event()):
        with reading(run.engine) as connection:
            found = [(posting_of_row(connection, row), str(row["transaction_id"])) for row in rows]
        refuse_contradicted(run, [(one, number) for one, number in found if one is not None])
        yield


def _fault(run: Run, client: FineractClient, posting: Posting, transaction_id: str) -> Issue | None:
    with reading(run.engine) as connection:
        known = known_on_accounts(connection, {posting.account_id})
    if transaction_id:
        return claim_fault(client, posting, transaction_id, known)
    return absence_fault(client, posting, known)
