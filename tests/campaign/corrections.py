"""What is taken back in a campaign: postings of every kind, signed by two people as in life."""

from __future__ import annotations

import random
from collections import defaultdict
from contextlib import suppress

from mmrecon.errors import UsageError
from mmrecon.pipeline.approved_undos import undos_wait
from mmrecon.pipeline.approving import approve
from mmrecon.pipeline.posting import verify
from mmrecon.pipeline.undoing import What, look, prepare_undo
from mmrecon.store.database import reading
from tests.campaign.site import ASHA, BENO, Site, secret

REASON = "credited to the wrong client"


def sign(site: Site, dice: random.Random, of_each: int) -> int:
    """Two people sign that some lines of each kind are taken back; gives how many."""
    lines: dict[str, set[str]] = defaultdict(set)
    for row in site.rows(
        "select command, receipt from posting where state in ('posted', 'verified')"
    ):
        lines[row["command"]].add(row["receipt"])
    chosen = {
        receipt
        for _, receipts in sorted(lines.items())
        for receipt in dice.sample(sorted(receipts), min(of_each, len(receipts)))
    }
    return sum(_sign(site, receipt) for receipt in sorted(chosen))


def still_wait(site: Site) -> bool:
    """Whether a signed correction has not come to its end."""
    with site.run("status") as run, reading(run.engine) as connection:
        return undos_wait(connection)


def read_back(site: Site) -> None:
    """As `verify`: what a store that was put back does not know to be undone is seen."""
    with site.run("verify") as run:
        verify(run)


def _sign(site: Site, receipt: str) -> int:
    """One line; 0 when nothing of it can be taken back, or it is asked for already."""
    with site.run("undo") as run, suppress(UsageError):
        wanted = look(run, What(receipt=receipt), REASON)
        if wanted.possible:
            batch_id = prepare_undo(run, wanted, ASHA, secret(ASHA))
            approve(run, batch_id, BENO, secret(BENO), {})
            return 1
    return 0
