"""The failure catalogue (domain.md section 9), as far as one file alone shows it; by number.

What needs a second file, a store or a server is tested where that lives.
"""

from __future__ import annotations

import tracemalloc

import pytest

from mmrecon.model.catalogue import next_step_of
from mmrecon.model.line import ProofState
from mmrecon.statements.reading import Reading
from tests.statements.builders import (
    DAY,
    Cells,
    Event,
    a_file,
    a_rows,
    as_csv,
    as_xls,
    as_xlsx,
    b_file,
    mtn_file,
)
from tests.statements.test_reading import codes, facts, read

IN = 5
A = 7
"""The first data row of layout A, from 0."""


def state(reading: Reading) -> ProofState | None:
    return None if reading.proof is None else reading.proof.state


def quarantined(content: bytes, name: str = "f.csv", wallet: str = "paybill") -> str:
    reading = read(content, name, wallet)
    assert reading.outcome == "quarantined"
    assert next_step_of(reading.issues[0])
    return reading.reason


def test_f_03_a_file_cut_off_in_a_row_or_in_a_workbook_is_never_whole() -> None:
    content = as_csv(a_file())
    reading = read(content[: content.rindex(b",25470****001")])
    assert (reading.outcome, reading.reason) == ("partial", "rows_refused")
    assert reading.refused["code"].tolist() == ["row_short"]
    assert state(reading) is not ProofState.PROVED
    whole = content[: content.rindex(b"UAV0EXAM01")]
    assert state(read(whole)) is ProofState.CONTRADICTED
    assert quarantined(as_xlsx(a_file())[:-500]) == "workbook_broken"
    assert quarantined(as_xls(a_file())[:2_000]) in ("workbook_broken", "workbook_memory")


def test_f_04_a_report_made_before_its_period_ended_is_partial_and_open() -> None:
    reading = read(as_csv(a_file(reported="31-01-2026 15:00:00")))
    assert (reading.outcome, reading.reason) == ("partial", "period_incomplete")
    assert state(reading) is ProofState.OPEN


def test_f_05_the_name_is_a_hint_only_and_what_is_inside_decides() -> None:
    for name in ("Copy of ORG_123456_x (1).csv", "31.01.2026 final FINAL.xlsx", "Statement", ""):
        reading = read(as_csv(a_file()), name)
        assert reading.outcome == "read"
        assert reading.header is not None
        assert reading.header.account == "990501"


def test_f_06_another_wallets_file_is_quarantined() -> None:
    assert quarantined(as_csv(a_file(account="990599"))) == "wrong_wallet"


def test_f_07_a_file_of_another_day_is_read_under_its_real_dates() -> None:
    name = "Statements for 990501 from 2026-02-05 to 2026-02-05.csv"
    reading = read(as_csv(b_file()), name)
    assert set(reading.lines["value_date"]) == {"2026-01-31"}


def test_f_08_nothing_in_it_is_no_quiet_day_unless_the_balances_say_so() -> None:
    assert quarantined(b"") == "empty_file"
    assert quarantined(as_csv(b_file([]))) == "no_rows"
    quiet = read(as_csv(a_file([])))
    assert quiet.outcome == "read"
    assert state(quiet) is ProofState.PROVED


def test_f_12_columns_in_any_order_are_found_by_their_names() -> None:
    order = [5, 0, 13, 2, 1, 12, 3, 4, 11, 6, 7, 10, 8, 9]
    records = a_file()
    moved = [[row[at] for at in order] if len(row) == len(order) else row for row in records]
    assert facts(read(as_csv(moved))) == facts(read(as_csv(records)))


@pytest.mark.parametrize("column", ["Receipt No.", "Completion Time", "Paid In", "Reason Type"])
def test_f_13_a_renamed_column_stops_the_file_with_the_difference(column: str) -> None:
    records = a_file()
    records[6] = ["New name" if name == column else name for name in records[6]]
    reading = read(as_csv(records))
    assert reading.outcome == "quarantined"
    told = reading.issues[0].arguments
    assert told.get("nearest", told.get("layout")) == "mpesa-a"
    assert str(column).casefold().rstrip(".") in str(told["missing"])
    assert "new name" in str(told["unknown"])


@pytest.mark.parametrize("rows_above", [0, 1, 30, 90])
def test_f_14_a_preamble_may_grow_and_shrink(rows_above: int) -> None:
    records: list[Cells] = [["a line more"]] * rows_above
    reading = read(as_csv([*records, *a_file()]))
    assert facts(reading) == facts(read(as_csv(a_file())))


def test_f_17_names_with_commas_quotes_and_line_breaks_are_one_cell() -> None:
    events = [
        Event(f"UAV0EXAM0{at}", "08:00:00", 100, "Pay Utility", f"0700000001 - {name}", "1")
        for at, name in enumerate(('O"NEIL, "BOB"', "A, B", "LINE\nBREAK", "semi;colon", "'"))
    ]
    for delimiter in (",", ";", "\t"):
        lines = read(as_csv(a_file(events), delimiter=delimiter)).lines
        assert set(lines["party_name"]) == {
            'O"NEIL, "BOB"', "A, B", "LINE\nBREAK", "semi;colon", "'",
        }  # fmt: skip


def test_f_19_totals_blank_lines_and_repeated_headers_are_counted_or_refused_never_lost() -> None:
    records = a_file()
    total = ["", "", "", "Total", "", "4599.95", "", *[""] * 7]
    below = [*records, [], list(records[6]), total]
    reading = read(as_csv(below))
    assert reading.skipped == {"blank": 1, "header": 1}
    assert reading.refused["code"].tolist() == ["receipt_missing"]
    assert reading.data_rows + sum(reading.skipped.values()) == len(below) - A


def test_f_21_totals_of_the_header_that_disagree_contradict_the_file() -> None:
    records = a_file()
    records[5][9] = "1.00"
    reading = read(as_csv(records))
    assert (reading.outcome, state(reading)) == ("partial", ProofState.CONTRADICTED)


def test_f_22_a_broken_balance_chain_names_where_and_by_how_much() -> None:
    records = a_file()
    del records[10]
    reading = read(as_csv(records))
    assert reading.proof is not None
    (chain,) = [check for check in reading.proof.checks if check[0] == "chain"]
    assert chain[1] == "failed"
    assert "KES" in chain[2]


def test_f_29_an_edited_amount_contradicts_totals_and_chain() -> None:
    records = a_file()
    assert records[17][IN] == "700.00"
    records[17][IN] = "9500.00"
    reading = read(as_csv(records))
    assert reading.proof is not None
    failed = {check[0] for check in reading.proof.checks if check[1] == "failed"}
    assert {"total_in", "chain"} <= failed


def test_f_33_formulas_and_escapes_in_texts_stay_text() -> None:
    odd = ["=cmd|' /C calc'!A0", "@SUM(1)", "+1-2", "\x1b[31m"]
    events = [
        Event(f"UAV0EXAM0{at}", "08:00:00", 100, "Pay Utility", "0700000001 - A", text)
        for at, text in enumerate(odd)
    ]
    assert set(read(as_csv(a_file(events))).lines["reference"]) == set(odd)


def test_f_34_statements_of_two_wallets_in_one_file_are_quarantined() -> None:
    assert quarantined(as_csv([*a_file(), *a_file(account="990502")])) == "two_wallets"


def test_f_35_another_currency_than_the_wallets_is_quarantined() -> None:
    assert quarantined(as_csv(mtn_file(currency="RWF")), wallet="momo") == "wrong_currency"


def test_f_37_memory_grows_with_the_file_and_not_with_its_square() -> None:
    small, large = (as_csv([a_file()[6], *(a_rows(DAY) * times)]) for times in (20, 200))

    def peak(content: bytes) -> int:
        tracemalloc.start()
        reading = read(content, wallet="paybill")
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert reading.data_rows in (20 * len(DAY), 200 * len(DAY))
        return top

    peak(small)
    assert peak(large) < 15 * peak(small)


def test_f_67_a_payment_and_its_charge_share_a_receipt_and_are_two_lines() -> None:
    lines = read(as_csv(a_file())).lines
    twins = lines.loc[lines["receipt"] == "UAV0EXAM01", ["line_class", "sign", "amount_minor"]]
    assert sorted(map(tuple, twins.to_numpy().tolist())) == [
        ("charge", -1, 500),
        ("collection", 1, 150_000),
    ]


def test_f_69_a_reversal_is_a_reversal_also_before_its_original() -> None:
    reversal = Event(
        "UAV0EXAM08", "08:00:00", -20_050, "Pay Utility Reversal", "254700000002 - B", "",
        "UAV0EXAM02",
    )  # fmt: skip
    lines = read(as_csv(a_file([reversal]))).lines
    assert lines[["line_class", "linked_receipt"]].to_numpy().tolist() == [
        ["reversal", "UAV0EXAM02"]
    ]


def test_f_72_no_fraction_of_a_shilling_passes_where_there_is_none() -> None:
    for text, refused in (("20000.00", 0), ("20000.50", 1), ("20,000", 0)):
        records = mtn_file()
        records[7][46] = text
        reading = read(as_csv(records), wallet="momo")
        assert len(reading.refused) == refused
        assert reading.in_minor == 40_000 - 20_000 * refused


def test_f_73_a_bank_or_a_shop_that_pays_is_a_shortcode_and_no_phone() -> None:
    events = [Event("UAV0EXAM01", "08:00:00", 100, "FSI to Pay Bill", "654321 - EXAMPLE BANK", "9")]
    line = read(as_csv(a_file(events))).lines.iloc[0]
    assert (line["party_kind"], line["party_phone"], line["reference"]) == ("shortcode", "", "9")


def test_f_77_fees_in_columns_leave_the_gross_amount_with_the_payer() -> None:
    lines = read(as_csv(mtn_file()), wallet="momo").lines
    paid = lines.loc[lines["receipt"] == "10000000002", ["line_class", "amount_minor"]]
    assert sorted(map(tuple, paid.to_numpy().tolist())) == [("charge", 150), ("collection", 15_000)]


def test_f_78_what_is_not_final_is_a_line_of_its_own_and_moves_nothing() -> None:
    reading = read(as_csv(a_file()))
    pending = reading.lines.loc[reading.lines["line_class"] == "non_final"]
    assert pending["receipt"].tolist() == ["UAV0EXAM07"]
    assert state(reading) is ProofState.PROVED
    assert "proof_contradicted" not in codes(reading)


def test_f_07_and_36_lines_outside_the_stated_period_and_after_the_report_are_told() -> None:
    records = a_file(reported="31-01-2026 12:15:00")
    reading = read(as_csv(records))
    (late,) = [issue for issue in reading.issues if issue.code == "lines_after_report"]
    assert late.arguments == {"lines": 3}
    records = a_file()
    records[A][1] = "31-01-2036 23:59:59"
    reading = read(as_csv(records))
    (outside,) = [issue for issue in reading.issues if issue.code == "lines_outside_period"]
    assert outside.arguments == {"lines": 1}
    assert codes(read(as_csv(a_file()))).isdisjoint({"lines_after_report", "lines_outside_period"})


def test_f_27_the_balances_tell_day_and_month_apart_where_the_rows_are_out_of_order() -> None:
    records = a_file()[6:]
    dates = ["1/4/2026", "2/4/2026", "3/4/2026", "4/1/2026", "5/1/2026"]
    rows = [row for row in records[1:] if row[4] == "Completed"][: len(dates)]
    for row, date in zip(rows, reversed(dates), strict=True):
        row[1] = row[2] = f"{date} 9:00"
    mixed = [rows[at] for at in (2, 0, 4, 1, 3)]
    reading = read(as_csv([records[0], *mixed]), wallet="paybill")
    assert "dates_decided" in codes(reading)
    assert sorted(reading.lines["value_date"]) == [
        "2026-01-04", "2026-02-04", "2026-03-04", "2026-04-01", "2026-05-01",
    ]  # fmt: skip
