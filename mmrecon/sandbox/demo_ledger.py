"""Fineract's master data for the demo: offices, payment types, chart of accounts, products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from mmrecon.sandbox.demo_api import LOCAL, SeedApi
from mmrecon.sandbox.demo_institution import Institution
from mmrecon.sandbox.demo_wallets import LOAN_PRODUCTS, SAVINGS_PRODUCTS, WALLETS

CASH_DESK: Final = "Cash desk"
_ASSET, _LIABILITY, _INCOME, _EXPENSE = 1, 2, 4, 5
_CHART: Final = (
    ("cash", "11200", "Cash desk", _ASSET),
    ("loans", "12100", "Loan portfolio", _ASSET),
    ("receivable", "12200", "Interest receivable", _ASSET),
    ("savings", "21100", "Savings control", _LIABILITY),
    ("overpayment", "21200", "Overpayment", _LIABILITY),
    ("transfers", "21400", "Transfers in suspense", _LIABILITY),
    ("interest", "41100", "Interest income", _INCOME),
    ("fees", "41200", "Fee income", _INCOME),
    ("penalties", "41300", "Penalty income", _INCOME),
    ("recovery", "41400", "Recovery income", _INCOME),
    ("charges", "51100", "Wallet charges", _EXPENSE),
    ("losses", "51200", "Losses", _EXPENSE),
)


@dataclass(frozen=True, slots=True)
class MasterData:
    """Ids by name: offices, payment types, wallets' general ledger accounts, products."""

    offices: dict[str, int]
    payment_types: dict[str, int]
    wallet_gl_accounts: dict[str, int]
    products: dict[str, int]


def create_master_data(api: SeedApi, institution: Institution) -> MasterData:
    """What must be there before the first client."""
    api.put("currencies", {"currencies": ["KES", "UGX", "USD"]})
    offices = {
        name: int(
            api.post(
                "offices",
                {"name": name, "parentId": 1, "openingDate": "2015-01-05", **LOCAL},
            )["resourceId"]
        )
        for name, _ in institution.offices
    }
    names = [*(wallet.payment_type for wallet in WALLETS), CASH_DESK]
    payment_types = {name: _payment_type(api, name, place) for place, name in enumerate(names, 2)}
    chart = {key: _gl_account(api, code, name, kind) for key, code, name, kind in _CHART}
    wallets = {
        wallet.name: _gl_account(api, f"111{place:02}", f"Float {wallet.payment_type}", _ASSET)
        for place, wallet in enumerate(WALLETS, 1)
    }
    products = _products(api, chart, payment_types, wallets)
    return MasterData(offices, payment_types, wallets, products)


def _payment_type(api: SeedApi, name: str, position: int) -> int:
    body = {
        "name": name,
        "description": "cash" if name == CASH_DESK else "mobile money",
        "isCashPayment": name == CASH_DESK,
        "position": position,
    }
    return int(api.post("paymenttypes", body)["resourceId"])


def _gl_account(api: SeedApi, code: str, name: str, kind: int) -> int:
    body = {
        "name": name,
        "glCode": code,
        "manualEntriesAllowed": True,
        "type": kind,
        "usage": 1,
        "description": "",
    }
    return int(api.post("glaccounts", body)["resourceId"])


def _products(
    api: SeedApi, chart: dict[str, int], payment_types: dict[str, int], wallets: dict[str, int]
) -> dict[str, int]:
    """Products with cash accounting; each wallet's money lands on its own float account."""

    def channels(short_name: str) -> list[dict[str, int]]:
        return [
            {
                "paymentTypeId": payment_types[wallet.payment_type],
                "fundSourceAccountId": wallets[wallet.name],
            }
            for wallet in WALLETS
            if short_name in wallet.products
        ]

    products = {
        short_name: _savings_product(
            api, chart, short_name, name, currency, digits, channels(short_name)
        )
        for short_name, name, currency, digits in SAVINGS_PRODUCTS
    }
    for short_name, name, currency, digits, principal_minor in LOAN_PRODUCTS:
        principal = principal_minor // 10**digits
        products[short_name] = _loan_product(
            api, chart, {
                "shortName": short_name, "name": name, "currencyCode": currency,
                "digitsAfterDecimal": digits, "principal": principal, "minPrincipal": 1,
                "maxPrincipal": principal * 10,
                "paymentChannelToFundSourceMappings": channels(short_name),
            },
        )  # fmt: skip
    return products


def _savings_product(
    api: SeedApi,
    chart: dict[str, int],
    short_name: str,
    name: str,
    currency: str,
    digits: int,
    channels: list[dict[str, int]],
) -> int:
    body = {
        "currencyCode": currency,
        "digitsAfterDecimal": digits,
        "inMultiplesOf": 0,
        "locale": "en",
        "description": name,
        "nominalAnnualInterestRate": 0,
        "interestCompoundingPeriodType": 1,
        "interestPostingPeriodType": 4,
        "interestCalculationType": 1,
        "interestCalculationDaysInYearType": 365,
        "accountingRule": 2,
        "name": name,
        "shortName": short_name,
        "savingsReferenceAccountId": chart["cash"],
        "overdraftPortfolioControlId": chart["loans"],
        "savingsControlAccountId": chart["savings"],
        "transfersInSuspenseAccountId": chart["transfers"],
        "interestOnSavingsAccountId": chart["charges"],
        "writeOffAccountId": chart["losses"],
        "incomeFromFeeAccountId": chart["fees"],
        "incomeFromPenaltyAccountId": chart["penalties"],
        "incomeFromInterestId": chart["interest"],
        "paymentChannelToFundSourceMappings": channels,
    }
    return int(api.post("savingsproducts", body)["resourceId"])


def _loan_product(api: SeedApi, chart: dict[str, int], own: dict[str, Any]) -> int:
    body = {
        "inMultiplesOf": 0,
        "numberOfRepayments": 6,
        "repaymentEvery": 1,
        "repaymentFrequencyType": 2,
        "interestRatePerPeriod": 0,
        "interestRateFrequencyType": 2,
        "amortizationType": 1,
        "interestType": 0,
        "interestCalculationPeriodType": 1,
        "transactionProcessingStrategyCode": "mifos-standard-strategy",
        "accountingRule": 2,
        "isInterestRecalculationEnabled": False,
        "daysInYearType": 1,
        "daysInMonthType": 1,
        "loanScheduleType": "CUMULATIVE",
        **LOCAL,
        "fundSourceAccountId": chart["cash"],
        "loanPortfolioAccountId": chart["loans"],
        "transfersInSuspenseAccountId": chart["receivable"],
        "interestOnLoanAccountId": chart["interest"],
        "incomeFromFeeAccountId": chart["fees"],
        "incomeFromPenaltyAccountId": chart["penalties"],
        "incomeFromRecoveryAccountId": chart["recovery"],
        "writeOffAccountId": chart["losses"],
        "overpaymentLiabilityAccountId": chart["overpayment"],
        **own,
    }
    return int(api.post("loanproducts", body)["resourceId"])
