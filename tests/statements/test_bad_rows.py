"""One bad row is refused with its money counted; the others go on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mmrecon.model.catalogue import sentence_of, severity_of
from mmrecon.model.issue import Severity
from mmrecon.model.line import ProofState
from tests.statements.builders import DAY, Cells, a_file, as_csv, as_xlsx, b_file, mtn_file
from tests.statements.test_reading import codes, read

RECEIPT, TIME, STATUS, IN, OUT, BALANCE = 0, 1, 4, 5, 6, 7
BAD = 20
"""The record (from 0) of the payment of 1,500.00 in layout A's day."""


def _set(place: int, text: str) -> Callable[[Cells], Cells]:
    return lambda cells: [text if at == place else cell for at, cell in enumerate(cells)]


@pytest.mark.parametrize(
    ("code", "change", "counted_minor"),
    [
        ("receipt_missing", _set(RECEIPT, ""), 150_000),
        ("receipt_scientific", _set(RECEIPT, "1.42593E+11"), 150_000),
        ("receipt_damaged", _set(RECEIPT, "UAV0EXAM01.0"), 150_000),
        ("date_unreadable", _set(TIME, "31-02-2026 08:01:02"), 150_000),
        ("date_unreadable", _set(TIME, "46053.33"), 150_000),
        ("status_unknown", _set(STATUS, "Halfway"), 150_000),
        ("amount_unreadable", _set(IN, "1.500,00"), None),
        ("amount_unreadable", _set(BALANCE, "?"), 150_000),
        ("fraction", _set(IN, "1500.005"), None),
        ("amount_both", _set(OUT, "-1.00"), None),
        ("amount_missing", _set(IN, ""), 0),
        ("sign_unexpected", _set(IN, "-1500.00"), None),
        ("row_short", lambda cells: cells[:8], 150_000),
        ("row_short", lambda cells: cells[:4], None),
        ("row_short", lambda cells: cells[:7], None),
        ("row_short", lambda cells: [*cells[:5], *cells[6:]], None),
        ("row_long", lambda cells: [*cells, "more"], None),
    ],
)
def test_a_bad_row_is_refused_with_its_money_and_the_others_go_on(
    code: str, change: Callable[[Cells], Cells], counted_minor: int | None
) -> None:
    records = a_file()
    assert records[BAD][IN] == "1500.00"
    records[BAD] = change(records[BAD])
    reading = read(as_csv(records))
    assert (reading.outcome, reading.reason) == ("partial", "rows_refused")
    assert reading.data_rows == len(DAY)
    assert len(reading.lines) == len(DAY) - 1
    refused = reading.refused.iloc[0]
    assert (refused["code"], refused["row"]) == (code, BAD + 1)
    issue = next(issue for issue in reading.issues if issue.code == code)
    assert issue.row == BAD + 1
    assert severity_of(issue) is Severity.ATTENTION
    expected = 459_995 - 150_000 + (counted_minor or 0)
    if code != "status_unknown":
        assert reading.in_minor == expected
    if counted_minor is None:
        assert refused.isna()["in_minor"]
    else:
        assert refused["in_minor"] == counted_minor


@pytest.mark.parametrize("code", ["receipt_scientific", "date_unreadable"])
def test_a_refused_row_leaves_the_proof_open_but_never_contradicts(code: str) -> None:
    records = a_file()
    records[BAD][{"receipt_scientific": RECEIPT, "date_unreadable": TIME}[code]] = "1.42593E+11"
    proof = read(as_csv(records)).proof
    assert proof is not None
    assert proof.state is ProofState.OPEN


def test_a_fraction_in_a_whole_unit_currency_refuses_its_row() -> None:
    records = mtn_file()
    records[7][46] = "20000.50"
    reading = read(as_csv(records), wallet="momo")
    assert reading.refused["code"].tolist() == ["fraction"]
    (said,) = [sentence_of(issue) for issue in reading.issues if issue.code == "fraction"]
    assert said.endswith("has more decimals than UGX has (0)")
    records[7][46] = "20000.00"
    assert read(as_csv(records), wallet="momo").outcome == "read"


def test_a_row_without_mtn_id_has_no_identity() -> None:
    records = mtn_file()
    records[7][0] = ""
    reading = read(as_csv(records), wallet="momo")
    assert reading.refused["code"].tolist() == ["receipt_missing"]
    assert reading.refused["in_minor"].tolist() == [20_000]


def test_thousands_are_grouped_in_threes_or_not_at_all() -> None:
    records = b_file()
    records[14][4] = "1,50,0.00"
    reading = read(as_csv(records), wallet="paybill")
    assert reading.refused["code"].tolist() == ["amount_unreadable"]


def test_an_excel_number_in_a_receipt_column_is_taken_while_it_is_whole() -> None:
    import io

    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(as_xlsx(mtn_file())))
    page = book.active
    assert page is not None
    page.cell(8, 1).value = 10000000001
    page.cell(7, 1).value = 1.5e20
    out = io.BytesIO()
    book.save(out)
    reading = read(out.getvalue(), wallet="momo")
    assert "10000000001" in reading.lines["receipt"].tolist()
    assert reading.refused["code"].tolist() == ["receipt_scientific"]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("ALICE EXAMPLE", ""),
        ("254700000001", ""),
        ("1.42593E+11", "1.42593E+11"),
        ("UAV0EXAM01.0", "UAV0EXAM01.0"),
    ],
)
def test_a_cell_that_may_be_a_name_or_a_phone_is_not_shown_as_a_receipt(
    cell: str, shown: str
) -> None:
    records = a_file()
    records[BAD][RECEIPT] = cell
    records[BAD][IN] = "?"
    reading = read(as_csv(records))
    assert reading.refused["receipt"].tolist() == [shown]


def test_many_refused_rows_are_listed_once_and_counted() -> None:
    records = a_file(DAY * 3)
    for record in records[7:]:
        record[RECEIPT] = "?"
    reading = read(as_csv(records))
    assert len(reading.refused) == 3 * len(DAY)
    assert "more_rows_refused" in codes(reading)
    assert len(reading.issues) < 40
