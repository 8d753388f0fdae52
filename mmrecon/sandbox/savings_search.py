"""Searching the transactions of a savings account (fineract-api.md 4.3)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from mmrecon.sandbox import datatables
from mmrecon.sandbox.call import Call, Handler
from mmrecon.sandbox.database import Row
from mmrecon.sandbox.fields import parse_date
from mmrecon.sandbox.organisation import currencies_by_code
from mmrecon.sandbox.paging import Listing
from mmrecon.sandbox.query_filters import conditions, ordering, page_of, pageable
from mmrecon.sandbox.refusals import ContainerError, FieldError, UnknownToSandboxError, invalid
from mmrecon.sandbox.routing import Route, asks, reads
from mmrecon.sandbox.savings_view import TRANSACTION_COLUMNS, TRANSACTION_SOURCE, transaction
from mmrecon.sandbox.values import Json, iso, micro, number

CREDIT_TYPES, DEBIT_TYPES = "(1, 3, 8, 21)", "(2, 4, 5, 6, 7, 18, 20)"
ORDERS = {
    "id": "id",
    "amount": "amount",
    "date": "transaction_date",
    "transaction_date": "transaction_date",
    "submittedOnDate": "submitted_on_date",
    "submitted_on_date": "submitted_on_date",
    "created_on_utc": "created_on_utc",
    "dateOf": "transaction_date",
}
DEFAULT = [("transaction_date", "DESC"), ("created_on_utc", "DESC"), ("id", "DESC")]
BASE_COLUMNS = [
    *("id", "savings_account_id", "office_id", "payment_detail_id", "transaction_type_enum"),
    *("is_reversed", "transaction_date", "amount", "running_balance_derived", "submitted_on_date"),
    *("is_reversal", "original_transaction_id", "created_on_utc", "appuser_id", "ref_no"),
]


def search(call: Call, account_id: int) -> Json:
    """``GET /savingsaccounts/{id}/transactions/search``: an unknown account has none."""
    listing = Listing(TRANSACTION_COLUMNS, TRANSACTION_SOURCE)
    listing.where("t.savings_account_id = ?", account_id)
    listing.where("not t.is_reversal")
    _dates(call, listing, "t.transaction_date", ("fromDate", "toDate"))
    _dates(call, listing, "t.submitted_on_date", ("fromSubmittedDate", "toSubmittedDate"))
    for name, comparison in (("fromAmount", ">="), ("toAmount", "<=")):
        if call.query.get(name):
            listing.where(f"t.amount {comparison} ?", _amount(call, name))
    _kinds(call, listing)
    orders = _orders(call)
    listing.order = ", ".join(f"t.{name} {way}" for name, way in orders)
    size, page = call.number("limit") or 50, call.number("offset") or 0
    rows = listing.rows(call.session, size, page * size)
    known = currencies_by_code(call.session)
    return {
        "total": listing.total(call.session),
        "content": [transaction(row, known) for row in rows],
        "pageable": pageable(orders, page, size),
    }


def _dates(call: Call, listing: Listing, column: str, names: tuple[str, str]) -> None:
    pattern = call.query.get("dateFormat", "yyyy-MM-dd")
    for name, comparison in zip(names, (">=", "<="), strict=True):
        text = call.query.get(name)
        if not text:
            continue
        day = parse_date(text, pattern, call.query.get("locale", "en"))
        if day is None:
            message = f"The parameter date ({text}) format is invalid"
            code = "validation.msg.invalid.date.pattern"
            raise invalid(FieldError(code, message, "date", (text,)))
        listing.where(f"{column} {comparison} ?", iso(day))


def _amount(call: Call, name: str) -> int:
    text = call.query[name]
    try:
        return micro(Decimal(text))
    except InvalidOperation as wrong:
        message = f"The parameter `{name}` has value: {text} which is invalid decimal value"
        code = "validation.msg.invalid.decimal.format"
        raise invalid(FieldError(code, message, name, (text,))) from wrong


def _kinds(call: Call, listing: Listing) -> None:
    numbers = [kind for kind in call.query.get("types", "").split(",") if kind]
    if not all(kind.isdigit() for kind in numbers):
        raise UnknownToSandboxError(f"transaction types {call.query['types']}")
    if numbers:
        marks = ", ".join("?" for _ in numbers)
        listing.where(f"t.transaction_type_enum in ({marks})", *(int(kind) for kind in numbers))
    credit, debit = call.query.get("credit"), call.query.get("debit")
    if credit == "true" and debit != "true":
        listing.where(f"t.transaction_type_enum in {CREDIT_TYPES}")
    if debit == "true" and credit != "true":
        listing.where(f"t.transaction_type_enum in {DEBIT_TYPES}")


def _orders(call: Call) -> list[tuple[str, str]]:
    asked, way = call.query.get("orderBy"), call.query.get("sortOrder")
    if not asked:
        return DEFAULT
    if not way or asked not in ORDERS:
        raise ContainerError(500, said="no sort order")
    return [(ORDERS[asked], "DESC" if way.upper() == "DESC" else "ASC")]


def query(call: Call, account_id: int) -> Json:
    """``POST /savingsaccounts/{id}/transactions/query``: base columns, and those of datatables."""
    body = call.body()
    asked = body.get("request") or {}
    base = asked.get("baseQuery") or {}
    columns = [(f't."{name}"', name) for name in base.get("resultColumns") or []]
    unknown = [name for _, name in columns if name not in BASE_COLUMNS]
    if unknown:
        raise UnknownToSandboxError(f"transaction columns {', '.join(unknown)}")
    listing = Listing("", "m_savings_account_transaction t")
    listing.where("t.savings_account_id = ?", account_id)
    filters = base.get("columnFilters") or []
    for condition, values in conditions(filters, BASE_COLUMNS, "t.", body):
        listing.where(condition, *values)
    for number_, entry in enumerate(asked.get("datatableQueries") or []):
        columns += _join(call, listing, entry, f"d{number_}", body)
    listing.columns = ", ".join(source for source, _ in columns)
    orders = ordering(body.get("sorts"), BASE_COLUMNS, "id")
    listing.order = ", ".join(f't."{name}" {way}' for name, way in orders)
    names = [name for _, name in columns]
    return page_of(call.session, listing, body, orders, lambda row: _line(row, names))


def _join(
    call: Call, listing: Listing, entry: Json, alias: str, body: Json
) -> list[tuple[str, str]]:
    table = datatables.find_or_404(call.session, str(entry.get("table")))
    listing.source += f' join "{table.name}" {alias} on {alias}."{table.link}" = t.id'
    asked = entry.get("query") or {}
    filters = asked.get("columnFilters") or []
    for condition, values in conditions(filters, table.names(), f"{alias}.", body):
        listing.where(condition, *values)
    names = asked.get("resultColumns") or []
    for name in names:
        if name not in table.names():
            table.column(name)
    return [(f'{alias}."{name}"', name) for name in names]


def _line(row: Row, names: list[str]) -> Json:
    line: dict[str, Any] = {}
    for name in names:
        money = name in ("amount", "running_balance_derived")
        line[name] = number(row[name]) if money else row[name]
    return line


ROUTES: list[Route] = [
    reads("/savingsaccounts/<int:account_id>/transactions/search", search, "SAVINGSACCOUNT"),
    asks("/savingsaccounts/<int:account_id>/transactions/query", query, "SAVINGSACCOUNT"),
]
HANDLERS: dict[tuple[str, str], Handler] = {}
