"""Accepted answers become batches that somebody is about to sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from mmrecon.approval.accepted import Accepted
from mmrecon.approval.batches import Server, prepare, source_of
from mmrecon.model.approval import Batch, new_batch_id
from mmrecon.pipeline.open_work import wallet_parts
from mmrecon.pipeline.run import Run
from mmrecon.store.batches import RowPlace
from mmrecon.store.postings import next_attempts
from mmrecon.store.snapshots import newest_office


@dataclass(frozen=True, slots=True)
class Draft:
    """A batch that is about to be prepared, and where each of its rows belongs in the store."""

    batch: Batch
    places: Sequence[RowPlace]


def drafts_of(connection: Connection, run: Run, accepted: Sequence[Accepted]) -> list[Draft]:
    """At most one batch of each kind."""
    attempts = next_attempts(connection, {source_of(answer)[0] for answer in accepted})
    wallets = {wallet.name: wallet for wallet in wallet_parts(run, connection)}
    server = _server(run, connection)
    prepared = prepare(
        accepted, server, wallets, attempts, lambda kind: new_batch_id(kind, run.now_utc())
    )
    return [Draft(one.batch, [RowPlace(*place) for place in one.places]) for one in prepared]


def _server(run: Run, connection: Connection) -> Server:
    """The configured Fineract, as it was when its ledger was read last."""
    fineract = run.settings.fineract
    office = newest_office(connection)
    return Server(
        tenant=fineract.tenant if fineract else "",
        base_url=fineract.base_url if fineract else "",
        office_name=office.name if office else "",
        office_opened_on=office.opened_on if office else "",
    )
