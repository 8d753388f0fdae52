"""`kill -9` in every stage, at every step that leaves a trace: the next run finishes.

Posting alone is killed at its own numbered points and at any moment in
`tests/posting/test_killed.py`; a large import in `tests/pipeline/test_importing.py`.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from openpyxl import load_workbook

from mmrecon.cli.demo.officer import fill_in
from mmrecon.sandbox.demo_wallets import MTN, PAYOUTS
from tests.cli.site import ASHA, BENO
from tests.flow.oracles import check_money
from tests.flow.site import Site
from tests.flow.test_stories import as_csv, request
from tests.flow.test_withdrawal import FIRST, SECOND, WRONG, bring, prepare, receipts
from tests.flow.world import (
    AMINA,
    BRENDA,
    CHEBET,
    DAUDI,
    ESTHER,
    KATO,
    charge,
    loan_of,
    paid,
    payout,
    receipt,
    savings_of,
    ugandan,
)

KILLED = -9
_REPOSITORY = Path(__file__).parents[2]


class Nursery:
    """Runs commands that die at a step."""

    def __init__(self, site: Site, process: subprocess.Popen[str]) -> None:
        self._site = site
        self._process = process

    def run(self, nth: int, *arguments: str) -> int:
        """One command that dies at its nth step (0: never); its exit code."""
        told = [nth, *arguments, "--config", str(self._site.config)]
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def kill_at_every_step(
        self,
        *arguments: str,
        stride: int = 1,
        ends: tuple[int, ...] = (0, 1),
        then: Sequence[str] = (),
    ) -> int:
        """Run it again and again, each time dying a step later, until it comes to its end.

        `then` is what somebody starts after each death. Gives how often it died.
        """
        deaths = 0
        while (code := self.run(1 + deaths * stride, *arguments)) == KILLED:
            check_files(self._site)
            if then:
                self.run(0, *then)
            deaths += 1
        assert code in ends, (arguments, deaths, code)
        return deaths


@pytest.fixture
def nursery(site: Site) -> Iterator[Nursery]:
    command = [sys.executable, "-m", "tests.flow.mortal", str(site.folder)]
    with subprocess.Popen(
        command, cwd=_REPOSITORY, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield Nursery(site, process)
        assert process.stdin is not None
        process.stdin.close()


def check_files(site: Site) -> None:
    """No file under its own name is half written."""
    for path in (site.state / "archive").rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    for path in [site.folder / "workbook.xlsx", *site.state.glob("*.xlsx")]:
        if path.is_file():
            load_workbook(path, read_only=True).close()


def a_day(site: Site, folder: Path) -> Path:
    """Money of every story in three wallets; gives the branch's withdrawal requests."""
    site.deliver(
        paid(1, AMINA, savings_of(AMINA), 1_500_00), charge(1, 15_00),
        paid(2, BRENDA, BRENDA.number, 2_000_00), charge(2, 15_00),
        paid(3, BRENDA, loan_of(BRENDA), 300_00), paid(4, ESTHER, "nonsense", 400_00),
    )  # fmt: skip
    site.deliver(
        payout(5, CHEBET, "WR-0001", 2_500_00), payout(6, DAUDI, loan_of(DAUDI), 6_000_00),
        wallet=PAYOUTS,
    )  # fmt: skip
    site.deliver(ugandan(7, KATO, savings_of(KATO), 45_000), wallet=MTN)
    return as_csv(folder / "requests.csv", request(1, CHEBET, "2500.00"))


def test_a_day_killed_at_every_step_of_every_stage_is_finished_once(
    site: Site, nursery: Nursery, tmp_path: Path
) -> None:
    requests = a_day(site, tmp_path)
    issued, returned = site.folder / "workbook.xlsx", site.folder / "returned.xlsx"
    died = {}
    for stage in ("fetch", "import"):
        died[stage] = nursery.kill_at_every_step(stage)
    died["ledger refresh"] = nursery.kill_at_every_step("ledger", "refresh", stride=3)
    died["requests"] = nursery.kill_at_every_step("payouts", "requests", str(requests))
    died["match"] = nursery.kill_at_every_step("match")
    died["workbook"] = nursery.kill_at_every_step("workbook", "--out", str(issued), stride=2)
    fill_in(issued, returned, {})
    died["submit"] = nursery.kill_at_every_step("submit", str(returned), *site.signed(ASHA))
    for batch in site.ok("approve", "--json").json["waiting"]:
        died["approve"] = nursery.kill_at_every_step(
            "approve", batch["batch_id"], "--yes", *site.signed(BENO),
            ends=(0, 2),  # 2: it was approved already, and died after that
        )  # fmt: skip
        assert site.ok("approve", batch["batch_id"], "--json").json["state"] == "approved"
    for stage in ("post", "verify", "prove"):
        died[stage] = nursery.kill_at_every_step(stage)
    assert all(died.values()), died
    assert len(site.new_money()) == 7
    assert {line["state"] for line in site.lines("--class", "collection")} == {
        "verified", "review",
    }  # fmt: skip
    check_money(site, returned=returned)


def test_a_withdrawal_killed_at_every_step_takes_the_file_out_once_or_not_at_all(
    site: Site, nursery: Nursery
) -> None:
    bring(site, FIRST, SECOND, name="right.csv")
    site.take_in()
    bring(site, FIRST, SECOND, WRONG, name="wrong.csv")
    site.take_in()
    batch_id = prepare(site, "wrong.csv")["batch_id"]
    command = ("approve", batch_id, "--yes", *site.signed(BENO))
    assert nursery.kill_at_every_step(*command, ends=(0, 2)) > 2
    assert len(site.journal("file_withdrawn")) == 1
    assert receipts(site) == {receipt(1), receipt(2)}
    del site.delivered["wrong.csv"]
    site.ok("journal", "verify")
    check_money(site)


def test_a_night_killed_again_and_again_is_finished_by_the_next(
    site: Site, nursery: Nursery, tmp_path: Path
) -> None:
    requests = a_day(site, tmp_path)
    site.ok("ledger", "refresh")
    site.ok("payouts", "requests", str(requests))
    assert nursery.kill_at_every_step("nightly", stride=7) > 5
    site.decide()
    assert nursery.kill_at_every_step("tick", stride=4) > 3
    assert len(site.new_money()) == 7
    check_money(site)


def facts(site: Site) -> set[tuple[str, int, int, str]]:
    """What is in the ledger since the site was opened."""
    found = site.new_money()
    told = {(one.kind, one.account_id, one.amount_minor, one.receipt) for one in found}
    assert len(told) == len(found), "something stands there twice"
    return told


def test_a_restore_and_reading_anew_after_it_killed_at_every_step_are_finished_once(
    site: Site, nursery: Nursery, tmp_path: Path
) -> None:
    """Two lines were sent after the backup, one came in after it and was sent too."""
    first = (paid(1, AMINA, savings_of(AMINA), 1_500_00), paid(2, BRENDA, loan_of(BRENDA), 300_00))
    site.deliver(*first)
    site.take_in()
    site.decide()
    backup = tmp_path / "backup.tar.gz"
    site.ok("backup", str(backup), "--archive")
    site.send()
    site.deliver(*first, paid(3, ESTHER, savings_of(ESTHER), 700_00))
    site.take_in()
    site.decide()
    site.send()
    before = facts(site)
    assert len(before) == 3

    replacing = ("restore", str(backup), "--replace")
    assert nursery.kill_at_every_step(*replacing, stride=3, then=["post"]) > 5
    assert facts(site) == before, "half a restore sends nothing again"
    assert list(site.folder.glob(".restore-*")) == []
    assert site.ok("journal", "verify", "--json").json["reads_before_sending"]
    assert nursery.kill_at_every_step("post") > 5
    assert not site.ok("journal", "verify", "--json").json["reads_before_sending"]
    assert facts(site) == before
    assert {site.state_of(receipt(number)) for number in (1, 2)} == {"posted"}, "found, not sent"
    site.take_in()
    site.decide()
    site.send()
    site.sign_pending()
    site.send()
    assert facts(site) == before
    site.ok("verify")
    assert site.ok("journal", "verify").code == 0
