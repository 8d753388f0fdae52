"""Receipts of other days, and files that end where pages and sheets end."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from mmrecon.model.catalogue import sentence_of
from mmrecon.statements.plausible import cut_off_at, encoded_day
from mmrecon.statements.reading import Reading
from tests.statements.builders import Cells, Event, a_file, as_csv, b_file, mtn_file
from tests.statements.test_reading import codes, read

A = 7
"""The first data row of layout A, from 0."""


def events(count: int, receipt: str = "UAV0EX{:04}") -> list[Event]:
    return [
        Event(
            receipt.format(at), f"{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}", 1_000 + at,
            "Pay Utility", "25470****001 - A", "1",
        )
        for at in range(count)
    ]  # fmt: skip


def odd(records: list[Cells]) -> list[tuple[str, object, object]]:
    return [
        (issue.receipt, issue.arguments["encoded"], issue.arguments["printed"])
        for issue in read(as_csv(records)).issues
        if issue.code == "receipt_of_other_day"
    ]


@pytest.mark.parametrize(
    ("receipt", "day"),
    [
        ("LA1", date(2017, 1, 1)), ("SL9", date(2024, 12, 9)), ("UAV", date(2026, 1, 31)),
        ("UBV", None), ("U9A", None), ("UA0", None), ("KCB", date(2016, 3, 11)),
    ],
)  # fmt: skip
def test_the_first_letters_of_a_receipt_are_a_day(receipt: str, day: date | None) -> None:
    assert encoded_day(receipt) == day


def test_a_receipt_that_cannot_be_of_its_day_is_told_with_both_days() -> None:
    records = a_file(events(20))
    records[A + 3][0] = "UAT0EX9999"
    reading = read(as_csv(records))
    (issue,) = [one for one in reading.issues if one.code == "receipt_of_other_day"]
    assert (issue.row, issue.receipt) == (A + 4, "UAT0EX9999")
    assert "say 2026-01-29, the row says 2026-01-31" in sentence_of(issue)
    assert odd(a_file(events(20))) == []


def test_a_day_beside_it_is_what_midnight_does() -> None:
    records = a_file(events(20))
    records[A][0] = "UAU0EX9999"
    assert odd(records) == []


def test_where_the_others_do_not_keep_to_the_rule_nothing_is_said() -> None:
    records = a_file(events(20, "QZZ0EX{:04}"))
    assert odd(records) == []
    assert "receipt_of_other_day" not in codes(read(as_csv(mtn_file()), wallet="momo"))


def test_many_are_listed_in_part_and_counted() -> None:
    records = a_file(events(200))
    for at in range(15):
        records[A + at][0] = f"UAA0EX{at:04}"
    reading = read(as_csv(records))
    assert sum(issue.code == "receipt_of_other_day" for issue in reading.issues) == 10
    (more,) = [one for one in reading.issues if one.code == "more_receipts_of_other_days"]
    assert more.arguments == {"rows": 5}


def _without_totals(rows: int) -> Reading:
    return read(as_csv(b_file(events(rows))), wallet="paybill")


def test_f_20_a_file_that_ends_at_a_pages_limit_is_told_unless_it_is_proved() -> None:
    assert "rows_at_limit" in codes(_without_totals(1_000))
    assert "rows_at_limit" not in codes(_without_totals(999))
    assert "rows_at_limit" not in codes(read(as_csv(a_file(events(1_000)))))
    cut = a_file(events(1_001))
    del cut[A]
    reading = read(as_csv(cut))
    assert {"rows_at_limit", "chain_missing_or_edited"} <= codes(reading)
    assert reading.outcome == "partial"


@pytest.mark.parametrize(
    ("rows", "last", "limit"),
    [(65_529, 65_536, 65_536), (65_535, 65_541, 65_535), (999, 1_007, 0), (1_000, 1_007, 1_000)],
)
def test_f_20_sheets_end_at_65536_records_whatever_stands_above(
    rows: int, last: int, limit: int
) -> None:
    assert cut_off_at(rows, last) == limit


def test_every_day_of_a_year_has_letters_of_its_own() -> None:
    days = [date(2026, 1, 1) + timedelta(days=at) for at in range(365)]
    letters = [
        f"U{chr(64 + day.month)}{'_123456789ABCDEFGHIJKLMNOPQRSTUV'[day.day]}" for day in days
    ]
    assert [encoded_day(three) for three in letters] == days
