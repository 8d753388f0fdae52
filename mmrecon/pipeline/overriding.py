"""Sign, as its preparer, that a contradicted wallet-day is sent all the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mmrecon.errors import UsageError
from mmrecon.model.approval import Batch, BatchKind, new_batch_id
from mmrecon.model.override import Contradiction, override_row
from mmrecon.pipeline.approving import prepare
from mmrecon.pipeline.drafts import Draft
from mmrecon.pipeline.overrides import contradicted
from mmrecon.pipeline.people import unlock_signer
from mmrecon.pipeline.proving import evidence_of_day, failed_checks
from mmrecon.pipeline.refusals import journalled
from mmrecon.pipeline.run import Run
from mmrecon.pipeline.showing import configured_wallet
from mmrecon.store.batches import RowPlace
from mmrecon.store.contradictions import contradicted_days
from mmrecon.store.database import reading, transaction
from mmrecon.store.proofs import wallet_ids


@dataclass(frozen=True, slots=True)
class Overridable:
    """A contradicted wallet-day that somebody wants to send, and why."""

    wallet_name: str
    wallet: tuple[str, str]
    currency: str
    day: str
    contradiction: Contradiction
    reason: str


def look_at_day(run: Run, wallet_name: str, day: date, reason: str) -> Overridable:
    """What stands against the day now, in its statements and in their proof.

    Raises:
        UsageError: no reason, no such wallet, nothing stands against the day, or it was signed.
        SafetyRefusal: an earlier override was altered.
    """
    if not reason.strip():
        raise UsageError("an override has a reason", hint="Add --reason TEXT.")
    wallet = configured_wallet(run.settings, wallet_name)
    identity = (wallet.provider, wallet.account)
    with journalled(run), reading(run.engine) as connection:
        place = (wallet_ids(connection).get(identity, 0), str(day))
        standing = contradicted_days(connection).get(place, Contradiction())
        signed = contradicted(connection, run).released.get(place)
    if signed is not None:
        raise UsageError(
            f"two people signed that {day} of {wallet_name} is sent: {signed.batch_id}",
            hint="`mmrecon post` sends what is approved of it.",
        )
    fresh = [check for proof in evidence_of_day(run, wallet, day) for check in failed_checks(proof)]
    found = standing.with_proof(fresh)
    if found == Contradiction():
        raise UsageError(
            f"nothing contradicts {day} of {wallet_name}; it needs no override",
            hint="`mmrecon prove` shows every day.",
        )
    return Overridable(wallet_name, identity, wallet.currency, str(day), found, reason.strip())


def prepare_override(run: Run, wanted: Overridable, name: str, passphrase: str) -> str:
    """Sign it as its preparer; gives the batch that another person approves.

    Raises:
        SafetyRefusal: wrong person, role or passphrase.
    """
    row = override_row(
        wanted.wallet, wanted.currency, wanted.day, wanted.contradiction, wanted.reason
    )
    kind = BatchKind.CORRECTIONS
    batch = Batch(new_batch_id(kind, run.now_utc()), kind, [row], {})
    with journalled(run, name):
        signer = unlock_signer(run, name, passphrase)
        with transaction(run.engine) as connection:
            prepare(connection, run, signer, [Draft(batch, [RowPlace()])])
    return batch.batch_id
