"""Files that came in: their bytes by hash, and each delivery by source, name, size and time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from mmrecon.store.schema import DELIVERY, FILE, ISSUE, RUN, STATEMENT

_FOR_GOOD: Final = "9999"
_ASIDE: Final = ("quarantined", "refused")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file as it arrived; its bytes are in the archive already.

    `wallet_name` is "" where nobody said whose it is; `modified_utc_s` is None where the source
    has no such time.
    """

    sha256: str
    size_bytes: int
    archived_as: str
    wallet_name: str
    source: str
    name: str
    modified_utc_s: int | None = None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One delivery of a file; `is_new` when no delivery before it had these bytes."""

    file_id: int
    sha256: str
    size_bytes: int
    archived_as: str
    first_name: str
    first_seen_at_utc: str
    name: str
    wallet_name: str
    is_new: bool


def record(connection: Connection, delivery: Delivery, *, at_utc: str) -> StoredFile:
    """Remember a delivery; the very same one (source, name, size, time, bytes) once only."""
    found = connection.execute(select(FILE).where(FILE.c.sha256 == delivery.sha256)).one_or_none()
    is_new = found is None
    if is_new:
        connection.execute(
            insert(FILE).values(
                sha256=delivery.sha256,
                size_bytes=delivery.size_bytes,
                archived_as=delivery.archived_as,
                first_name=delivery.name,
                first_seen_at_utc=at_utc,
            )
        )
    file = found or connection.execute(select(FILE).where(FILE.c.sha256 == delivery.sha256)).one()
    _record_arrival(connection, file.file_id, delivery, at_utc)
    return _stored(file, delivery.name, delivery.wallet_name, is_new=is_new)


def known_deliveries(
    connection: Connection, wallet_name: str, source: str
) -> set[tuple[str, int, int]]:
    """(name, size_bytes, modified_utc_s) of everything that a wallet's source ever delivered."""
    rows = connection.execute(
        select(DELIVERY.c.name, DELIVERY.c.size_bytes, DELIVERY.c.modified_utc_s)
        .where(DELIVERY.c.source == source, DELIVERY.c.wallet_name == wallet_name)
        .where(DELIVERY.c.size_bytes.is_not(None), DELIVERY.c.modified_utc_s.is_not(None))
    )
    return {(row.name, row.size_bytes, row.modified_utc_s) for row in rows}


@dataclass(frozen=True, slots=True)
class Means:
    """What reading goes by; where it differs, what was set aside may be read now."""

    settings_digest: str = ""
    program_version: str = ""
    layouts_changed_at_utc: str = ""


def unread(
    connection: Connection, wallets: Mapping[str, int | None], means: Means | None = None
) -> list[StoredFile]:
    """Deliveries to wallets (name → wallet_id) whose file does not stand read there, as they came.

    So a run that was killed between fetching and reading is finished by the next one. A file that
    was set aside counts once more when it was delivered again, or when the means have changed; one
    that was withdrawn when it was delivered again.
    """
    rows = connection.execute(
        select(FILE, DELIVERY.c.name, DELIVERY.c.wallet_name, DELIVERY.c.delivered_at_utc)
        .join(DELIVERY, DELIVERY.c.file_id == FILE.c.file_id)
        .where(DELIVERY.c.wallet_name.in_(list(wallets)))
        .order_by(DELIVERY.c.delivery_id)
    )
    readings = _readings(connection)
    first: dict[tuple[int, str], StoredFile] = {}
    for row in rows:
        mine = [
            one
            for one in readings.get(row.file_id, ())
            if one.wallet_id in {None, wallets[row.wallet_name]}
        ]
        if row.delivered_at_utc > _tried_at_utc(mine, means):
            stored = _stored(row, row.name, row.wallet_name, is_new=True)
            first.setdefault((row.file_id, row.wallet_name), stored)
    return list(first.values())


@dataclass(frozen=True, slots=True)
class SetAside:
    """A file, or a member of one, that was set aside: nothing of it is in the store."""

    statement_id: int
    sha256: str
    name: str
    reason_code: str
    reason_json: str
    read_at_utc: str


def set_aside(connection: Connection) -> list[SetAside]:
    """What stands as quarantined or refused now, newest first."""
    query = (
        select(
            STATEMENT.c.statement_id, FILE.c.sha256, STATEMENT.c.delivered_name,
            STATEMENT.c.reason_code, STATEMENT.c.reason_json, STATEMENT.c.read_at_utc,
        )
        .join(FILE, FILE.c.file_id == STATEMENT.c.file_id)
        .where(STATEMENT.c.outcome.in_(_ASIDE), STATEMENT.c.complete, STATEMENT.c.current)
        .order_by(STATEMENT.c.read_at_utc.desc(), STATEMENT.c.statement_id)
    )  # fmt: skip
    return [SetAside(*row) for row in connection.execute(query)]


def dismiss(connection: Connection, found: Sequence[SetAside], *, at_utc: str) -> None:
    """These readings stand no more, and their issues are closed; the files stay in the archive."""
    ids = [one.statement_id for one in found]
    connection.execute(
        update(STATEMENT).where(STATEMENT.c.statement_id.in_(ids)).values(current=False)
    )
    connection.execute(
        update(ISSUE)
        .where(ISSUE.c.statement_id.in_(ids), ISSUE.c.closed_at_utc == "")
        .values(closed_at_utc=at_utc)
    )


def _readings(connection: Connection) -> dict[int, list[Row[Any]]]:
    """Every file's readings to the end, with the means of their runs."""
    names = (
        "file_id", "wallet_id", "member", "outcome", "read_at_utc", "current", "withdrawn_at_utc",
    )  # fmt: skip
    query = (
        select(*(STATEMENT.c[name] for name in names))
        .add_columns(RUN.c.settings_digest, RUN.c.program_version)
        .join(RUN, RUN.c.run_id == STATEMENT.c.run_id, isouter=True)
        .where(STATEMENT.c.complete)
    )
    found: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.file_id, []).append(row)
    return found


def _tried_at_utc(readings: Sequence[Row[Any]], means: Means | None) -> str:
    """Up to when a delivery of the file is done with: never, until it was set aside, for good."""
    if not readings:
        return ""
    withdrawn_at_utc: str = max(row.withdrawn_at_utc for row in readings)
    if withdrawn_at_utc and not any(row.current for row in readings):
        return withdrawn_at_utc
    stands = {row.member for row in readings if row.outcome not in _ASIDE}
    aside = [row for row in readings if row.outcome in _ASIDE and row.member not in stands]
    if aside and not any(row.current for row in aside):
        return _FOR_GOOD  # dismissed
    if means is not None and aside and all(_differs(row, means) for row in aside):
        return ""
    return max((row.read_at_utc for row in aside), default=_FOR_GOOD)


def _differs(row: Row[Any], means: Means) -> bool:
    used = (row.settings_digest, row.program_version)
    now = (means.settings_digest, means.program_version)
    return used != now or means.layouts_changed_at_utc > row.read_at_utc


def _record_arrival(connection: Connection, file_id: int, delivery: Delivery, at_utc: str) -> None:
    facts: dict[str, object] = {
        "file_id": file_id,
        "wallet_name": delivery.wallet_name,
        "source": delivery.source,
        "name": delivery.name,
        "size_bytes": delivery.size_bytes,
        "modified_utc_s": delivery.modified_utc_s,
    }
    same = [DELIVERY.c[column].is_not_distinct_from(value) for column, value in facts.items()]
    if connection.execute(select(DELIVERY.c.delivery_id).where(*same)).first() is None:
        connection.execute(insert(DELIVERY).values(**facts, delivered_at_utc=at_utc))


def _stored(
    file: Row[tuple[object, ...]], name: str, wallet_name: str, *, is_new: bool
) -> StoredFile:
    return StoredFile(
        file.file_id,
        file.sha256,
        file.size_bytes,
        file.archived_as,
        file.first_name,
        file.first_seen_at_utc,
        name,
        wallet_name,
        is_new,
    )
