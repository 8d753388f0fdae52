from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from mmrecon.sandbox.demo_api import SeedingFailedError
from mmrecon.sandbox.demo_day import DemoDay, build_day
from mmrecon.sandbox.demo_institution import Institution, build_institution
from mmrecon.sandbox.demo_ledger import MasterData
from mmrecon.sandbox.demo_seed import seed
from mmrecon.sandbox.server import SandboxServer


class Seeded:
    def __init__(self, base_url: str, made: DemoDay, institution: Institution) -> None:
        self.base_url, self.made, self.institution = base_url, made, institution
        self.master: MasterData = seed(base_url, institution, [made.teller])

    def get(self, path: str) -> Any:
        reply = requests.get(
            f"{self.base_url}/{path}",
            auth=("mifos", "password"),
            headers={"Fineract-Platform-TenantId": "default"},
            timeout=60,
        )
        assert reply.status_code == 200, reply.text
        return reply.json()

    def pages(self, path: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.get(f"{path}?offset=0&limit=1000")["pageItems"]
        return rows


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    day = (datetime.now(UTC) - timedelta(days=1)).date()
    institution = build_institution(day)
    with SandboxServer(tmp_path_factory.mktemp("fineract")) as server:
        yield Seeded(server.base_url, build_day(institution), institution)


def test_every_client_has_the_numbers_of_the_plan(seeded: Seeded) -> None:
    clients = {row["accountNo"]: row for row in seeded.pages("clients")}
    assert len(clients) == 400
    for planned in seeded.institution.clients:
        row = clients[planned.number]
        assert (row["externalId"], row["mobileNo"], row["officeName"]) == (
            planned.external_id,
            planned.mobile_no,
            planned.office,
        )


def test_identity_documents_are_those_of_the_plan(seeded: Seeded) -> None:
    clients = {row["accountNo"]: row["id"] for row in seeded.pages("clients")}
    planned = [client for client in seeded.institution.clients if client.national_id]
    assert len(planned) == 75
    for client in (planned[0], planned[-1]):
        (document,) = seeded.get(f"clients/{clients[client.number]}/identifiers")
        assert document["documentKey"] == client.national_id
        assert document["documentType"]["name"] == "Id"


def test_every_savings_account_has_its_status_and_balance(seeded: Seeded) -> None:
    rows = {row["accountNo"]: row for row in seeded.pages("savingsaccounts")}
    assert len(rows) == 460
    booked = seeded.made.teller
    for client in seeded.institution.clients:
        for account in client.savings:
            row = rows[account.account_no]
            units = 1 if account.product == "US" else 100
            more = booked.amount_minor if booked.account_no == account.account_no else 0
            balance = round(row["summary"]["accountBalance"] * units)
            assert balance == account.opening_minor + more, account
    assert Counter(row["status"]["value"] for row in rows.values()) == {"Active": 452, "Closed": 8}
    blocked = [row for row in rows.values() if row["subStatus"]["value"] == "Block"]
    assert len(blocked) == 6


def test_every_loan_owes_and_is_due_what_the_plan_says(seeded: Seeded) -> None:
    rows = {row["accountNo"]: row for row in seeded.pages("loans")}
    assert len(rows) == 200
    statuses = Counter(row["status"]["value"] for row in rows.values())
    assert statuses == {"Active": 186, "Approved": 14}
    running = [
        loan for client in seeded.institution.clients for loan in client.loans if loan.disbursed_on
    ]
    for loan in running:
        units = 1 if loan.product == "UL" else 100
        row = rows[loan.account_no]
        outstanding = round(row["summary"]["totalOutstanding"] * units)
        assert (outstanding, row["externalId"]) == (loan.outstanding_minor, loan.external_id)
    for loan in running[::12]:
        units = 1 if loan.product == "UL" else 100
        schedule = seeded.get(
            f"loans/{rows[loan.account_no]['id']}?associations=repaymentSchedule"
        )["repaymentSchedule"]["periods"]
        today = seeded.institution.day
        due = sum(
            period["totalOutstandingForPeriod"]
            for period in schedule
            if "period" in period and tuple(period["dueDate"]) <= today.timetuple()[:3]
        )
        assert round(due * units) == loan.due_minor(today), loan


def test_the_teller_has_booked_one_line_with_its_receipt(seeded: Seeded) -> None:
    booked = seeded.made.teller
    (account,) = [
        row for row in seeded.pages("savingsaccounts") if row["accountNo"] == booked.account_no
    ]
    shown = seeded.get(f"savingsaccounts/{account['id']}?associations=transactions")
    receipts = [
        transaction["paymentDetailData"]["receiptNumber"]
        for transaction in shown["transactions"]
        if transaction.get("paymentDetailData", {}).get("receiptNumber")
    ]
    assert receipts == [booked.receipt]


def test_each_wallets_money_lands_on_its_own_float_account(seeded: Seeded) -> None:
    products = {row["shortName"]: row for row in seeded.get("savingsproducts")}
    product = seeded.get(f"savingsproducts/{products['SA']['id']}")
    mapped = {
        row["paymentType"]["id"]: row["fundSourceAccount"]["id"]
        for row in product["paymentChannelToFundSourceMappings"]
    }
    master = seeded.master
    assert mapped == {
        master.payment_types["M-PESA paybill 600101"]: master.wallet_gl_accounts["paybill"],
        master.payment_types["M-PESA payouts 600102"]: master.wallet_gl_accounts["payouts"],
    }


def test_a_refusal_ends_the_seeding_in_fineracts_words(seeded: Seeded) -> None:
    with pytest.raises(SeedingFailedError, match="offices"):
        seed(seeded.base_url, seeded.institution)
