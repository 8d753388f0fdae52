"""Who this store is. A store that was restored, or lost its newest entries, is another instance.

Such an instance sends nothing until Fineract was read (DESIGN section 5).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from mmrecon.model.keys import canonical_json
from mmrecon.model.posting import PostingState
from mmrecon.store import journal
from mmrecon.store.schema import BATCH, INSTANCE, JOURNAL, POSTING

_BEFORE_ALL: Final = "2000-01-01"
"""An empty journal may lack anything."""
_UNSENT: Final = tuple(
    state.value for state in (PostingState.APPROVED, PostingState.DEFERRED, PostingState.WITHDRAWN)
)


class How(StrEnum):
    """How an instance began."""

    MADE = "made"
    RESTORED = "restored"
    BEHIND = "behind"
    OTHER_STOPPED = "other_stopped"


@dataclass(frozen=True, slots=True)
class Instance:
    """A store's own id; `known_from` is the day from which on its memory may have gaps."""

    instance_id: str
    how: How
    made_at_utc: str
    read_at_utc: str
    known_from: str

    @property
    def must_read(self) -> bool:
        """Whether Fineract has to be read before anything is sent."""
        return not self.read_at_utc


def current(connection: Connection) -> Instance | None:
    """Who this store is; None for one that never posted."""
    row = connection.execute(
        select(INSTANCE).order_by(INSTANCE.c.place.desc()).limit(1)
    ).one_or_none()
    return None if row is None else _instance(row)


def made_once(connection: Connection, *, at_utc: str, run_id: str) -> Instance:
    """Who this store is; a new one gets its id now."""
    return current(connection) or _insert(
        connection, How.MADE, "", at_utc=at_utc, read_at_utc=at_utc, run_id=run_id
    )


def begin(connection: Connection, how: How, *, at_utc: str, run_id: str) -> Instance:
    """From now on this store is another instance, which must read before it sends.

    One that has not read yet keeps the older day: its gap only grows.
    """
    before = current(connection)
    known_from = _newest_day(connection)
    if before is not None and before.must_read:
        known_from = min(known_from, before.known_from)
    return _insert(connection, how, known_from, at_utc=at_utc, read_at_utc="", run_id=run_id)


def have_read(
    connection: Connection,
    instance: Instance,
    batches: Iterable[str],
    *,
    counts: dict[str, int],
    at_utc: str,
    run_id: str,
) -> None:
    """Fineract was read; `batches` (or single rows: `batch/row`) were sent in this store's past."""
    kept = sorted(batches)
    connection.execute(
        update(INSTANCE)
        .where(INSTANCE.c.instance_id == instance.instance_id)
        .values(read_at_utc=at_utc, batches_json=canonical_json(kept))
    )
    payload = {"instance": instance.instance_id, "batches": kept, **counts}
    entry = journal.Entry("ledger_read_anew", payload)
    journal.append(connection, [entry], at_utc=at_utc, run_id=run_id)


def strange_marks(connection: Connection, marks: Iterable[str]) -> dict[str, str]:
    """Marks (`batch/row`) that this store, as it is and as it was, did not make; by what is named.

    That is a batch that it does not have, or a row whose posting it never sent: then a copy of
    this store did.
    """
    batch_of = {mark: mark.rpartition("/")[0] for mark in marks}
    if not batch_of:
        return {}
    texts = connection.execute(select(INSTANCE.c.batches_json)).scalars()
    past = {name for text in texts if text for name in json.loads(text)}
    there = set(connection.execute(select(BATCH.c.batch_id)).scalars())
    unsent = _never_sent(connection, set(batch_of.values()) & there)
    named = {
        mark: mark if batch_id in there else batch_id
        for mark, batch_id in batch_of.items()
        if batch_id not in there or mark in unsent
    }
    return {mark: name for mark, name in named.items() if name not in past}


def _never_sent(connection: Connection, batch_ids: set[str]) -> set[str]:
    """Marks of postings that were approved, and that this store never began to send."""
    query = select(POSTING.c.batch_id, POSTING.c.batch_row).where(
        POSTING.c.batch_id.in_(sorted(batch_ids)),
        POSTING.c.sent_at_utc == "",
        POSTING.c.state.in_(_UNSENT),
    )
    return {f"{row.batch_id}/{row.batch_row}" for row in connection.execute(query)}


def _insert(
    connection: Connection, how: How, known_from: str, *, at_utc: str, read_at_utc: str, run_id: str
) -> Instance:
    newest = connection.execute(
        select(INSTANCE.c.place).order_by(INSTANCE.c.place.desc()).limit(1)
    ).scalar()
    instance = Instance(secrets.token_hex(4), how, at_utc, read_at_utc, known_from)
    connection.execute(
        insert(INSTANCE).values(
            instance_id=instance.instance_id,
            place=(newest or 0) + 1,
            how=how.value,
            made_at_utc=at_utc,
            read_at_utc=read_at_utc,
            known_from=known_from,
        )
    )
    payload = {"instance": instance.instance_id, "how": how.value, "known_from": known_from}
    entry = journal.Entry("instance_began", payload)
    journal.append(connection, [entry], at_utc=at_utc, run_id=run_id)
    return instance


def _newest_day(connection: Connection) -> str:
    """The day before the newest entry: the server's zone may be behind UTC."""
    newest = select(JOURNAL.c.at_utc).order_by(JOURNAL.c.sequence.desc()).limit(1)
    at_utc = connection.execute(newest).scalar()
    if at_utc is None:
        return _BEFORE_ALL
    return (date.fromisoformat(at_utc[:10]) - timedelta(days=1)).isoformat()


def _instance(row: Any) -> Instance:
    return Instance(row.instance_id, How(row.how), row.made_at_utc, row.read_at_utc, row.known_from)
