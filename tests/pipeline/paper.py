"""Matched lines of a small site, and its workbook on somebody's desk."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import Connection, insert, update

from mmrecon.model.account import AccountFrame, ClientFrame
from mmrecon.model.match import Leg, MatchFrame
from mmrecon.store.matches import MatchSource
from mmrecon.store.matches import replace as put_matches
from mmrecon.store.schema import LINE
from mmrecon.store.snapshots import Office, SnapshotFacts, save

HEADER = 2
SECTION = "pay · Regular savings"


def plant_ledger(
    connection: Connection, state_folder: Path, savings: tuple[int, str] = (11, "000000011")
) -> None:
    """One client with a savings account (id and number) and a loan."""
    clients = ClientFrame.build(
        {"client_id": [1], "client_name": ["Amina Otieno"], "client_status": ["active"]}
    )
    accounts = AccountFrame.build(
        {
            "client_id": [1, 1],
            "account_kind": ["savings", "loan"],
            "account_id": [savings[0], 12],
            "account_no": [savings[1], "000000012"],
            "product_name": ["Regular savings", "Business loan"],
            "account_status": ["active", "active"],
            "currency": ["KES", "KES"],
            "balance_minor": [500_000, None],
            "outstanding_minor": [None, 1_200_000],
        }
    )
    office = Office("Head Office", "2009-01-01")
    facts = SnapshotFacts("2026-11-24T05:00:00+00:00", "fineract", "", "run-0", office)
    save(connection, state_folder, clients, accounts, facts)


def leg() -> Leg:
    return Leg(1, "savings_deposit", "savings", 11, "000000011", 1, 100_000, 100_000)


def plant_matches(connection: Connection) -> None:
    """Lines 1 to 3 are ready, 4 is a pre-filled review, 5 is suspense, 6 reverses line 1."""
    day = {"line_class": "collection", "value_date": "2026-11-23"}
    connection.execute(update(LINE).values(**day))
    reversal = {
        "line_id": 6, "wallet_id": 1, "receipt": "TST6", "sign": -1, "amount_minor": 100_000,
        "currency": "KES", "n": 1, "generation": 0, "repeats": 1, "completed_at_utc_s": 0,
        "first_statement_id": 1, "first_row": 6, "line_class": "reversal",
        "value_date": "2026-11-23",
    }  # fmt: skip
    connection.execute(insert(LINE), reversal)
    states = ["ready", "ready", "ready", "review", "suspense", "review"]
    tiers = ["A1", "A1", "A1", "B", "E", ""]
    with_leg = json.dumps([asdict(leg())])
    matches = MatchFrame.build(
        {
            "line_id": [1, 2, 3, 4, 5, 6],
            "state": states,
            "tier": tiers,
            "legs_json": [with_leg] * 4 + ["", ""],
            "client_id": [1, 1, 1, 1, None, None],
            "explanation": [""] * 5 + ["takes_back"],
            "explanation_json": [""] * 5 + ['{"target":"TST1"}'],
        }
    )
    put_matches(connection, matches, MatchSource("run-0", 1, "policy"))


class Paper:
    """The written workbook, opened to be filled."""

    def __init__(self, path: Path) -> None:
        self.book = load_workbook(path)
        self.path = path.with_name("returned.xlsx")

    def sheet(self, name: str) -> Worksheet:
        sheet = self.book[name]
        assert isinstance(sheet, Worksheet)
        return sheet

    def type(self, row_id: str, title: str, value: Any) -> None:
        for name in ("To approve", "Needs decision", "Suspense"):
            sheet = self.sheet(name)
            column = next(cell.column for cell in sheet[HEADER] if cell.value == title)
            for row in range(HEADER + 1, sheet.max_row + 1):
                if sheet.cell(row, 1).value == row_id:
                    sheet.cell(row, column).value = value
                    return
        raise AssertionError(row_id)

    def approve_all(self, count: int, total: float) -> None:
        sheet = self.sheet("Approve all")
        row = next(row for row in range(3, 9) if sheet.cell(row, 1).value == SECTION)
        sheet.cell(row, 6).value = "approve all"
        sheet.cell(row, 7).value = count
        sheet.cell(row, 8).value = total

    def save(self) -> Path:
        self.book.save(self.path)
        return self.path
