"""Savings products."""

from __future__ import annotations

import sqlite3

from mmrecon.sandbox.call import Call, Command, Handler, Outcome
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.enums import (
    ACCOUNTING_RULE,
    CALCULATION,
    COMPOUNDING,
    DAYS_IN_YEAR,
    POSTING,
    option,
)
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.gl import SAVINGS, SAVINGS_ACCOUNTS, mappings, set_mappings
from mmrecon.sandbox.organisation import account_currency, currencies_by_code
from mmrecon.sandbox.refusals import UnknownToSandboxError, integrity, not_found
from mmrecon.sandbox.routing import Route, reads, writes
from mmrecon.sandbox.values import Json, compact, number

LOCK_IN = {
    "lockinPeriodFrequency": "lockin_period_frequency",
    "lockinPeriodFrequencyType": "lockin_period_frequency_enum",
}
TERMS = {
    "interestCompoundingPeriodType": "interest_compounding_period_enum",
    "interestPostingPeriodType": "interest_posting_period_enum",
    "interestCalculationType": "interest_calculation_type_enum",
    "interestCalculationDaysInYearType": "interest_calculation_days_in_year_type_enum",
}
AMOUNTS = {
    "minRequiredOpeningBalance": "min_required_opening_balance",
    "overdraftLimit": "overdraft_limit",
    "minRequiredBalance": "min_required_balance",
}
SWITCHES = {
    "withdrawalFeeForTransfers": "withdrawal_fee_for_transfer",
    "allowOverdraft": "allow_overdraft",
    "enforceMinRequiredBalance": "enforce_min_required_balance",
    "lienAllowed": "is_lien_allowed",
    "withHoldTax": "withhold_tax",
}
NAMES = {
    *("name", "shortName", "description", "currencyCode", "digitsAfterDecimal", "inMultiplesOf"),
    *("nominalAnnualInterestRate", "accountingRule", "charges", "isDormancyTrackingActive"),
    *("paymentChannelToFundSourceMappings", "locale", "feeToIncomeAccountMappings"),
    *("penaltyToIncomeAccountMappings", "minOverdraftForInterestCalculation"),
    *("nominalAnnualInterestRateOverdraft",),
    *LOCK_IN,
    *TERMS,
    *AMOUNTS,
    *SWITCHES,
    *SAVINGS_ACCOUNTS,
}


def product_or_404(session: Session, product_id: int) -> Row:
    """A savings product.

    Raises:
        RefusalError: 404.
    """
    row = session.row("m_savings_product", product_id)
    if row is None:
        said = f"Savings product with identifier {product_id} does not exist"
        raise not_found("error.msg.savings.product.id.invalid", said, product_id)
    return row


def terms(row: Row) -> Json:
    """The interest terms that products and accounts show alike."""
    family = "savings.interest.period.savingsCompoundingInterestPeriodType"
    posting = "savings.interest.posting.period.savingsPostingInterestPeriodType"
    return {
        "nominalAnnualInterestRate": number(row["nominal_annual_interest_rate"]),
        "interestCompoundingPeriodType": option(
            row["interest_compounding_period_enum"], family, COMPOUNDING
        ),
        "interestPostingPeriodType": option(row["interest_posting_period_enum"], posting, POSTING),
        "interestCalculationType": option(
            row["interest_calculation_type_enum"], "savingsInterestCalculationType", CALCULATION
        ),
        "interestCalculationDaysInYearType": option(
            row["interest_calculation_days_in_year_type_enum"],
            "savingsInterestCalculationDaysInYearType",
            DAYS_IN_YEAR,
        ),
    }


def _product(session: Session, row: Row, known: dict[str, Row]) -> Json:
    product = {
        "id": row["id"],
        "name": row["name"],
        "shortName": row["short_name"],
        "description": row["description"],
        "currency": account_currency(row, known),
        **terms(row),
        **{name: bool(row[column]) for name, column in SWITCHES.items()},
        **{name: number(row[column]) for name, column in AMOUNTS.items()},
        "accountingRule": option(row["accounting_type"], "accountingRuleType", ACCOUNTING_RULE),
        "isDormancyTrackingActive": False,
    }
    if row["accounting_type"] != 1:
        product |= mappings(session, row["id"], SAVINGS)
    return compact(product)


def list_products(call: Call) -> list[Json]:
    """``GET /savingsproducts``."""
    known = currencies_by_code(call.session)
    rows = call.session.all("select * from m_savings_product order by id")
    return [_product(call.session, row, known) for row in rows]


def get_product(call: Call, product_id: int) -> Json:
    """``GET /savingsproducts/{id}``."""
    row = product_or_404(call.session, product_id)
    known = currencies_by_code(call.session)
    return {**_product(call.session, row, known), "charges": []}


def post_product(call: Call) -> Command:
    """``POST /savingsproducts``."""
    del call
    return Command("CREATE", "SAVINGSPRODUCT")


def _create_product(call: Call) -> Outcome:
    fields = Fields(call.body(), "savingsproduct")
    fields.only(NAMES)
    if fields.body.get("charges"):
        raise UnknownToSandboxError("charges of savings products")
    row = {
        "name": fields.text("name", required=True, longest=100),
        "short_name": fields.text("shortName", required=True, longest=4),
        "description": fields.text("description", required=True, longest=500),
        "currency_code": fields.text("currencyCode", required=True),
        "currency_digits": fields.integer("digitsAfterDecimal", required=True),
        "currency_multiplesof": fields.integer("inMultiplesOf", required=True),
        "nominal_annual_interest_rate": fields.amount("nominalAnnualInterestRate", required=True),
        "accounting_type": fields.integer("accountingRule", required=True),
        **{column: fields.integer(name, required=True) for name, column in TERMS.items()},
        **{column: fields.integer(name) for name, column in LOCK_IN.items()},
        **{column: fields.amount(name) for name, column in AMOUNTS.items()},
        **{column: fields.boolean(name) for name, column in SWITCHES.items()},
    }
    fields.finish()
    if row["accounting_type"] not in (1, 2):
        raise UnknownToSandboxError("accrual accounting of savings products")
    if row["nominal_annual_interest_rate"]:
        raise UnknownToSandboxError("savings that earn interest")
    if row["allow_overdraft"] and row["accounting_type"] != 1:
        raise UnknownToSandboxError("booked savings with an overdraft")
    product_id = insert_product(call.session, "m_savings_product", "savingsproduct", row)
    if row["accounting_type"] != 1:
        set_mappings(call.session, product_id, SAVINGS, fields)
    return {"resourceId": product_id}


def insert_product(session: Session, table: str, resource: str, row: Json) -> int:
    """Insert a product; its name and short name are unique.

    Raises:
        RefusalError: 403 where one of them is taken.
    """
    if session.value("select 1 from m_currency where code = ?", (row["currency_code"],)) is None:
        raise UnknownToSandboxError(f"currency {row['currency_code']}")
    try:
        return session.insert(table, row)
    except sqlite3.IntegrityError as taken:
        short = "short_name" in str(taken)
        name, value = ("shortName", row["short_name"]) if short else ("name", row["name"])
        tail = "short.name" if short else "name"
        said = f"Product with {name} `{value}` already exists"
        raise integrity(f"error.msg.{resource}.duplicate.{tail}", said, name, (value,)) from taken


ROUTES: list[Route] = [
    reads("/savingsproducts", list_products, "SAVINGSPRODUCT"),
    reads("/savingsproducts/<int:product_id>", get_product, "SAVINGSPRODUCT"),
    writes("POST", "/savingsproducts", post_product),
]
HANDLERS: dict[tuple[str, str], Handler] = {("CREATE", "SAVINGSPRODUCT"): _create_product}
