"""What Excel does to a file: undone where that is exact, named where it is not, never guessed."""

from __future__ import annotations

import datetime as dt
import io
from datetime import datetime

import pytest
import xlsxwriter

from mmrecon.model.catalogue import sentence_of
from tests.statements.builders import DAY, Cells, Event, a_file, as_csv, as_xlsx, b_file, mtn_file
from tests.statements.test_reading import codes, facts, read

TIME, PARTY, REFERENCE = 1, 10, 12
A, MTN = 7, 1
"""The first data row of a whole file of each layout, from 0."""


def serial(text: str, form: str = "%d-%m-%Y %H:%M:%S", decimals: int = 10) -> str:
    since = datetime.strptime(text, form) - datetime(1899, 12, 30)  # noqa: DTZ001, DTZ007
    return f"{since.days + since.seconds / 86_400:.{decimals}f}"


def test_f_27_day_numbers_that_tell_seconds_are_read_exactly_and_said() -> None:
    records = a_file()
    for row in records[A:]:
        row[1] = row[2] = serial(row[TIME])
    reading = read(as_csv(records))
    assert facts(reading) == facts(read(as_csv(a_file())))
    assert "dates_serial" in codes(reading)


def test_f_27_day_numbers_that_were_rounded_are_not_read() -> None:
    records = a_file()
    for row in records[A:]:
        row[1] = row[2] = serial(row[TIME], decimals=2)
    reading = read(as_csv(records))
    assert (reading.outcome, reading.reason) == ("quarantined", "dates_unreadable")


def _days(*dates: str) -> list[Cells]:
    """Layout A without its preamble, newest first, one row for each date."""
    records = a_file(DAY[: len(dates)])[6:]
    for row, date in zip(records[1:], dates, strict=True):
        row[1] = row[2] = f"{date} 09:00:00"
    return records


def test_f_27_days_that_excel_swapped_are_put_right_where_the_order_of_the_rows_proves_it() -> None:
    records = _days("14-04-2026", "13-04-2026", "04-04-2026", "03-04-2026", "14-03-2026")
    for row in records[3:5]:
        day, month, year = row[TIME][:10].split("-")
        row[1] = row[2] = f"{int(day)}/{int(month)}/{year} 9:00"
    reading = read(as_csv(records), wallet="paybill")
    assert reading.lines["value_date"].tolist() == [
        "2026-04-14", "2026-04-13", "2026-04-04", "2026-04-03", "2026-03-14",
    ]  # fmt: skip
    assert not reading.lines["has_seconds"].any()
    (said,) = [sentence_of(issue) for issue in reading.issues if issue.code == "dates_swapped"]
    assert "2 dates had" in said
    assert "the order of the rows" in said


def test_f_27_swapped_days_without_a_proof_quarantine_the_file() -> None:
    records = _days("14-04-2026", "04-04-2026", "13-04-2026", "03-04-2026")
    for row in (records[2], records[4]):
        day, month, year = row[TIME][:10].split("-")
        row[1] = row[2] = f"{int(day)}/{int(month)}/{year} 9:00"
    reading = read(as_csv(records), wallet="paybill")
    assert (reading.outcome, reading.reason) == ("quarantined", "dates_mixed")


def _typed(records: list[Cells], swapped: bool) -> bytes:
    """A workbook in which days up to 12 became true dates, day and month swapped or not."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        form = book.add_format({"num_format": "dd-mm-yyyy hh:mm:ss"})
        page = book.add_worksheet()
        for at, record in enumerate(records):
            for place, cell in enumerate(record):
                page.write_string(at, place, cell)
        for at, record in enumerate(records[1:], 1):
            moment = dt.datetime.strptime(record[TIME], "%d-%m-%Y %H:%M:%S")  # noqa: DTZ007
            if moment.day <= 12:
                if swapped:
                    moment = moment.replace(day=moment.month, month=moment.day)
                for place in (1, 2):
                    page.write_datetime(at, place, moment, form)
    return out.getvalue()


def test_f_27_true_dates_that_excel_swapped_are_put_right_with_evidence_only() -> None:
    records = _days("14-04-2026", "13-04-2026", "04-04-2026", "03-04-2026", "14-03-2026")
    reading = read(_typed(records, swapped=True), "f.xlsx", wallet="paybill")
    assert reading.lines["value_date"].tolist()[2:4] == ["2026-04-04", "2026-04-03"]
    assert "dates_swapped" in codes(reading)
    mixed = read(_typed(records, swapped=False), "f.xlsx", wallet="paybill")
    assert (mixed.outcome, mixed.reason) == ("quarantined", "dates_mixed")


def test_f_24_a_receipt_in_scientific_notation_is_repaired_only_with_all_its_digits() -> None:
    records = mtn_file()
    records[7][0], records[6][0] = "1.0000000001E+10", "1.00E+10"
    reading = read(as_csv(records), wallet="momo")
    assert "10000000001" in reading.lines["receipt"].tolist()
    assert reading.refused["code"].tolist() == ["receipt_scientific"]
    assert "receipts_repaired" in codes(reading)


def test_f_26_receipts_and_phones_that_excel_wrote_as_floats_are_repaired_and_said() -> None:
    records = mtn_file()
    records[7][0] += ".0"
    reading = read(as_csv(records), wallet="momo")
    assert facts(reading) == facts(read(as_csv(mtn_file()), wallet="momo"))
    assert "receipts_repaired" in codes(reading)
    events = [Event("UAV0EXAM01", "08:00:00", 100, "Pay Utility", "254700000001.0", "1")]
    reading = read(as_csv(a_file(events)))
    assert reading.lines["party_phone"].tolist() == ["254700000001"]
    assert "phones_repaired" in codes(reading)


def test_f_26_phones_and_references_that_lost_digits_are_counted_and_stay_as_they_are() -> None:
    events = [Event("UAV0EXAM01", "08:00:00", 100, "Pay Utility", "2.547E+11", "1.00012E+11")]
    reading = read(as_csv(a_file(events)))
    assert reading.lines[["party_kind", "reference"]].to_numpy().tolist() == [
        ["none", "1.00012E+11"]
    ]
    assert {"phones_scientific", "references_scientific"} <= codes(reading)


def test_f_25_a_reference_that_may_have_lost_zeros_is_taken_as_it_stands() -> None:
    events = [Event("UAV0EXAM01", "08:00:00", 100, "Pay Utility", "254700000001 - A", "123")]
    assert read(as_csv(a_file(events))).lines["reference"].tolist() == ["123"]


def test_f_18_invisible_letters_beside_codes_and_amounts_are_set_aside_and_names_stay_raw() -> None:
    records = a_file()
    records[A][0] = f"\u200e{records[A][0]}"
    records[A][1] = f"{records[A][1]}\u202c"
    records[A][5] = f"\u00a0{records[A][5]}"
    records[6][3] = "\u200fDetails"
    reading = read(as_csv(records))
    assert facts(reading) == facts(read(as_csv(a_file())))
    (noted,) = [issue for issue in reading.issues if issue.code == "invisible_letters"]
    assert noted.arguments == {"cells": 3}
    named = [Event("UAV0EXAM01", "08:00:00", 100, "Pay Utility", "0700000001 - \u202eALICE", "1")]
    assert read(as_csv(a_file(named))).lines["party_name"].tolist() == ["\u202eALICE"]


def _marked(records: list[Cells], group: str, decimal: str) -> list[Cells]:
    marks = {",": group, ".": decimal}
    for row in records[1:]:
        for place in (4, 5, 6):
            row[place] = "".join(marks.get(letter, letter) for letter in row[place])
    return records


@pytest.mark.parametrize(
    ("group", "decimal"), [(".", ","), (" ", ","), ("\u00a0", ","), ("'", ".")]
)
def test_f_15_other_marks_are_taken_where_the_column_proves_them(group: str, decimal: str) -> None:
    reading = read(as_csv(_marked(b_file(), group, decimal), delimiter=";"), wallet="paybill")
    assert facts(reading) == facts(read(as_csv(b_file()), wallet="paybill"))
    assert "marks_proved" in codes(reading)


def test_f_15_the_amounts_above_the_header_have_the_same_marks() -> None:
    records = a_file()
    for row in [records[5], *records[A:]]:
        row[:] = [cell.replace(".", ",") if cell[-3:-2] == "." else cell for cell in row]
    reading = read(as_csv(records, delimiter=";"))
    assert reading.outcome == "read"
    assert reading.proof is not None
    assert reading.proof.state.value == "proved"


def test_f_15_amounts_that_can_be_read_in_two_ways_quarantine_the_file() -> None:
    events = [Event("UAV0EXAM01", "08:00:00", 150_000, "Pay Utility", "0700000001 - A", "1")]
    records = b_file(events, opening=0)
    records[1][4:7] = ["1.500", "0", "1.500"]
    reading = read(as_csv(records), wallet="paybill")
    assert (reading.outcome, reading.reason) == ("quarantined", "marks_ambiguous")
    records[1][6] = "1500.00"
    assert read(as_csv(records), wallet="paybill").in_minor == 150


def test_f_15_two_kinds_of_marks_in_one_column_are_never_both_believed() -> None:
    records = b_file()
    records[1][4] = "1.234,50"
    reading = read(as_csv(records), wallet="paybill")
    assert reading.refused["code"].tolist() == ["amount_unreadable"]
    records[2][4] = "1.500"
    assert read(as_csv(records), wallet="paybill").reason == "marks_ambiguous"


def test_f_72_a_fraction_in_a_whole_unit_currency_is_an_issue_and_changes_no_marks() -> None:
    records = mtn_file()
    records[7][46] = "20000.50"
    reading = read(as_csv(records), wallet="momo")
    assert reading.refused["code"].tolist() == ["fraction"]
    assert "marks_proved" not in codes(reading)


def test_noise_behind_the_fifteen_digits_of_a_workbooks_number_is_no_fraction() -> None:
    out = io.BytesIO()
    records = b_file(DAY[:1])
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet()
        for at, record in enumerate(records):
            for place, cell in enumerate(record):
                page.write_string(at, place, cell)
        page.write_number(1, 4, 1_499.9 + 0.1 + 1e-12)
    reading = read(out.getvalue(), "f.xlsx", wallet="paybill")
    assert reading.in_minor == 150_000
    assert read(as_xlsx(records), "f.xlsx", wallet="paybill").in_minor == 150_000
