"""One poster per tenant: the lease of the run that posts, and others that post all the same."""

from __future__ import annotations

import socket
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Final

from sqlalchemy.exc import DBAPIError

from mmrecon.config import WalletSettings
from mmrecon.errors import LockHeld
from mmrecon.model.issue import Issue
from mmrecon.pipeline.run import Run
from mmrecon.store import journal, lease
from mmrecon.store.database import transaction
from mmrecon.store.instances import made_once, strange_marks
from mmrecon.store.lease import Lease

_LASTS_S: Final = 300
_RENEWED_EVERY_S: Final = 60.0


@contextmanager
def poster_lease(
    run: Run, stop: threading.Event, *, renewed_every_s: float = _RENEWED_EVERY_S
) -> Iterator[None]:
    """Hold the right to post to the configured tenant; losing it sets `stop`.

    Raises:
        LockHeld: another machine posts to it, or took over because this one was not heard of.
    """
    held = _lease(run)
    with transaction(run.engine) as connection:
        lease.take(connection, held, at_utc=run.at_utc(), now_utc_s=_now_s(run))
        made_once(connection, at_utc=run.at_utc(), run_id=run.run_id)
    done, lost = threading.Event(), threading.Event()
    renew = partial(_renew, run, held, done, lost, stop)
    heart = threading.Thread(target=renew, args=(renewed_every_s,), name="lease", daemon=True)
    heart.start()
    try:
        yield
    finally:
        done.set()
        heart.join()
        with transaction(run.engine) as connection:
            lease.give_back(connection, held)
    if lost.is_set():
        raise LockHeld(
            "another machine took over posting to this tenant",
            hint="This one was silent for five minutes. The other clears what it sent.",
            code="lease_lost",
        )


def held_wallets(
    run: Run, wallets: Mapping[int, WalletSettings], named: Mapping[int, Collection[str]]
) -> tuple[set[int], list[Issue]]:
    """Wallets whose books show postings of another mmrecon, or of a copy, told and journalled.

    `named` are the marks (`batch/row`) that notes in a wallet's books bear, by wallet_id.
    """
    held: set[int] = set()
    issues: list[Issue] = []
    for wallet_id, marks in named.items():
        with transaction(run.engine) as connection:
            strange = sorted(set(strange_marks(connection, marks).values()))
            if not strange:
                continue
            wallet = wallets[wallet_id].name
            entry = journal.Entry("other_poster", {"wallet": wallet, "batches": strange})
            journal.append(connection, [entry], at_utc=run.at_utc(), run_id=run.run_id)
        held.add(wallet_id)
        arguments: dict[str, str | int] = {"count": len(strange), "batch_id": strange[-1]}
        issues.append(Issue("other_poster", wallet=wallet, arguments=arguments))
    return held, issues


def _renew(
    run: Run,
    held: Lease,
    done: threading.Event,
    lost: threading.Event,
    stop: threading.Event,
    every_s: float,
) -> None:
    while not done.wait(every_s):
        try:
            with transaction(run.engine) as connection:
                kept = lease.renew(connection, held, now_utc_s=_now_s(run))
        except DBAPIError:  # the store is busy or away: it is tried again before the lease ends
            continue
        if not kept:
            lost.set()
            stop.set()
            return


def _lease(run: Run) -> Lease:
    fineract = run.settings.fineract
    assert fineract is not None
    return Lease(
        name=f"{fineract.base_url.rstrip('/')} {fineract.tenant}",
        holder=f"{socket.gethostname()}:{run.state_folder}",
        run_id=run.run_id,
        lasts_s=_LASTS_S,
    )


def _now_s(run: Run) -> int:
    return int(run.now_utc().timestamp())
