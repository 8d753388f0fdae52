"""`kill -9` at every numbered point of posting and at any moment: nothing lost, nothing doubled."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from mmrecon.sandbox.server import SandboxServer
from mmrecon.store.database import transaction
from mmrecon.store.schema import LINE
from tests.posting.branch import Account, Branch, days_ago
from tests.posting.desk import Desk, Leg

POINTS = ("checked", "intended", "heard", "recorded", "settled", "recovered")
KILLED = -9


@dataclass
class Night:
    """Approved work of every kind, and the accounts it is about."""

    desk: Desk
    accounts: list[Account]

    def start(self, nth: int, point: str = "") -> subprocess.Popen[bytes]:
        folder = str(self.desk.engine.url.database).removesuffix("/mmrecon.db")
        base_url = self.desk.branch.server.base_url
        command = [sys.executable, "-m", "tests.posting.kill_driver", folder, base_url, str(nth)]
        return subprocess.Popen([*command, *([point] if point else [])])

    def finish(self) -> None:
        self.desk.run()
        assert sorted(set(self.desk.states())) == ["posted", "refused", "withdrawn"]
        assert self.desk.states().count("posted") == 11
        self.desk.check_oracles(*self.accounts)


@pytest.fixture
def night(desk: Desk, branch: Branch) -> Night:
    """Eleven postings that go, one that Fineract refuses, one changed fact."""
    accounts: list[Account] = []
    for number in range(3):
        member = branch.member()
        savings, loan, other = branch.savings(member), branch.loan(member), branch.savings()
        accounts += [savings, loan, other]
        desk.approve(desk.line(30_000), Leg(loan, 10_000 + number, "repayment"), Leg(savings, 100))
        desk.deposit(savings, 5_000)
    paid, out = branch.savings(balance=500), branch.loan(disbursed=False)
    accounts += [paid, out]
    desk.approve(desk.line(20_000, sign=-1), Leg(paid, 20_000, "withdrawal"))
    desk.approve(desk.line(100_000, sign=-1), Leg(out, 100_000, "disbursement"))
    before_its_money = desk.line(20_000, sign=-1, day=days_ago(55))
    late = branch.savings(balance=500)
    desk.approve(before_its_money, Leg(late, 20_000, "withdrawal"))
    accounts.append(late)
    changed = desk.deposit(accounts[5], 700)
    with transaction(desk.engine) as connection:
        connection.execute(LINE.update().where(LINE.c.line_id == changed).values(conflict=True))
    return Night(desk, accounts)


@pytest.fixture
def _slow(sandbox: SandboxServer) -> Iterator[None]:
    assert sandbox.world is not None
    sandbox.world.service_seconds = 0.05
    yield
    sandbox.world.service_seconds = 0.0


@pytest.mark.parametrize("point", POINTS[:-1])
@pytest.mark.parametrize("nth", [1, 3])
def test_a_process_killed_at_a_numbered_point_loses_and_doubles_nothing(
    night: Night, point: str, nth: int
) -> None:
    assert night.start(nth, point).wait() == KILLED
    night.finish()


def test_a_process_killed_during_recovery_loses_and_doubles_nothing(night: Night) -> None:
    assert night.start(1, "heard").wait() == KILLED
    assert night.start(1, "heard").wait() == KILLED
    assert night.start(1, "recovered").wait() == KILLED
    night.finish()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_process_killed_again_and_again_anywhere_loses_and_doubles_nothing(
    night: Night, seed: int
) -> None:
    dice = random.Random(seed)
    for _ in range(5):
        night.start(dice.randint(2, 12)).wait()
    night.finish()


@pytest.mark.usefixtures("_slow")
def test_a_process_killed_at_any_moment_loses_and_doubles_nothing(night: Night) -> None:
    dice = random.Random(7)
    for _ in range(4):
        process = night.start(0)
        time.sleep(dice.uniform(1.0, 2.2))
        process.kill()
        process.wait()
    night.finish()
