"""Does the store hold what its journal says, and nothing else? Batches, signatures, people, money.

Walked entry by entry, as the chain itself has to be.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, select

from mmrecon.model.posting import PostingState
from mmrecon.store.schema import (
    BATCH,
    BATCH_ROW,
    ENROLMENT,
    INSTANCE,
    JOURNAL,
    LINK,
    POSTING,
    SIGNATURE,
)

_STATES: Final = {
    "batch_approved": "approved", "batch_rejected": "rejected", "batch_signed": "prepared",
}  # fmt: skip
_BATCH_EVENTS: Final = ("batch_prepared", *_STATES)
_EVENTS: Final = (
    *_BATCH_EVENTS, "key_enrolled", "person_revoked", "posting_made", "posting_state",
    "posting_resend", "link_made", "instance_began",
)  # fmt: skip

_Row = tuple[str, int]


@dataclass
class _Told:
    """What the journal says, entry after entry."""

    batches: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    signatures: list[tuple[Any, ...]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    revoked: set[str] = field(default_factory=set)
    made: dict[_Row, int] = field(default_factory=dict)
    posting_states: dict[int, str] = field(default_factory=dict)
    transactions: dict[int, str] = field(default_factory=dict)
    resends: dict[int, int] = field(default_factory=dict)
    links: set[_Row] = field(default_factory=set)
    instances: set[str] = field(default_factory=set)


def differences(connection: Connection) -> list[str]:
    """Everything in which store and journal differ, in words; nothing personal."""
    told = _told(connection)
    return [
        *_batches(connection, told),
        *_signatures(connection, told),
        *_people(connection, told),
        *_postings(connection, told),
        *_sets("link", told.links, {(r.batch_id, r.batch_row) for r in _all(connection, LINK)}),
        *_sets("instance", told.instances, {r.instance_id for r in _all(connection, INSTANCE)}),
    ]  # fmt: skip


def _told(connection: Connection) -> _Told:
    told = _Told()
    query = select(JOURNAL.c.event, JOURNAL.c.payload_json).where(JOURNAL.c.event.in_(_EVENTS))
    for event, text in connection.execute(query.order_by(JOURNAL.c.sequence)):
        payload = json.loads(text)
        if event in _BATCH_EVENTS:
            _take_batch(told, event, payload)
        elif event == "key_enrolled":
            told.keys.add(payload["fingerprint"])
        elif event == "person_revoked":
            told.revoked.update(payload["fingerprints"])
        elif event == "posting_made":
            told.made[payload["batch_id"], payload["row"]] = payload["amount_minor"]
        elif event == "posting_state":
            told.posting_states[payload["posting_id"]] = payload["to"]
            if payload["transaction_id"]:
                told.transactions[payload["posting_id"]] = payload["transaction_id"]
        elif event == "posting_resend":
            told.resends[payload["posting_id"]] = payload["resend"]
        elif event == "link_made":
            told.links.add((payload["batch_id"], payload["row"]))
        else:
            told.instances.add(payload["instance"])
    return told


def _take_batch(told: _Told, event: str, payload: Mapping[str, Any]) -> None:
    batch_id = payload["batch_id"]
    if event == "batch_prepared":
        told.batches[batch_id] = (payload["kind"], payload["digest"], payload["rows"])
    told.states[batch_id] = _STATES.get(event, "prepared")
    told.signatures.append(
        (
            batch_id, payload["act"], payload["fingerprint"], payload["digest"],
            tuple(payload["rejected_rows"]),
        )
    )  # fmt: skip


def _batches(connection: Connection, told: _Told) -> Iterator[str]:
    names = ("batch_id", "kind", "digest", "row_count", "state")
    query = select(*(BATCH.c[name] for name in names))
    found = {row.batch_id: row for row in connection.execute(query)}
    rows = Counter(connection.execute(select(BATCH_ROW.c.batch_id)).scalars())
    yield from _sets("batch", told.batches, found)
    for batch_id in told.batches.keys() & found.keys():
        row = found[batch_id]
        if told.batches[batch_id] != (row.kind, row.digest, row.row_count):
            yield f"batch {batch_id} has another kind, digest or number of rows"
        if rows[batch_id] != row.row_count:
            yield f"batch {batch_id} has {rows[batch_id]} rows, not {row.row_count}"
        if not _same_state(told.states[batch_id], row):
            yield f"batch {batch_id} is {row.state}, the journal says {told.states[batch_id]}"


def _same_state(state: str, row: Any) -> bool:
    """A revocation is a batch that counts as soon as it is prepared."""
    return row.state == state or (
        row.kind == "people" and (state, row.state) == ("prepared", "approved")
    )


def _signatures(connection: Connection, told: _Told) -> Iterator[str]:
    """Who signed what, in the order of signing: rights are replayed in that order."""
    query = select(SIGNATURE).order_by(SIGNATURE.c.signature_id)
    found = [
        (
            row.batch_id, row.act, row.fingerprint, row.digest,
            tuple(json.loads(row.rejected_rows_json)),
        )
        for row in connection.execute(query)
    ]  # fmt: skip
    missing, added = (
        Counter(told.signatures) - Counter(found),
        Counter(found) - Counter(told.signatures),
    )
    for signature in missing:
        yield f"the signature {signature[1]} of batch {signature[0]} is gone or was changed"
    for signature in added:
        yield f"the signature {signature[1]} of batch {signature[0]} is not in the journal"
    if not missing and not added and found != told.signatures:
        first = next(a for a, b in zip(found, told.signatures, strict=True) if a != b)
        yield f"signatures were renumbered, first {first[1]} of batch {first[0]}"


def _people(connection: Connection, told: _Told) -> Iterator[str]:
    rows = _all(connection, ENROLMENT)
    yield from _sets("key", told.keys, {row.fingerprint for row in rows})
    revoked = {row.fingerprint for row in rows if row.revoked_at_utc}
    yield from _sets("revocation of key", told.revoked, revoked)


def _postings(connection: Connection, told: _Told) -> Iterator[str]:
    names = (
        "posting_id", "batch_id", "batch_row", "amount_minor", "state", "transaction_id", "resend",
    )  # fmt: skip
    rows = list(connection.execute(select(*(POSTING.c[name] for name in names))))
    found = {(row.batch_id, row.batch_row): row for row in rows}
    yield from _sets("posting of", told.made, found)
    yield from _sets(
        "posting", told.posting_states, {r.posting_id for r in rows}, only_missing=True
    )
    for place, row in found.items():
        number = row.posting_id
        state = told.posting_states.get(number, PostingState.APPROVED.value)
        expected = (
            told.made.get(place), state, told.transactions.get(number, ""),
            told.resends.get(number, 0),
        )  # fmt: skip
        if place in told.made and expected != (
            row.amount_minor, row.state, row.transaction_id, row.resend,
        ):  # fmt: skip
            yield f"posting {number} is {row.state}, the journal says {state}, or it was changed"


def _sets(what: str, told: Any, found: Any, *, only_missing: bool = False) -> Iterator[str]:
    for name in sorted(set(told) - set(found)):
        yield f"{what} {_words(name)} is gone from the store"
    if not only_missing:
        for name in sorted(set(found) - set(told)):
            yield f"{what} {_words(name)} is not in the journal"


def _words(name: Any) -> str:
    return f"row {name[1]} of batch {name[0]}" if isinstance(name, tuple) else str(name)


def _all(connection: Connection, table: Any) -> list[Any]:
    return list(connection.execute(select(table)))
