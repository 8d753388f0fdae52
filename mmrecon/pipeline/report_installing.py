"""Mmrecon's own reports in Fineract: installed where the user may, and tried."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from mmrecon.errors import OutsideUnreachable
from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.report_sql import ACCOUNTS, REPORTS, TRANSACTIONS, Report
from mmrecon.fineract.reports import Installed, install, is_installed
from mmrecon.model.clock import local_date
from mmrecon.pipeline.run import Run


@dataclass(frozen=True, slots=True)
class InstalledReport:
    """A report, and what was done with it."""

    report: Report
    what: Installed


def install_reports(run: Run) -> list[InstalledReport]:
    """Install both reports, or bring older ones up to date, and run each once.

    Raises:
        OutsideUnreachable: Fineract does not answer, does not let this user create or run a
            report, or does not run the SQL.
    """
    with closing(run.connect()) as client:
        done = [InstalledReport(report, install(client, report)) for report in REPORTS]
        for report, runs in reports_that_run(run, client).items():
            if not runs:
                raise OutsideUnreachable(
                    f"the report {report} is installed, but this user cannot run it",
                    hint=f"Give its role the permission READ_{report}, then run this again.",
                    code="report_not_run",
                )
    return done


def reports_that_run(run: Run, client: FineractClient) -> dict[str, bool]:
    """Which reports this user can run, by name.

    Raises:
        OutsideUnreachable: Fineract does not answer.
    """
    assert run.settings.fineract is not None
    today = local_date(run.now_utc(), run.settings.fineract.zone).isoformat()
    period: dict[str, str | int] = {
        "fromDate": today, "toDate": today, "byBooking": 0, "paymentType": 0,
    }  # fmt: skip
    return {
        ACCOUNTS.name: is_installed(client, ACCOUNTS, {"kind": 1, "today": today}),
        TRANSACTIONS.name: is_installed(client, TRANSACTIONS, {"kind": 1, **period}),
    }
