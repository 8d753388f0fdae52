"""Withdrawal requests from a CSV file or a workbook made from the template (DESIGN section 3).

Each row is checked by itself; the same file again changes nothing; a request that comes again with
other facts is an issue, and the first facts stay in force.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

import pandas as pd
import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from mmrecon.errors import UsageError
from mmrecon.model.account import AccountKind
from mmrecon.model.issue import Issue
from mmrecon.model.item import ItemKind
from mmrecon.model.keys import request_source
from mmrecon.model.money import CURRENCY_DIGITS, to_minor

COLUMNS: Final = ("request_id", "account_no", "phone", "amount", "currency", "requested_on")
_FACTS: Final = ("account_id", "phone", "amount_minor", "currency", "requested_on")
_PHONE_DIGITS: Final = 8
_ZIP: Final = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One row as it stands in the file; `row` counts from 1 with the header."""

    row: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Requests:
    """New items, how many rows were known already, and what is wrong with the others."""

    new: tuple[Mapping[str, Any], ...]
    known: int
    issues: tuple[Issue, ...]


def read_requests(path: Path) -> tuple[list[RequestRow], list[Issue]]:
    """The rows of a request file that have anything in them.

    Raises:
        UsageError: there is no such file, or it is neither CSV nor .xlsx.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise UsageError(f"there is no file {path.name}", hint="Check the path.") from error
    rows = _sheet(content, path.name) if content.startswith(_ZIP) else _csv(content, path.name)
    header = [_header(cell) for cell in (rows[0] if rows else [])]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        facts = {"columns": ", ".join(missing)}
        return [], [Issue("request_columns_missing", path.name, arguments=facts)]
    return [
        RequestRow(number, dict(zip(header, [*cells, *[""] * len(header)], strict=False)))
        for number, cells in enumerate(rows[1:], 2)
        if any(cells)
    ], []


def make_items(
    rows: Sequence[RequestRow], accounts: pd.DataFrame, known: pd.DataFrame, *, office: str,
    file: str,
) -> Requests:  # fmt: skip
    """Items of request rows, against the snapshot's accounts and the items that are known."""
    by_number = _savings_by_number(accounts)
    seen: dict[str, Mapping[Any, Any]] = {
        str(item["item_key"]): item for item in known.to_dict("records")
    }
    new: list[Mapping[str, Any]] = []
    issues: list[Issue] = []
    repeated = 0
    for row in rows:
        made = _item(row, by_number, office, file)
        if isinstance(made, Issue):
            issues.append(made)
            continue
        before = seen.get(made["item_key"])
        if before is None:
            seen[made["item_key"]] = made
            new.append(made)
            continue
        changed = [name for name in _FACTS if before[name] != made[name]]
        repeated += not changed
        if changed:
            facts = {"request_id": made["request_id"], "fields": ", ".join(changed)}
            issues.append(Issue("request_changed", file, row.row, arguments=facts))
    return Requests(tuple(new), repeated, tuple(issues))


def write_template(path: Path) -> None:
    """An empty workbook whose cells are text, so that leading zeros stay."""
    with xlsxwriter.Workbook(str(path)) as workbook:
        sheet = workbook.add_worksheet("requests")
        text = workbook.add_format({"num_format": "@"})
        head = workbook.add_format({"bold": True, "bg_color": "#FFF2CC", "num_format": "@"})
        sheet.set_column(0, len(COLUMNS) - 1, 18, text)
        for column, name in enumerate(COLUMNS):
            sheet.write_string(0, column, name, head)
        sheet.freeze_panes(1, 0)


def _item(
    row: RequestRow, by_number: Mapping[str, list[Mapping[str, Any]]], office: str, file: str
) -> dict[str, Any] | Issue:
    cells = {name: row.cells.get(name, "").strip() for name in COLUMNS}
    fault = _fault(cells)
    if fault:
        return Issue("request_row_unusable", file, row.row, arguments=fault)
    found = by_number.get(cells["account_no"], [])
    if len(found) != 1:
        facts = {"request_id": cells["request_id"]}
        return Issue("request_account_unknown", file, row.row, arguments=facts)
    account = found[0]
    if account["currency"] != cells["currency"]:
        fault = {"field": "currency", "expected": f"the account's, {account['currency']}"}
        return Issue("request_row_unusable", file, row.row, arguments=fault)
    amount_minor = _amount(cells["amount"], cells["currency"])
    return {
        "item_key": request_source(office, cells["request_id"]),
        "kind": ItemKind.WITHDRAWAL_REQUEST.value,
        "request_id": cells["request_id"],
        "client_id": None if pd.isna(account["client_id"]) else int(account["client_id"]),
        "account_kind": AccountKind.SAVINGS.value,
        "account_id": int(account["account_id"]),
        "account_no": str(account["account_no"]),
        "phone": cells["phone"],
        "amount_minor": amount_minor,
        "posted_minor": amount_minor,
        "currency": cells["currency"],
        "requested_on": cells["requested_on"],
    }


def _fault(cells: Mapping[str, str]) -> dict[str, str]:
    """The first cell that cannot be used, and what it should hold; nothing when all can."""
    known_currency = cells["currency"] in CURRENCY_DIGITS
    digits = sum(letter.isdigit() for letter in cells["phone"])
    checks = (
        ("request_id", bool(cells["request_id"]), "a number or word of its own"),
        ("currency", known_currency, "a currency code such as KES"),
        ("amount", known_currency and _amount(cells["amount"], cells["currency"]) is not None,
         "a positive amount with no more digits than the currency has"),
        ("requested_on", _is_date(cells["requested_on"]), "a date as YYYY-MM-DD"),
        ("phone", digits >= _PHONE_DIGITS, "a full phone number"),
    )  # fmt: skip
    for field, right, expected in checks:
        if not right:
            return {"field": field, "expected": expected}
    return {}


def _savings_by_number(accounts: pd.DataFrame) -> dict[str, list[Mapping[str, Any]]]:
    """Savings accounts by number: money is only ever taken out of savings by request."""
    savings = accounts[accounts["account_kind"] == AccountKind.SAVINGS.value]
    found: dict[str, list[Mapping[str, Any]]] = {}
    for account in savings.to_dict("records"):
        found.setdefault(str(account["account_no"]), []).append(
            {str(name): value for name, value in account.items()}
        )
    return found


def _amount(text: str, currency: str) -> int | None:
    try:
        amount_minor = to_minor(Decimal(text.replace(",", "")), currency)
    except (InvalidOperation, ValueError):
        return None
    return amount_minor if amount_minor > 0 else None


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _header(cell: str) -> str:
    return cell.strip().lstrip("\ufeff").lower()


def _csv(content: bytes, name: str) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{name} is neither a CSV file in UTF-8 nor an .xlsx workbook",
            hint="Save it as CSV UTF-8, or use the template.",
        ) from error
    return [list(row) for row in csv.reader(io.StringIO(text, newline=""))]


def _sheet(content: bytes, name: str) -> list[list[str]]:
    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
    except CalamineError as error:
        raise UsageError(
            f"{name} is no workbook that can be read", hint="Use the template."
        ) from error
    return [[_cell(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]


def _cell(value: object) -> str:
    """A cell as text: a whole number without its point, a date as ISO."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)
