"""What is particular to a layout: words, times, columns that are not there, accounts in rows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

import pytest

from mmrecon.config import WalletSettings
from mmrecon.model.line import LineClass, LineFrame
from mmrecon.statements.identity import pair
from mmrecon.statements.layout import DateFormat, load_layouts
from mmrecon.statements.merging import merge
from mmrecon.statements.moments import one_moment
from mmrecon.statements.reading import Reading, read_member
from tests.statements.builders import MTN_HEADER, Cells, as_csv, as_xlsx, mtn_file
from tests.statements.samples import FOLDER

LAYOUTS = load_layouts()


def records(sample: str) -> list[Cells]:
    text = (FOLDER / sample).read_text(encoding="utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def read(rows: list[Cells], name: str = "f.csv") -> Reading:
    return read_member(as_csv(rows), name, LAYOUTS)


def changed(sample: str, old: str, new: str) -> Reading:
    rows = [[cell.replace(old, new) for cell in row] for row in records(sample)]
    assert rows != records(sample)
    return read(rows)


def classes(reading: Reading) -> dict[str, str]:
    lines = reading.lines.drop_duplicates("receipt")
    return dict(zip(lines["receipt"], lines["line_class"], strict=True))


SAMPLES = (
    ("mpesa/c-day.csv", "AB12EXAM1", "Pay Utility"),
    ("mpesa/till-day.csv", "UAV0EXAM23", "Buy Goods"),
    ("mpesa/c2b-as-csv.csv", "UAV0EXAM01", "Pay Bill"),
    ("mtn/mtn-28-day.csv", "10000000001", "Payment"),
    ("mtn/mtn-57-day.csv", "10000000001", "Payment"),
    ("mtn/mtn-chosen-day.csv", "10000000001", "Payment"),
    ("mtn/mtn-fr-day.csv", "10000000201", "Paiement"),
    ("airtel/ug-collection-day.csv", "142593000022", "Merchant Payment"),
    ("pawapay/statement.csv", "00000000-0000-4000-8000-000000000001", "DEPOSIT"),
)


@pytest.mark.parametrize(("sample", "receipt", "word"), SAMPLES)
def test_a_word_that_no_layout_knows_is_unknown_and_never_a_payment(
    sample: str, receipt: str, word: str
) -> None:
    if sample.startswith(("airtel", "pawapay")):
        rows = [[cell.replace(word, "Unheard Of") for cell in row] for row in records(sample)]
        if sample.startswith("airtel"):
            rows = [["ZZ" if cell == "MR" else cell for cell in row] for row in rows]
            assert classes(read(rows))[receipt] == LineClass.UNKNOWN.value
        else:
            assert "direction_unknown" in read(rows).refused["code"].tolist()
        return
    assert classes(read(records(sample)))[receipt] == LineClass.COLLECTION.value
    assert classes(changed(sample, word, "Unheard Of"))[receipt] == LineClass.UNKNOWN.value


@pytest.mark.parametrize(
    ("sample", "word"),
    [
        ("mpesa/c-day.csv", "Declined"),
        ("mtn/mtn-28-day.csv", "Failed"),
        ("mtn/mtn-fr-day.csv", "Échoué"),
        ("airtel/ug-user-day.csv", "Failed"),
    ],
)
def test_a_status_that_no_layout_knows_refuses_its_row(sample: str, word: str) -> None:
    assert "non_final" in read(records(sample)).classes()
    reading = changed(sample, word, "Halfway")
    assert reading.refused["code"].tolist() == ["status_unknown"]


def without(sample: str, column: str) -> list[Cells]:
    rows = records(sample)
    place = rows[0].index(column)
    return [[cell for at, cell in enumerate(row) if at != place] for row in rows]


@pytest.mark.parametrize(("column", "code"), [("Status", "status_not_there"), ("Type", "")])
def test_without_status_or_type_no_line_has_a_class(column: str, code: str) -> None:
    reading = read(without("mtn/mtn-chosen-day.csv", column))
    found = set(reading.classes()) - {"non_final"}
    assert found - {"reversal"} == {"unknown"} if code else found == {"unknown"}
    assert (code in {issue.code for issue in reading.issues}) is bool(code)


def test_without_id_every_row_is_counted_and_none_is_a_line() -> None:
    reading = read(without("mtn/mtn-chosen-day.csv", "Id"))
    assert set(reading.refused["code"]) == {"receipt_missing"}
    assert (reading.data_rows, reading.in_minor, reading.out_minor) == (7, 40_000, 170_000)
    assert "receipts_not_there" in {issue.code for issue in reading.issues}


def test_balances_without_their_fee_columns_prove_nothing_and_contradict_nothing() -> None:
    rows = mtn_file()
    kept = [MTN_HEADER.index(name) for name in ("Id", "Date", "Status", "Type", "From", "Amount")]
    kept += [47, 48]
    reading = read([[row[at] for at in kept] for row in rows])
    assert reading.proof is not None
    assert reading.proof.state.value == "open"
    assert "chain" not in {check[0] for check in reading.proof.checks}


def test_f77_an_aggregators_fee_is_a_charge_beside_the_gross_amount() -> None:
    rows = [
        ["date", "id", "phone", "amount", "fee", "net amount", "balance", "currency"],
        ["2026-01-31 08:00:00", "EX-1", "", "1000.00", "15.00", "985.00", "1985.00", "KES"],
        ["2026-01-31 09:00:00", "EX-2", "", "500.00", "", "500.00", "2485.00", "KES"],
    ]
    reading = read(rows)
    moved = (reading.lines["sign"] * reading.lines["amount_minor"]).tolist()
    assert moved == [100_000, -1_500, 50_000]
    assert reading.proof is not None
    assert ("chain", "held") in {check[:2] for check in reading.proof.checks}


def test_a_generic_lists_broken_balance_is_only_believed_where_fees_are_printed() -> None:
    rows = [
        ["date", "id", "phone", "amount", "fee", "balance", "currency"],
        ["2026-01-31 08:00:00", "EX-1", "", "1000.00", "", "1985.00", "KES"],
        ["2026-01-31 09:00:00", "EX-2", "", "500.00", "", "2480.00", "KES"],
    ]
    states = []
    for without in (None, 4):
        proof = read([[c for at, c in enumerate(row) if at != without] for row in rows]).proof
        states.append(proof.state.value if proof else "")
    assert states == ["contradicted", "open"]


def test_c2b_tables_with_snake_case_names_are_read() -> None:
    rows = records("mpesa/c2b-as-csv.csv")
    rows[0] = [re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower() for name in rows[0]]
    assert rows[0][:2] == ["transaction_type", "trans_id"]
    assert classes(read(rows)) == classes(read(records("mpesa/c2b-as-csv.csv")))


def test_a_confirmation_and_its_statement_line_are_one_line() -> None:
    statement = read(records("mpesa/a-day.csv")).lines
    dump = read(records("mpesa/c2b-as-csv.csv")).lines
    dump = dump.loc[dump["receipt"].isin(["UAV0EXAM01", "UAV0EXAM02", "UAV0EXAM03"])]
    count = len(statement)
    known = statement.assign(
        line_id=range(1, count + 1), wallet_id=1, n=1, repeats=1, first_statement_id=1, first_row=1
    )
    stored = LineFrame.build({name: known[name] for name in LineFrame.columns() if name in known})
    pairing = pair(dump.reset_index(drop=True), stored, count + 1)
    assert not len(pairing.new)
    assert not merge(dump.reset_index(drop=True), stored, pairing).findings


def test_the_currency_after_the_amount_is_taken_wherever_columns_moved() -> None:
    rows = mtn_file()
    moved = [[*row[46:50], *row[:46], *row[50:]] for row in rows]
    for row in moved[1:]:
        row[-3] = "KES"
    header = read(moved).header
    assert header is not None
    assert header.currency == "UGX"


@pytest.mark.parametrize("sign", ["", "-"])
def test_withdrawals_before_2015_are_read_with_or_without_minus(sign: str) -> None:
    rows = records("mpesa/c-day.csv")
    for row in rows[4:]:
        row[4] = f"{sign}{row[4]}" if row[4] else ""
    assert read(rows).out_minor == 253_300


def test_the_paybill_number_of_each_row_says_whose_file_it_is() -> None:
    rows = records("mpesa/c-day.csv")
    for at, row in enumerate(rows[3:]):
        row.append("990501" if at else "PayBillNumber")
    rows[1] = ["", ""]
    header = read(rows).header
    assert header is not None
    assert header.account == "990501"
    rows[-1][-1] = "990502"
    assert read(rows).reason == "two_wallets"


def test_rows_packed_into_one_cell_of_a_workbook_are_the_rows_of_the_csv() -> None:
    text = (FOLDER / "mtn" / "mtn-28-day.csv").read_text(encoding="utf-8")
    reading = read_member(as_xlsx([[line] for line in text.splitlines()]), "f.xlsx", LAYOUTS)
    names = ["row", "receipt", "line_class", "amount_minor", "balance_minor"]
    plain = read_member(text.encode(), "f.csv", LAYOUTS)
    assert reading.lines[names].equals(plain.lines[names])
    assert "rows_unwrapped" in {issue.code for issue in reading.issues}


def test_one_column_of_notes_is_no_packed_statement() -> None:
    assert read_member(as_xlsx([["one, two"], ["three"]]), "f.xlsx", LAYOUTS).lines.empty


def test_french_words_repaired_or_not_give_the_same_lines() -> None:
    names = ["receipt", "line_class", "sign", "amount_minor", "balance_minor", "party_phone"]
    readings = [
        read_member((FOLDER / "mtn" / name).read_bytes(), name, LAYOUTS).lines[names]
        for name in ("mtn-fr-day.csv", "mtn-fr-mojibake.csv")
    ]
    assert readings[0].equals(readings[1])


def _moment(format_: str, text: str, **more: bool) -> int | None:
    return one_moment(text, DateFormat.model_validate({"format": format_, **more}))


@pytest.mark.parametrize(
    ("format_", "text", "fraction"),
    [
        ("%d-%b-%Y  %H:%M:%S", "31-OCT-2026  22:15:02", False),
        ("%d-%b-%y %H:%M:%S", "31-Oct-26 22:15:02", False),
        ("%d-%m-%y %I:%M:%S %p", "31-10-26 10:15:02 PM", False),
        ("%Y%m%d%H%M%S", "20261031221502", False),
        ("%Y-%m-%dT%H:%M:%SZ", "2026-10-31T22:15:02.250Z", True),
        ("%d.%m.%Y %H:%M:%S", "31.10.2026 22:15:02", False),
    ],
)
def test_months_by_name_two_digit_years_halves_of_the_day_and_fractions_are_read(
    format_: str, text: str, fraction: bool
) -> None:
    assert _moment(format_, text, fraction=fraction) == 1_793_484_902


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        ("%d-%b-%Y %H:%M:%S", "31-SEP-2026 10:00:00"),
        ("%Y%m%d%H%M%S", "20260231100000"),
        ("%Y-%m-%dT%H:%M:%SZ", "2026-02-30T10:00:00Z"),
        ("%d-%m-%y %I:%M %p", "31-11-26 10:00 AM"),
    ],
)
def test_days_that_do_not_exist_are_not_read_in_any_writing(format_: str, text: str) -> None:
    assert _moment(format_, text) is None


def test_times_of_another_zone_than_the_files_are_turned_round_to_it() -> None:
    text = (FOLDER / "mtn" / "collections.json").read_text(encoding="utf-8")
    lines = read_member(text.encode(), "f.json", LAYOUTS).lines
    assert lines["value_date"].tolist() == ["2026-01-31", "2026-02-01"]
    assert lines["completed_at_utc_s"].tolist()[0] == 1_769_836_200


def wallet(name: str, provider: str, account: str) -> WalletSettings:
    return WalletSettings.model_validate(
        {
            "name": name,
            "provider": provider,
            "account": account,
            "currency": "KES",
            "zone": "Africa/Nairobi",
            "country": "KE",
            "live_from": "2026-01-01",
        }
    )


def test_a_generic_list_belongs_to_the_wallet_that_somebody_names() -> None:
    content = (FOLDER / "generic" / "generic-day.csv").read_bytes()
    wallets = (wallet("yo", "yo_payments", "990701"), wallet("bank", "bank", "990702"))
    reading = read_member(content, "f.csv", LAYOUTS, wallets, "yo")
    assert reading.header is not None
    assert (reading.header.provider, reading.header.account) == ("yo_payments", "990701")
    assert read_member(content, "f.csv", LAYOUTS, wallets).reason == "wallet_unknown"


def test_a_generic_list_takes_currency_and_zone_from_the_wallet() -> None:
    content = b"date,id,phone,amount,reference\n2026-01-31,EX-1,254700000001,10.50,7\n"
    assert read_member(content, "f.csv", LAYOUTS).reason == "currency_missing"
    reading = read_member(content, "f.csv", LAYOUTS, (wallet("yo", "yo", "1"),), "yo")
    assert reading.lines["amount_minor"].tolist() == [1_050]


@pytest.mark.parametrize(
    ("word", "amount", "expected"),
    [
        ("", "5", "collection"),
        ("", "-5", "unknown"),
        ("Payout", "-5", "payout"),
        ("payout", "5", "unknown"),
        ("Charge", "-5", "charge"),
        ("Gift", "5", "unknown"),
    ],
)
def test_a_generic_list_knows_our_own_words_for_classes(
    word: str, amount: str, expected: str
) -> None:
    content = f"date,id,phone,amount,type,currency\n2026-01-31,EX-1,,{amount},{word},KES\n"
    assert classes(read_member(content.encode(), "f.csv", LAYOUTS)) == {"EX-1": expected}


def _to_upper(row: Cells) -> Cells:
    return [cell.upper() for cell in row]


def _spaced(row: Cells) -> Cells:
    return [f"  {cell}" for cell in row]


@pytest.mark.parametrize("change", [_to_upper, _spaced, lambda row: [*row, ""]])
def test_headers_in_capitals_with_blanks_or_an_empty_column_are_the_same(
    change: Callable[[Cells], Cells],
) -> None:
    rows = records("mtn/mtn-chosen-day.csv")
    rows = [
        change(row) if not at else [*row, ""][: len(change(rows[0]))] for at, row in enumerate(rows)
    ]
    assert read(rows).outcome == "read"
