"""Fineract goes away in the middle of a run, and comes back, or does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mmrecon.config import PostingLimits
from mmrecon.errors import OutsideUnreachable
from mmrecon.posting.undo import UNDONE, Undoer
from mmrecon.sandbox.server import SandboxServer
from tests.posting.branch import Branch
from tests.posting.corrections import correction
from tests.posting.desk import Desk


@pytest.fixture
def own_sandbox(tmp_path: Path) -> Iterator[SandboxServer]:
    """A server of one test, because it is stopped in it."""
    server = SandboxServer(tmp_path / "sandbox")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_desk(engine: Engine, own_sandbox: SandboxServer) -> Iterator[Desk]:
    branch = Branch(own_sandbox.base_url)
    made = Desk(engine, branch, limits=PostingLimits(give_up_after_s=60))
    made.open()
    yield made
    branch.client.close()


def _once(place: str, act: Callable[[], None]) -> Callable[[str], None]:
    done: list[str] = []

    def point(name: str) -> None:
        if name == place and not done:
            done.append(name)
            act()

    return point


@pytest.mark.parametrize("place", ["checked", "intended", "settled"])
def test_a_server_that_comes_back_is_posted_to_without_a_person(
    own_desk: Desk, own_sandbox: SandboxServer, place: str
) -> None:
    account = own_desk.branch.savings()
    for minor in (10_000, 20_000):
        own_desk.deposit(account, minor)

    def wait(seconds: float) -> None:
        own_desk.waits.append(seconds)
        if len(own_desk.waits) == 3:
            own_sandbox.start()

    own_desk.run(own_desk.context(point=_once(place, own_sandbox.stop), wait=wait))
    assert own_desk.states() == ["posted", "posted"]
    assert len(own_desk.waits) >= 3
    own_desk.check_oracles(account)


@pytest.mark.parametrize("place", ["checked", "intended"])
def test_a_server_that_stays_away_ends_the_run_and_the_next_one_goes_on(
    own_desk: Desk, own_sandbox: SandboxServer, place: str
) -> None:
    account = own_desk.branch.savings()
    for minor in (10_000, 20_000):
        own_desk.deposit(account, minor)
    with pytest.raises(OutsideUnreachable):
        own_desk.run(own_desk.context(point=_once(place, own_sandbox.stop)))
    assert sum(own_desk.waits) >= 60
    assert set(own_desk.states()) <= {"approved", "unknown"}
    own_sandbox.start()
    own_desk.run()
    assert own_desk.states() == ["posted", "posted"]
    own_desk.check_oracles(account)


def test_a_line_that_somebody_posts_during_the_outage_is_not_posted_again(
    own_desk: Desk, own_sandbox: SandboxServer
) -> None:
    account = own_desk.branch.savings()
    line_id = own_desk.deposit(account, 10_000)

    def wait(seconds: float) -> None:
        own_desk.waits.append(seconds)
        own_sandbox.start()
        own_desk.branch.teller(account, 100, own_desk.receipt(line_id))

    own_desk.run(own_desk.context(point=_once("intended", own_sandbox.stop), wait=wait))
    assert own_desk.states() == ["withdrawn"]
    assert own_desk.reasons(line_id) == ["posted_elsewhere"]
    assert len(own_desk.branch.ledger(account)) == 1


def test_what_is_in_doubt_when_fineract_goes_away_stays_unknown(
    own_desk: Desk, own_sandbox: SandboxServer
) -> None:
    """Its answer was lost after the money had come, and then nobody answers."""
    account = own_desk.branch.savings()
    own_desk.deposit(account, 10_000)
    assert own_sandbox.world is not None
    lost = {"method": "POST", "path": r"/batches\?enclosingTransaction=true", "what": "drop_after"}
    own_sandbox.world.faults.replace({"rules": [lost]})
    with pytest.raises(OutsideUnreachable):
        own_desk.run(own_desk.context(point=_once("settled", own_sandbox.stop)))
    assert own_desk.states() == ["unknown"]
    own_sandbox.start()
    own_desk.run()
    assert own_desk.states() == ["posted"]
    own_desk.check_oracles(account)


@pytest.mark.parametrize("place", ["undo_checked", "undo_intended", "undo_recorded"])
def test_a_server_that_comes_back_takes_back_without_a_person(
    own_desk: Desk, own_sandbox: SandboxServer, place: str
) -> None:
    account = own_desk.branch.savings()
    line_id = own_desk.deposit(account, 10_000)
    own_desk.run()
    undos = correction(own_desk, line_id)

    def wait(seconds: float) -> None:
        own_desk.waits.append(seconds)
        if len(own_desk.waits) == 3:
            own_sandbox.start()

    context = own_desk.context(point=_once(place, own_sandbox.stop), wait=wait)
    assert Undoer(context, own_desk.branch.client).take_back(undos).ended == UNDONE
    assert own_desk.states() == ["undone"]
    assert [row.reversed for row in own_desk.branch.ledger(account)] == [True]
    assert len(own_desk.waits) >= 3


def test_a_server_that_stays_away_leaves_what_is_posted_and_the_next_run_takes_it_back(
    own_desk: Desk, own_sandbox: SandboxServer
) -> None:
    account = own_desk.branch.savings()
    line_id = own_desk.deposit(account, 10_000)
    own_desk.run()
    undos = correction(own_desk, line_id)
    context = own_desk.context(point=_once("undo_intended", own_sandbox.stop))
    with pytest.raises(OutsideUnreachable):
        Undoer(context, own_desk.branch.client).take_back(undos)
    assert sum(own_desk.waits) >= 60
    assert set(own_desk.states()) <= {"posted", "undoing"}
    own_sandbox.start()
    assert Undoer(own_desk.context(), own_desk.branch.client).take_back(undos).ended == UNDONE
