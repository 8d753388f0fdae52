"""Amounts without a sign, fees that balances show, and columns whose sign the file proves."""

from __future__ import annotations

import pytest

from mmrecon.config import WalletSettings
from mmrecon.statements.layout import Layout, parse_layout
from mmrecon.statements.reading import Reading, read_member

BASE = """
name = "own"
title = "Own"
provider = "bank"
containers = ["csv"]
zone = "Africa/Kampala"
currency = "UGX"
fingerprint = { required = ["nr", "when"] }
dates = [{ format = "%Y-%m-%d %H:%M:%S" }]
text_columns = [
  { name = "Nr", field = "receipt" }, { name = "When", field = "completed_at" },
  { name = "Way", field = "direction", required = false },
]
"""
WORDS = 'direction = { in = ["Credit"], out = ["Debit"] }'
AMOUNT = '{ name = "Sum", field = "amount", printed = "unsigned" }'
BALANCES = (
    '{ name = "Before", field = "before", printed = "signed" }, '
    '{ name = "After", field = "balance", printed = "signed" }'
)
FEE = '{ name = "Fee", field = "fee", proved = true }'


def layout_of(*money: str, more: str = "") -> Layout:
    text = f"{BASE}money_columns = [{', '.join(money)}]\n{more}\n"
    return parse_layout(text, source="own.toml")


def read(layout: Layout, header: str, *rows: str, wallet: WalletSettings | None = None) -> Reading:
    lines = [f"Nr,When,{header}"]
    lines += [f"A{at},2026-01-31 08:00:0{at},{row}" for at, row in enumerate(rows)]
    wallets = () if wallet is None else (wallet,)
    name = "" if wallet is None else wallet.name
    return read_member("\n".join(lines).encode(), "f.csv", (layout,), wallets, name)


def moved(reading: Reading) -> list[int]:
    lines = reading.lines
    return [int(value) for value in lines["sign"] * lines["amount_minor"]]


def test_a_word_tells_whether_money_came_or_went() -> None:
    reading = read(layout_of(AMOUNT, more=WORDS), "Way,Sum", "credit,100", " Debit ,30")
    assert moved(reading) == [100, -30]


def test_an_unknown_word_refuses_its_row_and_counts_no_money() -> None:
    reading = read(layout_of(AMOUNT, more=WORDS), "Way,Sum", "Credit,100", "Sideways,30")
    assert reading.refused["code"].tolist() == ["direction_unknown"]
    assert reading.refused.isna()["in_minor"].tolist() == [True]
    assert (reading.in_minor, reading.out_minor) == (100, 0)


def test_a_printed_minus_goes_out_and_never_comes_in() -> None:
    reading = read(layout_of(AMOUNT, more=WORDS), "Way,Sum", "Debit,-30", "Other,-5", "Credit,-1")
    assert moved(reading) == [-30, -5]
    assert reading.refused["code"].tolist() == ["sign_unexpected"]


def test_a_rows_own_balances_tell_the_direction_where_no_word_does() -> None:
    layout = layout_of(AMOUNT, BALANCES, more=WORDS)
    reading = read(layout, "Way,Sum,Before,After", ",100,50,150", "What,30,150,120", ",5,,")
    assert moved(reading) == [100, -30]
    assert reading.refused["code"].tolist() == ["direction_unknown"]


PARTIES = 'direction = { payer = "From", payee = "To" }'


def test_the_number_that_is_on_every_row_is_the_own_one() -> None:
    layout = layout_of(AMOUNT, more=PARTIES)
    rows = ("700000001,700000900,100", "700000900,700000002,30", "700000003,700000900,7")
    assert moved(read(layout, "From,To,Sum", *rows)) == [100, -30, 7]


def test_two_numbers_on_every_row_are_told_apart_by_the_wallet_or_not_at_all() -> None:
    layout = layout_of(AMOUNT, more=PARTIES)
    wallet = WalletSettings.model_validate(
        {
            "name": "own",
            "provider": "bank",
            "account": "256700000900",
            "currency": "UGX",
            "zone": "Africa/Kampala",
            "country": "UG",
            "live_from": "2026-01-01",
        }
    )
    row = "700000001,700000900,100"
    assert moved(read(layout, "From,To,Sum", row, wallet=wallet)) == [100]
    reading = read(layout, "From,To,Sum", row)
    assert reading.refused["code"].tolist() == ["direction_unknown"]


def test_rows_that_name_one_side_only_do_not_hide_the_own_number() -> None:
    layout = layout_of(AMOUNT, more=PARTIES)
    rows = ("700000001,,9", "700000001,700000900,100", "700000900,,8", "700000002,700000900,30")
    reading = read(layout, "From,To,Sum", *rows)
    assert moved(reading) == [100, -8, 30]
    assert reading.refused["code"].tolist() == ["direction_unknown"]


def test_nothing_is_told_where_no_number_is_on_every_row() -> None:
    layout = layout_of(AMOUNT, more=PARTIES)
    rows = ("700000001,700000900,100", "700000002,700000003,30")
    assert set(read(layout, "From,To,Sum", *rows).refused["code"]) == {"direction_unknown"}


def test_a_fee_counts_only_where_the_rows_own_balances_show_it() -> None:
    layout = layout_of(AMOUNT, BALANCES, FEE, more=WORDS)
    rows = ("Credit,100,50,148,2", "Credit,100,148,248,2", "Debit,40,248,205,3")
    reading = read(layout, "Way,Sum,Before,After,Fee", *rows)
    assert moved(reading) == [100, -2, 100, -40, -3]
    assert reading.fees_minor == 5
    assert reading.proof is not None
    assert [check[1] for check in reading.proof.checks if check[0] == "chain"] == ["held"]


OUT = '{ name = "In", field = "in" }, { name = "Out", field = "out", printed = "either" }'


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_column_of_one_sign_is_read_whichever_it_is(sign: str) -> None:
    assert moved(read(layout_of(OUT), "In,Out", "100,", f",{sign}30", f",{sign}5")) == [
        100,
        -30,
        -5,
    ]


def test_the_odd_one_of_a_column_of_one_sign_is_refused() -> None:
    reading = read(layout_of(OUT), "In,Out", ",-30", ",-5", ",7")
    assert moved(reading) == [-30, -5]
    assert reading.refused["code"].tolist() == ["sign_unexpected"]


def test_an_unsigned_amount_needs_something_that_tells_its_direction() -> None:
    from mmrecon.errors import ConfigurationError

    with pytest.raises(ConfigurationError, match="nothing that tells its direction"):
        layout_of(AMOUNT)
