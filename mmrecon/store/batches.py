"""Batches, their rows and signatures: in whole, out only after being checked against each other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from mmrecon.errors import SafetyRefusal, UsageError
from mmrecon.model.approval import Act, Batch, BatchKind, BatchState, Signature, SignedBatch
from mmrecon.model.keys import canonical_json, sha256_text
from mmrecon.store import journal
from mmrecon.store.schema import BATCH, BATCH_ROW, SIGNATURE

_SHOWN_FIELDS: Final = frozenset(
    {
        "act", "amount_minor", "posted_minor", "currency", "value_date", "command", "purpose",
        "leg", "attempt", "account_kind", "account_id", "client_id", "payment_type_id", "receipt",
        "tenant", "decision", "fingerprint", "settings_digest", "transaction_id",
    }
)  # fmt: skip
"""Fields whose values may stand in a message: none of them is personal."""
_SHOWN_DIFFERENCES: Final = 5


@dataclass(frozen=True, slots=True)
class RowPlace:
    """Where a row belongs in this store: an index beside the row, never signed."""

    line_id: int | None = None
    item_id: int | None = None


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A batch whose rows, text and digest agree. Signatures are checked by whoever knows people."""

    signed: SignedBatch
    state: BatchState
    places: tuple[RowPlace, ...]
    prepared_by: str
    prepared_at_utc: str
    decided_by: str
    decided_at_utc: str
    reason: str
    settings_digest: str
    rejected: Mapping[int, str]

    @property
    def batch(self) -> Batch:
        """The batch itself."""
        return self.signed.batch


@dataclass(frozen=True, slots=True)
class Header:
    """One line of a list of batches; `approved_by` has signed where a second approver must too."""

    batch_id: str
    kind: BatchKind
    state: BatchState
    row_count: int
    totals: Mapping[str, int]
    prepared_by: str
    prepared_at_utc: str
    approved_by: str


def insert_batch(
    connection: Connection,
    batch: Batch,
    places: Sequence[RowPlace],
    signature: Signature,
    *,
    person: str,
    settings_digest: str,
    run_id: str,
    state: BatchState = BatchState.PREPARED,
) -> None:
    """Keep a prepared batch with its rows and its first signature, and say so in the journal."""
    text = batch.text()
    connection.execute(
        insert(BATCH).values(
            batch_id=batch.batch_id,
            kind=batch.kind.value,
            state=state.value,
            canonical_text=text,
            digest=sha256_text(text),
            row_count=len(batch.rows),
            totals_json=canonical_json(dict(batch.totals)),
            prepared_by=person,
            prepared_at_utc=signature.signed_at_utc,
            settings_digest=settings_digest,
            run_id=run_id,
        )
    )
    _insert_rows(connection, batch, places)
    _insert_signature(connection, signature)
    _record(connection, "batch_prepared", batch, signature, person, run_id)


def record_decision(
    connection: Connection,
    signed: SignedBatch,
    signature: Signature,
    *,
    person: str,
    state: BatchState,
    rejected: Mapping[int, str],
    reason: str,
    run_id: str,
) -> None:
    """Keep a decision on a batch that waits; `rejected` maps row numbers to reasons.

    Raises:
        UsageError: somebody decided it in the meantime.
    """
    batch = signed.batch
    decided = connection.execute(
        update(BATCH)
        .where(BATCH.c.batch_id == batch.batch_id, BATCH.c.state == BatchState.PREPARED.value)
        .values(
            state=state.value,
            decided_by=person,
            decided_at_utc=signature.signed_at_utc,
            reason=reason,
        )
    )
    if decided.rowcount != 1 or _count_signatures(connection, batch) != len(signed.signatures):
        raise UsageError(
            f"batch {batch.batch_id} no longer waits: somebody decided it in the meantime",
            hint="`mmrecon approve` lists what waits.",
            code="batch_decided",
        )
    for number, why in rejected.items():  # few: a person gives a reason for each
        connection.execute(
            update(BATCH_ROW)
            .where(BATCH_ROW.c.batch_id == batch.batch_id, BATCH_ROW.c.row_number == number)
            .values(rejected=True, reject_reason=why)
        )
    _insert_signature(connection, signature)
    event = "batch_rejected" if state is BatchState.REJECTED else "batch_signed"
    event = "batch_approved" if state is BatchState.APPROVED else event
    _record(connection, event, batch, signature, person, run_id)


def waiting(connection: Connection) -> list[Header]:
    """Batches that wait for a decision, oldest first; the rows are not checked yet."""
    query = (
        select(BATCH)
        .where(BATCH.c.state == BatchState.PREPARED.value)
        .order_by(BATCH.c.prepared_at_utc, BATCH.c.batch_id)
    )
    return [_header(row) for row in connection.execute(query)]


def batch_ids(
    connection: Connection, kinds: Iterable[BatchKind], states: Iterable[BatchState]
) -> list[str]:
    """Ids of the batches of some kinds in some states, in the order they were prepared."""
    query = (
        select(BATCH.c.batch_id)
        .where(BATCH.c.kind.in_([kind.value for kind in kinds]))
        .where(BATCH.c.state.in_([state.value for state in states]))
        .order_by(BATCH.c.prepared_at_utc, BATCH.c.batch_id)
    )
    return list(connection.execute(query).scalars())


def load(connection: Connection, batch_id: str) -> StoredBatch:
    """A batch with its signatures; rows, canonical text and digest are compared with each other.

    Raises:
        UsageError: there is no such batch.
        SafetyRefusal: something was altered in the database; the message says what.
    """
    header = connection.execute(select(BATCH).where(BATCH.c.batch_id == batch_id)).one_or_none()
    if header is None:
        raise UsageError(
            f"there is no batch {batch_id}",
            hint="`mmrecon approve` lists what waits.",
            code="no_such_batch",
        )
    query = select(BATCH_ROW).where(BATCH_ROW.c.batch_id == batch_id)
    rows = list(connection.execute(query.order_by(BATCH_ROW.c.row_number)))
    batch = _checked(header, rows)
    signatures = _signatures(connection, batch_id)
    rejected = {row.row_number: row.reject_reason for row in rows if row.rejected}
    if rejected.keys() != {number for found in signatures for number in found.rejected_rows}:
        raise altered(batch_id, "other rows are marked rejected than people rejected")
    return StoredBatch(
        signed=SignedBatch(batch, header.digest, signatures),
        state=BatchState(header.state),
        places=tuple(RowPlace(row.line_id, row.item_id) for row in rows),
        prepared_by=header.prepared_by,
        prepared_at_utc=header.prepared_at_utc,
        decided_by=header.decided_by,
        decided_at_utc=header.decided_at_utc,
        reason=header.reason,
        settings_digest=header.settings_digest,
        rejected=rejected,
    )


def altered(batch_id: str, what: str) -> SafetyRefusal:
    """The refusal for something that differs from what people signed."""
    return SafetyRefusal(
        f"batch {batch_id} was altered in the database: {what}",
        hint="Nothing of it counts. Find out who did this; compare with the last backup.",
        code="batch_altered",
    )


def _checked(header: Any, rows: Sequence[Any]) -> Batch:
    """The batch of the stored rows, if it is word for word what was stored as its text."""
    batch_id = header.batch_id
    if [row.row_number for row in rows] != list(range(1, header.row_count + 1)):
        raise altered(batch_id, _missing(header, rows))
    try:
        parsed = _parsed(row.row_json for row in rows)
        batch = Batch(batch_id, BatchKind(header.kind), parsed, json.loads(header.totals_json))
        text = batch.text()
    except (TypeError, ValueError) as error:
        raise altered(batch_id, "a row is no longer readable") from error
    if text != header.canonical_text:
        raise altered(batch_id, _differences(header.canonical_text, batch))
    if sha256_text(text) != header.digest:
        raise altered(batch_id, "its rows do not have the digest that was stored")
    return batch


def _parsed(texts: Iterable[str]) -> list[dict[str, object]]:
    """Rows of one batch; what they all say in the same words is held once."""
    words: dict[str, str] = {}

    def shared(pairs: list[tuple[str, object]]) -> dict[str, object]:
        return {
            words.setdefault(name, name): words.setdefault(value, value)
            if isinstance(value, str)
            else value
            for name, value in pairs
        }

    reader = json.JSONDecoder(object_pairs_hook=shared)
    return [dict[str, object](reader.decode(text)) for text in texts]


def _missing(header: Any, rows: Sequence[Any]) -> str:
    there = {row.row_number for row in rows}
    gone = sorted(set(range(1, header.row_count + 1)) - there)
    return f"row {gone[0]} is missing" if gone else "rows were added"


def _differences(canonical_text: str, batch: Batch) -> str:
    """Which rows and fields differ between the stored text and the stored rows."""
    try:
        signed = json.loads(canonical_text)
        signed_rows = [dict[str, object](row) for row in signed["rows"]]
    except (KeyError, TypeError, ValueError):
        return "its canonical text is no longer readable"
    found = [
        f"row {number}: {words}"
        for number, (old, new) in enumerate(zip(signed_rows, batch.rows, strict=False), start=1)
        if (words := _row_difference(old, new))
    ]
    if len(signed_rows) != len(batch.rows):
        found.append(f"{len(signed_rows)} rows in its text, {len(batch.rows)} in the table")
    if signed.get("totals") != dict(batch.totals):
        found.append("other totals")
    more = f" and {len(found) - _SHOWN_DIFFERENCES} more" if len(found) > _SHOWN_DIFFERENCES else ""
    return ("; ".join(found[:_SHOWN_DIFFERENCES]) or "its text was rewritten") + more


def _row_difference(old: Mapping[str, object], new: Mapping[str, object]) -> str:
    names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    return ", ".join(
        f"{name} {old.get(name)} → {new.get(name)}" if name in _SHOWN_FIELDS else name
        for name in names
    )


def _insert_rows(connection: Connection, batch: Batch, places: Sequence[RowPlace]) -> None:
    connection.execute(
        insert(BATCH_ROW),
        [
            {
                "batch_id": batch.batch_id,
                "row_number": number,
                "row_json": canonical_json(dict(row)),
                "line_id": place.line_id,
                "item_id": place.item_id,
                "source": str(row.get("source", "")),
            }
            for number, (row, place) in enumerate(zip(batch.rows, places, strict=True), start=1)
        ],
    )


def _insert_signature(connection: Connection, signature: Signature) -> None:
    connection.execute(
        insert(SIGNATURE).values(
            batch_id=signature.batch_id,
            digest=signature.digest,
            act=signature.act.value,
            rejected_rows_json=canonical_json(list(signature.rejected_rows)),
            fingerprint=signature.fingerprint,
            signed_at_utc=signature.signed_at_utc,
            signature=signature.signature,
        )
    )


def _count_signatures(connection: Connection, batch: Batch) -> int:
    query = select(func.count()).where(SIGNATURE.c.batch_id == batch.batch_id)
    return int(connection.execute(query).scalar_one())


def _signatures(connection: Connection, batch_id: str) -> tuple[Signature, ...]:
    query = select(SIGNATURE).where(SIGNATURE.c.batch_id == batch_id)
    rows = connection.execute(query.order_by(SIGNATURE.c.signature_id))
    try:
        return tuple(_signature(row) for row in rows)
    except (TypeError, ValueError) as error:
        raise altered(batch_id, "a signature is no longer readable") from error


def _signature(row: Any) -> Signature:
    return Signature(
        batch_id=row.batch_id,
        digest=row.digest,
        act=Act(row.act),
        rejected_rows=tuple(json.loads(row.rejected_rows_json)),
        fingerprint=row.fingerprint,
        signed_at_utc=row.signed_at_utc,
        signature=row.signature,
        order=row.signature_id,
    )


def _header(row: Any) -> Header:
    return Header(
        batch_id=row.batch_id,
        kind=BatchKind(row.kind),
        state=BatchState(row.state),
        row_count=row.row_count,
        totals=json.loads(row.totals_json),
        prepared_by=row.prepared_by,
        prepared_at_utc=row.prepared_at_utc,
        approved_by=row.decided_by,
    )


def _record(
    connection: Connection, event: str, batch: Batch, signature: Signature, person: str, run_id: str
) -> None:
    payload = {
        "batch_id": batch.batch_id,
        "kind": batch.kind.value,
        "digest": signature.digest,
        "rows": len(batch.rows),
        "totals": dict(batch.totals),
        "act": signature.act.value,
        "rejected_rows": list(signature.rejected_rows),
        "fingerprint": signature.fingerprint,
    }
    entry = journal.Entry(event, payload, person)
    journal.append(connection, [entry], at_utc=signature.signed_at_utc, run_id=run_id)
