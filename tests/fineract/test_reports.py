"""The reports that mmrecon brings: portable SQL, installed once, run on either database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmrecon.errors import OutsideUnreachable, UsageError
from mmrecon.fineract.contract_reads import Transaction
from mmrecon.fineract.payments import can_read_payments, read_payments
from mmrecon.fineract.report_sql import ACCOUNTS, REPORTS, TRANSACTIONS, Report
from mmrecon.fineract.reports import Installed, ReportMissingError, install, report_rows
from mmrecon.sandbox.server import SandboxServer
from tests.posting.branch import Branch, days_ago

DAYS = (days_ago(2), days_ago(0))


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def branch(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Branch]:
    folder: Path = tmp_path_factory.mktemp("sandbox")
    with SandboxServer(folder, database=request.param) as server:
        made = Branch(server.base_url)
        yield made
        made.client.close()


def payments(branch: Branch, **which: Any) -> list[Transaction]:
    pages = read_payments(branch.client, "KES", DAYS, page_rows=which.pop("rows", 50), **which)
    return [one for page in pages for one in page]


@pytest.mark.parametrize("report", REPORTS)
def test_the_sql_is_one_that_both_databases_read_alike(report: Report) -> None:
    assert not re.search(r'\|\||::|"|`|\bilike\b|\btrue\b(?! then)', _but_comparisons(report.sql))
    for place in re.findall(r"select \* from \(select(.*?)\n    from ", report.sql, re.DOTALL):
        names = re.findall(r" as (\w+)(?:,|$)", place, re.MULTILINE)
        assert tuple(names) == report.columns


def _but_comparisons(sql: str) -> str:
    return sql.replace("= true", "").replace("= false", "")


def test_a_report_is_installed_once_and_an_older_one_is_brought_up_to_date(branch: Branch) -> None:
    assert not can_read_payments(branch.client, DAYS[0])
    assert install(branch.client, TRANSACTIONS) is Installed.CREATED
    assert install(branch.client, TRANSACTIONS) is Installed.THERE
    old = Report(TRANSACTIONS.name, "older", ("id",), "select 1 as id, ${afterId} as a, ${n} as b")
    assert install(branch.client, old) is Installed.CHANGED
    assert not can_read_payments(branch.client, DAYS[0])
    with pytest.raises(ReportMissingError):
        payments(branch)
    assert install(branch.client, TRANSACTIONS) is Installed.CHANGED
    assert can_read_payments(branch.client, DAYS[0])


def test_payments_come_page_by_page_with_every_detail(branch: Branch) -> None:
    install(branch.client, TRANSACTIONS)
    account, loan = branch.savings(), branch.loan()
    before = len(payments(branch))
    made = [branch.teller(account, 10 + n, f"PAGED{n}", days_ago(1)) for n in range(5)]
    repaid = branch.teller(loan, 70, "", days_ago(1), checkNumber="sk l-9")
    branch.undo(account, made[0])
    found = payments(branch, rows=2)
    assert len(found) == before + 6
    by_id = {(one.account_kind, one.transaction_id): one for one in found}
    assert by_id["savings", made[0]].reversed
    one = by_id["savings", made[1]]
    assert (one.account_id, one.sign, one.amount_minor, one.receipt, one.day.isoformat()) == (
        account.account_id, 1, 1_100, "PAGED1", days_ago(1),
    )  # fmt: skip
    assert by_id["loan", repaid].receipts == {"SKL9"}
    assert one.payment_type_id == branch.payment_type_id


def test_another_payment_type_day_or_currency_is_left_out(branch: Branch) -> None:
    install(branch.client, TRANSACTIONS)
    account = branch.savings()
    other = branch.teller(account, 10, "OTHERTYPE", days_ago(1), paymentTypeId=1)
    late = branch.teller(account, 10, "TYPEDLATE", days_ago(30))
    own = {one.transaction_id for one in payments(branch, payment_type_id=branch.payment_type_id)}
    every = {one.transaction_id for one in payments(branch)}
    booked = {one.transaction_id for one in payments(branch, by_booking=True)}
    assert other in every - own
    assert late in booked - every
    pages = read_payments(branch.client, "UGX", DAYS)
    assert [one for page in pages for one in page] == []


def test_a_user_who_may_not_run_a_report_goes_by_lists(branch: Branch) -> None:
    install(branch.client, TRANSACTIONS)
    assert not can_read_payments(branch.clerk("READ_CLIENT"), DAYS[0])
    assert can_read_payments(branch.clerk(f"READ_{TRANSACTIONS.name}"), DAYS[0])


def test_a_user_who_may_not_create_a_report_is_told_which_permission(branch: Branch) -> None:
    with pytest.raises(OutsideUnreachable) as caught:
        install(branch.clerk("READ_REPORT"), ACCOUNTS)
    assert "CREATE_REPORT" in caught.value.hint


def test_nothing_but_numbers_and_dates_gets_into_the_sql(branch: Branch) -> None:
    with pytest.raises(UsageError):
        list(report_rows(branch.client, TRANSACTIONS, {"kind": "1 or 1=1"}))


def test_clients_accounts_and_loans_come_with_their_owner(branch: Branch) -> None:
    install(branch.client, ACCOUNTS)
    account, loan = branch.savings(balance=90), branch.loan()
    column = ACCOUNTS.columns.index
    for kind, one in ((3, account), (4, loan)):
        pages = report_rows(branch.client, ACCOUNTS, {"kind": kind, "today": days_ago(0)})
        rows = {row[column("id")]: row for page in pages for row in page}
        row = rows[one.account_id]
        assert (row[column("account_no")], row[column("client_id")]) == (
            one.account_no, one.client_id,
        )  # fmt: skip
        assert row[column("status")] == 300
