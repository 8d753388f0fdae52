"""An institution in a Fineract, made through its API, and the people who work at its counter."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from mmrecon.posting.preflight import BUSINESS_DATE
from mmrecon.sandbox.demo_api import LOCAL, SeedApi
from tests.campaign.work import COLLECTIONS, PAYOUTS, Account, Leg, Line

OPENING_MINOR: Final = 50_000_00
PRINCIPAL_MINOR: Final = 100_000_00
TELLER: Final = "TELLER"
"""Stands as the bank's number in every payment that somebody at the counter typed."""
_LOANS: Final = 0.34
_WAITING: Final = 0.3
_GL: Final = (
    ("collections", 1), ("payouts", 1), ("cash", 1), ("loans", 1), ("receivable", 1),
    ("savings", 2), ("overpayment", 2), ("transfers", 2), ("interest", 4), ("fees", 4),
    ("penalties", 4), ("recovery", 4), ("expense", 5), ("losses", 5),
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A payment as the ledger has it; `by_hand` when somebody at the counter made it."""

    kind: str
    account_id: int
    transaction_id: int
    type_id: int
    minor: int
    day: str
    receipt: str
    by_hand: bool
    reversed: bool


class Institution:
    """Accounts, payment types and GL accounts of its own; `api` goes straight to the server."""

    def __init__(self, api: SeedApi, zone: str, accounts: int) -> None:
        self.api = api
        self._today = datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
        self._mark = secrets.token_hex(2).upper()
        api.put("currencies", {"currencies": ["KES", "USD"]})
        self.payment_types = {
            code: self._made("paymenttypes", _payment_type(name))
            for code, name in self.payment_type_names().items()
        }
        self.gl = {
            name: self._made("glaccounts", self._gl_account(name, kind)) for name, kind in _GL
        }
        self._savings_product = self._made("savingsproducts", self._savings_terms())
        self._loan_product = self._made("loanproducts", self._loan_terms())
        self.accounts = self._open(accounts)

    def payment_type_names(self) -> dict[str, str]:
        """By shortcode, and the cash desk's."""
        named = {COLLECTIONS: "Paybill", PAYOUTS: "Payouts", "": "Cash desk"}
        return {code: f"{name} {self._mark}" for code, name in named.items()}

    def gl_account(self, shortcode: str) -> int:
        """The wallet's own GL account."""
        return self.gl["collections" if shortcode == COLLECTIONS else "payouts"]

    def office(self) -> tuple[str, str]:
        """Name and opening date of the head office."""
        found = self.api.get("offices/1")
        opened = found["openingDate"]
        day = opened if isinstance(opened, str) else date(*opened).isoformat()
        return str(found["name"]), day

    def day(self, days_ago: int) -> str:
        """A day as Fineract counts them."""
        return (self._today - timedelta(days=days_ago)).isoformat()

    def pay(self, line: Line, leg: Leg, **changed: Any) -> int:
        """Somebody at the counter books a payment by hand; gives the transaction's id.

        Raises:
            SeedingFailedError: Fineract refuses it.
        """
        disburses = leg.command == "loan_disbursement"
        body: dict[str, Any] = {
            "actualDisbursementDate" if disburses else "transactionDate": self.day(line.days_ago),
            "transactionAmount": f"{leg.minor // 100}.{leg.minor % 100:02}",
            "paymentTypeId": self.payment_types[line.shortcode],
            "receiptNumber": line.receipt, "bankNumber": TELLER, **LOCAL, **changed,
        }  # fmt: skip
        plural = "loans" if leg.account.kind == "loan" else "savingsaccounts"
        word = leg.command.partition("_")[2]
        command = "?command=disburse" if disburses else f"/transactions?command={word}"
        answer = self.api.post(f"{plural}/{leg.account.account_id}{command}", body)
        return int(answer["subResourceId" if disburses else "resourceId"])

    def close(self, account: Account) -> None:
        """A client takes his savings and leaves.

        Raises:
            SeedingFailedError: Fineract refuses it.
        """
        body = {"closedOnDate": self.day(0), "withdrawBalance": True, **LOCAL}
        self.api.post(f"savingsaccounts/{account.account_id}?command=close", body)

    def block(self, account: Account) -> None:
        """Nothing goes in or out.

        Raises:
            SeedingFailedError: Fineract refuses it.
        """
        path = f"savingsaccounts/{account.account_id}?command=block"
        self.api.post(path, {"reasonForBlock": "check"})

    def business_date(self, days_ago: int | None) -> None:
        """Let Fineract's own day be another one; None: the calendar's."""
        switch = self.api.get(f"configurations/name/{BUSINESS_DATE}")
        enabled = days_ago is not None
        self.api.put(f"configurations/{switch['id']}", {"enabled": enabled})
        if days_ago is not None:
            day = {"type": "BUSINESS_DATE", "date": self.day(days_ago), **LOCAL}
            self.api.post("businessdate", day)

    def _open(self, count: int) -> list[Account]:
        loans = int(count * _LOANS)
        savings, waiting = count - loans, int(loans * _WAITING)
        clients = [
            int(answer["clientId"])
            for (answer,) in self.api.batches([[self._client(n)] for n in range(savings)])
        ]
        owners = [clients[number % savings] for number in range(loans)]
        return [*self._open_savings(clients), *self._open_loans(owners, waiting)]

    def _open_savings(self, clients: Sequence[int]) -> Iterator[Account]:
        applied = {"productId": self._savings_product, "submittedOnDate": self.day(60), **LOCAL}
        calls = [[("savingsaccounts", {"clientId": client, **applied})] for client in clients]
        numbers = [int(answer["savingsId"]) for (answer,) in self.api.batches(calls)]
        for command, name in (("approve", "approvedOnDate"), ("activate", "activatedOnDate")):
            body = {name: self.day(60), **LOCAL}
            path = f"savingsaccounts/{{}}?command={command}"
            self.api.post_all((path.format(number), body) for number in numbers)
        opening = {
            "transactionDate": self.day(50), "transactionAmount": OPENING_MINOR // 100,
            "paymentTypeId": self.payment_types[""], "bankNumber": TELLER, **LOCAL,
        }  # fmt: skip
        path = "savingsaccounts/{}/transactions?command=deposit"
        self.api.batches([[(path.format(number), opening)] for number in numbers])
        numbered = self._numbers("savingsaccounts", numbers)
        for client, number in zip(clients, numbers, strict=True):
            yield Account("savings", number, numbered[number], client)

    def _open_loans(self, owners: Sequence[int], waiting: int) -> Iterator[Account]:
        calls = [[("loans", self._loan(owner))] for owner in owners]
        numbers = [int(answer["loanId"]) for (answer,) in self.api.batches(calls)]
        approval = {
            "approvedOnDate": self.day(45), "approvedLoanAmount": PRINCIPAL_MINOR // 100,
            "expectedDisbursementDate": self.day(40), **LOCAL,
        }  # fmt: skip
        paid = {
            "actualDisbursementDate": self.day(40), "transactionAmount": PRINCIPAL_MINOR // 100,
            **LOCAL,
        }  # fmt: skip
        self.api.batches([
            [(f"loans/{number}?command=approve", approval)]
            + ([(f"loans/{number}?command=disburse", paid)] if place >= waiting else [])
            for place, number in enumerate(numbers)
        ])  # fmt: skip
        numbered = self._numbers("loans", numbers)
        for place, (owner, number) in enumerate(zip(owners, numbers, strict=True)):
            yield Account("loan", number, numbered[number], owner, waits=place < waiting)

    def _numbers(self, plural: str, ids: Sequence[int]) -> dict[int, str]:
        """Account numbers by id."""
        found: dict[int, str] = {}
        wanted = set(ids)
        offset = 0
        while rows := self.api.get(f"{plural}?limit=5000&offset={offset}")["pageItems"]:
            found |= {row["id"]: str(row["accountNo"]) for row in rows if row["id"] in wanted}
            offset += len(rows)
        return found

    def _client(self, number: int) -> tuple[str, dict[str, Any]]:
        body = {
            "officeId": 1, "legalFormId": 1, "firstname": "Amina", "lastname": f"Baraka {number}",
            "active": True, "activationDate": self.day(60), "submittedOnDate": self.day(60),
            **LOCAL,
        }  # fmt: skip
        return "clients", body

    def _loan(self, owner: int) -> dict[str, Any]:
        return {
            "clientId": owner, "productId": self._loan_product, "loanType": "individual",
            "principal": PRINCIPAL_MINOR // 100, "loanTermFrequency": 4,
            "loanTermFrequencyType": 2, "numberOfRepayments": 4, "repaymentEvery": 1,
            "repaymentFrequencyType": 2, "interestRatePerPeriod": 0, "amortizationType": 1,
            "interestType": 0, "interestCalculationPeriodType": 1,
            "transactionProcessingStrategyCode": "mifos-standard-strategy",
            "expectedDisbursementDate": self.day(40), "submittedOnDate": self.day(45), **LOCAL,
        }  # fmt: skip

    def _made(self, path: str, body: dict[str, Any]) -> int:
        return int(self.api.post(path, body)["resourceId"])

    def _gl_account(self, name: str, kind: int) -> dict[str, Any]:
        return {
            "name": f"{name} {self._mark}", "glCode": f"{self._mark}-{name}", "usage": 1,
            "manualEntriesAllowed": True, "type": kind, "description": "",
        }  # fmt: skip

    def _channels(self) -> list[dict[str, int]]:
        return [
            {
                "paymentTypeId": self.payment_types[code],
                "fundSourceAccountId": self.gl_account(code),
            }
            for code in (COLLECTIONS, PAYOUTS)
        ]

    def _savings_terms(self) -> dict[str, Any]:
        gl = self.gl
        return {
            "currencyCode": "KES", "digitsAfterDecimal": 2, "inMultiplesOf": 0,
            "description": "for tests", "nominalAnnualInterestRate": 0,
            "interestCompoundingPeriodType": 1, "interestPostingPeriodType": 4,
            "interestCalculationType": 1, "interestCalculationDaysInYearType": 365,
            "accountingRule": 2, "name": f"Savings {self._mark}", "shortName": self._mark,
            "savingsReferenceAccountId": gl["cash"], "overdraftPortfolioControlId": gl["loans"],
            "savingsControlAccountId": gl["savings"],
            "transfersInSuspenseAccountId": gl["transfers"],
            "interestOnSavingsAccountId": gl["expense"], "writeOffAccountId": gl["losses"],
            "incomeFromFeeAccountId": gl["fees"], "incomeFromPenaltyAccountId": gl["penalties"],
            "incomeFromInterestId": gl["interest"],
            "paymentChannelToFundSourceMappings": self._channels(), "locale": "en",
        }  # fmt: skip

    def _loan_terms(self) -> dict[str, Any]:
        gl = self.gl
        return {
            "currencyCode": "KES", "digitsAfterDecimal": 2, "inMultiplesOf": 0,
            "principal": PRINCIPAL_MINOR // 100, "numberOfRepayments": 4, "repaymentEvery": 1,
            "repaymentFrequencyType": 2, "interestRatePerPeriod": 0,
            "interestRateFrequencyType": 2, "amortizationType": 1, "interestType": 0,
            "interestCalculationPeriodType": 1, "maxPrincipal": PRINCIPAL_MINOR // 10,
            "minPrincipal": 1, "transactionProcessingStrategyCode": "mifos-standard-strategy",
            "accountingRule": 2, "isInterestRecalculationEnabled": False, "daysInYearType": 1,
            "daysInMonthType": 1, "loanScheduleType": "CUMULATIVE", "name": f"Loan {self._mark}",
            "shortName": self._mark, "fundSourceAccountId": gl["cash"],
            "loanPortfolioAccountId": gl["loans"],
            "transfersInSuspenseAccountId": gl["receivable"],
            "interestOnLoanAccountId": gl["interest"], "incomeFromFeeAccountId": gl["fees"],
            "incomeFromPenaltyAccountId": gl["penalties"],
            "incomeFromRecoveryAccountId": gl["recovery"], "writeOffAccountId": gl["losses"],
            "overpaymentLiabilityAccountId": gl["overpayment"],
            "paymentChannelToFundSourceMappings": self._channels(), **LOCAL,
        }  # fmt: skip


def _payment_type(name: str) -> dict[str, Any]:
    return {"name": name, "description": "", "isCashPayment": False, "position": 5}
