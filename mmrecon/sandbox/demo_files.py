"""Statement files as providers write them (statement-formats.md 1.1, 1.2, 5.2)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import xlsxwriter

from mmrecon.sandbox.demo_institution import NAME
from mmrecon.sandbox.demo_lines import Entry, balances
from mmrecon.sandbox.demo_wallets import MTN, PAYBILL, PAYOUTS

_HEADER_A: Final = (
    "Receipt No.", "Completion Time", "Initiation Time", "Details", "Transaction Status", "Paid In",
    "Withdrawn", "Balance", "Balance Confirmed", "Reason Type", "Other Party Info",
    "Linked Transaction ID", "A/C No.", "Currency",
)  # fmt: skip
_HEADER_B: Final = (
    "Receipt No", "Completion Time", "Details", "Transaction Status", "Paid In (KSHs)",
    "Withdrawn (KSHs)", "Balance (KSHs)",
)  # fmt: skip
_HEADER_MTN: Final = (
    "Id", "External id", "Date", "Status", "Type", "Provider category", "From", "From name",
    "From handler name", "To", "To name", "To handler name", "To message", "Initiated by",
    "Initiated by", "On behalf of", "On behalf of", "Approved by", "From / Fee", "Currency",
    "From / External fee", "Currency", "To / Fee", "Currency", "To / External fee", "Currency",
    "From / Refunded fee", "Currency", "To / Refunded fee", "Currency", "From / Taxes", "Currency",
    "To / Taxes", "Currency", "From / Refunded taxes", "Currency", "To / Refunded taxes",
    "Currency", "Discount", "Currency", "From / Promotion", "Currency", "To / Promotion",
    "Currency", "Coupon", "Currency", "Amount", "Currency", "Balance", "Currency",
    "External amount", "Currency", "External FX rate", "External service provider",
)  # fmt: skip
_TIME_A: Final = "%d-%m-%Y %H:%M:%S"
_TIME_B: Final = "%d/%m/%Y %H:%M:%S"
_TIME_MTN: Final = "%Y-%m-%d %H:%M:%S"
_COLUMN: Final = {name: place for place, name in enumerate(_HEADER_MTN) if name != "Currency"}


def write_layout_a(folder: Path, day: date, entries: Sequence[Entry], opening_minor: int) -> Path:
    """The classic organisation portal's CSV: six rows above the header, newest row first."""
    name = f"ORG_{PAYBILL.account}_{PAYBILL.sub_account}_All_{day:%Y%m%d}235959.csv"
    after = balances(list(entries), opening_minor)
    rows = [_row_a(entry, balance) for entry, balance in zip(entries, after, strict=True)]
    text = _csv([*_preamble(day, entries, opening_minor, after[-1]), _HEADER_A, *rows[::-1]], "\n")
    return _written(folder / name, text.encode())


def _preamble(
    day: date, entries: Sequence[Entry], opening_minor: int, closing_minor: int
) -> list[Sequence[str]]:
    moved = [entry.amount_minor for entry in entries if entry.moves]
    paid_in = sum(amount for amount in moved if amount > 0)
    withdrawn = sum(amount for amount in moved if amount < 0)
    reported = day + timedelta(days=1)
    return [
        ("Account Holder:", NAME),
        ("Short Code:", PAYBILL.account),
        ("Account:", PAYBILL.sub_account),
        ("Time Period:", "From", f"{day:%d-%m-%Y} 00:00:00", "To", f"{day:%d-%m-%Y} 23:59:59"),
        (
            "Operator:", "officer.example", "Organization:", NAME,
            "Date of Report:", f"{reported:%d-%m-%Y} 00:41:07",
        ),
        (
            "Opening Balance:", _plain(opening_minor), "Closing Balance:", _plain(closing_minor),
            "Available Balance:", _plain(closing_minor), "Total Paid In:", _plain(paid_in),
            "Total Withdrawn:", _plain(withdrawn),
        ),
    ]  # fmt: skip


def _row_a(entry: Entry, balance_minor: int) -> tuple[str, ...]:
    amount = entry.amount_minor
    is_party = entry.party not in {"", "SP"}
    return (
        entry.receipt,
        f"{entry.at:{_TIME_A}}",
        f"{entry.begun_at or entry.at:{_TIME_A}}",
        _details(entry) if is_party else entry.words,
        entry.status,
        _plain(amount) if amount > 0 else "",
        _plain(amount) if amount < 0 else "",
        _plain(balance_minor),
        "true",
        entry.reason,
        entry.party,
        entry.linked_receipt,
        entry.reference,
        PAYBILL.currency,
    )


def _details(entry: Entry) -> str:
    direction = "from" if entry.amount_minor > 0 else "to"
    return f"{entry.words} {direction} {entry.party} Acc. {entry.reference}".rstrip()


def write_layout_b(folder: Path, day: date, entries: Sequence[Entry], opening_minor: int) -> Path:
    """The business portal's workbook: every cell text, no preamble, newest row first."""
    name = f"Statements for {PAYOUTS.account} from {day} to {day}.xlsx"
    after = balances(list(entries), opening_minor)
    rows = [_row_b(entry, balance) for entry, balance in zip(entries, after, strict=True)]
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    sheet = book.add_worksheet("Statements")
    for number, cells in enumerate([_HEADER_B, *rows[::-1]]):
        for place, cell in enumerate(cells):
            sheet.write_string(number, place, cell)
    book.set_properties({"created": entries[0].at})
    book.close()
    return _written(folder / name, content.getvalue())


def _row_b(entry: Entry, balance_minor: int) -> tuple[str, ...]:
    amount = entry.amount_minor
    is_party = entry.party not in {"", "SP"}
    details = entry.words
    if is_party:
        details = f"{entry.words} to {entry.party}"
        details += f" Acc. {entry.reference}" if entry.reference else ""
    return (
        entry.receipt,
        f"{entry.at:{_TIME_B}}",
        details,
        entry.status,
        _grouped(max(amount, 0)),
        _grouped(min(amount, 0)),
        _grouped(balance_minor),
    )


def write_mtn(folder: Path, day: date, entries: Sequence[Entry], opening_minor: int) -> Path:
    """MTN's 54 columns: no preamble, amounts signed, fees on the row, oldest row first."""
    name = f"{MTN.account}_{day}_{day}.csv"
    after = balances(list(entries), opening_minor)
    rows = [_row_mtn(entry, balance) for entry, balance in zip(entries, after, strict=True)]
    return _written(folder / name, _csv([_HEADER_MTN, *rows], "\r\n").encode())


def _row_mtn(entry: Entry, balance_minor: int) -> list[str]:
    row = [""] * len(_HEADER_MTN)

    def put(name: str, value: str, *, is_money: bool = False) -> None:
        row[_COLUMN[name]] = value
        if is_money:
            row[_COLUMN[name] + 1] = MTN.currency

    ours, theirs = f"FRI:{MTN.account}/MM", f"FRI:{entry.party}/MSISDN" if entry.party else ""
    doubled = f"{entry.name} {entry.name}" if entry.at.second % 3 == 0 else entry.name
    came_in = entry.amount_minor > 0
    put("Id", f"{int(entry.receipt):.5E}" if entry.is_damaged else entry.receipt)
    put("Date", f"{entry.at:{_TIME_MTN}}")
    put("Status", entry.status)
    put("Type", entry.reason)
    put("From", theirs if came_in else ours)
    put("From name", doubled if came_in else NAME.upper())
    put("To", ours if came_in else theirs)
    put("To name", NAME.upper() if came_in else doubled)
    put("To message", entry.reference)
    put("Amount", str(entry.amount_minor), is_money=True)
    put("Balance", str(balance_minor), is_money=True)
    if entry.fee_minor:
        put("To / Fee", str(entry.fee_minor), is_money=True)
    return row


def _csv(rows: Sequence[Sequence[str]], line_end: str) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator=line_end).writerows(rows)
    return written.getvalue()


def _plain(amount_minor: int) -> str:
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{abs(amount_minor) // 100}.{abs(amount_minor) % 100:02}"


def _grouped(amount_minor: int) -> str:
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{abs(amount_minor) // 100:,}.{abs(amount_minor) % 100:02}"


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
