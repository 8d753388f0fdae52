"""The journal: append-only, hash-chained record of every decision and change of state.

hash = SHA-256 of the canonical JSON of [previous_hash, sequence, at_utc, run_id, actor, event,
payload]. Payloads hold ids, codes, amounts and digests, never personal data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, insert, select

from mmrecon.errors import SafetyRefusal
from mmrecon.model.keys import canonical_json, sha256_text
from mmrecon.store.schema import JOURNAL


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened; `actor` is a person's name, or `mmrecon`."""

    event: str
    payload: Mapping[str, object]
    actor: str = "mmrecon"


def append(connection: Connection, entries: Iterable[Entry], *, at_utc: str, run_id: str) -> str:
    """Append entries inside the caller's write transaction; returns the new head."""
    sequence, head = _end(connection)
    rows = []
    for entry in entries:
        sequence += 1
        payload_json = canonical_json(dict(entry.payload))
        previous, head = head, _hash(head, sequence, at_utc, run_id, entry, payload_json)
        rows.append(
            {
                "sequence": sequence, "at_utc": at_utc, "run_id": run_id, "actor": entry.actor,
                "event": entry.event, "payload_json": payload_json, "previous_hash": previous,
                "hash": head,
            }
        )  # fmt: skip
    if rows:
        connection.execute(_INSERT, rows)
    return head


_INSERT: Final = insert(JOURNAL)


def head(connection: Connection) -> tuple[int, str]:
    """Sequence and hash of the newest entry; (0, "") for an empty journal."""
    return _end(connection)


def end_before(connection: Connection, event: str) -> int:
    """Sequence of the newest entry of another event; 0 when there is none."""
    newest = select(func.max(JOURNAL.c.sequence)).where(JOURNAL.c.event != event)
    return int(connection.scalar(newest) or 0)


def verify(connection: Connection) -> tuple[int, str]:
    """Walk the whole chain; returns its head.

    Raises:
        SafetyRefusal: names the first entry that was altered, removed or put in.
    """
    expected_sequence, previous = 0, ""
    for row in connection.execute(select(JOURNAL).order_by(JOURNAL.c.sequence)):
        expected_sequence += 1
        entry = Entry(row.event, {}, row.actor)
        right = _hash(previous, row.sequence, row.at_utc, row.run_id, entry, row.payload_json)
        if row.sequence != expected_sequence or row.previous_hash != previous or row.hash != right:
            raise SafetyRefusal(
                f"the journal's chain breaks at entry {expected_sequence}",
                hint="Somebody changed the database. Post nothing; restore the last backup.",
                code="journal_broken",
            )
        previous = row.hash
    return expected_sequence, previous


_NEWEST: Final = select(JOURNAL.c.sequence, JOURNAL.c.hash).where(
    JOURNAL.c.sequence == select(func.max(JOURNAL.c.sequence)).scalar_subquery()
)


def _end(connection: Connection) -> tuple[int, str]:
    row = connection.execute(_NEWEST).one_or_none()
    return (0, "") if row is None else (row.sequence, row.hash)


def _hash(
    previous: str, sequence: int, at_utc: str, run_id: str, entry: Entry, payload_json: str
) -> str:
    return sha256_text(
        canonical_json([previous, sequence, at_utc, run_id, entry.actor, entry.event, payload_json])
    )
