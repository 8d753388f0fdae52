"""Whole files that are not read: each with its word, and none with an exception."""

from __future__ import annotations

import io
import random

import msoffcrypto
import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from mmrecon.model.catalogue import next_step_of, sentence_of, severity_of
from mmrecon.model.issue import Severity
from mmrecon.statements.layout import load_layouts, parse_layout
from mmrecon.statements.reading import Reading, read_member
from tests.statements.builders import (
    A_HEADER,
    DAY,
    Cells,
    a_file,
    a_rows,
    as_csv,
    as_xls,
    as_xlsx,
    b_file,
    mtn_file,
)
from tests.statements.test_reading import COLLECTION, PAYBILL

LAYOUTS = load_layouts()
WALLETS = (PAYBILL, COLLECTION)

OTHER_NAME = "Statements for 990502 from 2026-01-31 to 2026-01-31.csv"

CONSUMER: list[Cells] = [
    [*A_HEADER[:2], *A_HEADER[3:8]],
    ["UAV0EXAM01", "2026-01-31 10:00:00", "Customer Transfer", "Completed", "", "-5.00", "5.00"],
]  # fmt: skip


def _encrypted() -> bytes:
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(as_xlsx(a_file()))).encrypt("secret", out)
    assert msoffcrypto.OfficeFile(io.BytesIO(out.getvalue())).is_encrypted()
    return out.getvalue()


def _without(column: str) -> bytes:
    place = A_HEADER.index(column)
    records = a_file()
    return as_csv([*records[:6], *([*row[:place], *row[place + 1 :]] for row in records[6:])])


def _two_wallets() -> bytes:
    return as_csv([*a_file(), *a_file(account="990502")])


def _two_currencies() -> bytes:
    records = a_file()
    records[8][-1] = "UGX"
    return as_csv(records)


def _two_sheets() -> bytes:
    from openpyxl import load_workbook

    workbook = load_workbook(io.BytesIO(as_xlsx(b_file())))
    workbook.copy_worksheet(workbook.worksheets[0])
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


QUARANTINED = {
    "empty_file": b"",
    "html_file": b"\n <!DOCTYPE html><html><body>Session expired</body></html>",
    "encrypted_workbook": _encrypted(),
    "workbook_broken": as_xlsx(a_file())[:4000],
    "not_a_statement": b"\x00\x01\x02" * 50,
    "no_layout_at_all": b"hello\nworld\n",
    "no_layout": _without("Reason Type"),
    "columns_missing": _without("A/C No."),
    "several_sheets": _two_sheets(),
    "no_rows": as_csv(a_file()[6:7]),
    "two_wallets": _two_wallets(),
    "wallet_not_configured": as_csv(a_file(account="990599")),
    "wallet_unknown": as_csv(b_file()),
    "two_currencies": _two_currencies(),
    "dates_unreadable": as_csv(a_file(date="January 31")),
}


@pytest.mark.parametrize("code", QUARANTINED)
def test_a_file_that_cannot_be_a_statement_is_quarantined_with_the_reason(code: str) -> None:
    wallet = "" if code == "wallet_unknown" else "paybill"
    wallet = "" if code == "wallet_not_configured" else wallet
    reading = read_member(QUARANTINED[code], "file.xls", LAYOUTS, WALLETS, wallet)
    _is_set_aside(reading, "quarantined", code)


def test_blank_text_is_an_empty_file() -> None:
    assert read_member(b" \r\n\r\n", "f.csv", LAYOUTS).reason == "empty_file"


@pytest.mark.parametrize(
    ("code", "content"),
    [("pdf_file", b"%PDF-1.7 stuff"), ("consumer_statement", as_csv(CONSUMER))],
)
def test_what_is_recognised_and_no_organisations_statement_is_refused(
    code: str, content: bytes
) -> None:
    _is_set_aside(read_member(content, "file.pdf", LAYOUTS, WALLETS), "refused", code)


def _is_set_aside(reading: Reading, outcome: str, code: str) -> None:
    assert (reading.outcome, reading.reason) == (outcome, code)
    assert len(reading.lines) == 0
    issue = reading.issues[0]
    assert severity_of(issue) is Severity.ATTENTION
    assert "file." in sentence_of(issue)
    assert next_step_of(issue)


def test_a_file_without_layout_names_the_nearest_and_the_columns_that_differ() -> None:
    records = a_file()
    records[6][9] = "Kind of reason"
    arguments = read_member(as_csv(records), "f.csv", LAYOUTS).issues[0].arguments
    assert arguments["nearest"] == "mpesa-a"
    assert arguments["missing"] == "reason type"
    assert arguments["unknown"] == "kind of reason"


def test_a_renamed_required_column_is_named_with_its_new_name() -> None:
    records = a_file()
    records[6][12] = "Account"
    arguments = read_member(as_csv(records), "f.csv", LAYOUTS).issues[0].arguments
    assert arguments["missing"] == "a/c no"
    assert arguments["unknown"] == "account"


def test_two_layouts_that_claim_a_file_are_both_named() -> None:
    twin = next(layout for layout in LAYOUTS if layout.name == "mpesa-a").model_copy(
        update={"name": "site-own"}
    )
    reading = read_member(as_csv(a_file()), "f.csv", (*LAYOUTS, twin))
    assert reading.reason == "two_layouts"
    assert reading.issues[0].arguments == {"layouts": "mpesa-a, site-own"}


@pytest.mark.parametrize(
    ("content", "name", "wallet", "code"),
    [
        (as_csv(a_file()), "f.csv", "momo", "wrong_wallet"),
        (as_csv(a_file(account="990502")), "f.csv", "paybill", "wrong_wallet"),
        (as_csv(b_file()), "f.csv", "momo", "wrong_provider"),
        (as_csv(b_file()), OTHER_NAME, "paybill", "wrong_wallet"),
        (as_csv(mtn_file(currency="RWF")), "f.csv", "momo", "wrong_currency"),
        (as_csv(mtn_file(currency="ABC")), "f.csv", "momo", "currency_unknown"),
    ],
)  # fmt: skip
def test_another_wallets_file_is_quarantined(
    content: bytes, name: str, wallet: str, code: str
) -> None:
    _check = read_member(content, name, LAYOUTS, WALLETS, wallet)
    assert (_check.outcome, _check.reason) == ("quarantined", code)


def test_a_zone_nobody_declares_is_not_guessed() -> None:
    reading = read_member(as_csv(mtn_file(currency="ZAR")), "f.csv", LAYOUTS)
    assert reading.reason == "zone_missing"


def _dated(dates: list[str], *, period: str = "") -> bytes:
    records = a_file(DAY[: len(dates)])
    for row, date in zip(records[7:], dates, strict=True):
        row[1] = row[2] = date
    if period:
        records[3] = ["Time Period:", "From", f"{period} 00:00:00", "To", f"{period} 23:59:59"]
    else:
        records = records[6:]
    return as_csv(records)


def test_dates_that_could_be_of_two_days_are_refused_as_a_whole() -> None:
    content = _dated(["3/4/2026 9:00", "3/4/2026 8:00"])
    assert read_member(content, "f.csv", LAYOUTS, WALLETS, "paybill").reason == "dates_ambiguous"


@pytest.mark.parametrize(
    ("content", "day"),
    [
        (_dated(["3/4/2026 9:00", "3/4/2026 8:00"], period="03-04-2026"), "2026-04-03"),
        (_dated(["3/4/2026 9:00", "3/4/2026 8:00"], period="04-03-2026"), "2026-03-04"),
        (_dated(["4/13/2026 9:00", "4/3/2026 8:00"]), "2026-04-03"),
        (_dated(["13/4/2026 9:00", "4/3/2026 8:00"]), "2026-03-04"),
        (_dated(["4/3/2026 9:00", "3/12/2026 8:00", "3/11/2026 8:00"]), "2026-03-11"),
    ],
)
def test_day_and_month_are_told_apart_for_the_whole_file_by_evidence(
    content: bytes, day: str
) -> None:
    lines = read_member(content, "f.csv", LAYOUTS, WALLETS, "paybill").lines
    assert lines["value_date"].tolist()[-1] == day
    assert not lines["has_seconds"].any()


def test_dates_half_swapped_by_excel_are_refused_as_a_whole() -> None:
    content = _dated(["13/4/2026 9:00", "4/13/2026 8:00"])
    assert read_member(content, "f.csv", LAYOUTS, WALLETS, "paybill").reason == "dates_mixed"


def test_true_dates_of_a_workbook_are_taken_and_a_mixture_with_text_is_not() -> None:
    import datetime as dt

    import xlsxwriter

    def workbook(second: str | None) -> bytes:
        out = io.BytesIO()
        with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
            form = book.add_format({"num_format": "dd-mm-yyyy hh:mm:ss"})
            page = book.add_worksheet()
            for at, record in enumerate(a_file(DAY[:2])):
                for place, cell in enumerate(record):
                    page.write_string(at, place, cell)
            for at in (7, 8):
                for place in (1, 2):
                    moment = dt.datetime(2026, 1, 31, 8, 1, 2)  # noqa: DTZ001
                    if at == 8 and second:
                        page.write_string(at, place, second)
                    else:
                        page.write_datetime(at, place, moment, form)
        return out.getvalue()

    good = read_member(workbook(None), "f.xlsx", LAYOUTS, WALLETS)
    assert good.lines["value_date"].tolist() == ["2026-01-31"] * 2
    assert good.lines["has_seconds"].all()
    assert read_member(workbook("31-01-2026 08:01:02"), "f", LAYOUTS).reason == "dates_mixed"


def test_a_sites_own_layout_needs_no_python() -> None:
    layout = parse_layout(
        """
        name = "example-bank"
        title = "Example Bank"
        provider = "bank"
        containers = ["csv"]
        zone = "Africa/Nairobi"
        currency = "KES"
        dates = [{ format = "%Y/%m/%d %H:%M" }]
        money = { group = ".", decimal = "," }
        text_columns = [
          { name = "Nr", field = "receipt" }, { name = "When", field = "completed_at" },
        ]
        money_columns = [{ name = "Sum", field = "amount", printed = "signed" }]
        classes = [{ line_class = "collection", sign = 1 }]
        fingerprint = { required = ["nr", "when", "sum"] }
        """,
        source="site.toml",
    )
    content = b"Nr;When;Sum\nA1;2026/01/31 10:00;1.234,50\nA2;2026/01/31 10:01;-2,00\n"
    lines = read_member(content, "f.csv", (layout,)).lines
    assert lines["amount_minor"].tolist() == [123_450, 200]
    assert lines["line_class"].tolist() == ["collection", "unknown"]


def test_no_damage_raises_and_none_loses_a_row() -> None:
    originals = [
        as_csv(a_file()),
        as_csv(b_file()),
        as_csv(mtn_file()),
        as_xls(a_file()),
        as_xlsx(b_file()),
    ]
    rng = random.Random(5)
    outcomes = set()
    for number in range(75):
        damaged = bytearray(originals[number % len(originals)])
        for _ in range(rng.randrange(1, 12)):
            at = rng.randrange(len(damaged))
            damaged[at : at + rng.randrange(1, 40)] = rng.randbytes(rng.randrange(0, 30))
        reading = read_member(bytes(damaged), "f.csv", LAYOUTS)
        outcomes.add(reading.outcome)
        rows = reading.lines["row"].nunique() + len(reading.refused)
        assert rows == reading.data_rows
    assert "quarantined" in outcomes
    assert "partial" in outcomes


def test_layout_a_rows_alone_are_read_where_the_wallet_is_given() -> None:
    content = as_csv([list(A_HEADER), *a_rows(DAY)])
    assert read_member(content, "f.csv", LAYOUTS, WALLETS, "paybill").outcome == "read"
