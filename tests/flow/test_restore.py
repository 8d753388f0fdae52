"""A restored backup, from the files to the money: nothing doubled, nothing lost."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.cli.site import BENO
from tests.flow.oracles import check_money
from tests.flow.site import Money, Site
from tests.flow.world import AMINA, BRENDA, ESTHER, loan_of, paid, receipt, savings_of


def facts(money: list[Money]) -> set[tuple[Any, ...]]:
    return {(one.kind, one.account_id, one.amount_minor, one.receipt) for one in money}


def restore(site: Site, file: Path) -> Any:
    arguments = ("restore", str(file), "--replace", "--json")
    return site.ok(*arguments).json


def test_what_was_sent_after_the_backup_is_found_and_the_rest_is_sent_once(
    site: Site, tmp_path: Path
) -> None:
    """Approved before the backup: sent after it. Arrived after the backup: approved twice."""
    site.deliver(
        paid(1, AMINA, savings_of(AMINA), 1_500_00), paid(2, BRENDA, loan_of(BRENDA), 900_00)
    )
    site.take_in()
    site.decide()
    backup = tmp_path / "backup.tar.gz"
    site.ok("backup", str(backup), "--archive")
    site.send()
    site.deliver(
        paid(1, AMINA, savings_of(AMINA), 1_500_00), paid(2, BRENDA, loan_of(BRENDA), 900_00),
        paid(3, ESTHER, savings_of(ESTHER), 700_00),
    )  # fmt: skip
    site.take_in()
    site.decide()
    site.send()
    before = facts(site.new_money())
    assert len(before) == len(site.new_money()) == 3

    restored = restore(site, backup)
    (came,) = restored["came_after"]
    assert came["name"].endswith(".csv"), "the second file came in after the backup, by its name"
    assert came["wallet"], "workbooks of then are no statements"
    told = site.send()
    assert "read_anew" in [issue["code"] for issue in told["issues"]]
    assert {one["state"] for one in told["postings"]} == {"posted"}
    assert facts(site.new_money()) == before

    site.take_in()
    site.decide()
    site.send()
    site.ok("submit", *site.signed("Asha Test"))
    site.approve_everything(BENO)
    site.ok("verify")
    assert len(site.new_money()) == 3
    assert facts(site.new_money()) == before
    states = {site.state_of(receipt(number)) for number in (1, 2)}
    assert states == {"verified"}
    assert site.state_of(receipt(3)) in {"posted_elsewhere", "verified"}
    assert site.call("journal", "verify").code == 0


def test_a_backup_from_before_the_approval_asks_and_sends_nothing_twice(
    site: Site, tmp_path: Path
) -> None:
    site.deliver(paid(1, AMINA, savings_of(AMINA), 1_500_00))
    site.take_in()
    backup = tmp_path / "backup.tar.gz"
    site.ok("backup", str(backup))
    site.decide()
    site.send()
    before = facts(site.new_money())
    restore(site, backup)
    site.send()
    assert site.state_of(receipt(1)) == "posted_elsewhere"
    assert site.rows("select * from link") == []
    site.ok("submit", *site.signed("Asha Test"))
    site.approve_everything(BENO)
    assert [link["amount_minor"] for link in site.rows("select * from link")] == [1_500_00]
    site.send()
    assert facts(site.new_money()) == before
    assert len(site.new_money()) == 1


def test_the_restore_drill_into_another_folder_leaves_the_site_as_it_is(
    site: Site, tmp_path: Path
) -> None:
    site.deliver(paid(1, AMINA, savings_of(AMINA), 1_500_00))
    site.whole_day()
    backup = tmp_path / "backup.tar.gz"
    site.ok("backup", str(backup), "--archive")
    drill = Site(tmp_path / "drill", site.server)
    site.ok("restore", str(backup), "--into", str(drill.folder))
    assert drill.line(receipt(1))["state"] == "verified"
    assert drill.ok("journal", "verify", "--json").json["reads_before_sending"]
    shutil.rmtree(drill.folder)
    check_money(site)
