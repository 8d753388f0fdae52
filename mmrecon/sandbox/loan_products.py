"""Loan products."""

from __future__ import annotations

from mmrecon.sandbox.call import Call, Command, Handler, Outcome
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.enums import (
    ACCOUNTING_RULE,
    AMORTIZATION,
    INTEREST,
    INTEREST_PERIOD,
    PERIOD,
    RATE_PERIOD,
    option,
)
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.gl import LOAN, LOAN_ACCOUNTS, mappings, set_mappings
from mmrecon.sandbox.organisation import account_currency, currencies_by_code
from mmrecon.sandbox.refusals import UnknownToSandboxError, not_found
from mmrecon.sandbox.routing import Route, reads, writes
from mmrecon.sandbox.savings_products import insert_product
from mmrecon.sandbox.values import Json, compact, number

STRATEGIES = {
    "mifos-standard-strategy": "Penalties, Fees, Interest, Principal order",
    "principal-interest-penalties-fees-order-strategy": "Principal, Interest, Penalties, Fees",
    "interest-principal-penalties-fees-order-strategy": "Interest, Principal, Penalties, Fees",
}
TERM_COLUMNS = {
    "repaymentEvery": "repay_every",
    "repaymentFrequencyType": "repayment_period_frequency_enum",
    "numberOfRepayments": "number_of_repayments",
    "amortizationType": "amortization_method_enum",
    "interestType": "interest_method_enum",
    "interestCalculationPeriodType": "interest_calculated_in_period_enum",
}
NAMES = {
    *("name", "shortName", "externalId", "description", "currencyCode", "digitsAfterDecimal"),
    *("inMultiplesOf", "principal", "minPrincipal", "maxPrincipal", "interestRatePerPeriod"),
    *("minInterestRatePerPeriod", "maxInterestRatePerPeriod", "interestRateFrequencyType"),
    *("minNumberOfRepayments", "maxNumberOfRepayments", "transactionProcessingStrategyCode"),
    *("accountingRule", "isInterestRecalculationEnabled", "daysInYearType", "daysInMonthType"),
    *("loanScheduleType", "loanScheduleProcessingType", "locale", "dateFormat", "charges"),
    *("inArrearsTolerance", "graceOnArrearsAgeing", "paymentChannelToFundSourceMappings"),
    *("allowPartialPeriodInterestCalcualtion", "includeInBorrowerCycle", "useBorrowerCycle"),
    *TERM_COLUMNS,
    *LOAN_ACCOUNTS,
}


def product_or_404(session: Session, product_id: int) -> Row:
    """A loan product.

    Raises:
        RefusalError: 404.
    """
    row = session.row("m_product_loan", product_id)
    if row is None:
        said = f"Loan product with identifier {product_id} does not exist"
        raise not_found("error.msg.loanproduct.id.invalid", said, product_id)
    return row


def loan_terms(row: Row) -> Json:
    """The terms that products and loans show alike."""
    return {
        "repaymentEvery": row["repay_every"],
        "repaymentFrequencyType": option(
            row["repayment_period_frequency_enum"], "repaymentFrequency.periodFrequencyType", PERIOD
        ),
        "interestRatePerPeriod": number(row["nominal_interest_rate_per_period"]),
        "interestRateFrequencyType": option(
            row["interest_period_frequency_enum"],
            "interestRateFrequency.periodFrequencyType",
            RATE_PERIOD,
        ),
        "annualInterestRate": number(row["annual_nominal_interest_rate"]),
        "amortizationType": option(
            row["amortization_method_enum"], "amortizationType", AMORTIZATION
        ),
        "interestType": option(row["interest_method_enum"], "interestType", INTEREST),
        "interestCalculationPeriodType": option(
            row["interest_calculated_in_period_enum"],
            "interestCalculationPeriodType",
            INTEREST_PERIOD,
        ),
        "allowPartialPeriodInterestCalculation": False,
        "transactionProcessingStrategyCode": row["loan_transaction_strategy_code"],
        "transactionProcessingStrategyName": row["loan_transaction_strategy_name"],
    }


def _product(session: Session, row: Row, known: dict[str, Row]) -> Json:
    product = {
        "id": row["id"],
        "name": row["name"],
        "shortName": row["short_name"],
        "description": row["description"],
        "externalId": row["external_id"],
        "includeInBorrowerCycle": False,
        "useBorrowerCycle": False,
        "status": "loanProduct.active",
        "currency": account_currency(row, known),
        "principal": number(row["principal_amount"]),
        "minPrincipal": number(row["min_principal_amount"]),
        "maxPrincipal": number(row["max_principal_amount"]),
        "numberOfRepayments": row["number_of_repayments"],
        **loan_terms(row),
        "isInterestRecalculationEnabled": False,
        "accountingRule": option(row["accounting_type"], "accountingRuleType", ACCOUNTING_RULE),
        "multiDisburseLoan": False,
        "loanScheduleType": {"id": 0, "code": "CUMULATIVE", "value": "Cumulative"},
    }
    if row["accounting_type"] != 1:
        product |= mappings(session, row["id"], LOAN)
    return compact(product)


def list_products(call: Call) -> list[Json]:
    """``GET /loanproducts``."""
    known = currencies_by_code(call.session)
    rows = call.session.all("select * from m_product_loan order by id")
    return [_product(call.session, row, known) for row in rows]


def get_product(call: Call, product_id: int) -> Json:
    """``GET /loanproducts/{id}``."""
    row = product_or_404(call.session, product_id)
    known = currencies_by_code(call.session)
    return {**_product(call.session, row, known), "charges": []}


def post_product(call: Call) -> Command:
    """``POST /loanproducts``."""
    del call
    return Command("CREATE", "LOANPRODUCT")


def annual_rate(rate: int, frequency: int) -> int:
    """The yearly rate of a rate per month (2) or per year (3)."""
    if frequency not in (2, 3):
        raise UnknownToSandboxError(f"interest rate per period type {frequency}")
    return rate * 12 if frequency == 2 else rate


def strategy_name(code: str | None) -> str:
    """What a repayment strategy is called; an unknown one is not pretended."""
    if code not in STRATEGIES:
        raise UnknownToSandboxError(f"repayment strategy {code}")
    return STRATEGIES[code or ""]


def _create_product(call: Call) -> Outcome:
    fields = Fields(call.body(), "loanproduct")
    fields.only(NAMES)
    if fields.body.get("charges") or fields.boolean("isInterestRecalculationEnabled"):
        raise UnknownToSandboxError("loan products with charges or interest recalculation")
    if fields.body.get("loanScheduleType", "CUMULATIVE") != "CUMULATIVE":
        raise UnknownToSandboxError("progressive loan schedules")
    rate = fields.amount("interestRatePerPeriod", required=True) or 0
    frequency = fields.integer("interestRateFrequencyType", required=True)
    strategy = fields.text("transactionProcessingStrategyCode", required=True)
    row = {
        "name": fields.text("name", required=True, longest=100),
        "short_name": fields.text("shortName", required=True, longest=4),
        "external_id": fields.text("externalId", longest=100),
        "description": fields.text("description", longest=500),
        "currency_code": fields.text("currencyCode", required=True),
        "currency_digits": fields.integer("digitsAfterDecimal", required=True),
        "currency_multiplesof": fields.integer("inMultiplesOf"),
        "principal_amount": fields.amount("principal", required=True),
        "min_principal_amount": fields.amount("minPrincipal"),
        "max_principal_amount": fields.amount("maxPrincipal"),
        "nominal_interest_rate_per_period": rate,
        "interest_period_frequency_enum": frequency,
        "accounting_type": fields.integer("accountingRule", required=True),
        "loan_transaction_strategy_code": strategy,
        "days_in_month_enum": fields.integer("daysInMonthType", required=True),
        "days_in_year_enum": fields.integer("daysInYearType", required=True),
        **{column: fields.integer(name, required=True) for name, column in TERM_COLUMNS.items()},
    }
    fields.finish()
    if row["accounting_type"] not in (1, 2):
        raise UnknownToSandboxError("accrual accounting of loan products")
    row["annual_nominal_interest_rate"] = annual_rate(rate, frequency or 0)
    row["loan_transaction_strategy_name"] = strategy_name(strategy)
    product_id = insert_product(call.session, "m_product_loan", "product.loan", row)
    if row["accounting_type"] != 1:
        set_mappings(call.session, product_id, LOAN, fields)
    return {"resourceId": product_id}


ROUTES: list[Route] = [
    reads("/loanproducts", list_products, "LOANPRODUCT"),
    reads("/loanproducts/<int:product_id>", get_product, "LOANPRODUCT"),
    writes("POST", "/loanproducts", post_product),
]
HANDLERS: dict[tuple[str, str], Handler] = {("CREATE", "LOANPRODUCT"): _create_product}
