"""From the store's lines to matches in force, and again."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, insert, select, update

from mmrecon.config import parse_settings
from mmrecon.errors import ExitCode, UsageError
from mmrecon.fineract.client import FineractClient
from mmrecon.ledger.load import ACCOUNT_COLUMNS, CLIENT_COLUMNS
from mmrecon.model.progress import Silent
from mmrecon.pipeline.ledger_in import load_ledger
from mmrecon.pipeline.matching import match
from mmrecon.pipeline.payouts import import_requests, list_items
from mmrecon.pipeline.run import Run
from mmrecon.store.matches import current
from mmrecon.store.schema import HOLD, LINE, LINK, MATCH
from mmrecon.store.statements import insert_lines, pin_wallet
from tests.matching.world import lines

SETTINGS: dict[str, Any] = {
    "institution": {"name": "Example SACCO"},
    "wallets": [
        {"name": "paybill", "provider": "mpesa", "account": "990501", "currency": "KES",
         "zone": "Africa/Nairobi", "country": "KE", "live_from": "2026-01-01"}
    ],
}  # fmt: skip
ACCOUNT = {
    "client_id": "1", "client_account_no": "000000011", "client_name": "Alice Beta Example",
    "client_status": "active", "mobile_no": "254700000001", "account_kind": "savings",
    "account_id": "101", "account_no": "1000000101", "product_code": "SAV",
    "account_status": "active", "currency": "KES", "balance": "1500.00",
}  # fmt: skip


def _no_fineract() -> FineractClient:
    raise UsageError("no Fineract is configured")


@pytest.fixture
def run(engine: Engine, tmp_path: Path) -> Run:
    settings = parse_settings(dict(SETTINGS), source="test", base=tmp_path)
    with engine.begin() as connection:
        pin_wallet(connection, settings.wallets[0])
        insert_lines(connection, lines([{"reference": "1000000101"}, {"reference": "who knows"}]))
    now = datetime(2026, 2, 1, 3, tzinfo=UTC)
    return Run(
        settings, tmp_path / "config.toml", engine, lambda: now, "run-1", Silent(), _no_fineract
    )


def _load(run: Run, path: Path, **changes: str) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, (*CLIENT_COLUMNS, *ACCOUNT_COLUMNS), restval="")
        writer.writeheader()
        writer.writerow({**ACCOUNT, **changes})
    assert load_ledger(run, path).snapshot is not None


def _states(run: Run) -> list[str]:
    with run.engine.connect() as connection:
        states: list[str] = current(connection)["state"].tolist()
        return states


def test_without_a_snapshot_nothing_is_matched_and_the_administrator_is_told(run: Run) -> None:
    matched = match(run)
    assert [issue.code for issue in matched.issues] == ["no_snapshot"]
    assert matched.exit_code() is ExitCode.NEEDS_ATTENTION


def test_open_lines_are_matched_once_and_again_only_where_something_changed(
    run: Run, tmp_path: Path
) -> None:
    _load(run, tmp_path / "a.csv")
    assert match(run).changed == 2
    assert match(run).changed == 0
    assert _states(run) == ["ready", "suspense"]
    _load(run, tmp_path / "b.csv", account_status="closed")
    assert match(run).changed == 1
    assert _states(run) == ["review", "suspense"]
    with run.engine.connect() as connection:
        kept = connection.execute(select(MATCH.c.state, MATCH.c.superseded_by_run_id)).all()
    assert tuple(kept[0]) == ("ready", "run-1")
    assert len(kept) == 3


def test_held_and_settled_lines_keep_their_match(run: Run, tmp_path: Path) -> None:
    _load(run, tmp_path / "a.csv")
    match(run)
    with run.engine.begin() as connection:
        connection.execute(insert(HOLD).values(line_id=1, kind="hold", batch_row=1))
        link = {"batch_id": "b", "batch_row": 1, "line_id": 2, "amount_minor": 100_000}
        connection.execute(insert(LINK).values(kind="by_hand", **link))
    _load(run, tmp_path / "b.csv", account_status="closed")
    matched = match(run)
    assert (matched.looked_at, matched.changed) == (0, 0)


def test_a_line_that_is_partly_used_is_offered_for_the_rest(run: Run, tmp_path: Path) -> None:
    _load(run, tmp_path / "a.csv")
    with run.engine.begin() as connection:
        link = {"batch_id": "b", "batch_row": 1, "line_id": 1, "amount_minor": 40_000}
        connection.execute(insert(LINK).values(kind="transaction", **link))
    match(run)
    with run.engine.connect() as connection:
        found = current(connection, [1]).iloc[0]
    assert (found["state"], found["vetoes"]) == ("review", "partly_used")
    assert found["legs"] == "savings:1000000101=60000"


def test_a_line_whose_class_changed_is_matched_anew(run: Run, tmp_path: Path) -> None:
    _load(run, tmp_path / "a.csv")
    with run.engine.begin() as connection:
        connection.execute(update(LINE).where(LINE.c.line_id == 2).values(line_class="charge"))
    assert match(run).states == {"no_posting": 1, "ready": 1}
    assert match(run).states == {"ready": 1}
    with run.engine.begin() as connection:
        connection.execute(update(LINE).where(LINE.c.line_id == 2).values(line_class="collection"))
    assert match(run).states == {"ready": 1, "suspense": 1}


def test_requests_are_imported_once(run: Run, tmp_path: Path) -> None:
    _load(run, tmp_path / "a.csv")
    path = tmp_path / "requests.csv"
    path.write_text(
        "request_id,account_no,phone,amount,currency,requested_on\n"
        "W1,1000000101,0700000001,100.00,KES,2026-01-30\n",
        encoding="utf-8",
    )
    assert (import_requests(run, path).new, import_requests(run, path).known) == (1, 1)
    items = list_items(run)
    assert items[["request_id", "amount_minor", "left_minor", "state"]].to_dict("records") == [
        {"request_id": "W1", "amount_minor": 10_000, "left_minor": 10_000, "state": "open"}
    ]


def test_an_approved_loan_waits_as_an_item_until_it_is_gone(run: Run, tmp_path: Path) -> None:
    loan = {"account_kind": "loan", "account_status": "approved", "approved_principal": "500.00"}
    _load(run, tmp_path / "a.csv", **loan)
    assert list_items(run)["state"].tolist() == ["open"]
    _load(run, tmp_path / "b.csv", **{**loan, "account_status": "rejected"})
    assert list_items(run)["state"].tolist() == ["gone"]
    assert isinstance(list_items(run), pd.DataFrame)
