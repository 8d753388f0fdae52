"""A night of random faults with a seed: at the end the ledger holds what was approved, once."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from mmrecon.config import PostingLimits
from mmrecon.errors import OutsideUnreachable
from mmrecon.sandbox.server import SandboxServer
from tests.posting.branch import Account, Branch
from tests.posting.desk import Desk, Leg

_WHATS = (
    "drop_before", "drop_after", "error_500", "exception_500", "bad_gateway_502", "too_early_425",
    "conflict_409",
)  # fmt: skip


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def sandbox(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SandboxServer]:
    """Both databases that a Fineract may stand on."""
    with SandboxServer(tmp_path_factory.mktemp("sandbox"), database=request.param) as server:
        yield server


def faults(sandbox: SandboxServer, seed: int, probability: float) -> None:
    assert sandbox.world is not None
    rules = [
        {
            "method": "POST|GET", "path": ".*", "what": what, "after": after,
            "probability": probability,
        }
        for what in _WHATS
        for after in (False, True)
    ]  # fmt: skip
    sandbox.world.faults.replace({"seed": seed, "rules": rules})


def approve_a_night(desk: Desk, branch: Branch, dice: random.Random) -> list[Account]:
    accounts: list[Account] = []
    for _ in range(8):
        member = branch.member()
        accounts += [branch.savings(member), branch.loan(member)]
    for _ in range(40):
        savings = dice.choice(accounts[::2])
        loan = accounts[accounts.index(savings) + 1]
        if dice.random() < 0.4:
            line_id = desk.line(5_000)
            desk.approve(line_id, Leg(loan, 2_000, "repayment"), Leg(savings, 3_000))
        else:
            desk.deposit(savings, dice.randint(100, 90_000))
    return accounts


@pytest.mark.parametrize("seed", [1, 2])
def test_after_a_night_of_faults_everything_is_posted_exactly_once(
    desk: Desk, branch: Branch, sandbox: SandboxServer, seed: int
) -> None:
    accounts = approve_a_night(desk, branch, random.Random(seed))
    desk.limits = PostingLimits(savings_batch_size=4, loan_batch_size=4)
    for night in range(12):
        faults(sandbox, seed * 100 + night, 0.02 if night < 8 else 0.0)
        try:
            desk.run()
        except OutsideUnreachable:
            continue
        if set(desk.states()) == {"posted"}:
            break
    faults(sandbox, 0, 0.0)
    assert set(desk.states()) == {"posted"}
    desk.check_oracles(*accounts)
