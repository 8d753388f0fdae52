"""A small client for tests of the sandbox, and an institution to test with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import requests

COMMON = {"locale": "en", "dateFormat": "yyyy-MM-dd"}
OPENED, PAID = "2026-01-05", "2026-02-10"


class Api:
    """Calls of one user."""

    def __init__(self, base_url: str, user: str = "mifos", password: str = "password") -> None:
        self.base_url = base_url
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.auth = (user, password)
        self.http.headers["Fineract-Platform-TenantId"] = "default"
        self.http.headers["Content-Type"] = "application/json"

    def call(
        self, method: str, path: str, body: Any = None, key: str | None = None
    ) -> requests.Response:
        """One call."""
        data = None if body is None else json.dumps(body)
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.http.request(
            method, self.base_url + path, data=data, headers=headers, timeout=60
        )

    def done(self, method: str, path: str, body: Any = None) -> Any:
        """A call that must succeed; gives its JSON."""
        answer = self.call(method, path, body)
        assert answer.status_code == 200, f"{method} {path}: {answer.text[:400]}"
        return answer.json()

    def batch(self, items: list[dict[str, Any]], *, enclosing: bool = True) -> list[Any]:
        """A batch; gives its answers."""
        word = "true" if enclosing else "false"
        answers: list[Any] = self.done("POST", f"/batches?enclosingTransaction={word}", items)
        return answers

    def switch(self, name: str, body: Any, method: str = "PUT") -> None:
        """One of the sandbox's own switches."""
        root = self.base_url.split("/fineract-provider")[0]
        answer = self.http.request(
            method, f"{root}/sandbox/{name}", data=json.dumps(body), timeout=10
        )
        assert answer.status_code == 200, answer.text


@dataclass
class Institution:
    """A branch with one product of each kind."""

    api: Api
    savings_product: int
    loan_product: int

    def client(self, name: str = "Baraka") -> int:
        """An active client."""
        body = {"officeId": 1, "legalFormId": 1, "firstname": "Amina", "lastname": name}
        dates = {"active": True, "activationDate": OPENED, "submittedOnDate": OPENED}
        answer = self.api.done("POST", "/clients", {**body, **dates, **COMMON})
        return int(answer["clientId"])

    def savings(self, client: int | None = None) -> int:
        """An active savings account."""
        owner = self.client() if client is None else client
        body = {"clientId": owner, "productId": self.savings_product, "submittedOnDate": OPENED}
        account = int(self.api.done("POST", "/savingsaccounts", {**body, **COMMON})["savingsId"])
        path = f"/savingsaccounts/{account}?command="
        self.api.done("POST", path + "approve", {"approvedOnDate": OPENED, **COMMON})
        self.api.done("POST", path + "activate", {"activatedOnDate": OPENED, **COMMON})
        return account

    def loan(self, principal: int = 1000, **terms: Any) -> int:
        """A loan of four monthly instalments, disbursed."""
        body = {
            "clientId": self.client(),
            "productId": self.loan_product,
            "loanType": "individual",
            "principal": principal,
            "loanTermFrequency": 4,
            "loanTermFrequencyType": 2,
            "numberOfRepayments": 4,
            "repaymentEvery": 1,
            "repaymentFrequencyType": 2,
            "interestRatePerPeriod": 0,
            "amortizationType": 1,
            "interestType": 0,
            "interestCalculationPeriodType": 1,
            "transactionProcessingStrategyCode": "mifos-standard-strategy",
            "expectedDisbursementDate": OPENED,
            "submittedOnDate": OPENED,
        }
        loan = int(self.api.done("POST", "/loans", {**body, **terms, **COMMON})["loanId"])
        path = f"/loans/{loan}?command="
        self.api.done("POST", path + "approve", {"approvedOnDate": OPENED, **COMMON})
        self.api.done("POST", path + "disburse", {"actualDisbursementDate": OPENED, **COMMON})
        return loan


def deposit(amount: float = 10.5, day: str = PAID) -> dict[str, Any]:
    """The body of a deposit, withdrawal or repayment."""
    return {"transactionDate": day, "transactionAmount": amount, "paymentTypeId": 1, **COMMON}


def deposit_item(number: int, account: int, key: str, amount: float = 10.5) -> dict[str, Any]:
    """A deposit as item of a batch."""
    return {
        "requestId": number,
        "relativeUrl": f"v1/savingsaccounts/{account}/transactions?command=deposit",
        "method": "POST",
        "headers": [{"name": "Idempotency-Key", "value": key}],
        "body": json.dumps(deposit(amount)),
    }


def found(api: Api) -> Institution:
    """Found an institution on a bare server."""
    api.done("PUT", "/currencies", {"currencies": ["KES", "UGX"]})
    terms = {
        "currencyCode": "KES",
        "digitsAfterDecimal": 2,
        "inMultiplesOf": 0,
        "accountingRule": 1,
        "locale": "en",
    }
    savings = {
        "name": "Sacco savings",
        "shortName": "SAV",
        "description": "for tests",
        "nominalAnnualInterestRate": 0,
        "interestCompoundingPeriodType": 1,
        "interestPostingPeriodType": 4,
        "interestCalculationType": 1,
        "interestCalculationDaysInYearType": 365,
    }
    loan = {
        "name": "Plain loan",
        "shortName": "LN",
        "principal": 1000,
        "numberOfRepayments": 4,
        "repaymentEvery": 1,
        "repaymentFrequencyType": 2,
        "interestRatePerPeriod": 0,
        "interestRateFrequencyType": 2,
        "amortizationType": 1,
        "interestType": 0,
        "interestCalculationPeriodType": 1,
        "transactionProcessingStrategyCode": "mifos-standard-strategy",
        "daysInYearType": 1,
        "daysInMonthType": 1,
    }
    savings_product = api.done("POST", "/savingsproducts", {**terms, **savings})["resourceId"]
    loan_product = api.done("POST", "/loanproducts", {**terms, **loan})["resourceId"]
    return Institution(api, savings_product, loan_product)
