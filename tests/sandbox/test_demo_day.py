from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from mmrecon.sandbox.demo_day import DemoDay, WrittenDay, build_day, write_day
from mmrecon.sandbox.demo_institution import Institution, build_institution

DAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def institution() -> Institution:
    return build_institution(DAY)


@pytest.fixture(scope="module")
def made(institution: Institution) -> DemoDay:
    return build_day(institution)


@pytest.fixture(scope="module")
def written(made: DemoDay, tmp_path_factory: pytest.TempPathFactory) -> WrittenDay:
    return write_day(made, tmp_path_factory.mktemp("day"))


@pytest.fixture(scope="module")
def truth(written: WrittenDay) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(written.truth.read_text())
    return document


def _wallet(truth: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(part for part in truth["wallets"] if part["wallet"] == name)
    return found


def _minor(text: str) -> int:
    return int(Decimal(text.replace(",", "") or "0") * 100)


def _layout_a(written: WrittenDay) -> tuple[list[list[str]], list[dict[str, str]]]:
    rows = list(csv.reader(io.StringIO(written.statements["paybill"].read_text())))
    return rows[:6], [dict(zip(rows[6], row, strict=True)) for row in rows[7:]]


def _layout_b(written: WrittenDay) -> list[dict[str, str]]:
    sheet = openpyxl.load_workbook(written.statements["payouts"])["Statements"]
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, header), map(str, row), strict=True)) for row in rows]


def _mtn(written: WrittenDay) -> list[list[str]]:
    return list(csv.reader(io.StringIO(written.statements["mtn-uganda"].read_text())))


def test_the_same_day_gives_the_same_bytes(
    made: DemoDay, written: WrittenDay, tmp_path: Path
) -> None:
    again = write_day(build_day(build_institution(DAY)), tmp_path)
    for name, path in written.statements.items():
        assert again.statements[name].read_bytes() == path.read_bytes(), name
    assert again.requests.read_bytes() == written.requests.read_bytes()
    assert again.truth.read_bytes() == written.truth.read_bytes()


@pytest.mark.parametrize("day", [date(2028, 2, 29), date(2026, 1, 1), date(2026, 12, 31)])
def test_every_day_of_the_calendar_has_the_same_number_of_lines(day: date, made: DemoDay) -> None:
    other = build_day(build_institution(day))
    assert [len(part.entries) for part in other.wallets] == [
        len(part.entries) for part in made.wallets
    ]


def test_the_day_has_about_fifteen_hundred_rows(truth: dict[str, Any]) -> None:
    assert {part["wallet"]: part["rows"] for part in truth["wallets"]} == {
        "paybill": 1045,
        "payouts": 214,
        "mtn-uganda": 248,
    }
    assert _wallet(truth, "paybill")["classes"] == {
        "charge": 515, "collection": 515, "non_final": 3, "reversal": 4, "settlement": 1,
        "transfer": 4, "unknown": 3,
    }  # fmt: skip
    assert _wallet(truth, "payouts")["classes"] == {
        "charge": 105, "funding": 1, "non_final": 1, "payout": 105, "reversal": 1, "unknown": 1,
    }  # fmt: skip
    assert _wallet(truth, "mtn-uganda")["classes"] == {
        "charge": 242, "collection": 242, "non_final": 2, "reversal": 1, "transfer": 1,
        "unknown": 1,
    }  # fmt: skip
    assert [part["refused_rows"] for part in truth["wallets"]] == [0, 0, 1]


def test_the_header_of_layout_a_agrees_with_its_rows_to_the_cent(
    written: WrittenDay, truth: dict[str, Any]
) -> None:
    preamble, rows = _layout_a(written)
    stated = dict(zip(preamble[5][::2], preamble[5][1::2], strict=True))
    completed = [row for row in rows if row["Transaction Status"] == "Completed"]
    assert sum(_minor(row["Paid In"]) for row in completed) == _minor(stated["Total Paid In:"])
    withdrawn = sum(_minor(row["Withdrawn"]) for row in completed)
    assert withdrawn == _minor(stated["Total Withdrawn:"]) < 0
    opening, closing = _minor(stated["Opening Balance:"]), _minor(stated["Closing Balance:"])
    sums = _wallet(truth, "paybill")
    assert (opening, closing) == (sums["opening_minor"], sums["closing_minor"])
    assert opening + sums["in_minor"] - sums["out_minor"] == closing


def test_every_balance_of_layout_a_follows_from_the_one_before(written: WrittenDay) -> None:
    preamble, rows = _layout_a(written)
    balance = _minor(preamble[5][1])
    for row in reversed(rows):
        if row["Transaction Status"] == "Completed":
            balance += _minor(row["Paid In"]) + _minor(row["Withdrawn"])
        assert _minor(row["Balance"]) == balance >= 0, row["Receipt No."]


def test_every_balance_of_layout_b_follows_from_the_one_before(
    written: WrittenDay, truth: dict[str, Any]
) -> None:
    balance = _wallet(truth, "payouts")["opening_minor"]
    for row in reversed(_layout_b(written)):
        if row["Transaction Status"] == "Completed":
            balance += _minor(row["Paid In (KSHs)"]) + _minor(row["Withdrawn (KSHs)"])
        assert _minor(row["Balance (KSHs)"]) == balance >= 0, row["Receipt No"]
    assert balance == _wallet(truth, "payouts")["closing_minor"]


def test_every_balance_of_mtn_follows_fees_included(
    written: WrittenDay, truth: dict[str, Any]
) -> None:
    header, *rows = _mtn(written)
    assert len(header) == 54
    assert header.count("Currency") == 17
    amount, fee, balance_at, status = (
        header.index(name) for name in ("Amount", "To / Fee", "Balance", "Status")
    )
    sums = _wallet(truth, "mtn-uganda")
    balance = sums["opening_minor"]
    for row in rows:
        if row[status] == "Successful":
            balance += int(row[amount]) - int(row[fee] or 0)
        assert int(row[balance_at]) == balance >= 0
    moved = sums["in_minor"] - sums["out_minor"] - sums["fees_minor"]
    assert sums["opening_minor"] + moved == balance == sums["closing_minor"]


def test_a_charge_shares_receipt_and_second_with_its_payment_and_stands_above_it(
    written: WrittenDay,
) -> None:
    _, rows = _layout_a(written)
    pairs = 0
    for charge, payment in pairwise(rows):
        if charge["Reason Type"] == "Pay Bill Charge":
            pairs += 1
            for column in ("Receipt No.", "Completion Time", "Initiation Time"):
                assert charge[column] == payment[column]
            assert charge["Other Party Info"] == "SP"
            assert payment["A/C No."] or payment["Details"].endswith("Acc.")
    assert pairs == 515


def test_the_days_edges_and_odd_names_are_there(written: WrittenDay) -> None:
    _, rows = _layout_a(written)
    assert rows[0]["Completion Time"] == "02-03-2026 23:59:59"
    assert rows[-1]["Initiation Time"] == "01-03-2026 23:59:58"
    assert rows[-1]["Completion Time"] == "02-03-2026 00:00:03"
    text = written.statements["paybill"].read_text()
    for odd in ("=BAHATI", "D'ARCIMO", "JOSÉ", "N'GANG'ARA", '"', "900001 - EXAMPLE BANK"):
        assert odd in text, odd


def test_exactly_one_row_is_damaged(written: WrittenDay) -> None:
    damaged = [row[0] for row in _mtn(written)[1:] if not row[0].isdigit()]
    assert len(damaged) == 1
    assert "E+" in damaged[0]


def test_receipts_repeat_only_for_charges_and_sweeps(truth: dict[str, Any]) -> None:
    counted = Counter(
        line["receipt"] for line in truth["lines"] if line["class"] not in {"charge", "transfer"}
    )
    assert max(counted.values()) == 1


def test_legs_add_up_to_their_line(truth: dict[str, Any]) -> None:
    with_legs = [line for line in truth["lines"] if line["legs"]]
    assert all(sum(leg[2] for leg in line["legs"]) == line["amount_minor"] for line in with_legs)
    assert all(line["legs"] for line in truth["lines"] if line["states"] == ["ready"])
    assert sum(len(line["legs"]) == 2 for line in with_legs) >= 15


def test_all_four_stories_are_there(truth: dict[str, Any]) -> None:
    ready = Counter(line["story"] for line in truth["lines"] if line["states"] == ["ready"])
    assert ready["deposit"] > 400
    assert ready["repayment"] > 80
    assert ready["waterfall"] > 50
    assert ready["withdrawal"] == 63
    assert ready["disbursement"] == 10


def test_no_account_gets_more_repayments_than_it_owes(
    truth: dict[str, Any], institution: Institution
) -> None:
    owed = {
        loan.account_no: loan.outstanding_minor
        for client in institution.clients
        for loan in client.loans
    }
    repaid: Counter[str] = Counter()
    for line in truth["lines"]:
        if line["class"] == "collection" and line["states"] == ["ready"]:
            for kind, account_no, amount in line["legs"]:
                repaid.update({account_no: amount} if kind == "loan" else {})
    assert all(amount <= owed[account_no] for account_no, amount in repaid.items())


def test_requests_are_known_beforehand_and_covered_by_the_balance(
    written: WrittenDay, institution: Institution
) -> None:
    balances = {
        account.account_no: account.opening_minor
        for client in institution.clients
        for account in client.savings
    }
    rows = list(csv.DictReader(io.StringIO(written.requests.read_text())))
    assert list(rows[0]) == [
        "request_id", "account_no", "phone", "amount", "currency", "requested_on",
    ]  # fmt: skip
    assert len(rows) == len({row["request_id"] for row in rows}) == 81
    assert all(_minor(row["amount"]) <= balances[row["account_no"]] for row in rows)
    assert {row["requested_on"] for row in rows} == {"2026-03-01"}


def test_only_numbers_that_nobody_is_given_are_printed(
    written: WrittenDay, institution: Institution
) -> None:
    phones = [client.phone for client in institution.clients]
    assert all(
        phone.startswith("2547000" if client.country == "KE" else "25677000") and len(phone) == 12
        for phone, client in zip(phones, institution.clients, strict=True)
    )
