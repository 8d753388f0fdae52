"""The proof and the command by mmrecon's own reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from mmrecon.fineract.reports import Installed
from mmrecon.model.posting import Command
from mmrecon.pipeline.doctor import examine
from mmrecon.pipeline.proof_sources import FineractReader
from mmrecon.pipeline.report_installing import install_reports, reports_that_run
from mmrecon.posting.site_checks import look_at_site
from mmrecon.sandbox.server import SandboxServer
from tests.pipeline.test_posting import Site, open_site
from tests.posting.branch import FORMS, Branch, days_ago

DEPOSIT = Command.SAVINGS_DEPOSIT


@pytest.fixture
def site(tmp_path: Path, branch: Branch, sandbox: SandboxServer) -> Iterator[Site]:
    yield from open_site(tmp_path, branch, sandbox)


def test_doctor_tells_days_currencies_and_reports_each_with_its_remedy(
    site: Site, branch: Branch
) -> None:
    found = {one.check: one for one in examine(site.run()).findings}
    assert found["currency KES"].seen == "2 digits in Fineract, 2 by ISO 4217"
    assert found["books closed up to"].seen == "nothing is closed"
    assert "install" in found["report mmrecon_accounts"].seen
    clerk = branch.clerk("READ_CURRENCY", "READ_CONFIGURATION", "READ_HOLIDAY", "READ_WORKINGDAYS")
    told = {one.check: one for one in look_at_site(clerk, site.desk.settings.wallets, {DEPOSIT})}
    assert [name for name, one in told.items() if not one.holds] == [
        "reading glclosures", "reading audits",
    ]  # fmt: skip
    assert "READ_GLCLOSURE" in told["reading glclosures"].remedy
    assert "READ_AUDIT" in told["reading audits"].remedy


def test_both_reports_are_installed_and_tried(site: Site) -> None:
    assert set(reports_that_run(site.run(), site.run().connect()).values()) == {False}
    assert [one.what for one in install_reports(site.run())] == [Installed.CREATED] * 2
    assert [one.what for one in install_reports(site.run())] == [Installed.THERE] * 2
    assert set(reports_that_run(site.run(), site.run().connect()).values()) == {True}


def test_the_proof_sees_by_report_what_it_sees_by_journal_and_more(
    site: Site, branch: Branch
) -> None:
    account, loan = branch.savings(), branch.loan()
    branch.teller(account, 100, "PROVED1")
    branch.teller(loan, 50, "PROVED2")
    branch.undo(account, branch.teller(account, 70, "PROVED3"))
    entry = {
        "officeId": 1, "transactionDate": days_ago(1), "currencyCode": "KES",
        "referenceNumber": "BYHAND", **FORMS,
        "debits": [{"glAccountId": branch.gl_wallet, "amount": 5}],
        "credits": [{"glAccountId": branch.gl("cash"), "amount": 5}],
    }  # fmt: skip
    branch.call("POST", "journalentries", entry)
    listed = _theirs(site)
    install_reports(site.run())
    reported = _theirs(site)
    pd.testing.assert_frame_equal(reported, listed)
    assert {"PROVED1", "PROVED2", "BYHAND"} <= set(reported["receipt"])
    assert "PROVED3" not in set(reported["receipt"])
    site.desk.set_wallet(gl_account_ids=())
    reader = FineractReader(site.run())
    wallet = site.desk.settings.wallets[0]
    side = reader.read(wallet, days_ago(1), days_ago(1), _nothing())
    assert not side.accounts_only


def _theirs(site: Site) -> pd.DataFrame:
    reader = FineractReader(site.run())
    wallet = site.desk.settings.wallets[0]
    side = reader.read(wallet, days_ago(1), days_ago(1), _nothing())
    assert side.transactions is not None, side.why_not
    order = ["account_kind", "transaction_id"]
    return side.transactions.sort_values(order, ignore_index=True)


def _nothing() -> pd.DataFrame:
    return pd.DataFrame({"state": [], "account_id": [], "account_kind": [], "transaction_id": []})
