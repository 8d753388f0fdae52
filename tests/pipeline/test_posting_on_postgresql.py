"""Two machines that share one store on PostgreSQL: what is approved is posted once."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from mmrecon.config import PaymentType, StateFolder
from mmrecon.errors import LockHeld
from mmrecon.model.clock import system_clock
from mmrecon.pipeline.posting import Seams, post, verify
from mmrecon.pipeline.run import Run
from mmrecon.sandbox.server import SandboxServer
from mmrecon.store import journal
from mmrecon.store.database import open_database, reading, transaction
from mmrecon.store.journal_check import differences
from mmrecon.store.schema import LINE
from tests.people.desk import make_desk, plant_lines
from tests.pipeline.test_posting import Site
from tests.postgresql import postgresql
from tests.posting.branch import Branch, days_ago


@pytest.fixture
def site(tmp_path: Path, branch: Branch) -> Iterator[Site]:
    """As in `test_posting`, the store on a server."""
    made = make_desk(tmp_path / "site")
    made.engine.dispose()
    with postgresql() as url:
        made.engine = open_database(made.folder / "state", url)
        plant_lines(made.engine)
        made.now_utc = system_clock()
        made.set(fineract=branch.server)
        kind = PaymentType(id=branch.payment_type_id, name="M-PESA 600100")
        made.set_wallet(payment_type=kind, gl_account_ids=(branch.gl_wallet,))
        mark = secrets.token_hex(3).upper()
        with transaction(made.engine) as connection:
            for line_id in range(1, 6):
                of_line = LINE.update().where(LINE.c.line_id == line_id)
                facts = {"line_class": "collection", "value_date": days_ago(1)}
                connection.execute(of_line.values(receipt=f"TST{line_id}{mark}", **facts))
        made.settings.remember_as_written()
        made.found()
        made.approve_pending()
        yield Site(made, branch, mark)
        made.engine.dispose()


def machine(site: Site, name: str) -> Run:
    """Another machine: its own state folder, the same store."""
    run = site.run()
    state = StateFolder(folder=site.desk.folder / name)
    return replace(run, settings=run.settings.model_copy(update={"state": state}), run_id=name)


@pytest.mark.parametrize("batch_size", [1, 10])
def test_two_machines_post_at_once_and_every_posting_is_there_once(
    site: Site, branch: Branch, sandbox: SandboxServer, batch_size: int
) -> None:
    limits = site.desk.settings.posting.model_copy(update={"savings_batch_size": batch_size})
    site.desk.set(posting=limits)
    site.desk.settings.remember_as_written()
    site.desk.approve_pending()
    accounts = [branch.savings() for _ in range(5)]
    site.approve(*(site.row(number, account) for number, account in enumerate(accounts, 1)))
    assert sandbox.world is not None
    sandbox.world.service_seconds = 0.1
    begun = threading.Barrier(2)

    def run(name: str) -> str:
        begun.wait()
        try:
            post(machine(site, name), Seams(wait=lambda _seconds: None))
        except LockHeld:
            return "waits"
        return "posts"

    with ThreadPoolExecutor(max_workers=2) as pool:
        ends = sorted(pool.map(run, ("one", "two")))
    assert ends in (["posts", "posts"], ["posts", "waits"])
    assert site.states() == ["posted"] * 5
    assert [len(branch.ledger(account)) for account in accounts] == [1] * 5
    assert not verify(site.run()).issues
    with reading(site.desk.engine) as connection:
        journal.verify(connection)
        assert differences(connection) == []
