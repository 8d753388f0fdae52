"""Contradicted wallet-days that two people let go, verified each time from the store's own rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import Connection

from mmrecon.errors import SafetyRefusal
from mmrecon.model.approval import Act, BatchKind, BatchState, SignedBatch
from mmrecon.model.override import SEND_CONTRADICTED_DAY, Override, contradiction_of
from mmrecon.people.roster import Roster, signatories
from mmrecon.pipeline.people import load_roster
from mmrecon.pipeline.run import Run
from mmrecon.store import batches
from mmrecon.store.contradictions import WalletDay, contradicted_days
from mmrecon.store.proofs import wallet_ids


@dataclass(frozen=True, slots=True)
class Contradicted:
    """Contradicted wallet-days: those of which nothing is sent, and those that people let go."""

    held: frozenset[WalletDay] = frozenset()
    released: Mapping[WalletDay, Override] = field(default_factory=dict)


def contradicted(connection: Connection, run: Run) -> Contradicted:
    """Where evidence fails, and what two people signed about it.

    Raises:
        SafetyRefusal: an override was altered, or its signatures do not count.
    """
    days = contradicted_days(connection)
    overrides = verified_overrides(connection, run) if days else ()
    known = wallet_ids(connection)
    released = {
        day: override
        for override in overrides
        if (day := (known.get(override.wallet, 0), override.day)) in days
        and days[day].within(override.contradiction)
    }
    return Contradicted(frozenset(days.keys() - released.keys()), released)


def verified_overrides(connection: Connection, run: Run) -> list[Override]:
    """Every override in force, oldest first.

    Raises:
        SafetyRefusal: one was altered, or lacks a signature that counts.
    """
    found = batches.batch_ids(connection, [BatchKind.CORRECTIONS], [BatchState.APPROVED])
    if not found:
        return []
    roster = load_roster(connection, run.founders_path)
    loaded = (batches.load(connection, batch_id).signed for batch_id in found)
    return [override for signed in loaded for override in _overrides(roster, signed)]


def _overrides(roster: Roster, signed: SignedBatch) -> Iterator[Override]:
    batch_id = signed.batch.batch_id
    people, approval = signatories(roster, signed), signed.of(Act.APPROVE)
    if people is None or approval is None or signed.of(Act.REJECT) is not None:
        raise _unsigned(batch_id)
    for number, row in enumerate(signed.batch.rows, start=1):
        if row.get("act") == SEND_CONTRADICTED_DAY and number not in approval.rejected_rows:
            provider, account = map(str, cast("list[str]", row["wallet"]))
            yield Override(
                batch_id=batch_id,
                wallet=(provider, account),
                day=str(row["day"]),
                contradiction=contradiction_of(row),
                reason=str(row["reason"]),
                signed_by=(people.preparer.name, people.approver.name),
            )


def _unsigned(batch_id: str) -> SafetyRefusal:
    return SafetyRefusal(
        f"batch {batch_id} counts as approved but lacks the signatures of a preparer and an "
        "approver",
        hint="Somebody changed the database. Nothing is posted.",
        code="signatures_missing",
    )
