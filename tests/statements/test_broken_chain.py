"""A broken balance chain: what is wrong is named, with the sentence for the provider."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mmrecon.model.catalogue import next_step_of, sentence_of
from mmrecon.model.issue import Issue
from tests.statements.builders import DAY, Cells, Event, a_file, as_csv, mtn_file
from tests.statements.test_reading import read

BALANCE, PAID_IN, MOMENT = 7, 5, 1
NO_TOTALS = slice(6, None)
"""The file without its preamble, as somebody cuts it: only the balances are left."""


def chain_issues(records: list[Cells]) -> list[Issue]:
    issues = read(as_csv(records), wallet="paybill").issues
    return [issue for issue in issues if "chain" in issue.code]


def place_of(records: list[Cells], receipt: str, column: int = PAID_IN) -> int:
    return next(
        at for at, row in enumerate(records) if row and row[0] == receipt and row[column]
    )  # fmt: skip


def without(*receipts: str) -> list[Cells]:
    return [row for row in a_file() if row[0] not in receipts]


def changed(receipt: str, column: int, text: str) -> list[Cells]:
    records = a_file()
    records[place_of(records, receipt, column)][column] = text
    return records


def doubled(receipt: str) -> list[Cells]:
    records = a_file()
    at = place_of(records, receipt)
    return [*records[:at], list(records[at]), *records[at:]]


def with_a_row_of_elsewhere() -> list[Cells]:
    records = a_file()
    at = place_of(records, "UAV0EXAM05")
    row = list(records[at])
    row[0], row[PAID_IN], row[BALANCE] = "UAV0EXAM77", "10.00", "77.00"
    row[MOMENT] = "31-01-2026 09:45:00"
    return [*records[:at], row, *records[at:]]


@pytest.mark.parametrize(
    ("damage", "code", "receipt", "words"),
    [
        (
            lambda: without("UAV0EXAM01"), "chain_rows_missing", "UAV0EXAM02",
            "KES 1,495.00 are missing between the opening balance of KES 1,000.00",
        ),
        (lambda: doubled("UAV0EXAM05"), "chain_row_doubled", "UAV0EXAM05", "more than once"),
        (
            lambda: changed("UAV0EXAM03", PAID_IN, "9500.00"), "chain_amount_edited",
            "UAV0EXAM03", "the row moves KES 9,500.00; balances and totals say KES 700.00",
        ),
        (
            lambda: changed("UAV0EXAM05", BALANCE, "1.00"), "chain_balance_edited",
            "UAV0EXAM05", "it is KES 1.00, and the rows around it say KES 4,694.50",
        ),
        (
            lambda: changed("UAV0EXAM05", MOMENT, "31-01-2026 08:05:00"), "chain_row_moved",
            "UAV0EXAM05", "1 row from 2026-01-31 08:05:00 on stands out of order",
        ),
        (
            with_a_row_of_elsewhere, "chain_rows_foreign", "UAV0EXAM77",
            "1 row from 2026-01-31 09:45:00 on, KES 10.00 together, does not belong",
        ),
        (
            lambda: without("UAV0EXAM05")[NO_TOTALS], "chain_missing_or_edited", "UAV0EXAM06",
            "KES 999.00 are missing between UAV0EXAM04 of 2026-01-31 09:00:00",
        ),
        (
            lambda: without("UAV0EXAM05"), "chain_missing_or_edited", "UAV0EXAM04",
            "KES 999.00 are missing between UAV0EXAM04 of 2026-01-31 09:00:00",
        ),
    ],
)  # fmt: skip
def test_one_change_is_named_by_itself_with_row_and_receipt(
    damage: Callable[[], list[Cells]], code: str, receipt: str, words: str
) -> None:
    (issue,) = chain_issues(damage())
    assert (issue.code, issue.receipt) == (code, receipt)
    assert words in sentence_of(issue)


def test_where_balances_and_totals_allow_two_readings_both_are_said() -> None:
    (issue,) = chain_issues(without("UAV0EXAM11"))
    assert issue.code == "chain_missing_or_edited"
    said = sentence_of(issue)
    assert "rows of KES 777.00 are missing between UAV0EXAM10 of 2026-01-31 12:30:00" in said
    assert "the balances say KES 900.45" in said


def test_the_totals_of_the_header_tell_a_missing_row_from_a_changed_one() -> None:
    edited = changed("UAV0EXAM11", PAID_IN, "700.00")
    assert [issue.code for issue in chain_issues(edited)] == ["chain_missing_or_edited"]
    raised = changed("UAV0EXAM11", PAID_IN, "7700.00")
    assert [issue.code for issue in chain_issues(raised)] == ["chain_amount_edited"]


def test_every_fault_says_what_to_write_to_the_provider() -> None:
    (issue,) = chain_issues(without("UAV0EXAM01"))
    assert "“Between the opening balance of KES 1,000.00 and UAV0EXAM02 of" in next_step_of(issue)


def test_rows_missing_at_both_ends_and_in_the_middle_are_three_gaps() -> None:
    issues = chain_issues(without("UAV0EXAM01", "UAV0EXAM08", "UAV0EXAM12"))
    assert [issue.receipt for issue in issues] == ["UAV0EXAM02", "UAV0EXAM09", "UAV0EXAM11"]
    gaps = [issue.arguments["gap"] for issue in issues]
    assert gaps == ["KES 1,495.00", "KES -200.50", "KES 123.45"]


def test_a_whole_day_and_any_order_within_a_second_have_no_fault() -> None:
    assert not chain_issues(a_file())
    records = a_file()
    records[16], records[17] = records[17], records[16]
    assert not chain_issues(records)


def test_a_row_missing_from_a_shuffled_second_is_one_gap_and_nothing_is_out_of_order() -> None:
    events = [
        Event(f"UAV0EXAM5{at}", "10:00:00", 1_000 * (at + 1), "Pay Utility", "SP")
        for at in range(6)
    ]
    records = a_file([DAY[0], *events, DAY[-1]])
    rows = records[8:14]
    shuffled = [*records[:8], *(rows[at] for at in (3, 0, 5, 1, 4)), *records[14:]]
    assert {issue.code for issue in chain_issues(shuffled)} <= {
        "chain_rows_missing", "chain_missing_or_edited",
    }  # fmt: skip
    assert chain_issues(shuffled)


def test_rows_out_of_a_hundred_statements_are_told_as_one_thing() -> None:
    events = [
        Event(f"UAV0EX{at:04}", f"{at // 60:02}:{at % 60:02}:00", 1_000 + at, "Pay Utility", "SP")
        for at in range(900)
    ]
    records = a_file(events)
    kept = [row for at, row in enumerate(records) if at < 7 or at % 3]
    (issue,) = chain_issues(kept)
    assert issue.code == "chain_in_pieces"
    assert int(issue.arguments["breaks"]) > 60


def test_fees_and_taxes_in_columns_belong_to_what_a_row_moves() -> None:
    assert not chain_issues(mtn_file())
