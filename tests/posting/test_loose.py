"""Item by item, as under maker-checker: the ledger is read before anything is sent again."""

from __future__ import annotations

from typing import Any

import pytest

from mmrecon.model.posting import Command
from mmrecon.sandbox.server import SandboxServer
from tests.posting.branch import Branch
from tests.posting.desk import Desk

LOOSE = {Command.SAVINGS_DEPOSIT}


def trouble(sandbox: SandboxServer, what: str) -> None:
    """Strike the first write; the call before it only reads."""
    assert sandbox.world is not None
    path = r"/batches\?enclosingTransaction=false"
    rule = {"method": "POST", "path": path, "what": what, "nth": 2}
    sandbox.world.faults.replace({"rules": [rule]})


@pytest.mark.parametrize("what", ["drop_after", "error_500", "exception_500", "bad_gateway_502"])
def test_a_lost_answer_of_a_loose_write_is_found_in_the_ledger_after_a_quiet_minute(
    desk: Desk, branch: Branch, sandbox: SandboxServer, what: str
) -> None:
    account = branch.savings()
    desk.deposit(account, 10_000)
    trouble(sandbox, what)
    desk.run(loose=LOOSE)
    assert desk.states() == ["posted"]
    assert desk.waits[0] == 60.0
    assert desk.heard().count("unknown") == 1
    desk.check_oracles(account)


def test_what_the_ledger_does_not_show_goes_once_more_with_its_key_then_to_a_person(
    desk: Desk, branch: Branch, sandbox: SandboxServer
) -> None:
    account = branch.savings()
    desk.deposit(account, 10_000)
    trouble(sandbox, "drop_before")
    desk.run(loose=LOOSE)
    assert (desk.states(), desk.heard()) == (["posted"], ["unknown", "posted"])
    desk.check_oracles(account)


def test_what_was_killed_loose_is_read_first_by_the_next_run(desk: Desk, branch: Branch) -> None:
    account = branch.savings()
    desk.deposit(account, 10_000)

    def die(name: str) -> None:
        if name == "heard":
            raise RuntimeError(name)

    context: Any = desk.context(point=die)
    with pytest.raises(RuntimeError):
        desk.run(context, loose=LOOSE)
    desk.run(loose=LOOSE)
    assert (desk.states(), desk.heard()) == (["posted"], []), "found, and not sent again"
    desk.check_oracles(account)
