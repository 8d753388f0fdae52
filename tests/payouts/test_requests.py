from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from mmrecon.errors import UsageError
from mmrecon.model.item import ItemFrame
from mmrecon.payouts.requests import COLUMNS, Requests, make_items, read_requests, write_template
from tests.matching.world import items, snapshot

ACCOUNTS = snapshot(
    [{"client_id": 1, "client_name": "Alice Beta Example"}],
    [
        {"client_id": 1, "account_id": 101, "account_no": "000000101"},
        {"client_id": 1, "account_kind": "loan", "account_id": 9, "account_no": "000000009"},
    ],
).accounts
GOOD = "W1,000000101,0700000001,1500.00,KES,2026-01-30"


def _import(path: Path, *rows: str, known: Requests | None = None) -> Requests:
    path.write_text("\n".join([",".join(COLUMNS), *rows]), encoding="utf-8")
    before = (
        items([{**item, "state": "open"} for item in known.new]) if known else ItemFrame.empty()
    )
    read, faults = read_requests(path)
    assert faults == []
    return make_items(read, ACCOUNTS, before, office="Example SACCO", file=path.name)


def test_a_request_becomes_an_item_of_its_account(tmp_path: Path) -> None:
    made = _import(tmp_path / "r.csv", GOOD)
    assert made.issues == ()
    item = made.new[0]
    assert (item["account_id"], item["client_id"], item["amount_minor"]) == (101, 1, 150_000)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (",000000101,0700000001,1500,KES,2026-01-30", "request_id"),
        ("W2,000000101,0700000001,1500,XXX,2026-01-30", "currency"),
        ("W2,000000101,0700000001,1500,UGX,2026-01-30", "currency"),
        ("W2,000000101,0700000001,abc,KES,2026-01-30", "amount"),
        ("W2,000000101,0700000001,0,KES,2026-01-30", "amount"),
        ("W2,000000101,0700000001,1.005,KES,2026-01-30", "amount"),
        ("W2,000000101,07001,1500,KES,2026-01-30", "phone"),
        ("W2,000000101,0700000001,1500,KES,30/01/2026", "requested_on"),
    ],
)
def test_one_bad_row_is_an_issue_and_the_others_are_taken(
    tmp_path: Path, row: str, field: str
) -> None:
    made = _import(tmp_path / "r.csv", GOOD, row)
    assert len(made.new) == 1
    assert [(issue.code, issue.row) for issue in made.issues] == [("request_row_unusable", 3)]
    assert made.issues[0].arguments["field"] == field


@pytest.mark.parametrize("account_no", ["000000777", "000000009"])
def test_an_account_that_is_no_savings_account_is_an_issue(tmp_path: Path, account_no: str) -> None:
    made = _import(tmp_path / "r.csv", GOOD.replace("000000101", account_no))
    assert [issue.code for issue in made.issues] == ["request_account_unknown"]


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    first = _import(tmp_path / "r.csv", GOOD)
    again = _import(tmp_path / "r.csv", GOOD, known=first)
    assert (again.new, again.known, again.issues) == ((), 1, ())


def test_a_changed_request_with_the_same_id_is_an_issue(tmp_path: Path) -> None:
    first = _import(tmp_path / "r.csv", GOOD)
    changed = _import(tmp_path / "r.csv", GOOD.replace("1500.00", "1600.00"), known=first)
    assert changed.new == ()
    assert [issue.code for issue in changed.issues] == ["request_changed"]
    assert changed.issues[0].arguments["fields"] == "amount_minor"


def test_the_template_keeps_leading_zeros_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    write_template(path)
    book = openpyxl.load_workbook(path)
    sheet = book.active
    assert sheet is not None
    for column, value in enumerate(GOOD.split(","), 1):
        sheet.cell(2, column, value)
    book.save(path)
    rows, faults = read_requests(path)
    assert faults == []
    assert rows[0].cells["account_no"] == "000000101"
    made = make_items(rows, ACCOUNTS, ItemFrame.empty(), office="Example SACCO", file="t.xlsx")
    assert len(made.new) == 1


def test_missing_columns_are_named(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("request_id,account_no\nW1,1\n", encoding="utf-8")
    rows, faults = read_requests(tmp_path / "r.csv")
    assert rows == []
    assert [issue.code for issue in faults] == ["request_columns_missing"]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"PK\x03\x04 no workbook"])
def test_a_file_that_cannot_be_read_is_wrong_use(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r.xlsx").write_bytes(content)
    with pytest.raises(UsageError):
        read_requests(tmp_path / "r.xlsx")
