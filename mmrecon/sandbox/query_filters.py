"""The advanced queries: filters, sorts and pages of a request's body (fineract-api.md 3.4, 4.3)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.fields import parse_date
from mmrecon.sandbox.paging import Listing
from mmrecon.sandbox.refusals import FieldError, UnknownToSandboxError, invalid
from mmrecon.sandbox.values import Json, iso, micro

COMPARISONS = {
    "EQ": "=",
    "NEQ": "<>",
    "LT": "<",
    "LTE": "<=",
    "GT": ">",
    "GTE": ">=",
    "LIKE": "like",
}
MONEY = {"amount", "running_balance_derived"}


def _value(column: str, text: str, body: Json) -> Any:
    if column in MONEY:
        return micro(Decimal(str(text)))
    if column.endswith("_date") and body.get("dateFormat"):
        day = parse_date(str(text), str(body["dateFormat"]), str(body.get("locale", "en")))
        return text if day is None else iso(day)
    return text


def conditions(
    filters: list[Json], names: list[str], prefix: str, body: Json
) -> list[tuple[str, list[Any]]]:
    """The conditions of column filters, each with its values."""
    found = []
    for entry in filters:
        column = entry.get("column")
        if column not in names:
            message = "Column not exist in database"
            raise invalid(FieldError("error.msg.invalid.column", message, "column", (), column))
        for one in entry.get("filters") or []:
            values = [_value(column, value, body) for value in one.get("values") or []]
            found.append(_condition(f'{prefix}"{column}"', str(one.get("operator")), values))
    return found


def _condition(column: str, operator: str, values: list[Any]) -> tuple[str, list[Any]]:
    if operator in COMPARISONS:
        return f"{column} {COMPARISONS[operator]} ?", values[:1]
    if operator in ("IN", "NIN"):
        marks = ", ".join("?" for _ in values)
        return f"{column} {'not ' if operator == 'NIN' else ''}in ({marks})", values
    if operator == "BTW":
        return f"{column} between ? and ?", values[:2]
    if operator == "NULL":
        return f"{column} is null", []
    if operator == "NNULL":
        return f"{column} is not null", []
    raise UnknownToSandboxError(f"filter operator {operator}")


def ordering(sorts: list[Json] | None, names: list[str], default: str) -> list[tuple[str, str]]:
    """Columns with their direction, as asked for, else the default one downwards."""
    orders = []
    for entry in sorts or []:
        name = str(entry.get("property"))
        if name not in names:
            message = "Column not exist in database"
            raise invalid(FieldError("error.msg.invalid.column", message, "column", (), name))
        orders.append((name, str(entry.get("direction", "ASC")).upper()))
    return orders or [(default, "DESC")]


def pageable(orders: list[tuple[str, str]], page: int, size: int) -> Json:
    """The page as Spring describes it."""
    described = [
        {"direction": way, "property": name, "ignoreCase": False, "nullHandling": "NATIVE"}
        for name, way in orders
    ]
    return {"sort": {"orders": described}, "pageNumber": page, "pageSize": size}


def page_of(
    session: Session,
    listing: Listing,
    body: Json,
    orders: list[tuple[str, str]],
    shown: Callable[[Row], Json],
) -> Json:
    """The page that a body asks for."""
    page, size = int(body.get("page") or 0), int(body.get("size") or 50)
    rows = listing.rows(session, size, page * size)
    return {
        "total": listing.total(session),
        "content": [shown(row) for row in rows],
        "pageable": pageable(orders, page, size),
    }
