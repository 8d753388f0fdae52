"""A branch on the sandbox, made through Fineract's own API; only invented people live there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import requests

from mmrecon.config import FineractServer
from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract import as_list, as_object, dump_json

ZONE = "Asia/Kolkata"
FORMS = {"locale": "en", "dateFormat": "yyyy-MM-dd"}
PASSWORD = "password"
CLERK_PASSWORD = "Lab-passw0rd-2026"


def today() -> date:
    return datetime.now(UTC).astimezone(ZoneInfo(ZONE)).date()


def days_ago(days: int) -> str:
    return (today() - timedelta(days=days)).isoformat()


@dataclass(frozen=True)
class Account:
    kind: str
    account_id: int
    account_no: str
    client_id: int


@dataclass(frozen=True)
class Row:
    """One payment as the ledger has it."""

    transaction_id: int
    amount: Decimal
    receipt: str
    reversed: bool


class Branch:
    """The set-up of the recordings (`fixtures.json`), as far as posting needs it."""

    def __init__(self, base_url: str) -> None:
        self.server = FineractServer(base_url=base_url, zone=ZONE, username="mifos")
        self.client = FineractClient(self.server, PASSWORD, first_pause_s=0.01)
        self._session = requests.Session()
        self._count = 0
        self.call("PUT", "currencies", {"currencies": ["KES", "UGX", "USD"]})
        self.payment_type_id = self._made(
            "paymenttypes",
            {"name": "M-PESA 600100", "description": "", "isCashPayment": False, "position": 5},
        )
        self._gl = {name: self._gl_account(name, kind) for name, kind in _GL_ACCOUNTS}
        self.gl_wallet = self._gl["wallet"]
        self.savings_product = self._made("savingsproducts", self._savings_product())
        self.loan_product = self._made("loanproducts", self._loan_product())

    def payment_type(self, number: int) -> str:
        """The name of a payment type that the server came with."""
        return str(as_object(self.client.get(f"paymenttypes/{number}"))["name"])

    def gl(self, name: str) -> int:
        return self._gl[name]

    def call(self, method: str, path: str, body: Any, key: str = "") -> dict[str, Any]:
        """A call that must succeed."""
        answer = self._session.request(
            method,
            f"{self.server.base_url}/{path}",
            data=dump_json(body),
            auth=("mifos", PASSWORD),
            headers={
                "Fineract-Platform-TenantId": "default",
                "Content-Type": "application/json",
                **({"Idempotency-Key": key} if key else {}),
            },
            timeout=60,
        )
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        found: dict[str, Any] = answer.json()
        return found

    def member(self) -> int:
        self._count += 1
        answer = self.call(
            "POST",
            "clients",
            {
                "officeId": 1, "legalFormId": 1, "firstname": "Amina",
                "lastname": f"Baraka {self._count}", "active": True,
                "activationDate": days_ago(60), "submittedOnDate": days_ago(60), **FORMS,
            },
        )  # fmt: skip
        return int(answer["clientId"])

    def savings(self, member: int | None = None, *, balance: int = 0) -> Account:
        owner = member if member is not None else self.member()
        applied = {"clientId": owner, "productId": self.savings_product}
        body = {**applied, "submittedOnDate": days_ago(60), **FORMS}
        number = self.call("POST", "savingsaccounts", body)["savingsId"]
        path = f"savingsaccounts/{number}"
        self.call("POST", f"{path}?command=approve", {"approvedOnDate": days_ago(60), **FORMS})
        self.call("POST", f"{path}?command=activate", {"activatedOnDate": days_ago(60), **FORMS})
        account = Account("savings", number, self._number_of(path), owner)
        if balance:
            self.teller(account, balance, "OPENING", days_ago(50))
        return account

    def loan(
        self, member: int | None = None, *, disbursed: bool = True, interest: int = 0
    ) -> Account:
        owner = member if member is not None else self.member()
        applied = {
            "clientId": owner, "productId": self.loan_product, "loanType": "individual",
            "principal": 1000, "loanTermFrequency": 4, "loanTermFrequencyType": 2,
            "numberOfRepayments": 4, "repaymentEvery": 1, "repaymentFrequencyType": 2,
            "interestRatePerPeriod": interest, "amortizationType": 1, "interestType": 0,
            "interestCalculationPeriodType": 1,
            "transactionProcessingStrategyCode": "mifos-standard-strategy",
            "expectedDisbursementDate": days_ago(40), "submittedOnDate": days_ago(45), **FORMS,
        }  # fmt: skip
        number = self.call("POST", "loans", applied)["loanId"]
        approval = {
            "approvedOnDate": days_ago(45), "approvedLoanAmount": 1000,
            "expectedDisbursementDate": days_ago(40), **FORMS,
        }  # fmt: skip
        self.call("POST", f"loans/{number}?command=approve", approval)
        if disbursed:
            paid = {"actualDisbursementDate": days_ago(40), "transactionAmount": 1000, **FORMS}
            self.call("POST", f"loans/{number}?command=disburse", paid)
        return Account("loan", number, self._number_of(f"loans/{number}"), owner)

    def teller(
        self,
        account: Account,
        amount: int,
        receipt: str = "",
        day: str = "",
        key: str = "",
        **details: str | int,
    ) -> str:
        """Somebody at the counter posts; gives the transaction's id."""
        loan = account.kind == "loan"
        path = f"loans/{account.account_id}" if loan else f"savingsaccounts/{account.account_id}"
        answer = self.call(
            "POST",
            f"{path}/transactions?command={'repayment' if loan else 'deposit'}",
            {
                "transactionDate": day or days_ago(1), "transactionAmount": Decimal(amount),
                "paymentTypeId": self.payment_type_id, "receiptNumber": receipt, **details, **FORMS,
            },
            key,
        )  # fmt: skip
        return str(answer["resourceId"])

    def withdraw(self, account: Account, amount: int) -> str:
        """Somebody takes money out at the counter; gives the transaction's id."""
        body = {
            "transactionDate": days_ago(1), "transactionAmount": Decimal(amount),
            "paymentTypeId": self.payment_type_id, **FORMS,
        }  # fmt: skip
        path = f"savingsaccounts/{account.account_id}/transactions?command=withdrawal"
        return str(self.call("POST", path, body)["resourceId"])

    def balance(self, account: Account) -> str:
        """What is on a savings account, or open on a loan, with its status."""
        plural = "loans" if account.kind == "loan" else "savingsaccounts"
        body = as_object(self.client.get(f"{plural}/{account.account_id}"))
        summary, status = as_object(body.get("summary")), as_object(body.get("status"))
        name = "totalOutstanding" if account.kind == "loan" else "accountBalance"
        return f"{status.get('id')}: {summary.get(name)}"

    def clerk(self, *permissions: str) -> FineractClient:
        """A client of a user who may only do this."""
        self._count += 1
        name = f"clerk{self._count}"
        role = self._made("roles", {"name": f"Role of {name}", "description": "for tests"})
        granted = dict.fromkeys(permissions, True)
        self.call("PUT", f"roles/{role}/permissions", {"permissions": granted})
        user = {
            "username": name, "firstname": "Wanjiru", "lastname": "Otieno",
            "email": f"{name}@example.com", "password": CLERK_PASSWORD,
            "repeatPassword": CLERK_PASSWORD, "officeId": 1, "roles": [str(role)],
            "sendPasswordToEmail": False,
        }  # fmt: skip
        self.call("POST", "users", user)
        server = self.server.model_copy(update={"username": name})
        return FineractClient(server, CLERK_PASSWORD, first_pause_s=0.01)

    def switch(self, name: str, *, enabled: bool) -> None:
        """Turn a global configuration on or off."""
        number = as_object(self.client.get(f"configurations/name/{name}"))["id"]
        self.call("PUT", f"configurations/{number}", {"enabled": enabled})

    def inbox(self, account: Account) -> list[int]:
        """Commands on a savings account that wait for a checker."""
        path = "makercheckers"
        rows = as_list(self.client.get(path, {"savingsAccountId": account.account_id}))
        return [int(str(row["id"])) for row in rows]

    def stick(self, key: str) -> None:
        """What a crash between the money and its key's row leaves behind."""
        origin = self.server.base_url.partition("/fineract-provider")[0]
        body = {"key": key, "status": 4}
        assert self._session.post(f"{origin}/sandbox/keys", json=body, timeout=60).ok

    def undo(self, account: Account, transaction_id: str) -> None:
        if account.kind == "loan":
            body: dict[str, Any] = {
                "transactionDate": days_ago(1), "transactionAmount": 0, **FORMS,
            }  # fmt: skip
            path = f"loans/{account.account_id}"
        else:
            body, path = {}, f"savingsaccounts/{account.account_id}"
        self.call("POST", f"{path}/transactions/{transaction_id}?command=undo", body)

    def block(self, account: Account) -> None:
        path = f"savingsaccounts/{account.account_id}?command=block"
        self.call("POST", path, {"reasonForBlock": "check"})

    def ledger(self, account: Account) -> list[Row]:
        """Deposits, withdrawals, repayments and disbursements that stand, oldest first."""
        plural = "loans" if account.kind == "loan" else "savingsaccounts"
        path = f"{plural}/{account.account_id}"
        body = as_object(self.client.get(path, {"associations": "transactions"}))
        rows = []
        for found in as_list(body.get("transactions")):
            kind = as_object(found.get("type") or found.get("transactionType")).get("id")
            details = as_object(found.get("paymentDetailData"))
            if kind in {1, 2} and not found.get("isReversal"):
                reversed_ = bool(found.get("reversed") or found.get("manuallyReversed"))
                rows.append(
                    Row(
                        int(str(found["id"])),
                        Decimal(str(found["amount"])),
                        str(details.get("receiptNumber", "")),
                        reversed_,
                    )
                )
        return sorted(rows, key=lambda row: row.transaction_id)

    def _number_of(self, path: str) -> str:
        return str(as_object(self.client.get(path))["accountNo"])

    def _made(self, path: str, body: Any) -> int:
        return int(self.call("POST", path, body)["resourceId"])

    def _gl_account(self, name: str, kind: int) -> int:
        body = {
            "name": name, "glCode": f"GL-{name}", "manualEntriesAllowed": True, "type": kind,
            "usage": 1, "description": "",
        }  # fmt: skip
        return self._made("glaccounts", body)

    def _mapping(self) -> list[dict[str, int]]:
        return [{"paymentTypeId": self.payment_type_id, "fundSourceAccountId": self.gl_wallet}]

    def _savings_product(self) -> dict[str, Any]:
        gl = self._gl
        return {
            "currencyCode": "KES", "digitsAfterDecimal": 2, "inMultiplesOf": 0,
            "description": "for tests", "nominalAnnualInterestRate": 0,
            "interestCompoundingPeriodType": 1, "interestPostingPeriodType": 4,
            "interestCalculationType": 1, "interestCalculationDaysInYearType": 365,
            "accountingRule": 2, "name": "Booked savings", "shortName": "BSAV",
            "savingsReferenceAccountId": gl["cash"], "overdraftPortfolioControlId": gl["loans"],
            "savingsControlAccountId": gl["savings"],
            "transfersInSuspenseAccountId": gl["transfers"],
            "interestOnSavingsAccountId": gl["expense"], "writeOffAccountId": gl["losses"],
            "incomeFromFeeAccountId": gl["fees"], "incomeFromPenaltyAccountId": gl["penalties"],
            "incomeFromInterestId": gl["interest"],
            "paymentChannelToFundSourceMappings": self._mapping(), "locale": "en",
        }  # fmt: skip

    def _loan_product(self) -> dict[str, Any]:
        gl = self._gl
        return {
            "currencyCode": "KES", "digitsAfterDecimal": 2, "inMultiplesOf": 0, "principal": 1000,
            "numberOfRepayments": 4, "repaymentEvery": 1, "repaymentFrequencyType": 2,
            "interestRatePerPeriod": 0, "interestRateFrequencyType": 2, "amortizationType": 1,
            "interestType": 0, "interestCalculationPeriodType": 1, "maxPrincipal": 100000,
            "minPrincipal": 1, "transactionProcessingStrategyCode": "mifos-standard-strategy",
            "accountingRule": 2, "isInterestRecalculationEnabled": False, "daysInYearType": 1,
            "daysInMonthType": 1, "loanScheduleType": "CUMULATIVE", "name": "Booked loan",
            "shortName": "BLOA", "fundSourceAccountId": gl["cash"],
            "loanPortfolioAccountId": gl["loans"],
            "transfersInSuspenseAccountId": gl["receivable"],
            "interestOnLoanAccountId": gl["interest"], "incomeFromFeeAccountId": gl["fees"],
            "incomeFromPenaltyAccountId": gl["penalties"],
            "incomeFromRecoveryAccountId": gl["recovery"], "writeOffAccountId": gl["losses"],
            "overpaymentLiabilityAccountId": gl["overpayment"],
            "paymentChannelToFundSourceMappings": self._mapping(), **FORMS,
        }  # fmt: skip


_GL_ACCOUNTS = (
    ("wallet", 1), ("cash", 1), ("loans", 1), ("receivable", 1), ("savings", 2),
    ("overpayment", 2), ("transfers", 2), ("interest", 4), ("fees", 4), ("penalties", 4),
    ("recovery", 4), ("expense", 5), ("losses", 5),
)  # fmt: skip
