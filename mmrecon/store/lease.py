"""One poster per tenant: a lease in the store, for machines that share one (DESIGN 7.3)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from mmrecon.errors import LockHeld
from mmrecon.store.schema import LEASE


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to post to a tenant.

    `holder` is a machine and its state folder: whoever holds that folder's run lock may take over
    from an earlier run there that was killed.
    """

    name: str
    holder: str
    run_id: str
    lasts_s: int


def take(connection: Connection, lease: Lease, *, at_utc: str, now_utc_s: int) -> None:
    """Take the lease, inside the caller's write transaction.

    Raises:
        LockHeld: somebody else has it and renewed it a short while ago.
    """
    query = select(LEASE).where(LEASE.c.name == lease.name).with_for_update()
    row = connection.execute(query).one_or_none()
    fresh = {"holder": lease.holder, "run_id": lease.run_id, "since_utc": at_utc}
    if row is None:
        try:
            with connection.begin_nested():
                connection.execute(
                    insert(LEASE).values(name=lease.name, renewed_utc_s=now_utc_s, **fresh)
                )
        except IntegrityError as error:
            raise _held("another machine", at_utc) from error
        return
    free = row.holder == lease.holder or row.renewed_utc_s + lease.lasts_s <= now_utc_s
    if not free:
        raise _held(row.holder, row.since_utc)
    connection.execute(
        update(LEASE).where(LEASE.c.name == lease.name).values(renewed_utc_s=now_utc_s, **fresh)
    )


def renew(connection: Connection, lease: Lease, *, now_utc_s: int) -> bool:
    """Keep the lease; False when somebody else took it in the meantime."""
    renewed = connection.execute(
        update(LEASE)
        .where(LEASE.c.name == lease.name, LEASE.c.run_id == lease.run_id)
        .values(renewed_utc_s=now_utc_s)
    )
    return renewed.rowcount == 1


def give_back(connection: Connection, lease: Lease) -> None:
    """Let the next one post; a lease that somebody else took is left alone."""
    connection.execute(
        delete(LEASE).where(LEASE.c.name == lease.name, LEASE.c.run_id == lease.run_id)
    )


def _held(holder: str, since_utc: str) -> LockHeld:
    return LockHeld(
        f"another machine posts to this tenant: {holder}, since {since_utc}",
        hint="Wait for it to end; the lease of a machine that died is free after five minutes.",
        code="lease_held",
    )
