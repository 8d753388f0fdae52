from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from mmrecon.approval.proposals import propose
from mmrecon.approval.workbook_out import write
from mmrecon.model.approval import Decision
from tests.approval import morning
from tests.approval.officer import HEADER, Officer


@pytest.fixture
def officer(tmp_path: Path) -> Officer:
    return Officer(tmp_path / "mmrecon.xlsx")


def titles(sheet: Worksheet) -> list[str]:
    return [str(cell.value) for cell in sheet[HEADER]]


def test_sheets_stand_in_the_order_of_reading(officer: Officer) -> None:
    assert officer.book.sheetnames == [
        "Summary", "To approve", "Approve all", "Needs decision", "Suspense", "Not posted",
        "Sign-off", "Lists",
    ]  # fmt: skip


def test_what_a_teller_posted_has_a_sheet_of_its_own_only_when_there_is_some(
    tmp_path: Path,
) -> None:
    proposals = propose(morning.work(states={1: "posted_elsewhere"}))
    officer = Officer(tmp_path / "mmrecon.xlsx", proposals=proposals)
    assert "Posted already" in officer.book.sheetnames


def test_the_decision_follows_receipt_amount_client_and_account(officer: Officer) -> None:
    for name in ("To approve", "Needs decision", "Suspense"):
        assert titles(officer.sheet(name))[:6] == [
            "Row id", "Receipt", "Amount", "Proposed client", "Proposed account", "Decision",
        ]  # fmt: skip


def test_the_decision_is_visible_on_a_small_laptop_without_scrolling(officer: Officer) -> None:
    sheet = officer.sheet("To approve")
    assert sheet.freeze_panes == "G3"
    widths = [sheet.column_dimensions[letter].width for letter in "ABCDEF"]
    assert sum(7 * width + 5 for width in widths) < 1366 - 60


def test_text_from_outside_is_never_a_formula(officer: Officer) -> None:
    sheet, row = officer.place("R000002")
    for title in ("Reference as typed", "Payer", "Payer phone", "Receipt", "Proposed account"):
        cell = sheet.cell(row, officer.column(sheet, title))
        assert cell.data_type in {"s", "inlineStr"}
        assert cell.number_format == "@"
    assert sheet.cell(row, officer.column(sheet, "Reference as typed")).value == "=HYPERLINK(1)"


def test_amounts_are_numbers_in_their_currency_and_moments_are_dates(officer: Officer) -> None:
    sheet, row = officer.place("R000001")
    amount = sheet.cell(row, officer.column(sheet, "Amount"))
    assert (amount.value, amount.number_format) == (1500, '"KES" #,##0.00')
    _, uganda = officer.place("R000006")
    assert sheet.cell(uganda, 3).number_format == '"UGX" #,##0'
    moment = sheet.cell(row, officer.column(sheet, "Completed at")).value
    assert moment == datetime.fromisoformat("2026-03-03T00:00:00")


def test_the_drop_downs_are_lists_on_a_sheet(officer: Officer) -> None:
    sheet = officer.sheet("To approve")
    formulas = {rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert formulas == {"Decisions", "Reasons"}
    lists = officer.sheet("Lists")
    assert [lists.cell(row, 1).value for row in range(2, 10)] == [one.value for one in Decision]
    assert set(officer.book.defined_names) == {"Decisions", "Reasons", "ApproveAll"}


def test_sheets_can_be_sorted_and_filtered(officer: Officer) -> None:
    for name in ("To approve", "Needs decision", "Suspense", "Not posted"):
        sheet = officer.sheet(name)
        assert sheet.auto_filter.ref is not None
        assert sheet.auto_filter.ref.startswith("A2:")
        assert not sheet.protection.sheet


def test_it_prints_on_a4_landscape_with_titles_and_date(officer: Officer) -> None:
    sheet = officer.sheet("To approve")
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.page_setup.paperSize == 9
    assert sheet.print_title_rows == "$2:$2"
    header = sheet.oddHeader
    assert header is not None
    assert header.left is not None
    assert header.right is not None
    assert (header.left.text, header.right.text) == ("Umoja && Sons SACCO", "2026-03-03 06:30")


def test_the_summary_tells_every_light_in_words(officer: Officer) -> None:
    cells = [cell.value for row in officer.sheet("Summary").iter_rows() for cell in row]
    assert "BALANCED WITH LISTED ITEMS" in cells
    assert "BALANCED" in cells
    assert morning.WORKBOOK_ID in cells
    assert any("no payment type" in str(cell) for cell in cells)


def test_unmarked_rows_are_counted_live_and_nobody_reads_that_back(officer: Officer) -> None:
    sheet = officer.sheet("Approve all")
    assert str(sheet.cell(3, 4).value).startswith("=COUNTIFS('To approve'!")
    assert str(sheet.cell(3, 5).value).startswith("=SUMIFS('To approve'!")


def test_there_are_no_macros_no_links_and_no_shared_formulas(tmp_path: Path) -> None:
    path = tmp_path / "mmrecon.xlsx"
    write(path, morning.content())
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    assert not [name for name in names if "vba" in name or "externalLinks" in name]


def test_answerable_rows_are_issued_each_with_a_digest_of_its_own(officer: Officer) -> None:
    issued = officer.issued
    assert set(issued["row_id"]) == {f"R{number:06}" for number in (1, 2, 3, 4, 5, 6, 8, 9)}
    assert issued["digest"].is_unique
    sections = issued.set_index("row_id")["section"]
    assert sections["R000004"] == ""
    assert sections["R000001"] == "mpesa-main · Regular savings"


def test_the_same_rows_in_another_workbook_have_other_digests(tmp_path: Path) -> None:
    one = write(tmp_path / "one.xlsx", morning.content())
    other = write(tmp_path / "other.xlsx", morning.content(workbook_id="W20260304-ffff"))
    assert not set(one["digest"]) & set(other["digest"])


def test_a_morning_without_any_row_makes_a_workbook_all_the_same(tmp_path: Path) -> None:
    nothing = propose(morning.work(states=dict.fromkeys(range(1, 10), "verified")))
    officer = Officer(tmp_path / "mmrecon.xlsx", proposals=nothing)
    assert len(officer.issued) == 0
    assert officer.sheet("To approve").max_row == HEADER
