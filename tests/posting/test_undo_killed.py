"""`kill -9` at every point of taking back: each is reversed exactly once, the ledger as before."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import pytest

from tests.posting.branch import Account, Branch
from tests.posting.corrections import undo_everything
from tests.posting.desk import Desk, Leg

POINTS = ("undo_checked", "undo_intended", "undo_heard", "undo_recorded", "undo_settled")
KILLED = -9


@dataclass
class Evening:
    """Lines of every kind that are posted, and what their accounts held before."""

    desk: Desk
    accounts: list[Account]
    before: list[str]

    def start(self, nth: int, point: str) -> int:
        folder = str(self.desk.engine.url.database).removesuffix("/mmrecon.db")
        base_url = self.desk.branch.server.base_url
        command = [sys.executable, "-m", "tests.posting.undo_kill_driver", folder, base_url]
        return subprocess.run([*command, str(nth), point], check=False).returncode


def balances(branch: Branch, accounts: list[Account]) -> list[str]:
    return [branch.balance(account) for account in accounts]


@pytest.fixture
def evening(desk: Desk, branch: Branch) -> Evening:
    member = branch.member()
    savings, loan = branch.savings(member), branch.loan(member)
    paid, out = branch.savings(balance=500), branch.loan(disbursed=False)
    accounts = [savings, loan, paid, out]
    before = balances(branch, accounts)
    desk.approve(desk.line(10_100), Leg(loan, 10_000, "repayment"), Leg(savings, 100))
    desk.deposit(savings, 5_000)
    desk.approve(desk.line(20_000, sign=-1), Leg(paid, 20_000, "withdrawal"))
    desk.approve(desk.line(100_000, sign=-1), Leg(out, 100_000, "disbursement"))
    desk.run()
    assert set(desk.states()) == {"posted"}
    return Evening(desk, accounts, before)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("nth", [1, 2, 4])
def test_a_process_killed_at_a_point_takes_back_once(
    evening: Evening, branch: Branch, point: str, nth: int
) -> None:
    assert evening.start(nth, point) == KILLED
    undo_everything(evening.desk.context(), branch.client)
    assert set(evening.desk.states()) == {"undone"}
    assert balances(branch, evening.accounts) == evening.before
    for account in evening.accounts:
        ours = [row for row in branch.ledger(account) if row.receipt.startswith("SKL")]
        assert ours
        assert all(row.reversed for row in ours)
    evening.desk.check_oracles(*evening.accounts)
