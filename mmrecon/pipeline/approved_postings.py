"""Which postings people really approved: each is compared with its signed row, every time."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, select

from mmrecon.errors import SafetyRefusal
from mmrecon.model.approval import CanonicalRow
from mmrecon.model.posting import Command, Posting, PostingState, Slip
from mmrecon.pipeline.approved import VerifiedBatch, verified_batches
from mmrecon.pipeline.people import load_roster
from mmrecon.pipeline.run import Run
from mmrecon.posting.preflight import Fingerprint
from mmrecon.posting.settle import Withdrawal
from mmrecon.store.posting_reads import batches_with, postings_in
from mmrecon.store.postings import posting_facts
from mmrecon.store.schema import BATCH_ROW

UNSENT: Final = (PostingState.APPROVED, PostingState.DEFERRED)
OPEN: Final = (PostingState.SENDING, PostingState.UNKNOWN, PostingState.PENDING_IN_CORE)
_COMPARED: Final = (
    "source", "purpose", "leg", "attempt", "command", "account_kind", "account_id", "account_no",
    "client_id", "amount_minor", "posted_minor", "currency", "value_date", "payment_type_id",
    "receipt",
)  # fmt: skip
_MAY_LACK: Final = ("paid_on", "date_reason")


@dataclass(frozen=True, slots=True)
class Sendable:
    """Postings that may be sent, the lines that may not any more, and the servers rows name."""

    postings: tuple[Posting, ...]
    withdrawals: tuple[Withdrawal, ...]
    servers: tuple[Fingerprint, ...]


@dataclass(slots=True)
class Approved:
    """Everything that is unsent or open, compared with its signed row: what a run goes by.

    `slips` may be sent; `withdrawals` are lines that may not any more; `servers` are named by rows.
    """

    posting_ids: list[int] = field(default_factory=list)
    slips: list[Slip] = field(default_factory=list)
    withdrawals: list[Withdrawal] = field(default_factory=list)
    servers: list[Fingerprint] = field(default_factory=list)
    commands: set[Command] = field(default_factory=set)
    wallet_ids: set[int] = field(default_factory=set)
    only_shadow: bool = True

    def add(self, postings: Sequence[Posting], part: Sendable) -> None:
        """What stands of one more batch."""
        self.posting_ids += [posting.posting_id for posting in postings]
        self.slips += [Slip.of(posting) for posting in part.postings]
        self.withdrawals += part.withdrawals
        self.servers += [server for server in part.servers if server not in self.servers]
        self.commands |= {posting.command for posting in postings}
        self.wallet_ids |= {posting.wallet_id for posting in postings}
        self.only_shadow &= all(posting.shadow for posting in postings)


def approved_postings(connection: Connection, run: Run) -> Approved:
    """All postings that are unsent or open; those of one batch are held at a time.

    Raises:
        SafetyRefusal: as `sendable_postings`.
    """
    states = (*UNSENT, *OPEN)
    roster = load_roster(connection, run.founders_path)
    approved = Approved()
    wanted = batches_with(connection, states)
    for batch in verified_batches(connection, roster, run.settings, wanted):
        batch_id = batch.stored.batch.batch_id
        postings = postings_in(connection, states, batch_id=batch_id)
        approved.add(postings, _sendable(postings, batch))
    approved.slips.sort(key=lambda slip: slip.posting_id)
    return approved


def sendable_postings(connection: Connection, run: Run, postings: Sequence[Posting]) -> Sendable:
    """Postings whose batch, row and keys are as signed. Open ones are checked, not given back.

    Raises:
        SafetyRefusal: something differs from what people signed; the message says what.
    """
    roster = load_roster(connection, run.founders_path)
    by_batch: dict[str, list[Posting]] = {}
    for posting in postings:
        by_batch.setdefault(posting.batch_id, []).append(posting)
    parts = [
        _sendable(by_batch[batch.stored.batch.batch_id], batch)
        for batch in verified_batches(connection, roster, run.settings, by_batch.keys())
    ]
    return Sendable(
        postings=tuple(posting for part in parts for posting in part.postings),
        withdrawals=tuple(withdrawal for part in parts for withdrawal in part.withdrawals),
        servers=tuple(dict.fromkeys(server for part in parts for server in part.servers)),
    )


def _sendable(postings: Sequence[Posting], batch: VerifiedBatch) -> Sendable:
    """What may be sent of the postings of one batch."""
    for posting in postings:
        _compare(posting, batch)
    unsent = [posting for posting in postings if posting.state in UNSENT]
    rows = [batch.row(posting.batch_row) for posting in postings]
    sendable = batch.sendable
    return Sendable(
        postings=tuple(posting for posting in unsent if posting.batch_row in sendable),
        withdrawals=tuple(_outdated(unsent, batch)),
        servers=tuple(dict.fromkeys(fingerprint_of(row) for row in rows)),
    )


def _compare(posting: Posting, batch: VerifiedBatch) -> None:
    rows = batch.stored.batch.rows
    row = rows[posting.batch_row - 1] if 0 < posting.batch_row <= len(rows) else {}
    differing = [name for name in _COMPARED if getattr(posting, name) != row.get(name)]
    if not differing:
        facts = posting_facts(row)
        if posting.idempotency_key != facts.idempotency_key(posting.resend):
            differing.append("idempotency_key")
        if posting.account_kind == "loan" and posting.external_id != facts.external_id():
            differing.append("external_id")
    differing += [name for name in _MAY_LACK if getattr(posting, name) != (row.get(name) or "")]
    if posting.batch_row not in batch.accepted:
        differing.append("a row that was rejected")
    if posting.shadow is not (posting.batch_row in batch.shadow):
        differing.append("shadow")
    if differing:
        raise SafetyRefusal(
            f"posting {posting.posting_id} differs from row {posting.batch_row} of batch "
            f"{posting.batch_id} that people signed: {', '.join(differing)}",
            hint="Somebody changed the database. Post nothing; compare with the last backup.",
            code="posting_altered",
        )


def _outdated(postings: Sequence[Posting], batch: VerifiedBatch) -> list[Withdrawal]:
    return [
        Withdrawal(posting, "configuration_changed", {"code": code})
        for posting in postings
        if (code := batch.outdated.get(posting.batch_row, "")) and not posting.shadow
    ]


def servers_named(connection: Connection, postings: Collection[Posting]) -> list[Fingerprint]:
    """The servers that the stored rows of some postings name; nothing is verified here."""
    batch_ids = sorted({posting.batch_id for posting in postings})
    query = select(BATCH_ROW.c.row_json).where(
        BATCH_ROW.c.batch_id.in_(batch_ids), BATCH_ROW.c.row_number == 1
    )
    rows = connection.execute(query).scalars()
    return list(dict.fromkeys(fingerprint_of(json.loads(row)) for row in rows))


def fingerprint_of(row: CanonicalRow) -> Fingerprint:
    """The server that a row was approved for."""
    server: Any = row.get("server")
    told = server if isinstance(server, Mapping) else {}
    return Fingerprint(
        str(told.get("base_url", "")),
        str(told.get("office_name", "")),
        str(told.get("office_opened_on", "")),
    )
