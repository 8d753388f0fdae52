"""Good files of every layout, in every container, with the noise that real files carry."""

from __future__ import annotations

import pytest

from mmrecon.config import WalletSettings
from mmrecon.model.line import ProofState
from mmrecon.statements.layout import load_layouts
from mmrecon.statements.reading import Reading, read_member
from tests.statements.builders import (
    A_HEADER,
    DAY,
    MTN_DAY,
    Cells,
    Event,
    a_file,
    a_preamble,
    a_rows,
    as_csv,
    as_xls,
    as_xlsx,
    b_file,
    mtn_file,
)

LAYOUTS = load_layouts()

PAYBILL = WalletSettings.model_validate(
    {
        "name": "paybill",
        "provider": "mpesa",
        "account": "990501",
        "currency": "KES",
        "zone": "Africa/Nairobi",
        "country": "KE",
        "live_from": "2026-01-01",
        "sub_account": "Utility Account",
    }
)
COLLECTION = WalletSettings.model_validate(
    {
        "name": "momo",
        "provider": "mtn",
        "account": "900777",
        "currency": "UGX",
        "zone": "Africa/Kampala",
        "country": "UG",
        "live_from": "2026-01-01",
    }
)


def read(content: bytes, name: str = "file.csv", wallet: str = "") -> Reading:
    return read_member(content, name, LAYOUTS, (PAYBILL, COLLECTION), wallet)


def codes(reading: Reading) -> set[str]:
    return {issue.code for issue in reading.issues}


FACTS = ["receipt", "line_class", "sign", "amount_minor", "completed_at_utc_s", "balance_minor"]


def facts(reading: Reading) -> list[tuple[object, ...]]:
    return sorted(map(tuple, reading.lines[FACTS].astype(str).to_numpy().tolist()))


def test_layout_a_reads_the_same_from_csv_xls_and_xlsx() -> None:
    records = a_file()
    readings = [
        read(as_csv(records)),
        read(as_xls(records), "day.xls"),
        read(as_xlsx(records), "day.xlsx"),
        read(as_xls(records), "lies.csv"),
    ]
    assert {reading.outcome for reading in readings} == {"read"}
    assert {reading.proof.state for reading in readings if reading.proof} == {ProofState.PROVED}
    assert len({tuple(facts(reading)) for reading in readings}) == 1


def test_layouts_a_and_b_agree_on_every_fact_of_a_line() -> None:
    a, b = read(as_csv(a_file())), read(as_csv(b_file()), wallet="paybill")
    assert facts(a) == facts(b)
    for name in ("reference", "party_phone", "party_name"):
        collections = [
            reading.lines.loc[reading.lines["line_class"] == "collection", name].tolist()
            for reading in (a, b)
        ]
        assert collections[0] == collections[1]


def test_every_kind_of_row_gets_its_class() -> None:
    lines = read(as_csv(a_file())).lines.set_index(["receipt", "sign"])["line_class"]
    assert lines[("UAV0EXAM01", 1)] == "collection"
    assert lines[("UAV0EXAM01", -1)] == "charge"
    expected = {
        "02": "collection", "03": "collection", "04": "collection", "05": "collection",
        "07": "non_final", "08": "reversal", "09": "transfer", "10": "settlement",
        "11": "unknown", "12": "collection",
    }  # fmt: skip
    found = lines.reset_index().set_index("receipt")["line_class"]
    assert {last: found[f"UAV0EXAM{last}"] for last in expected} == expected


def test_parties_are_what_they_are() -> None:
    lines = read(as_csv(a_file())).lines.drop_duplicates("receipt", keep="last")
    party = lines.set_index("receipt")[["party_kind", "party_phone", "party_name"]]
    assert tuple(party.loc["UAV0EXAM02"]) == ("phone", "254700000002", "BRIAN EXAMPLE")
    assert tuple(party.loc["UAV0EXAM03"]) == ("masked", "2547******003", "CAROL EXAMPLE")
    assert tuple(party.loc["UAV0EXAM05"]) == ("shortcode", "", "EXAMPLE SHOP")


@pytest.mark.parametrize(
    ("party", "kind", "phone"),
    [
        ("SP", "provider", ""),
        ("2547****001 - A", "masked", "2547****001"),
        ("254700***001 - A", "masked", "254700***001"),
        ("07******001 - A", "masked", "07******001"),
        ("2547XXXXX001 - A", "masked", "2547XXXXX001"),
        ("2547 ***** 001 - A", "masked", "2547 ***** 001"),
        ("a" * 64, "hash", "a" * 64),
        ("0700000001 - A - B", "phone", "0700000001"),
        ("654321 - BANK", "shortcode", ""),
        ("ALICE", "none", ""),
    ],
)
def test_every_form_of_party_is_told_apart(party: str, kind: str, phone: str) -> None:
    event = Event("UAV0EXAM01", "08:00:00", 100, "Pay Utility", party, "1")
    line = read(as_csv(a_file([event]))).lines.iloc[0]
    assert (line["party_kind"], line["party_phone"]) == (kind, phone)


def test_mtn_users_and_wallets_are_no_phones_and_doubled_names_stay_raw() -> None:
    lines = read(as_csv(mtn_file()), wallet="momo").lines
    kinds = lines.set_index("receipt")["party_kind"]
    assert kinds["10000000005"] == "user"
    assert kinds["10000000007"] == "user"
    first = lines.set_index("receipt").loc["10000000001"]
    assert first["party_phone"] == "256770000001"
    assert first["party_name"] == "ALICE EXAMPLE ALICE EXAMPLE"
    assert first["reference"] == "000123"


def test_mtn_fees_and_taxes_become_charges_that_add_up_to_the_balance() -> None:
    reading = read(as_csv(mtn_file()), wallet="momo")
    lines = reading.lines
    fees = lines.loc[
        lines["receipt"] == "10000000003", ["line_class", "sign", "amount_minor", "row"]
    ]
    assert [tuple(fee) for fee in fees.to_numpy()] == [
        ("payout", -1, 50_000, 6),
        ("charge", -1, 500, 6),
        ("charge", -1, 250, 6),
    ]
    assert (reading.in_minor, reading.out_minor, reading.fees_minor) == (40_000, 170_000, 900)
    final = lines.loc[lines["line_class"] != "non_final"]
    assert int((final["sign"] * final["amount_minor"]).sum()) == sum(
        event.balance_moves for event in MTN_DAY
    )
    assert reading.proof is not None
    assert [check[1] for check in reading.proof.checks if check[0] == "chain"] == ["held"]


def test_mtn_takes_the_currency_after_the_amount_and_a_blank_one_from_the_configuration() -> None:
    records = mtn_file(currency="")
    reading = read(as_csv(records), wallet="momo")
    assert reading.header is not None
    assert reading.header.currency == "UGX"
    assert "currency_assumed" in codes(reading)
    assert read_member(as_csv(records), "f.csv", LAYOUTS).reason == "currency_missing"
    assert read_member(as_csv(mtn_file()), "f.csv", LAYOUTS).outcome == "read"


def test_value_dates_are_days_of_the_wallets_zone() -> None:
    lines = read(as_csv(a_file())).lines.set_index("receipt")
    assert lines.loc["UAV0EXAM12", "value_date"] == "2026-01-31"
    assert lines.loc["UAV0EXAM12", "completed_at_utc_s"] == 1_769_893_199


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_any_delimiter_and_line_end_reads_the_same(delimiter: str, line_end: str) -> None:
    reading = read(as_csv(a_file(), delimiter=delimiter, line_end=line_end))
    assert facts(reading) == facts(read(as_csv(a_file())))
    assert reading.lines["row"].tolist() == list(range(8, 22))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_any_usual_encoding_is_read(encoding: str) -> None:
    event = Event("UAV0EXAM01", "08:00:00", 100, "Pay Utility", "0700000001 - RENÉ EXAMPLE", "1")
    text = as_csv(a_file([event])).decode()
    if encoding == "utf-16-le":
        text = "\ufeff" + text
    reading = read(text.encode(encoding))
    assert reading.lines["party_name"].tolist() == ["RENÉ EXAMPLE"]
    assert ("decoded" in codes(reading)) == (encoding != "utf-8-sig")


@pytest.mark.parametrize("rows_above", [0, 3, 12])
def test_the_header_is_found_wherever_it_stands(rows_above: int) -> None:
    records = [["EXAMPLE"]] * rows_above + [list(A_HEADER), *a_rows(DAY)]
    reading = read(as_csv(records), wallet="paybill")
    assert reading.data_rows == len(DAY)
    assert int(reading.lines["row"].min()) == rows_above + 2


def test_moved_and_added_columns_are_accepted() -> None:
    records = [[*record[::-1], "more"] if at >= 6 else record for at, record in enumerate(a_file())]
    assert facts(read(as_csv(records))) == facts(read(as_csv(a_file())))


def test_thirteen_columns_without_currency_are_accepted() -> None:
    records = [record[:13] if at >= 6 else record for at, record in enumerate(a_file())]
    assert read(as_csv(records)).outcome == "read"


def test_row_numbers_count_blank_lines_and_multi_line_cells_once() -> None:
    rows = a_rows(DAY)
    rows[2][3] = "two\nlines"
    records = [*a_preamble(DAY), list(A_HEADER), *rows[:1], [], *rows[1:]]
    reading = read(as_csv(records))
    assert reading.lines["row"].tolist() == [8, *range(10, 23)]
    assert reading.skipped == {"blank": 1}


def test_a_reference_with_a_line_break_is_one_row() -> None:
    event = Event("UAV0EXAM01", "08:00:00", 100, "Pay Utility", "0700000001 - A", "12\n34")
    reading = read(as_csv(b_file([event, DAY[0]])), wallet="paybill")
    assert reading.lines["row"].tolist() == [2, 3]
    assert reading.lines["reference"].tolist() == ["000123", "12\n34"]


def test_repeated_headers_blank_lines_and_preambles_inside_are_counted_skips() -> None:
    one, two = DAY[:3], DAY[3:]
    closing = 100_000 + sum(event.balance_moves for event in one)
    records = [*a_file(one), [], *a_file(two, opening=closing)]
    reading = read(as_csv(records))
    assert reading.outcome == "read"
    assert reading.data_rows == len(DAY)
    assert reading.skipped == {"blank": 1, "header": 1, "preamble": 6}
    assert sum(reading.skipped.values()) + reading.data_rows + 7 == len(records)


def test_trailing_empty_cells_are_read_the_slow_way_and_said() -> None:
    records = a_file()
    records[9] = [*records[9], "", ""]
    reading = read(as_csv(records))
    assert facts(reading) == facts(read(as_csv(a_file())))
    assert "read_slowly" in codes(reading)


def test_a_reference_that_looks_like_a_number_stays_text() -> None:
    event = Event("UAV0EXAM01", "08:00:00", 100, "Pay Utility", "0700000001 - A", "000123.0")
    for content in (as_csv(a_file([event])), as_xlsx(a_file([event]))):
        assert read(content).lines["reference"].tolist() == ["000123.0"]


def test_details_grammar_takes_accounts_with_spaces_slashes_and_channels() -> None:
    cells = {
        "Pay Bill Online from 25470****001 - ALICE **** EXAMPLE Acc. 00 12/3 B": "00 12/3 B",
        "Pay Bill from 25470****001 - ALICE Acc. ": "",
        "Pay Bill from 25470****001 - A Acc. B EXAMPLE Acc. 17 via USSD by OPERATOR": "17",
        "FSI to Pay Bill by 654321 - EXAMPLE BANK Acc. 99": "99",
    }
    records = b_file([DAY[0]])
    rows: list[Cells] = []
    for number, details in enumerate(cells):
        row = list(records[1])
        row[0], row[2] = f"UAV0EXAM0{number}", details
        rows.append(row)
    lines = read(as_csv([records[0], *rows]), wallet="paybill").lines
    assert lines["reference"].tolist() == list(cells.values())
    assert lines["line_class"].unique().tolist() == ["collection"]


def test_a_file_that_names_no_account_says_so_and_its_name_or_folder_decides() -> None:
    by_folder = read(as_csv(b_file()), wallet="paybill")
    by_name = read(as_csv(b_file()), "Statements for 990501 from 2026-01-31 to 2026-01-31 (1).csv")
    for reading in (by_folder, by_name):
        assert reading.wallet == PAYBILL
        assert "wallet_assumed" in codes(reading)
    assert by_name.header is not None
    assert by_name.header.period_from_utc_s == 1_769_806_800
    assert by_name.header.period_to_utc_s == 1_769_893_199
    assert "wallet_assumed" not in codes(read(as_csv(a_file())))
