"""The day of the sample files by hand, command by command, with a config.toml made by `init`.

The samples are copied with yesterday's date in place of theirs: a bank's day of last winter is
older than what may be posted everywhere.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mmrecon.cli.demo.officer import Owner
from mmrecon.sandbox.demo_institution import DemoClient, DemoLoan, DemoSavings, Institution
from mmrecon.sandbox.demo_wallets import MTN, PAYBILL
from mmrecon.sandbox.server import SandboxServer
from tests.cli.site import ASHA, BENO
from tests.flow.oracles import check_money
from tests.flow.site import Site, found
from tests.flow.world import DAY

_SAMPLES = Path(__file__).parents[2] / "sample_statements"
_WALLETS = (replace(PAYBILL, account="990501"), replace(MTN, account="900777"))
_NEXT = DAY + timedelta(days=1)


def _client(number: int, name: str, savings: str, loan: str = "") -> DemoClient:
    since = DAY - timedelta(days=300)
    account = DemoSavings(savings, "SA", since, 20_000_00)
    loans: tuple[DemoLoan, ...] = ()
    if loan:
        begun = (DAY - timedelta(days=80)).replace(day=10)
        loans = (DemoLoan(f"00{number}77", loan, "NL", begun, begun, 6, 1_000_00, 0),)
    return DemoClient(
        f"5000{number}", f"EX-{number}", name, "Example", f"25470000000{number}",
        "Nairobi Branch", "KE", f"3100{number}", since, (account,), loans,
    )  # fmt: skip


ALICE = _client(1, "Alice", "000123")
_CLIENTS = (
    ALICE, _client(2, "Brian", "000122", "LN 0042"), _client(4, "David", "0000124"),
    _client(5, "Esther", "000125"), _client(6, "Frank", "000127"), _client(8, "Irene", "000126"),
)  # fmt: skip
INSTITUTION = Institution(DAY, (("Nairobi Branch", "KE"), ("Kampala Branch", "UG")), _CLIENTS)


def copy(sample: str, target: Path) -> Path:
    """A sample file as if its day were yesterday."""
    text = (_SAMPLES / sample).read_text(encoding="utf-8")
    for old, new in (
        ("01-02-2026", f"{_NEXT:%d-%m-%Y}"), ("31-01-2026", f"{DAY:%d-%m-%Y}"),
        ("2026-01-31", DAY.isoformat()),
    ):  # fmt: skip
        text = text.replace(old, new)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target


@pytest.fixture
def site(tmp_path: Path) -> Site:
    server = SandboxServer(tmp_path / "sandbox").start()
    made = found(tmp_path / "site", server, INSTITUTION, _WALLETS)
    made.opened_with = made.ledger()
    return made


def test_the_day_of_the_samples_by_hand(site: Site, tmp_path: Path) -> None:
    try:
        _play(site, tmp_path)
        check_money(site, returned=site.folder / "returned.xlsx")
    finally:
        site.server.stop()


def _play(site: Site, folder: Path) -> None:
    site.ok("doctor", codes=(0, 1, 6))
    arrived = copy("mpesa/a-day.csv", site.statements(_WALLETS[0]) / "a-day.csv")
    by_mail = copy("mtn/mtn-54-day.csv", folder / "mail" / "mtn-54-day.csv")
    told = site.ok("inspect", str(arrived), str(by_mail)).out
    assert "mpesa-a" in told
    assert "mtn-54" in told
    assert "a-day.csv" in site.ok("fetch").out
    assert "proved" in site.ok("import").out
    imported = site.ok("import", str(by_mail), "--wallet", "mtn-uganda").out
    assert "7 rows new, 0 seen before" in imported
    assert f"{len(_CLIENTS)} clients" in site.ok("ledger", "refresh").out
    assert "savings" in site.ok("ledger", "show").out
    requests = folder / "requests.csv"
    requests.write_text(
        "request_id,account_no,phone,amount,currency,requested_on\n"
        f"WR-1,000127,254700000006,2500.00,KES,{DAY}\n"
    )
    assert "1 new request," in site.ok("payouts", "requests", str(requests)).out
    assert "open lines matched" in site.ok("match").out
    assert site.state_of("UAV0EXAM12") == "ready"
    payout = {line["class"]: line for line in site.lines("--receipt", "UAV0EXAM06")}
    assert payout["payout"]["state"] == "review"
    _approve(site)
    posted = site.ok("post", codes=(0, 1)).out
    assert "posted" in posted
    assert "read back from Fineract as posted" in site.ok("verify").out
    proof = site.ok("prove", "--day", DAY.isoformat()).out
    assert "balanced with listed items (proved)" in proof
    _look_around(site)


def _approve(site: Site) -> None:
    returned = site.answer(owners={"UAV0EXAM06": Owner("savings:000127", ours=True)})
    shown = site.ok("submit", str(returned)).out
    assert "accepted" in shown
    assert site.ok("approve", "--json", codes=(0,)).json["waiting"] == []
    site.ok("submit", str(returned), *site.signed(ASHA), codes=(1,))
    waiting = site.ok("approve", "--json").json["waiting"]
    assert {batch["kind"] for batch in waiting} == {"postings", "choices"}
    for batch in waiting:
        assert ASHA in site.ok("approve", batch["batch_id"]).out
    site.approve_everything(BENO)


def _look_around(site: Site) -> None:
    verified = {line["receipt"] for line in site.lines("--state", "verified")}
    assert verified >= {"UAV0EXAM01", "UAV0EXAM06", "UAV0EXAM12"}
    assert "UAV0EXAM02" not in verified  # reversed within the day
    told = site.ok("explain", "UAV0EXAM06").out
    assert "Savings withdrawal of KES 2,500.00" in told
    assert "UAV0EXAM12" in site.ok("find", "123.45").out
    assert "verified" in site.ok("lines").out
    assert "paybill" in site.ok("status").out
