"""What waits for a second person, listed and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from mmrecon.approval.wording import sentence
from mmrecon.errors import SafetyRefusal, UsageError
from mmrecon.model.approval import Act, BatchKind, BatchState, Person
from mmrecon.people.roster import Roster, signers
from mmrecon.pipeline.configuration import Difference, approved_configurations, differences
from mmrecon.pipeline.parties import Parties, parties_of
from mmrecon.pipeline.people import load_roster
from mmrecon.pipeline.refusals import journalled
from mmrecon.pipeline.run import Run
from mmrecon.store import batches
from mmrecon.store.batches import Header, StoredBatch
from mmrecon.store.database import reading
from mmrecon.store.evidence import Evidence, evidence_of
from mmrecon.store.review_reasons import open_reasons


@dataclass(frozen=True, slots=True)
class Shown:
    """A batch to be looked at, every row and signature verified.

    `signed_by` are the people whose signatures count. `second`: it waits for a second approver.
    `evidence` says, by row number, why the line's match came out as it did; `differences` are
    those of a configuration; `parties` tell by row number whose money it is and whose account;
    `wallets` are names by provider and account; `zone` is the one in which people are told moments.
    """

    stored: StoredBatch
    signed_by: Mapping[Act, Person]
    second: bool
    evidence: Mapping[int, str]
    differences: Sequence[Difference]
    parties: Mapping[int, Parties]
    wallets: Mapping[tuple[str, str], str]
    zone: str


def waiting(run: Run) -> list[Header]:
    """What waits for a second person, oldest first."""
    with reading(run.engine) as connection:
        return batches.waiting(connection)


def show(run: Run, batch_id: str) -> Shown:
    """A batch to be looked at.

    Raises:
        SafetyRefusal: its rows, text or signatures do not agree (also in the journal then), or the
            ledger snapshot was changed.
    """
    with journalled(run), reading(run.engine) as connection:
        roster = load_roster(connection, run.founders_path)
        stored = load_verified(connection, roster, batch_id)
        changes: Sequence[Difference] = ()
        if stored.batch.kind is BatchKind.CONFIGURATION:
            history = approved_configurations(connection, roster)
            changes = differences(history[-1].row if history else None, stored.batch.rows[0])
        evidence = _evidence(connection, stored)
        parties = parties_of(connection, run, stored)
        signed_by = signers(roster, stored.signed)
    waits = stored.state is BatchState.PREPARED
    return Shown(
        stored=stored,
        signed_by=signed_by,
        second=waits and next_act(stored) is Act.SECOND,
        evidence=evidence,
        differences=changes,
        parties=parties,
        wallets={(found.provider, found.account): found.name for found in run.settings.wallets},
        zone=run.settings.zone,
    )


def _evidence(connection: Connection, stored: StoredBatch) -> dict[int, str]:
    """What spoke for and against each row's match; postings are approved by count and total."""
    if stored.batch.kind is BatchKind.POSTINGS:
        return {}
    line_ids = [place.line_id for place in stored.places if place.line_id is not None]
    told = evidence_of(connection, line_ids)
    came_back: dict[int, list[str]] = {}
    for reason in open_reasons(connection, line_ids):
        came_back.setdefault(reason.line_id, []).append(sentence(reason.code, reason.arguments))
    return {
        number: _with_reasons(_words(told[place.line_id]), came_back.get(place.line_id, ()))
        for number, place in enumerate(stored.places, start=1)
        if place.line_id is not None and place.line_id in told
    }


def _with_reasons(evidence: str, came_back: Sequence[str]) -> str:
    """The evidence, and first of all why the line was sent back to a person."""
    return f"SENT BACK: {'; '.join(came_back)}. {evidence}" if came_back else evidence


def _words(found: Evidence) -> str:
    explained = sentence(found.explanation, found.arguments) if found.explanation else ""
    tier = ": ".join(part for part in (found.tier, explained) if part)
    against = "; ".join(sentence(code, {}) for code in found.vetoes)
    return f"{tier.rstrip('.')}. Against it: {against}." if against else tier


def load_verified(connection: Connection, roster: Roster, batch_id: str) -> StoredBatch:
    """A batch whose text, rows and signatures agree; one that waits was prepared by a preparer."""
    stored = batches.load(connection, batch_id)
    people = signers(roster, stored.signed)
    if Act.PREPARE not in people and stored.state is BatchState.PREPARED:
        raise SafetyRefusal(
            f"batch {batch_id} was not prepared by somebody who may prepare",
            hint="Reject it; a preparer submits its rows again.",
            code="signatures_missing",
        )
    return stored


def still_waiting(stored: StoredBatch) -> StoredBatch:
    """The batch, if nobody has decided it yet; UsageError otherwise."""
    if stored.state is not BatchState.PREPARED:
        raise UsageError(
            f"batch {stored.batch.batch_id} waits no longer: it is {stored.state.value}",
            hint="`mmrecon approve` lists what waits.",
            code="batch_decided",
        )
    return stored


def next_act(stored: StoredBatch) -> Act:
    """What the next person to sign does."""
    return Act.APPROVE if stored.signed.of(Act.APPROVE) is None else Act.SECOND
