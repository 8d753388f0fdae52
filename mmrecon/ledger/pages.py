"""What Fineract's lists say of clients and accounts, purely (fineract-api.md 6.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from mmrecon.fineract.contract import (
    JsonObject,
    as_date,
    as_decimal,
    as_integer,
    as_list,
    as_object,
    as_text,
)

Row = dict[str, str]

_PLAIN_SAVINGS: Final = 100
"""`depositType.id`; 200 and 300 are fixed and recurring deposits, which take no plain deposit."""


@dataclass(frozen=True, slots=True)
class DueAmounts:
    """What one loan owes as of a day."""

    overdue: Decimal
    due_now: Decimal
    next_due_date: str


def client_row(item: JsonObject, identifiers: Iterable[JsonObject]) -> Row:
    """One client of `GET /clients` with the answer of its `/identifiers`."""
    documents = [as_text(document.get("documentKey")).strip() for document in identifiers]
    return {
        "client_id": str(as_integer(item.get("id"))),
        "client_account_no": as_text(item.get("accountNo")),
        "client_external_id": as_text(item.get("externalId")),
        "client_name": as_text(item.get("displayName")),
        "client_status": _code(item, "status"),
        "office_name": as_text(item.get("officeName")),
        "mobile_no": as_text(item.get("mobileNo")),
        "other_phones": "",
        "national_ids": ";".join(document for document in documents if document),
        "group_code": "",
    }


def savings_row(item: JsonObject, short_names: Mapping[int, str]) -> Row:
    """One account of `GET /savingsaccounts`; fixed and recurring deposits are never open."""
    plain = as_integer(as_object(item.get("depositType")).get("id")) in (None, _PLAIN_SAVINGS)
    summary = as_object(item.get("summary"))
    balance = summary.get("availableBalance", summary.get("accountBalance"))
    product_id = as_integer(item.get("savingsProductId"))
    return _account_row(item, "savings") | {
        "product_code": short_names.get(product_id or 0, ""),
        "product_name": as_text(item.get("savingsProductName")),
        "account_status": _code(item, "status") if plain else "term_deposit",
        "account_sub_status": _code(item, "subStatus"),
        "balance": _money(balance),
    }


def loan_row(item: JsonObject, short_names: Mapping[int, str], due: DueAmounts | None) -> Row:
    """One loan of `GET /loans`; `due` is None where it is not known or nothing can be due."""
    product_id = as_integer(item.get("loanProductId"))
    row = _account_row(item, "loan") | {
        "product_code": short_names.get(product_id or 0, ""),
        "product_name": as_text(item.get("loanProductName")),
        "account_status": _code(item, "status"),
        "approved_principal": _money(item.get("approvedPrincipal")),
        "net_disbursal": _money(item.get("netDisbursalAmount")),
        "outstanding": _money(as_object(item.get("summary")).get("totalOutstanding")),
    }
    if due is not None:
        row |= {
            "overdue": str(due.overdue),
            "due_now": str(due.due_now),
            "next_due_date": due.next_due_date,
        }
    return row


def due_amounts(loan: JsonObject, today: date) -> DueAmounts:
    """Due amounts from a loan's repayment schedule, as of a day in the tenant's zone."""
    overdue = due_now = Decimal(0)
    coming: list[date] = []
    for period in as_list(as_object(loan.get("repaymentSchedule")).get("periods")):
        due_on = as_date(period.get("dueDate"))
        left = as_decimal(period.get("totalOutstandingForPeriod")) or Decimal(0)
        if due_on is None or left <= 0 or as_integer(period.get("period")) is None:
            continue
        if due_on < today:
            overdue += left
        if due_on <= today:
            due_now += left
        else:
            coming.append(due_on)
    return DueAmounts(overdue, due_now, min(coming).isoformat() if coming else "")


def is_active_loan(item: JsonObject) -> bool:
    """Whether a loan of the list has a schedule that money can be due on."""
    return as_object(item.get("status")).get("active") is True


def short_names(products: Iterable[JsonObject]) -> dict[int, str]:
    """Product id to short name."""
    return {
        identity: as_text(product.get("shortName"))
        for product in products
        if (identity := as_integer(product.get("id"))) is not None
    }


def _account_row(item: JsonObject, kind: str) -> Row:
    client_id = as_integer(item.get("clientId"))
    return {
        "client_id": "" if client_id is None else str(client_id),
        "account_kind": kind,
        "account_id": str(as_integer(item.get("id"))),
        "account_no": as_text(item.get("accountNo")),
        "account_external_id": as_text(item.get("externalId")),
        "account_sub_status": "",
        "currency": as_text(as_object(item.get("currency")).get("code")),
        "balance": "",
        "approved_principal": "",
        "net_disbursal": "",
        "outstanding": "",
        "overdue": "",
        "due_now": "",
        "next_due_date": "",
    }


def _code(item: JsonObject, name: str) -> str:
    field = as_object(item.get(name))
    return as_text(field.get("code")) or as_text(field.get("value"))


def _money(value: object) -> str:
    amount = as_decimal(value)
    return "" if amount is None else format(amount, "f")
