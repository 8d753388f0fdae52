from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.formula import ArrayFormula

from mmrecon.approval.proposals import propose
from mmrecon.approval.workbook_in import read
from mmrecon.errors import SafetyRefusal
from tests.approval import morning
from tests.approval.morning import WORKBOOK_ID
from tests.approval.officer import HEADER, Officer


@pytest.fixture
def officer(tmp_path: Path) -> Officer:
    return Officer(tmp_path / "mmrecon.xlsx")


def with_member(content: bytes, name: str, member: bytes) -> bytes:
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(name, member)
    return buffer.getvalue()


def test_an_untouched_workbook_comes_back_as_it_went_out(officer: Officer) -> None:
    returned = read(officer.save())
    assert returned.workbook_id == WORKBOOK_ID
    assert not returned.issues
    issued = officer.issued.set_index("row_id")["digest"]
    rows = returned.rows.set_index("row_id")
    assert rows["digest"].to_dict() == issued.to_dict()
    assert rows["key_digest"].to_dict() == issued.to_dict()
    assert (rows["decision"] == "").all()


def test_sorted_rows_and_moved_columns_are_found_by_id_and_title(officer: Officer) -> None:
    officer.answer("R000001", "approve")
    sheet = officer.sheet("To approve")
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=HEADER)]
    header, body = rows[0], rows[1:]
    sheet.delete_rows(HEADER, len(rows))
    for row in [header, *reversed(body)]:
        sheet.append([row[-1], *row[:-1]])
    rows_back = read(officer.save()).rows.set_index("row_id")
    assert rows_back.loc["R000001", "decision"] == "approve"
    assert (rows_back["digest"] == rows_back["key_digest"]).all()


def test_renamed_sheets_are_found_by_their_columns(officer: Officer) -> None:
    officer.sheet("To approve").title = "Asha"
    officer.sheet("Lists").title = "x"
    returned = read(officer.save())
    assert returned.workbook_id == WORKBOOK_ID
    assert "Asha" in set(returned.rows["sheet"])


def test_hidden_rows_count_and_are_named(officer: Officer) -> None:
    sheet, row = officer.place("R000001")
    sheet.row_dimensions[row].hidden = True
    returned = read(officer.save())
    assert returned.hidden_rows == 1
    assert "R000001" in set(returned.rows["row_id"])


def test_a_workbook_without_its_lists_is_known_by_the_keys_of_its_rows(officer: Officer) -> None:
    del officer.book["Lists"]
    del officer.book["Summary"]
    assert read(officer.save()).workbook_id == WORKBOOK_ID


def test_an_edited_amount_shows_in_the_digest_and_nowhere_else(officer: Officer) -> None:
    officer.type("R000001", "Amount", 15_000)
    rows = read(officer.save()).rows.set_index("row_id")
    changed = rows["digest"] != rows["key_digest"]
    assert changed[changed].index.tolist() == ["R000001"]


def test_an_answer_that_calculates_is_named(officer: Officer) -> None:
    officer.type("R000001", "Decision", '=IF(1,"approve","")')
    officer.type("R000002", "Comment", ArrayFormula("L4:L4", "=A1:A1"))
    rows = read(officer.save()).rows.set_index("row_id")
    assert rows.loc["R000001", "formula"] == "Decision"
    assert rows.loc["R000002", "formula"] == "Comment"
    assert rows.loc["R000003", "formula"] == ""


def test_typed_cells_become_text_in_one_spelling(officer: Officer) -> None:
    officer.answer(
        "R000001",
        "  hold   until ",
        hold_until=datetime(2026, 3, 9, tzinfo=UTC).replace(tzinfo=None),
    )
    officer.type("R000001", "Transaction or paper reference", 4711)
    officer.type("R000001", "Comment", "two\nlines")
    row = read(officer.save()).rows.set_index("row_id").loc["R000001"]
    assert row["decision"] == "hold until"
    assert row["hold_until"] == "2026-03-09"
    assert row["evidence_reference"] == "4711"
    assert row["comment"] == "two lines"


def test_a_section_is_read_with_its_typed_figures(officer: Officer) -> None:
    officer.approve_all("mpesa-main · Regular savings", 2, 3500.5)
    (section,) = read(officer.save()).sections
    assert (section.answer, section.count, section.total) == ("approve all", "2", "3500.5")


def test_a_missing_or_doubled_column_is_an_issue_and_the_other_sheets_are_read(
    officer: Officer,
) -> None:
    sheet = officer.sheet("To approve")
    sheet.cell(HEADER, officer.column(sheet, "Receipt")).value = "Beleg"
    sheet.cell(HEADER, officer.column(sheet, "Age (days)")).value = "Decision"
    returned = read(officer.save())
    (issue,) = returned.issues
    assert issue.code == "workbook_columns_wrong"
    assert issue.arguments["columns"] == "Receipt, Decision"
    assert set(returned.rows["sheet"]) == {"Needs decision", "Suspense"}


def test_a_file_that_is_no_workbook_is_an_issue() -> None:
    (issue,) = read(b"not a workbook").issues
    assert issue.code == "workbook_unreadable"


def test_somebody_elses_workbook_is_an_issue() -> None:
    book = Workbook()
    book["Sheet"].append(["Row id", "Decision"])
    buffer = io.BytesIO()
    book.save(buffer)
    (issue,) = read(buffer.getvalue()).issues
    assert issue.code == "workbook_not_ours"


@pytest.mark.parametrize(
    "name", ["xl/vbaProject.bin", "xl/externalLinks/externalLink1.xml", "xl/embeddings/a.bin"]
)
def test_macros_links_and_embedded_objects_are_refused(officer: Officer, name: str) -> None:
    with pytest.raises(SafetyRefusal) as refused:
        read(with_member(officer.save(), name, b"x"))
    assert refused.value.code == "workbook_active_content"


def test_a_file_that_unpacks_to_too_much_is_refused(officer: Officer) -> None:
    with pytest.raises(SafetyRefusal) as refused:
        read(officer.save(), unpacked_bytes=1000)
    assert refused.value.code == "workbook_too_large"


NASTY = (
    "=1+1", "+254 700", "-12", "@SUM(A1)", "  two   blanks ", "line\nbreak", "tab\there",
    "nbsp\u00a0here", "_x000D_", "_x0041_", "\u202eright to left", "<b>&amp;</b>", '"quoted"',
    "'apostrophe", "1E5", "000123", "12/03/2026", "TRUE", "#REF!", "\x01control", "\ufffe",
    "\U0001f600", "é ü ñ", "http://example.org", "x" * 300, "{=A1}", "\x1f",
)  # fmt: skip


def test_text_from_the_outside_world_comes_back_as_it_went_out(tmp_path: Path) -> None:
    lines = tuple(
        morning.line(number, 1000 + number, reference=text, party_name=text)
        for number, text in enumerate(NASTY, 1)
    )
    matches = tuple(morning.match(number, "suspense", "E") for number in range(1, len(NASTY) + 1))
    proposals = propose(morning.work(lines=lines, matches=matches))
    officer = Officer(tmp_path / "mmrecon.xlsx", proposals=proposals)
    for content in (tmp_path.joinpath("mmrecon.xlsx").read_bytes(), officer.save()):
        rows = read(content).rows
        assert len(rows) == len(NASTY)
        assert (rows["digest"] == rows["key_digest"]).all()
        assert (rows["formula"] == "").all()
