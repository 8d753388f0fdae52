"""The snapshot of a whole institution, read from the sandbox over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from mmrecon.config import FineractServer
from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.report_sql import ACCOUNTS
from mmrecon.fineract.reports import Installed, install, report_rows
from mmrecon.ledger.load import Loaded
from mmrecon.ledger.refresh import refresh_from
from mmrecon.model.progress import Silent
from mmrecon.sandbox.demo_institution import Institution, build_institution
from mmrecon.sandbox.demo_seed import seed
from mmrecon.sandbox.server import SandboxServer

DAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def institution() -> Institution:
    return build_institution(DAY)


@pytest.fixture(scope="module")
def loaded(institution: Institution, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    with SandboxServer(tmp_path_factory.mktemp("sandbox")) as server:
        seed(server.base_url, institution)
        settings = FineractServer(
            base_url=server.base_url, zone="Asia/Kolkata", username="mifos", page_rows=150
        )
        client = FineractClient(settings, "password")
        yield refresh_from(client, DAY, Silent())
        client.close()


def test_the_account_report_gives_the_same_snapshot_as_the_lists(
    institution: Institution, tmp_path: Path
) -> None:
    with SandboxServer(tmp_path / "sandbox") as server:
        seed(server.base_url, institution)
        settings = FineractServer(base_url=server.base_url, zone="Asia/Kolkata", username="mifos")
        client = FineractClient(settings, "password")
        listed = refresh_from(client, DAY, Silent())
        assert install(client, ACCOUNTS) is Installed.CREATED
        rows = list(report_rows(client, ACCOUNTS, {"kind": 3, "today": "2026-11-23"}, page_rows=7))
        reported = refresh_from(client, DAY, Silent())
        client.close()
    assert len(rows) > 2
    assert sum(map(len, rows)) == (listed.accounts["account_kind"] == "savings").sum()
    pd.testing.assert_frame_equal(reported.clients, listed.clients)
    pd.testing.assert_frame_equal(reported.accounts, listed.accounts)
    assert reported.issues == ()


def test_every_client_is_there_with_number_phone_and_identity_document(
    loaded: Loaded, institution: Institution
) -> None:
    found = loaded.clients[["client_account_no", "mobile_no", "national_ids"]]
    wanted = {
        (client.number, client.mobile_no, client.national_id) for client in institution.clients
    }
    assert set(found.itertuples(index=False, name=None)) == wanted
    assert loaded.issues == ()


def test_every_account_is_there_whatever_its_status(
    loaded: Loaded, institution: Institution
) -> None:
    savings = [account for client in institution.clients for account in client.savings]
    loans = [loan for client in institution.clients for loan in client.loans]
    kinds = loaded.accounts["account_kind"].value_counts().to_dict()
    assert kinds == {"savings": len(savings), "loan": len(loans)}
    assert {"active", "closed"} <= set(loaded.accounts["account_status"])
    assert "block" in set(loaded.accounts["account_sub_status"])


def test_due_amounts_are_those_of_the_day(loaded: Loaded, institution: Institution) -> None:
    loans = loaded.accounts[loaded.accounts["account_kind"] == "loan"]
    of_loan = loans.set_index("account_no")["due_now_minor"].fillna(0).to_dict()
    wanted = {
        loan.account_no: loan.due_minor(DAY)
        for client in institution.clients
        for loan in client.loans
    }
    assert of_loan == wanted
    assert any(wanted.values())
