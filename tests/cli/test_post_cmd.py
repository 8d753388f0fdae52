"""`post`, `verify` and `doctor` as programs: exit codes, JSON, signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from mmrecon.config import load_settings
from mmrecon.model.clock import system_clock
from mmrecon.sandbox.server import SandboxServer
from mmrecon.store.database import transaction
from mmrecon.store.schema import LINE, POSTING
from tests.people.desk import ASHA, BENO, Desk, plant_lines, row, secret
from tests.posting.branch import PASSWORD, Account, Branch, days_ago


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path / "sandbox") as server:
        yield server


@pytest.fixture
def branch(sandbox: SandboxServer) -> Branch:
    return Branch(sandbox.base_url)


def config(branch: Branch) -> str:
    return f"""
[institution]
name = "Example"

[fineract]
base_url = "{branch.server.base_url}"
zone = "Asia/Kolkata"
username = "mifos"

[posting]
workers = 1
savings_batch_size = 1

[[wallets]]
name = "pay"
provider = "mpesa_ke"
account = "600001"
currency = "KES"
zone = "Africa/Nairobi"
country = "KE"
live_from = 2026-11-01
payment_type = {{ id = {branch.payment_type_id}, name = "M-PESA 600100" }}
gl_account_ids = [{branch.gl_wallet}]
"""


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mmrecon", *arguments, "--json"],
        cwd=folder,
        env={**os.environ, "MMRECON_FINERACT_PASSWORD": PASSWORD},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run(folder: Path, *arguments: str) -> tuple[int, Any]:
    process = start(folder, *arguments)
    printed, _ = process.communicate()
    return process.returncode, json.loads(printed)


def approved_site(folder: Path, branch: Branch, *accounts: Account) -> Desk:
    """A real configuration file, two people, one approved deposit for each account."""
    from mmrecon.store.database import open_database

    (folder / "config.toml").write_text(config(branch), encoding="utf-8")
    settings = load_settings(folder / "config.toml")
    engine = open_database(settings.state.folder)
    plant_lines(engine)
    with transaction(engine) as connection:
        facts = {"line_class": "collection", "value_date": days_ago(1)}
        connection.execute(update(LINE).values(facts))
    desk = Desk(folder, engine, settings, system_clock())
    desk.open()
    server = {
        "base_url": branch.server.base_url, "office_name": "Head Office",
        "office_opened_on": "2009-01-01",
    }  # fmt: skip
    rows = [
        row(
            line_id, server=server, account_id=account.account_id, account_no=account.account_no,
            client_id=account.client_id, value_date=days_ago(1),
            payment_type_id=branch.payment_type_id,
        )
        for line_id, account in enumerate(accounts, 1)
    ]  # fmt: skip
    desk.approve(desk.prepare(ASHA, rows), BENO)
    engine.dispose()
    return desk


def test_post_and_verify_say_in_json_what_became_of_the_money(
    tmp_path: Path, branch: Branch
) -> None:
    account = branch.savings()
    approved_site(tmp_path, branch, account)
    code, document = run(tmp_path, "post")
    assert code == document["exit_code"] == 0
    assert document["postings"] == [
        {
            "state": "posted", "currency": "KES", "count": 1, "amount_minor": 100_000,
            "amount": "1,000.00",
        }
    ]  # fmt: skip
    code, document = run(tmp_path, "verify")
    assert (code, document["read"], document["as_posted"]) == (0, 1, 1)
    code, document = run(tmp_path, "post")
    assert (code, document["postings"]) == (0, [])
    branch.undo(account, str(branch.ledger(account)[0].transaction_id))
    code, document = run(tmp_path, "verify")
    assert code == 6
    assert document["issues"][0]["code"] == "posting_reversed_outside"


def test_post_finishes_its_request_and_stops_when_it_is_asked_to(
    tmp_path: Path, branch: Branch, sandbox: SandboxServer
) -> None:
    accounts = [branch.savings() for _ in range(5)]
    desk = approved_site(tmp_path, branch, *accounts)
    assert sandbox.world is not None
    sandbox.world.service_seconds = 0.4
    process = start(tmp_path, "post")
    while not any(branch.ledger(account) for account in accounts):
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate()
    sandbox.world.service_seconds = 0.0
    document = json.loads(printed)
    assert document["interrupted"] is True
    counts = {one["state"]: one["count"] for one in document["postings"]}
    posted = sum(bool(branch.ledger(account)) for account in accounts)
    assert counts["posted"] == posted
    assert counts["approved"] == 5 - posted > 0
    run(tmp_path, "post")
    assert [len(branch.ledger(account)) for account in accounts] == [1] * 5
    desk.engine.dispose()


def test_a_refusal_is_exit_5_with_what_differs(tmp_path: Path, branch: Branch) -> None:
    account = branch.savings()
    approved_site(tmp_path, branch, account)
    text = config(branch).replace("workers = 1", "workers = 2")
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    code, document = run(tmp_path, "post")
    assert code == 5
    assert "posting.workers: 1 → 2" in json.dumps(document, ensure_ascii=False)
    assert branch.ledger(account) == []


def test_doctor_lists_every_check_with_its_remedy(tmp_path: Path, branch: Branch) -> None:
    approved_site(tmp_path, branch, branch.savings())
    code, document = run(tmp_path, "doctor")
    checks = {check["check"]: check["holds"] for check in document["checks"]}
    assert checks["server"] is True
    assert checks["payment type of pay"] is True
    assert checks["approved configuration"] is True
    assert checks["permissions of the user"] is True
    assert code in {0, 6}


def test_doctor_ends_with_3_when_fineract_is_away_and_goes_on_with_the_rest(
    tmp_path: Path, branch: Branch
) -> None:
    text = config(branch).replace(branch.server.base_url, "http://127.0.0.1:1")
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    code, document = run(tmp_path, "doctor")
    assert code == 3
    away = {check["check"]: check for check in document["checks"]}
    assert away["journal"]["holds"] is True
    assert away["Fineract"]["holds"] is False
    assert away["Fineract"]["remedy"]


def test_what_stays_unknown_comes_to_its_end_by_two_people(
    tmp_path: Path, branch: Branch, sandbox: SandboxServer
) -> None:
    account = branch.savings()
    desk = approved_site(tmp_path, branch, account)
    with transaction(desk.engine) as connection:
        connection.execute(update(POSTING).values(state="unknown", sent_how="closed"))
    desk.engine.dispose()
    say = ("post", "resolve", "1", "--not-posted", "--reason", "looked with the cashier")
    code, document = run(tmp_path, *say)
    assert (code, document["batch_id"], document["postings"]) == (1, "", [1])
    code, document = run(tmp_path, *say, "--as", ASHA, *passphrase(tmp_path, ASHA))
    assert code == 1
    signs = ("--as", BENO, "--yes", *passphrase(tmp_path, BENO))
    code, document = run(tmp_path, "approve", document["batch_id"], *signs)
    assert (code, document["state"], document["refused_rows"]) == (0, "approved", [])
    assert run(tmp_path, "post")[1]["postings"] == []
    assert branch.ledger(account) == []


@pytest.mark.parametrize(
    "arguments",
    [("1",), ("1", "--not-posted"), ("99", "--not-posted", "--reason", "x"),
     ("1", "--posted", "7", "--not-posted"), ("1", "2", "--posted", "7")],
)  # fmt: skip
def test_an_answer_that_is_not_complete_is_wrong_use(
    tmp_path: Path, branch: Branch, arguments: tuple[str, ...]
) -> None:
    approved_site(tmp_path, branch, branch.savings())
    assert run(tmp_path, "post", "resolve", *arguments)[0] == 2


def passphrase(folder: Path, name: str) -> tuple[str, str]:
    path = folder / f"{name}.txt"
    path.write_text(secret(name), encoding="utf-8")
    path.chmod(0o600)
    return "--passphrase-file", str(path)
