"""Containers by content: markup, passwords, encodings, limits; each refusal with its next step."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import msoffcrypto
import pytest
from msoffcrypto.format.ooxml import OOXMLFile
from openpyxl import load_workbook

from mmrecon.config import ReadingLimits
from mmrecon.errors import SafetyRefusal
from mmrecon.model.catalogue import next_step_of, severity_of
from mmrecon.model.issue import Severity
from mmrecon.pipeline.inspecting import inspect, statement_passwords
from mmrecon.statements.layout import load_layouts
from mmrecon.statements.reading import Reading, read_member
from tests.fuzz.containers import as_html, as_spreadsheet_xml, as_wrapped_text
from tests.statements.builders import (
    DAY,
    Cells,
    Event,
    a_file,
    as_csv,
    as_xls,
    as_xlsx,
    b_file,
    mtn_file,
)
from tests.statements.test_reading import COLLECTION, PAYBILL, codes, facts, read

RNG = random.Random(1)
NAMESPACE = 'xmlns="urn:schemas-microsoft-com:office:spreadsheet"'


def opened(content: bytes, passwords: tuple[str, ...] = (), **limits: int) -> Reading:
    return read_member(
        content, "f.xls", load_layouts(), (PAYBILL, COLLECTION), "paybill",
        ReadingLimits.model_validate(limits), passwords,
    )  # fmt: skip


def is_quarantined(reading: Reading, code: str) -> None:
    assert (reading.outcome, reading.reason) == ("quarantined", code)
    assert severity_of(reading.issues[0]) is Severity.ATTENTION
    assert next_step_of(reading.issues[0])


def locked(content: bytes, password: str) -> bytes:
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(content)).encrypt(password, out)
    assert msoffcrypto.OfficeFile(io.BytesIO(out.getvalue())).is_encrypted()
    return out.getvalue()


def test_f_10_a_page_and_an_xml_spreadsheet_saved_as_xls_read_as_the_table_they_are() -> None:
    records = a_file()
    expected = facts(read(as_csv(records)))
    for content in (as_html(records, RNG), as_spreadsheet_xml(records, RNG)):
        reading = opened(content)
        assert reading.outcome == "read"
        assert facts(reading) == expected
        assert reading.lines["row"].tolist() == list(range(8, 22))
    assert facts(opened(as_xls(b_file()))) == facts(read(as_csv(b_file()), wallet="paybill"))


def test_f_09_a_page_without_a_statement_is_a_page() -> None:
    login = b"<!doctype html><table><tr><td>User</td><td><input></td></tr></table>"
    is_quarantined(opened(login), "html_file")
    is_quarantined(opened(b"<html><body>Session expired</body></html>"), "html_file")


def test_a_page_may_leave_cells_open_span_columns_and_nest_tables() -> None:
    header, *rows = b_file(DAY[:1])
    cells = "".join(f"<td>{cell}" for cell in rows[0])
    page = (
        "<table><tr><td><table><tr><th colspan=7>Statement<tr>"
        + "".join(f"<th>{cell}</th>" for cell in header)
        + f"<tr>{cells}</table></table>"
    )
    reading = opened(page.encode())
    assert reading.lines["receipt"].tolist() == ["UAV0EXAM01"]
    assert reading.lines["row"].tolist() == [3]


def test_xml_cells_and_rows_stand_where_their_index_says_and_dates_are_dates() -> None:
    header, row = b_file(DAY[:1])
    times = '<Cell ss:Index="2"><Data ss:Type="DateTime">2026-01-31T08:01:02.000</Data></Cell>'
    name = 'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
    cells = [f"<Cell><Data>{cell}</Data></Cell>" for cell in row]
    cells[1] = times
    heads = "".join(f"<Cell><Data>{cell}</Data></Cell>" for cell in header)
    text = (
        f'<?xml version="1.0"?><Workbook {NAMESPACE} {name}><Worksheet ss:Name="S"><Table>'
        f'<Row ss:Index="3">{heads}</Row><Row ss:Hidden="1">{"".join(cells)}</Row>'
        "</Table></Worksheet></Workbook>"
    )
    reading = opened(text.encode())
    assert reading.lines["completed_at_utc_s"].tolist() == [1_769_835_662]
    assert reading.lines["row"].tolist() == [4]
    assert "rows_hidden" in codes(reading)


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">',
    ],
)
def test_f_33_a_spreadsheet_that_declares_entities_is_refused(doctype: str) -> None:
    text = f'<?xml version="1.0"?>{doctype}<Workbook {NAMESPACE}>&a;</Workbook>'
    is_quarantined(opened(text.encode()), "external_entities")


def test_f_33_tables_larger_than_allowed_are_refused_whatever_they_are_in() -> None:
    records = a_file()
    for content in (as_csv(records), as_xlsx(records), as_html(records, RNG)):
        is_quarantined(opened(content, rows=10), "too_many_rows")
        is_quarantined(opened(content, columns=5), "too_many_columns")
        is_quarantined(opened(content, cell_characters=5), "cell_too_long")
    name = 'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
    for bomb in ('<Row ss:Index="2000000000"/>', '<Row><Cell ss:Index="2000000000"/></Row>'):
        sheet = f"<Worksheet>{bomb}</Worksheet>"
        text = f'<?xml version="1.0"?><Workbook {NAMESPACE} {name}>{sheet}</Workbook>'
        assert opened(text.encode()).reason in ("too_many_rows", "too_many_columns")


def test_f_33_a_workbook_that_unpacks_to_too_much_is_refused() -> None:
    workbook = as_xlsx([[f"{at}{'0' * 30_000}" for at in range(100)]])
    is_quarantined(opened(workbook, ratio=5), "archive_ratio")
    is_quarantined(opened(workbook, unpacked_bytes=10_000), "archive_too_large")


def test_f_11_an_encrypted_workbook_is_opened_with_a_known_password_only() -> None:
    content = locked(as_xlsx(a_file()), "secret")
    is_quarantined(opened(content), "encrypted_workbook")
    is_quarantined(opened(content, ("wrong",)), "encrypted_workbook")
    assert facts(opened(content, ("wrong", "secret"))) == facts(read(as_csv(a_file())))


def test_a_workbook_protected_only_against_changes_opens_without_a_password() -> None:
    assert opened(locked(as_xlsx(a_file()), "VelvetSweatshop")).outcome == "read"


@pytest.mark.parametrize(
    "head", [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07\x01\x00", b"BZh91AY", b"\xfd7zXZ\x00"]
)
def test_what_is_packed_in_another_way_is_named(head: bytes) -> None:
    is_quarantined(opened(head + bytes(100)), "archive_unknown")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_f_16_wide_text_is_read_with_and_without_a_mark(encoding: str) -> None:
    text = as_csv(a_file()).decode()
    assert facts(opened(text.encode(encoding))) == facts(read(as_csv(a_file())))


def test_f_16_a_few_odd_bytes_do_not_turn_the_other_letters_into_mojibake() -> None:
    events = [
        Event("UAV0EXAM01", "08:00:00", 100, "Pay Utility", "0700000001 - RENÉ EXAMPLE", "1"),
        Event("UAV0EXAM02", "08:01:00", 100, "Pay Utility", "0700000002 - ZOË EXAMPLE", "2"),
    ]
    content = as_csv(a_file(events)).replace("Ë".encode(), "Ë".encode("cp1252"))
    reading = opened(content)
    assert set(reading.lines["party_name"]) == {"RENÉ EXAMPLE", "ZOË EXAMPLE"}
    assert "decoded" in codes(reading)


def test_f_16_zero_bytes_in_text_are_no_statement() -> None:
    is_quarantined(opened(as_csv(a_file()).replace(b"EXAM05", b"EX\x00M05")), "not_a_statement")


def _named(name: str) -> list[Cells]:
    return a_file(
        [Event("UAV0EXAM01", "08:00:00", 100, "Pay Utility", f"0700000001 - {name}", "1")]
    )


@pytest.mark.parametrize("as_file", [as_csv, as_xlsx])
def test_mojibake_is_repaired_where_every_letter_proves_it(
    as_file: Callable[[list[Cells]], bytes],
) -> None:
    whole = "RENÉ D\u2019ARC ZOË"
    broken = whole.encode().decode("cp1252")
    reading = opened(as_file(_named(broken)))
    assert reading.lines["party_name"].tolist() == [whole]
    assert "mojibake_repaired" in codes(reading)


def test_mojibake_that_is_not_whole_is_left_and_said() -> None:
    reading = opened(as_csv(_named("RENÃ‰ ZO\u00cb")))
    assert reading.lines["party_name"].tolist() == ["RENÃ‰ ZO\u00cb"]
    assert "mojibake_left" in codes(reading)
    assert codes(opened(as_csv(_named("RENÉ ÂNE")))).isdisjoint(
        {"mojibake_left", "mojibake_repaired"}
    )


@pytest.mark.parametrize("mark", ["^", "~"])
def test_f_15_a_first_line_of_excel_may_name_the_delimiter(mark: str) -> None:
    content = f"sep={mark}\r\n".encode() + as_csv(a_file(), delimiter=mark)
    reading = opened(content)
    assert facts(reading) == facts(read(as_csv(a_file())))
    assert int(reading.lines["row"].min()) == 9


def test_rows_packed_into_one_cell_each_are_taken_apart() -> None:
    reading = read(as_wrapped_text(mtn_file(), RNG), wallet="momo")
    assert facts(reading) == facts(read(as_csv(mtn_file()), wallet="momo"))
    assert "rows_unwrapped" in codes(reading)
    assert "rows_unwrapped" not in codes(opened(as_csv(a_file(), delimiter="\t")))


def test_f_17_a_quotation_mark_that_is_never_closed_swallows_no_row() -> None:
    content = as_csv(a_file())
    broken = content.replace(b"Pay Utility,25470****012", b'"Pay Utility,25470****012', 1)
    assert broken != content
    is_quarantined(opened(broken), "csv_quotes")


def test_f_14_a_damaged_header_with_another_one_below_loses_no_row() -> None:
    records = [*a_file(DAY[:5]), *a_file(DAY[5:])]
    records[6] = ["?", *records[6][1:]]
    is_quarantined(opened(as_csv(records)), "rows_above_header")


def test_f_20_a_sheet_that_is_full_was_cut_off() -> None:
    header, row = b_file(DAY[:1])
    is_quarantined(opened(as_csv_full(header, row)), "sheet_full")


def as_csv_full(header: Cells, row: Cells) -> bytes:
    """A workbook of 65,536 rows, the most that an `.xls` holds."""
    return as_xlsx([header, *([row] * 65_535)])


def test_f_28_rows_that_a_filter_hid_are_read_and_told() -> None:
    book = load_workbook(io.BytesIO(as_xlsx(a_file())))
    page = book.active
    assert page is not None
    for row in (9, 12):
        page.row_dimensions[row].hidden = True
    out = io.BytesIO()
    book.save(out)
    reading = opened(out.getvalue())
    assert reading.data_rows == len(DAY)
    hidden = next(issue for issue in reading.issues if issue.code == "rows_hidden")
    assert hidden.arguments == {"rows": 2}


def test_f_12_and_13_moved_and_added_columns_are_accepted_and_the_added_ones_counted() -> None:
    records = [[*record[::-1], "more"] if at >= 6 else record for at, record in enumerate(a_file())]
    reading = opened(as_csv(records))
    assert facts(reading) == facts(read(as_csv(a_file())))
    (unknown,) = [issue for issue in reading.issues if issue.code == "columns_unknown"]
    assert unknown.arguments == {"columns": 1, "names": "more"}


def test_passwords_come_from_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.write_text("one\n\n two \n", encoding="utf-8")
    file.chmod(0o600)
    limits = ReadingLimits(passwords_file=file)
    assert statement_passwords(limits) == ("one", " two ")
    assert statement_passwords(ReadingLimits()) == ()
    file.chmod(0o644)
    with pytest.raises(SafetyRefusal):
        statement_passwords(limits)


def test_a_spreadsheet_in_xml_that_is_cut_off_is_broken() -> None:
    content = as_spreadsheet_xml(a_file(), RNG)
    is_quarantined(opened(content[: len(content) // 2]), "markup_broken")


def test_f_33_one_cell_in_the_last_corner_asks_for_more_memory_than_there_is() -> None:
    book = load_workbook(io.BytesIO(as_xlsx(b_file())))
    page = book.active
    assert page is not None
    page["XFD1048576"] = "x"
    out = io.BytesIO()
    book.save(out)
    reading = opened(out.getvalue())
    assert reading.reason in ("workbook_memory", "too_many_columns")


def test_a_text_of_odd_records_only_is_refused_before_they_fill_the_memory() -> None:
    content = as_csv(a_file()[:7]) + b"a,b\r\n" * 100_001
    is_quarantined(opened(content), "csv_ragged")


def test_members_that_were_not_taken_have_entries_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good.csv", as_csv(a_file()))
        archive.writestr("../bad.csv", as_csv(a_file()))
    found = inspect([path], None)
    assert [one.reading.outcome for one in found] == ["read", "quarantined"]
    assert found[0].file == f"{path}/good.csv"
    assert found[1].reading.reason == "archive_member_name"
