"""One poster per tenant: the lease, a second store on the same wallet, a store put back."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from mmrecon.errors import ExitCode, LockHeld, SafetyRefusal
from mmrecon.pipeline.heads import advance_anchor, notice_lost_entries
from mmrecon.pipeline.one_poster import poster_lease
from mmrecon.pipeline.posting import post
from mmrecon.sandbox.server import SandboxServer
from mmrecon.store import journal
from mmrecon.store.database import open_database, reading, transaction
from mmrecon.store.instances import How, begin, current
from mmrecon.store.schema import JOURNAL, LEASE, POSTING
from tests.people.desk import ASHA, BENO
from tests.pipeline.test_posting import Site, open_site
from tests.posting.branch import Account, Branch


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxServer]:
    """A server for each test: what one store left in it is another mmrecon to the next."""
    with SandboxServer(tmp_path / "sandbox") as server:
        yield server


@pytest.fixture
def branch(sandbox: SandboxServer) -> Iterator[Branch]:
    made = Branch(sandbox.base_url)
    yield made
    made.client.close()


@pytest.fixture
def site(tmp_path: Path, branch: Branch, sandbox: SandboxServer) -> Iterator[Site]:
    yield from open_site(tmp_path / "site", branch, sandbox)


def approve(site: Site, batch_id: str, *rows: dict[str, Any]) -> None:
    site.desk.approve(site.desk.prepare(ASHA, list(rows), batch_id=batch_id), BENO)


def entries(site: Site, event: str) -> list[dict[str, Any]]:
    query = select(JOURNAL.c.payload_json).where(JOURNAL.c.event == event)
    with reading(site.desk.engine) as connection:
        return [json.loads(text) for text in connection.execute(query).scalars()]


def put_back(site: Site, older: Path) -> None:
    """What a careless operator does: an older database in place of this one."""
    site.desk.engine.dispose()
    shutil.rmtree(site.desk.folder / "state")
    shutil.copytree(older, site.desk.folder / "state")
    site.desk.engine = open_database(site.desk.folder / "state")


def keep(site: Site, folder: Path) -> Path:
    site.desk.engine.dispose()
    shutil.copytree(site.desk.folder / "state", folder)
    site.desk.engine = open_database(site.desk.folder / "state")
    return folder


def posted_once(branch: Branch, *accounts: Account) -> None:
    for account in accounts:
        assert [row.reversed for row in branch.ledger(account)] == [False]


def test_a_store_that_posts_gets_its_id_once_and_gives_its_lease_back(
    site: Site, branch: Branch
) -> None:
    for number in (1, 2):
        approve(site, f"postings-{number}", site.row(number, branch.savings()))
        site.post()
    assert [entry["how"] for entry in entries(site, "instance_began")] == ["made"]
    with reading(site.desk.engine) as connection:
        assert connection.execute(select(LEASE)).all() == []


def test_a_machine_that_shares_the_store_waits_for_the_one_that_posts(
    site: Site, branch: Branch
) -> None:
    account = branch.savings()
    site.approve(site.row(1, account))
    with poster_lease(site.run(), threading.Event()):
        with transaction(site.desk.engine) as connection:
            connection.execute(LEASE.update().values(holder="other-machine:/srv/state"))
        with pytest.raises(LockHeld, match="other-machine:/srv/state") as refused:
            site.post()
    assert refused.value.exit_code is ExitCode.LOCKED
    assert branch.ledger(account) == []
    site.post()
    posted_once(branch, account)


def test_a_second_mmrecon_on_the_same_wallet_is_noticed_and_nothing_more_is_sent(
    site: Site, branch: Branch
) -> None:
    """The note of its posting names a batch that this store never had."""
    theirs, ours = branch.savings(), branch.savings()
    branch.teller(theirs, 1000, "THEIRS", note="mmrecon postings-20261124-ffffff/1")
    approve(site, "postings-1", site.row(1, ours))
    posted = site.post()
    assert site.states() == ["approved"]
    issue = next(issue for issue in posted.issues if issue.code == "other_poster")
    assert (issue.wallet, issue.arguments["batch_id"]) == ("pay", "postings-20261124-ffffff")
    assert posted.exit_code() is ExitCode.NEEDS_ATTENTION
    assert entries(site, "other_poster")[0]["batches"] == ["postings-20261124-ffffff"]
    assert branch.ledger(ours) == []
    _told_that_it_is_stopped(site, branch, ours)


def _told_that_it_is_stopped(site: Site, branch: Branch, ours: Account) -> None:
    posted = post(site.run(), other_stopped=True)
    assert "read_anew" in [issue.code for issue in posted.issues]
    posted_once(branch, ours)
    third = branch.savings()
    approve(site, "postings-2", site.row(2, third))
    site.post()
    posted_once(branch, third)


def test_a_copy_of_this_store_that_posts_the_same_batches_is_noticed(
    site: Site, branch: Branch, tmp_path: Path
) -> None:
    """Both know the batches and are the same instance; their keys agree, what follows would not."""
    first, second, fresh = branch.savings(), branch.savings(), branch.savings()
    approve(site, "postings-1", site.row(1, first), site.row(2, second))
    copy = keep(site, tmp_path / "copy")
    site.post()
    put_back(site, copy)  # from here on, this is the other one
    approve(site, "postings-2", site.row(3, fresh))
    posted = site.post()
    assert site.states() == ["approved"] * 3
    (issue,) = [issue for issue in posted.issues if issue.code == "other_poster"]
    assert (issue.arguments["count"], issue.arguments["batch_id"]) == (2, "postings-1/2")
    assert branch.ledger(fresh) == []
    posted = post(site.run(), other_stopped=True)
    assert site.states() == ["posted"] * 3
    posted_once(branch, first, second, fresh)
    approve(site, "postings-3", site.row(4, fresh))
    assert "other_poster" not in [issue.code for issue in site.post().issues]


def test_a_teller_who_writes_mmrecon_in_a_note_is_no_other_poster(
    site: Site, branch: Branch
) -> None:
    account = branch.savings()
    branch.teller(branch.savings(), 1000, "COUNTER", note="mmrecon was down today")
    approve(site, "postings-1", site.row(1, account))
    site.post()
    posted_once(branch, account)


def test_an_older_database_put_back_finds_what_was_sent_and_sends_the_rest(
    site: Site, branch: Branch, tmp_path: Path
) -> None:
    sent, loan, fresh = branch.savings(), branch.loan(), branch.savings()
    repaid = {"command": "loan_repayment", "amount_minor": 100_000}
    approve(site, "postings-1", site.row(1, sent), site.row(2, loan, **repaid))
    older = keep(site, tmp_path / "older")
    site.post()
    assert site.states() == ["posted", "posted"]
    advance_anchor(site.run())
    put_back(site, older)
    assert notice_lost_entries(site.run())
    assert not notice_lost_entries(site.run())
    assert entries(site, "journal_behind")
    approve(site, "postings-2", site.row(3, fresh))
    sends: list[str] = []
    posted = site.post(point=sends.append)
    assert site.states() == ["posted", "posted", "posted"]
    assert sends.count("heard") == 1, "only what was never sent may be sent"
    (told,) = entries(site, "ledger_read_anew")
    assert (told["found"], told["absent"]) == (2, 1)
    assert "read_anew" in [issue.code for issue in posted.issues]
    posted_once(branch, sent, fresh)
    assert len(branch.ledger(loan)) == 2  # disbursed before, repaid once
    with reading(site.desk.engine) as connection:
        instance = current(connection)
        journal.verify(connection)
    assert instance is not None
    assert (instance.how, instance.must_read) == (How.BEHIND, False)


def test_a_line_posted_after_the_backup_is_a_question_before_anybody_approves_it(
    site: Site, branch: Branch, tmp_path: Path
) -> None:
    account = branch.savings()
    older = keep(site, tmp_path / "older")
    approve(site, "postings-1", site.row(1, account))
    site.post()
    advance_anchor(site.run())
    put_back(site, older)
    assert notice_lost_entries(site.run())
    site.post()
    assert site.reasons() == ["posted_elsewhere"]
    (told,) = entries(site, "ledger_read_anew")
    assert (told["batches"], told["questions"]) == (["postings-1"], 1)
    approve(site, "postings-7", site.row(1, account))
    site.post()
    posted_once(branch, account)


def test_what_was_undone_after_the_backup_is_never_sent_again_by_itself(
    site: Site, branch: Branch, tmp_path: Path
) -> None:
    account = branch.savings()
    approve(site, "postings-1", site.row(1, account))
    older = keep(site, tmp_path / "older")
    site.post()
    branch.undo(account, str(branch.ledger(account)[0].transaction_id))
    put_back(site, older)
    with transaction(site.desk.engine) as connection:
        begin(connection, How.RESTORED, at_utc=site.run().at_utc(), run_id="r")
    site.post()
    assert site.states() == ["withdrawn"]
    assert site.reasons() == ["unclear_after_restore"]
    assert [row.reversed for row in branch.ledger(account)] == [True]


def test_another_server_proves_nothing(site: Site, branch: Branch) -> None:
    approve(site, "postings-1", site.row(1, branch.savings()))
    site.post()
    with transaction(site.desk.engine) as connection:
        begin(connection, How.RESTORED, at_utc=site.run().at_utc(), run_id="r")
    office = {"name": "Other Office", "locale": "en"}
    branch.call("PUT", "offices/1", office)
    try:
        with pytest.raises(SafetyRefusal) as refused:
            site.post()
    finally:
        branch.call("PUT", "offices/1", {"name": "Head Office", "locale": "en"})
    assert refused.value.code == "preflight_differs"
    with reading(site.desk.engine) as connection:
        instance = current(connection)
    assert instance is not None
    assert instance.must_read
    site.post()
    with reading(site.desk.engine) as connection:
        assert connection.execute(select(POSTING.c.state)).scalars().all() == ["posted"]


def test_who_lost_the_lease_sends_no_more_and_says_so(site: Site) -> None:
    stop = threading.Event()
    with (
        pytest.raises(LockHeld, match="took over") as lost,
        poster_lease(site.run(), stop, renewed_every_s=0.02),
    ):
        with transaction(site.desk.engine) as connection:
            connection.execute(LEASE.update().values(holder="other:/srv/state", run_id="other"))
        assert stop.wait(10)
    assert lost.value.exit_code is ExitCode.LOCKED
    with reading(site.desk.engine) as connection:
        assert connection.execute(select(LEASE.c.run_id)).scalars().all() == ["other"]


def test_reading_anew_that_was_asked_to_stop_is_done_again(site: Site, branch: Branch) -> None:
    account = branch.savings()
    approve(site, "postings-1", site.row(1, account))
    with transaction(site.desk.engine) as connection:
        begin(connection, How.RESTORED, at_utc=site.run().at_utc(), run_id="r")
    stop = threading.Event()
    stop.set()
    site.post(stop=stop)
    with reading(site.desk.engine) as connection:
        instance = current(connection)
    assert instance is not None
    assert instance.must_read
    site.post()
    posted_once(branch, account)
