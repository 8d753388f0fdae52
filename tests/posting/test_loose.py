"""Item by item, as under maker-checker: the ledger is read before anything is sent again."""

from __future__ import annotations

from typing import Any

import pytest

from mmrecon.model.posting import Command
from mmrecon.posting.context import PostingContext
from mmrecon.sandbox.server import SandboxServer
from tests.posting.branch import Branch
from tests.posting.desk import Desk

LOOSE = {Command.SAVINGS_DEPOSIT}


def trouble(desk: Desk, sandbox: SandboxServer, what: str) -> PostingContext:
    """Strike the first write: what comes after the first intent; the calls before it only read."""
    path = r"/batches\?enclosingTransaction=false"
    rule = {"method": "POST", "path": path, "what": what, "nth": 1}
    struck: list[str] = []

    def strike(name: str) -> None:
        if name == "intended" and not struck:
            struck.append(name)
            assert sandbox.world is not None
            sandbox.world.faults.replace({"rules": [rule]})

    return desk.context(point=strike)


@pytest.mark.parametrize("what", ["drop_after", "error_500", "exception_500", "bad_gateway_502"])
def test_a_lost_answer_of_a_loose_write_is_found_in_the_ledger_after_a_quiet_minute(
    desk: Desk, branch: Branch, sandbox: SandboxServer, what: str
) -> None:
    account = branch.savings()
    desk.deposit(account, 10_000)
    desk.run(trouble(desk, sandbox, what), loose=LOOSE)
    assert desk.states() == ["posted"]
    assert desk.waits[0] == 60.0
    assert desk.heard().count("unknown") == 1
    desk.check_oracles(account)


def test_what_the_ledger_does_not_show_goes_once_more_with_its_key_then_to_a_person(
    desk: Desk, branch: Branch, sandbox: SandboxServer
) -> None:
    account = branch.savings()
    desk.deposit(account, 10_000)
    desk.run(trouble(desk, sandbox, "drop_before"), loose=LOOSE)
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
