"""Which postings people really approved: each is compared with its signed row, every time."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from mmrecon.errors import SafetyRefusal
from mmrecon.model.approval import CanonicalRow
from mmrecon.model.posting import Posting, PostingState
from mmrecon.pipeline.approved import VerifiedBatch, verified_batches
from mmrecon.pipeline.people import load_roster
from mmrecon.pipeline.run import Run
from mmrecon.posting.preflight import Fingerprint
from mmrecon.posting.settle import Withdrawal
from mmrecon.store.postings import posting_facts
from mmrecon.store.schema import BATCH_ROW

_UNSENT: Final = frozenset({PostingState.APPROVED, PostingState.DEFERRED})
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


def sendable_postings(connection: Connection, run: Run, postings: Sequence[Posting]) -> Sendable:
    """Postings whose batch, row and keys are as signed. Open ones are checked, not given back.

    Raises:
        SafetyRefusal: something differs from what people signed; the message says what.
    """
    roster = load_roster(connection, run.founders_path)
    wanted = {posting.batch_id for posting in postings}
    verified = {
        batch.stored.batch.batch_id: batch
        for batch in verified_batches(connection, roster, run.settings, wanted)
    }
    for posting in postings:
        _compare(posting, verified[posting.batch_id])
    unsent = [posting for posting in postings if posting.state in _UNSENT]
    return Sendable(
        postings=tuple(p for p in unsent if p.batch_row in verified[p.batch_id].sendable),
        withdrawals=tuple(_outdated(unsent, verified)),
        servers=tuple(_servers(postings, verified)),
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


def _outdated(
    postings: Sequence[Posting], verified: Mapping[str, VerifiedBatch]
) -> list[Withdrawal]:
    return [
        Withdrawal(posting, "configuration_changed", {"code": code})
        for posting in postings
        if (code := verified[posting.batch_id].outdated.get(posting.batch_row, ""))
        and not posting.shadow
    ]


def _servers(
    postings: Collection[Posting], verified: Mapping[str, VerifiedBatch]
) -> list[Fingerprint]:
    rows = [verified[posting.batch_id].row(posting.batch_row) for posting in postings]
    return list(dict.fromkeys(fingerprint_of(row) for row in rows))


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
