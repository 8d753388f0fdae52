"""Exactly one layout takes a file, whatever else it looks like."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from mmrecon.config import ReadingLimits
from mmrecon.fetch.unpacking import members
from mmrecon.statements.header import claimants
from mmrecon.statements.layout import Layout, load_layouts, parse_layout
from mmrecon.statements.reading import read_member
from tests.statements.builders import A_HEADER, MTN_HEADER, as_csv, mtn_file
from tests.statements.samples import FOLDER, samples

LAYOUTS = load_layouts()
CSV = [path for path in samples() if path.name.removesuffix(".gz").endswith(".csv")]


def records_of(sample: Path) -> list[list[str]]:
    [member], _ = members(sample.read_bytes(), sample.name, ReadingLimits())
    return list(csv.reader(io.StringIO(member.content.decode("utf-8-sig"))))


@pytest.mark.parametrize("sample", CSV, ids=lambda path: str(path.relative_to(FOLDER)))
def test_no_record_of_a_sample_is_a_header_of_two_layouts(sample: Path) -> None:
    taken = [claimants(record, LAYOUTS, "csv") for record in records_of(sample)]
    assert max(map(len, taken)) <= 1


def names(header: list[str]) -> list[str]:
    return [layout.name for layout in claimants(header, LAYOUTS, "csv")]


MTN_57 = [*MTN_HEADER[:7], "From account", *MTN_HEADER[7:10], "To account", *MTN_HEADER[10:]]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ([*MTN_HEADER], "mtn-54"),
        ([*MTN_HEADER, "Something new"], "mtn-54"),
        ([*MTN_57, "One more"], "mtn-57"),
        ([name for name in MTN_HEADER if name != "Status"], "mtn-chosen"),
        ([name for name in MTN_HEADER if name != "External id"], "mtn-chosen"),
        ([name for name in MTN_57 if name != "To account"], "mtn-chosen"),
        (["Date", "From", "Amount"], "mtn-chosen"),
        (["Id", "Date", "Amount", "To message"], "mtn-chosen"),
        (["Date", "Id", "Phone", "Amount", "Reference"], "generic"),
        (["date", "transaction id", "MSISDN", "amount"], "generic"),
    ],
)
def test_a_header_is_taken_by_the_layout_that_is_meant_for_it(
    header: list[str], expected: str
) -> None:
    assert names(header) == [expected]


@pytest.mark.parametrize(
    "header",
    [
        ["Id", "Date", "Amount"],
        ["Id", "Date", "From", "Amount", "Something new"],
        ["Date", "Id", "Phone", "Amount", "Something new"],
        ["Date", "Id", "Phone", "From", "Amount"],
        ["Date", "Phone", "Amount"],
    ],
)
def test_chosen_columns_and_generic_lists_take_nothing_they_do_not_know(header: list[str]) -> None:
    assert names(header) == []


def test_a_renamed_fee_column_is_told_and_never_left_out_of_the_reading() -> None:
    records = mtn_file()
    records[0] = ["From/Fee" if name == "From / Fee" else name for name in records[0]]
    reading = read_member(as_csv(records), "f.csv", LAYOUTS)
    assert reading.reason == "no_layout"
    arguments = reading.issues[0].arguments
    assert (arguments["missing"], arguments["unknown"]) == ("from / fee", "from/fee")


OWN = """
name = "own"
title = "Own"
provider = "bank"
containers = ["csv"]
zone = "Africa/Nairobi"
currency = "KES"
fingerprint = { required = ["date", "id", "phone", "amount"] }
dates = [{ format = "%Y-%m-%d" }]
text_columns = [
  { name = "Id", field = "receipt" }, { name = "Date", field = "completed_at" },
]
money_columns = [{ name = "Amount", field = "amount", printed = "signed" }]
"""


def own(text: str = OWN) -> Layout:
    return parse_layout(text, source="own.toml")


def test_a_sites_own_layout_goes_before_the_generic_one() -> None:
    found = claimants(["Date", "Id", "Phone", "Amount"], (*LAYOUTS, own()), "csv")
    assert [layout.name for layout in found] == ["own"]


def test_two_layouts_that_claim_one_header_stay_a_refusal() -> None:
    twin = own(OWN.replace('name = "own"', 'name = "twin"'))
    reading = read_member(b"Date,Id,Phone,Amount\n", "f.csv", (*LAYOUTS, own(), twin))
    assert reading.reason == "two_layouts"


def test_one_of_several_columns_may_be_asked_for() -> None:
    text = OWN.replace('"amount"] }', '"amount"], any_of = ["memo", "note"] }')
    assert claimants(["Date", "Id", "Phone", "Amount"], (own(text),), "csv") == []
    assert claimants(["Date", "Id", "Phone", "Amount", "Note"], (own(text),), "csv") == [own(text)]


def test_a_name_in_another_language_fulfils_the_fingerprint() -> None:
    text = OWN + '[also_called]\n"Amount" = ["Montant", "Betrag"]\n'
    assert claimants(["DATE", "ID", "Phone", "montant"], (own(text),), "csv") == [own(text)]
    lines = read_member(b"Date,Id,Phone,Betrag\n2026-01-31,A1,,5\n", "f", (own(text),)).lines
    assert lines["amount_minor"].tolist() == [500]


def test_the_nearest_layout_of_an_unknown_export_is_named_in_its_own_words() -> None:
    header = ["Identifiant", "Date", "Statut", "Type", "De", "À", "Montant", "Devise", "Frais"]
    arguments = read_member(as_csv([header]), "f.csv", LAYOUTS).issues[0].arguments
    assert arguments["nearest"] == "mtn-fr"
    assert arguments["missing"] == "solde"


def test_layout_a_without_its_account_column_is_still_no_consumer_statement() -> None:
    header = [name for name in A_HEADER if name not in ("A/C No.", "Currency")]
    assert names(header) == ["mpesa-a"]


@pytest.mark.parametrize(
    ("header", "doubled"),
    [
        ([*A_HEADER, "Paid In"], "paid in"),
        (["Id", "Date", "From", "Amount", "Status", "Amount"], "amount"),
        (["Date", "Id", "Phone", "Amount", "Reference", "Account"], "reference"),
    ],
)
def test_a_column_that_stands_twice_is_never_chosen_from(header: list[str], doubled: str) -> None:
    reading = read_member(as_csv([[*header]]), "f.csv", LAYOUTS)
    assert reading.reason == "columns_doubled"
    assert reading.issues[0].arguments["doubled"] == doubled
