"""The demo's institution in a bare Fineract, created through Fineract's own API.

Every call is one that a real 1.10.1 accepts (fineract/recordings); nothing is the sandbox's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from mmrecon.sandbox.demo_api import LOCAL, Call, SeedApi
from mmrecon.sandbox.demo_institution import (
    ACTIVE,
    BLOCKED,
    CLOSED,
    DemoClient,
    DemoLoan,
    DemoSavings,
    Institution,
)
from mmrecon.sandbox.demo_ledger import CASH_DESK, MasterData, create_master_data

_MINOR_UNITS: Final = {"SA": 100, "SH": 100, "NL": 100, "US": 1, "UL": 1}
_LAST_REPAYMENT_DAYS_AGO: Final = 9


@dataclass(frozen=True, slots=True)
class TellerDeposit:
    """A payment that a teller has booked by hand, with the provider's receipt."""

    account_no: str
    amount_minor: int
    receipt: str
    payment_type: str
    day: date


def seed(
    base_url: str,
    institution: Institution,
    teller: Iterable[TellerDeposit] = (),
    *,
    login: tuple[str, str] = ("mifos", "password"),
) -> MasterData:
    """Create the institution; gives the ids that a configuration needs.

    Raises:
        SeedingFailedError: Fineract refused something, in its own words.
    """
    api = SeedApi(base_url, *login)
    master = create_master_data(api, institution)
    client_ids = _create_clients(api, institution, master)
    savings_ids = _create_savings(api, institution, master, client_ids)
    _create_loans(api, institution, master, client_ids)
    deposits = [
        _deposit(
            savings_ids[booked.account_no],
            {
                "transactionDate": booked.day.isoformat(),
                "transactionAmount": booked.amount_minor // 100,
                "paymentTypeId": master.payment_types[booked.payment_type],
                "receiptNumber": booked.receipt,
            },
        )
        for booked in teller
    ]
    api.batches([[deposit] for deposit in deposits])
    return master


def _create_clients(api: SeedApi, institution: Institution, master: MasterData) -> dict[str, int]:
    calls = [[_client(client, master)] for client in institution.clients]
    answers = api.batches(calls)
    ids = {
        client.number: int(answer["clientId"])
        for client, (answer,) in zip(institution.clients, answers, strict=True)
    }
    _identify(api, institution, ids)
    return ids


def _identify(api: SeedApi, institution: Institution, ids: dict[str, int]) -> None:
    """National identity documents of the clients who have shown one."""
    known = [client for client in institution.clients if client.national_id]
    template = api.get(f"clients/{ids[known[0].number]}/identifiers/template")
    kind = next(row["id"] for row in template["allowedDocumentTypes"] if row["name"] == "Id")
    api.post_all(
        (
            f"clients/{ids[client.number]}/identifiers",
            {"documentTypeId": kind, "documentKey": client.national_id, "status": "ACTIVE"},
        )
        for client in known
    )


def _client(client: DemoClient, master: MasterData) -> Call:
    since = client.since.isoformat()
    body = {
        "officeId": master.offices[client.office],
        "legalFormId": 1,
        "firstname": client.first_name,
        "lastname": client.last_name,
        "accountNo": client.number,
        "externalId": client.external_id,
        "mobileNo": client.mobile_no,
        "active": True,
        "activationDate": since,
        "submittedOnDate": since,
        **LOCAL,
    }
    return "clients", body


def _create_savings(
    api: SeedApi, institution: Institution, master: MasterData, client_ids: dict[str, int]
) -> dict[str, int]:
    owned = [(client, account) for client in institution.clients for account in client.savings]
    applications = [
        [_savings(account, client_ids[client.number], master)] for client, account in owned
    ]
    answers = api.batches(applications)
    ids = {
        account.account_no: int(answer["savingsId"])
        for (_, account), (answer,) in zip(owned, answers, strict=True)
    }
    accounts = [account for _, account in owned]
    for command, field in (("approve", "approvedOnDate"), ("activate", "activatedOnDate")):
        api.post_all(
            (
                f"savingsaccounts/{ids[account.account_no]}?command={command}",
                {field: account.opened_on.isoformat(), **LOCAL},
            )
            for account in accounts
        )
    api.batches([[call] for call in _openings(accounts, ids, master)])
    api.post_all(_endings(accounts, ids, institution.day))
    return ids


def _savings(account: DemoSavings, client_id: int, master: MasterData) -> Call:
    body = {
        "clientId": client_id,
        "productId": master.products[account.product],
        "submittedOnDate": account.opened_on.isoformat(),
        "accountNo": account.account_no,
        **LOCAL,
    }
    return "savingsaccounts", body


def _openings(accounts: list[DemoSavings], ids: dict[str, int], master: MasterData) -> list[Call]:
    return [
        _deposit(
            ids[account.account_no],
            {
                "transactionDate": (account.opened_on + timedelta(days=1)).isoformat(),
                "transactionAmount": _major(account.opening_minor, account.product),
                "paymentTypeId": master.payment_types[CASH_DESK],
            },
        )
        for account in accounts
        if account.opening_minor
    ]


def _deposit(savings_id: int, body: dict[str, Any]) -> Call:
    return f"savingsaccounts/{savings_id}/transactions?command=deposit", {**body, **LOCAL}


def _endings(accounts: list[DemoSavings], ids: dict[str, int], day: date) -> list[Call]:
    """Some accounts are closed, some blocked."""
    closed_on = (day - timedelta(days=30)).isoformat()
    bodies = {
        CLOSED: ("close", {"closedOnDate": closed_on, **LOCAL}),
        BLOCKED: ("block", {"reasonForBlock": "identity check"}),
    }
    return [
        (
            f"savingsaccounts/{ids[account.account_no]}?command={bodies[account.status][0]}",
            bodies[account.status][1],
        )
        for account in accounts
        if account.status != ACTIVE
    ]


def _create_loans(
    api: SeedApi, institution: Institution, master: MasterData, client_ids: dict[str, int]
) -> None:
    owned = [(client, loan) for client in institution.clients for loan in client.loans]
    applications = [
        [_loan(loan, client_ids[client.number], master, institution.day)] for client, loan in owned
    ]
    answers = api.batches(applications)
    api.batches(
        [
            _life(loan, int(answer["loanId"]), master, institution.day)
            for (_, loan), (answer,) in zip(owned, answers, strict=True)
        ]
    )


def _loan(loan: DemoLoan, client_id: int, master: MasterData, day: date) -> Call:
    body = {
        "clientId": client_id,
        "productId": master.products[loan.product],
        "loanType": "individual",
        "principal": _major(loan.principal_minor, loan.product),
        "loanTermFrequency": loan.instalments,
        "loanTermFrequencyType": 2,
        "numberOfRepayments": loan.instalments,
        "repaymentEvery": 1,
        "repaymentFrequencyType": 2,
        "interestRatePerPeriod": 0,
        "amortizationType": 1,
        "interestType": 0,
        "interestCalculationPeriodType": 1,
        "transactionProcessingStrategyCode": "mifos-standard-strategy",
        "expectedDisbursementDate": (loan.disbursed_on or day).isoformat(),
        "submittedOnDate": loan.approved_on.isoformat(),
        "accountNo": loan.account_no,
        "externalId": loan.external_id,
        **LOCAL,
    }
    return "loans", body


def _life(loan: DemoLoan, loan_id: int, master: MasterData, day: date) -> list[Call]:
    """Approved; disbursed unless it waits; repaid as far as it was."""
    disbursed_on = loan.disbursed_on or day
    calls: list[Call] = [
        (
            f"loans/{loan_id}?command=approve",
            {
                "approvedOnDate": loan.approved_on.isoformat(),
                "approvedLoanAmount": _major(loan.principal_minor, loan.product),
                "expectedDisbursementDate": disbursed_on.isoformat(),
                **LOCAL,
            },
        )
    ]
    if loan.disbursed_on is not None:
        disbursal = {
            "actualDisbursementDate": disbursed_on.isoformat(),
            "transactionAmount": _major(loan.principal_minor, loan.product),
            **LOCAL,
        }
        calls.append((f"loans/{loan_id}?command=disburse", disbursal))
    if loan.paid_minor:
        repaid_on = day - timedelta(days=_LAST_REPAYMENT_DAYS_AGO)
        repayment = {
            "transactionDate": repaid_on.isoformat(),
            "transactionAmount": _major(loan.paid_minor, loan.product),
            "paymentTypeId": master.payment_types[CASH_DESK],
            **LOCAL,
        }
        calls.append((f"loans/{loan_id}/transactions?command=repayment", repayment))
    return calls


def _major(amount_minor: int, product: str) -> int:
    """Whole shillings; the demo's world has no cents."""
    whole, rest = divmod(amount_minor, _MINOR_UNITS[product])
    assert not rest
    return whole
