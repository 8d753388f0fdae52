"""A snapshot that lost much of the one before it does not take its place by itself."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from mmrecon.config import FineractServer, parse_settings
from mmrecon.errors import ExitCode
from mmrecon.fineract.client import FineractClient
from mmrecon.ledger.load import ACCOUNT_COLUMNS, CLIENT_COLUMNS
from mmrecon.model.catalogue import next_step_of, sentence_of
from mmrecon.model.progress import Silent
from mmrecon.pipeline.ledger_in import load_ledger, newest_snapshot, refresh_ledger
from mmrecon.pipeline.run import Run
from mmrecon.sandbox.server import SandboxServer

SETTINGS: dict[str, Any] = {
    "institution": {"name": "Example SACCO"},
    "wallets": [
        {"name": "paybill", "provider": "mpesa", "account": "990501", "currency": "KES",
         "zone": "Africa/Nairobi", "country": "KE", "live_from": "2026-01-01"}
    ],
}  # fmt: skip


def _file(path: Path, clients: int) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, (*CLIENT_COLUMNS, *ACCOUNT_COLUMNS), restval="")
        writer.writeheader()
        for number in range(1, clients + 1):
            row = {
                "client_id": str(number), "client_account_no": f"{number:09d}",
                "client_name": f"Alice Example {number}", "client_status": "active",
                "account_kind": "savings", "account_id": str(100 + number),
                "account_no": f"{100 + number:09d}", "product_code": "SAV",
                "account_status": "active", "currency": "KES", "balance": "0.00",
            }  # fmt: skip
            writer.writerow(row)
    return path


@pytest.fixture
def run(engine: Engine, tmp_path: Path, sandbox: SandboxServer) -> Run:
    """A site whose Fineract has no client at all."""
    server = FineractServer(base_url=sandbox.base_url, zone="Asia/Kolkata", username="mifos")
    settings = parse_settings(dict(SETTINGS), source="test", base=tmp_path)
    return Run(
        settings.model_copy(update={"fineract": server}), tmp_path / "config.toml", engine,
        lambda: datetime(2026, 2, 1, 3, tzinfo=UTC), "run-1", Silent(),
        lambda: FineractClient(server, "password"),
    )  # fmt: skip


def test_a_fineract_that_shows_no_client_does_not_replace_a_full_snapshot(
    run: Run, tmp_path: Path
) -> None:
    load_ledger(run, _file(tmp_path / "all.csv", 8))
    taken = refresh_ledger(run)
    assert (taken.snapshot, taken.exit_code()) == (None, ExitCode.NEEDS_ATTENTION)
    (issue,) = taken.issues
    assert issue.code == "ledger_shrunk"
    assert "only 0 clients and 0 accounts came, after 8 and 8" in sentence_of(issue)
    assert "--even-if-smaller" in next_step_of(issue)
    kept = newest_snapshot(run)
    assert kept is not None
    assert len(kept.clients) == 8


def test_somebody_who_insists_gets_the_smaller_snapshot(run: Run, tmp_path: Path) -> None:
    load_ledger(run, _file(tmp_path / "all.csv", 8))
    taken = refresh_ledger(run, even_if_smaller=True)
    assert taken.exit_code() is ExitCode.DONE
    kept = newest_snapshot(run)
    assert kept is not None
    assert (kept.source, len(kept.clients)) == ("fineract", 0)


def test_three_quarters_of_the_clients_are_taken_and_fewer_are_not(
    run: Run, tmp_path: Path
) -> None:
    load_ledger(run, _file(tmp_path / "all.csv", 8))
    assert load_ledger(run, _file(tmp_path / "less.csv", 6)).snapshot is not None
    assert load_ledger(run, _file(tmp_path / "part.csv", 4)).snapshot is None
