from __future__ import annotations

import re
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl.utils import column_index_from_string, get_column_letter
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
        "Summary", "To approve", "Approve all", "Needs decision", "Suspense",
        "Charges and transfers", "Not posted", "Sign-off", "Lists",
    ]  # fmt: skip


def test_what_a_teller_posted_has_a_sheet_of_its_own_only_when_there_is_some(
    tmp_path: Path,
) -> None:
    proposals = propose(morning.work(states={1: "posted_elsewhere"}))
    officer = Officer(tmp_path / "mmrecon.xlsx", proposals=proposals)
    assert "Posted already" in officer.book.sheetnames


def test_the_decision_follows_receipt_amount_and_client(officer: Officer) -> None:
    for name in ("To approve", "Needs decision", "Suspense"):
        assert titles(officer.sheet(name))[:5] == [
            "Row id", "Receipt", "Amount", "Proposed client", "Decision",
        ]  # fmt: skip


def test_candidates_stand_side_by_side_beside_why_the_row_asks(officer: Officer) -> None:
    found = titles(officer.sheet("Needs decision"))
    assert found[5:7] == ["Proposed account", "Why it needs you"]
    first = found.index("Candidate 1")
    assert found[first : first + 3] == ["Candidate 1", "Candidate 2", "Candidate 3"]
    sheet = officer.sheet("Needs decision")
    widths = [sheet.column_dimensions[get_column_letter(first + n)].width for n in (1, 2, 3)]
    frozen = [sheet.column_dimensions[letter].width for letter in "ABCDE"]
    assert sum(7 * width + 5 for width in (*frozen, *widths)) < 1366 - 60


def test_the_decision_is_visible_on_a_small_laptop_without_scrolling(officer: Officer) -> None:
    sheet = officer.sheet("To approve")
    assert sheet.freeze_panes == "F3"
    widths = [sheet.column_dimensions[letter].width for letter in "ABCDE"]
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


def drop_downs(officer: Officer) -> dict[str, list[str]]:
    """The words of each named list."""
    lists = officer.sheet("Lists")
    found = {}
    for name, defined in officer.book.defined_names.items():
        cells = lists[defined.attr_text.partition("!")[2].replace("$", "")]
        rows = cells if isinstance(cells, tuple) else ((cells,),)
        found[name] = [str(cell.value) for row in rows for cell in row]
    return found


def offered(officer: Officer, row_id: str) -> list[str]:
    """What the drop-down of a row offers, as a spreadsheet works its formula out."""
    sheet, row = officer.place(row_id)
    kind = str(sheet.cell(row, officer.column(sheet, "Answers that apply")).value)
    rules = sheet.data_validations.dataValidation
    (formula,) = {rule.formula1 for rule in rules if "IF(" in str(rule.formula1)}
    branches = re.findall(r'="([^"]+)",(\w+)', str(formula))
    named = dict(branches).get(kind, re.findall(r",(\w+)\)+$", str(formula))[0])
    return drop_downs(officer)[named]


def test_the_drop_down_of_a_row_offers_what_applies_to_it_and_no_more(officer: Officer) -> None:
    anything = ["hold until", "suspense", "not ours", "already posted", "done by hand"]
    moved = ["different account", "split"]
    assert offered(officer, "R000001") == ["approve", *moved, *anything]
    assert offered(officer, "R000005") == [*moved, *anything]
    assert offered(officer, "R000008") == ["approve", "different account", *anything]
    assert offered(officer, "R000009") == ["undo", "leave the posting", *anything]


def test_every_decision_is_offered_somewhere_and_explained_on_the_summary(
    officer: Officer,
) -> None:
    words = {decision.value for decision in Decision}
    lists = drop_downs(officer)
    assert {word for name in lists if "Decisions" in name for word in lists[name]} == words
    told = {row[0]: row for row in officer.sheet("Summary").iter_rows(values_only=True)}
    assert words <= told.keys()
    assert told["hold until"][1:3] == ("leaves the workbook until that day", "Hold until")


def test_what_a_decision_needs_is_said_beside_the_cell(officer: Officer) -> None:
    rules = officer.sheet("To approve").data_validations.dataValidation
    prompts = [str(rule.prompt) for rule in rules if rule.prompt]
    assert any("split: + Split, Reason" in prompt for prompt in prompts)
    assert any("savings:000000123" in prompt for prompt in prompts)
    assert max(len(prompt) for prompt in prompts) <= 255


def test_sheets_can_be_sorted_and_filtered(officer: Officer) -> None:
    for name in ("To approve", "Needs decision", "Suspense", "Not posted"):
        sheet = officer.sheet(name)
        assert sheet.auto_filter.ref is not None
        assert sheet.auto_filter.ref.startswith("A2:")
        assert not sheet.protection.sheet


def test_it_prints_one_a4_page_wide_with_titles_wallets_and_date(officer: Officer) -> None:
    sheet = officer.sheet("To approve")
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.page_setup.paperSize == 9
    fitted = sheet.sheet_properties.pageSetUpPr
    assert fitted is not None
    assert fitted.fitToPage
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) in {(1, 0), (None, 0)}
    assert sheet.print_title_rows == "$2:$2"
    header = sheet.oddHeader
    assert header is not None
    assert header.left is not None
    assert header.right is not None
    assert str(header.left.text).split("\n") == ["Umoja && Sons SACCO", "mpesa-main, mtn-uganda"]
    assert str(header.right.text).split("\n") == ["written 2026-03-03 06:30", "2026-03-02"]


@pytest.mark.parametrize("name", ["To approve", "Needs decision", "Suspense", "Not posted"])
def test_evidence_and_further_answers_are_no_paper(officer: Officer, name: str) -> None:
    sheet = officer.sheet(name)
    last = str(sheet.print_area).rpartition("$")[0].rpartition("$")[2]
    found = titles(sheet)
    printed = found[: column_index_from_string(last)]
    assert {"Row id", "Receipt", "Amount"} <= set(printed)
    assert not {"Evidence", "Split", "Comment", "Key (leave as it is)"} & set(printed)


def test_charges_are_told_as_sums_by_day(officer: Officer) -> None:
    sheet = officer.sheet("Charges and transfers")
    assert [cell.value for cell in sheet[3]] == [
        "mpesa-main", "2026-03-02", "charge", 1, None, 23,
    ]  # fmt: skip
    assert officer.sheet("Not posted").max_row == HEADER


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
