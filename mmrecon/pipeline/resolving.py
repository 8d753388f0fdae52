"""`post resolve`: a person signs what became of a posting; another approves it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mmrecon.errors import UsageError
from mmrecon.model.approval import Batch, BatchKind, new_batch_id
from mmrecon.model.posting import Posting
from mmrecon.model.resolution import RESOLVABLE, resolution_row
from mmrecon.pipeline.approving import prepare
from mmrecon.pipeline.drafts import Draft
from mmrecon.pipeline.people import unlock_signer
from mmrecon.pipeline.refusals import journalled
from mmrecon.pipeline.resolution_checks import refuse_contradicted
from mmrecon.pipeline.run import Run
from mmrecon.store.batches import RowPlace
from mmrecon.store.database import reading, transaction
from mmrecon.store.posting_reads import postings_of
from mmrecon.store.proofs import wallet_ids


@dataclass(frozen=True, slots=True)
class Resolvable:
    """Postings that a person ends; without a transaction they were not posted."""

    postings: Sequence[Posting]
    transaction_id: str
    reason: str


def look_at(run: Run, posting_ids: Collection[int], transaction_id: str, reason: str) -> Resolvable:
    """The postings as they are now, after Fineract was read about each.

    Raises:
        UsageError: no such posting, it has its end already, or the answer is not complete.
        SafetyRefusal: Fineract shows something else.
        OutsideUnreachable: Fineract does not answer.
    """
    if transaction_id and len(set(posting_ids)) != 1:
        raise UsageError("one transaction is one posting", hint="Resolve them one by one.")
    if not transaction_id and not reason.strip():
        raise UsageError("what was not posted has a reason", hint="Add --reason TEXT.")
    with reading(run.engine) as connection:
        found = postings_of(connection, posting_ids)
    missing = set(posting_ids) - {posting.posting_id for posting in found}
    if missing:
        raise UsageError(
            f"there is no posting {min(missing)}", hint="`mmrecon explain RECEIPT` names them."
        )
    for posting in found:  # few: a person typed them
        if posting.state not in RESOLVABLE:
            raise UsageError(
                f"posting {posting.posting_id} is {posting.state.value}; it needs no such end",
                hint="`mmrecon status` names the postings that do.",
                code="posting_ended_already",
            )
    with journalled(run):
        refuse_contradicted(run, [(posting, transaction_id) for posting in found])
    return Resolvable(found, transaction_id, reason.strip())


def prepare_resolution(run: Run, wanted: Resolvable, name: str, passphrase: str) -> str:
    """Sign it as its preparer; gives the batch that another person approves.

    Raises:
        SafetyRefusal: wrong person, role or passphrase.
    """
    kind = BatchKind.CORRECTIONS
    with journalled(run, name):
        signer = unlock_signer(run, name, passphrase)
        with transaction(run.engine) as connection:
            wallets = {number: key for key, number in wallet_ids(connection).items()}
            rows = [
                resolution_row(
                    posting, wallets[posting.wallet_id], wanted.transaction_id, wanted.reason
                )
                for posting in wanted.postings
            ]
            totals: Counter[str] = Counter()
            for posting in wanted.postings:
                totals[posting.currency] += posting.amount_minor
            batch = Batch(new_batch_id(kind, run.now_utc()), kind, rows, dict(totals))
            places = [RowPlace(posting.line_id, posting.item_id) for posting in wanted.postings]
            prepare(connection, run, signer, [Draft(batch, places)])
    return batch.batch_id
