"""`nightly` over the whole chain, `tick` by day, and the lock that only one run holds."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

from mmrecon.sandbox.demo_wallets import MTN, PAYOUTS
from mmrecon.store.lock import run_lock
from tests.flow.oracles import check_money
from tests.flow.site import Site
from tests.flow.test_killed import a_day
from tests.flow.world import (
    AMINA,
    DAY,
    FARIDA,
    KATO,
    closing_minor,
    paid,
    receipt,
    savings_of,
    ugandan,
)

_STEPS = ["fetch", "import", "ledger refresh", "match", "post", "verify", "prove", "workbook"]


def test_nightly_goes_from_files_to_workbook_and_sends_what_was_approved_by_day(
    site: Site, tmp_path: Path
) -> None:
    requests = a_day(site, tmp_path)
    site.ok("ledger", "refresh")
    site.ok("payouts", "requests", str(requests))
    first = site.call("nightly", "--json")
    assert first.code == 1
    assert list(first.json["steps"]) == _STEPS
    assert first.json["steps"]["post"]["postings"] == []
    workbook = Path(first.json["steps"]["workbook"]["path"])
    assert workbook.is_file()
    assert site.new_money() == []
    site.decide()
    second = site.call("nightly", "--json")
    assert second.code in {0, 1}
    posted = {(one["state"], one["count"]) for one in second.json["steps"]["post"]["postings"]}
    assert {state for state, _ in posted} == {"posted"}
    assert second.json["steps"]["verify"]["read"] == len(site.new_money()) == 7
    lights = {day["wallet"]: day["light"] for day in second.json["steps"]["prove"]["days"]}
    assert lights["paybill"] == "balanced with listed items"
    third = site.call("nightly")
    assert third.code == second.code
    assert len(site.new_money()) == 7
    check_money(site)


def test_tick_takes_files_matches_posts_and_is_silent_when_idle(site: Site) -> None:
    idle = site.call("tick")
    assert (idle.code, idle.out, idle.err) == (0, "", "")
    site.ok("ledger", "refresh")
    site.deliver(paid(1, AMINA, savings_of(AMINA), 500_00))
    busy = site.call("tick", "--json")
    assert busy.code == 1
    assert list(busy.json["steps"]) == ["fetch", "import", "match", "workbook"]
    assert site.state_of(receipt(1)) == "ready"
    idle = site.call("tick")
    assert (idle.code, idle.out, idle.err) == (0, "", "")
    site.decide()
    posting = site.call("tick", "--json")
    assert list(posting.json["steps"])[:2] == ["post", "verify"]
    assert [money.receipt for money in site.new_money()] == [receipt(1)]
    idle = site.call("tick")
    assert (idle.code, idle.out, idle.err) == (0, "", "")
    assert site.call("tick", "--json").json == {"steps": {}, "exit_code": 0}
    check_money(site)


def test_a_second_run_ends_with_4_and_says_who_holds_the_lock_and_tick_is_silent(
    site: Site,
) -> None:
    site.deliver(paid(1, AMINA, savings_of(AMINA), 500_00))
    with run_lock(site.state, command="nightly", since_utc="2026-11-24T01:30:00+00:00"):
        for command in ("fetch", "import", "ledger refresh", "match", "workbook", "post", "verify",
                        "nightly"):  # fmt: skip
            ended = site.call(*command.split())
            assert ended.code == 4, command
            assert "another run holds the lock: `nightly`, process" in ended.err
            assert "2026-11-24T01:30:00+00:00" in ended.err
        tick = site.call("tick")
        assert (tick.code, tick.out, tick.err) == (0, "", "")
        for command in ("lines", "status", "approve", "prove"):
            assert site.call(command).code in {0, 1}, command
    assert site.new_money() == []
    site.whole_day()
    check_money(site)


def test_two_nights_at_once_post_everything_once(site: Site) -> None:
    """Two processes: one does the work, the other ends with 4."""
    site.deliver(
        paid(1, AMINA, savings_of(AMINA), 500_00), paid(2, FARIDA, savings_of(FARIDA), 600_00)
    )
    site.take_in()
    site.decide()
    command = [sys.executable, "-m", "mmrecon", "nightly", "--config", str(site.config)]
    ended: list[int] = []

    def night() -> None:
        ended.append(subprocess.run(command, capture_output=True, check=False).returncode)

    assert site.server.world is not None
    site.server.world.service_seconds = 0.3
    threads = [threading.Thread(target=night) for _ in range(2)]
    for thread in threads:
        thread.start()
        time.sleep(0.2)
    for thread in threads:
        thread.join()
    site.server.world.service_seconds = 0.0
    assert min(ended) in {0, 1}
    assert set(ended) <= {0, 1, 4}
    assert {money.receipt for money in site.new_money()} == {receipt(1), receipt(2)}
    check_money(site)


def test_a_second_day_opens_with_the_closing_of_the_first_and_both_are_proved(site: Site) -> None:
    first = [paid(1, AMINA, savings_of(AMINA), 500_00)]
    second = [paid(2, FARIDA, savings_of(FARIDA), 600_00)]
    before = DAY - timedelta(days=1)
    site.deliver(*first, day=before)
    site.deliver(*second, opening_minor=closing_minor(first))
    site.deliver(ugandan(7, KATO, savings_of(KATO), 45_000), wallet=MTN)
    assert not list(site.statements(PAYOUTS).iterdir())
    site.whole_day()
    told = site.ok("prove", "--json").json["days"]
    proofs = {(day["wallet"], day["day"]): day["proof"] for day in told}
    assert proofs["paybill", before.isoformat()] == "proved"
    assert proofs["paybill", DAY.isoformat()] == "proved"
    assert {money.value_date for money in site.new_money()} == {before.isoformat(), DAY.isoformat()}
    check_money(site)
