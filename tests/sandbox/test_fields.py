from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from mmrecon.sandbox.fields import Fields, parse_date
from mmrecon.sandbox.refusals import RefusalError, UnknownToSandboxError
from mmrecon.sandbox.values import micro, number, rounded


@pytest.mark.parametrize(
    ("text", "pattern", "locale", "day"),
    [
        ("2026-01-31", "yyyy-MM-dd", "en", date(2026, 1, 31)),
        ("2026-01-31 23:59:59", "yyyy-MM-dd", "en", date(2026, 1, 31)),
        ("31 January 2026", "dd MMMM yyyy", "en", date(2026, 1, 31)),
        ("31 jan 2026", "dd MMM yyyy", "en_GB", date(2026, 1, 31)),
        ("31/01/2026", "dd/MM/yyyy", "sw", date(2026, 1, 31)),
        ("2026-02-30", "yyyy-MM-dd", "en", None),
        ("31/01/2026", "yyyy-MM-dd", "en", None),
        ("31 January 2026", "dd MMMM yyyy", "sw", None),
    ],
)
def test_dates_follow_their_pattern_strictly(
    text: str, pattern: str, locale: str, day: date | None
) -> None:
    assert parse_date(text, pattern, locale) == day


def test_month_names_of_other_languages_are_not_pretended() -> None:
    with pytest.raises(UnknownToSandboxError):
        parse_date("31 Januari 2026", "dd MMMM yyyy", "sw")


@pytest.mark.parametrize(
    ("text", "locale", "amount"),
    [("1,000.50", "en", 1_000_500_000), ("1.000,50", "de", 1_000_500_000), ("7", "sw", 7_000_000)],
)
def test_amounts_as_text_follow_the_locale(text: str, locale: str, amount: int) -> None:
    assert Fields({"amount": text, "locale": locale}, "x").amount("amount") == amount


def test_an_amount_that_is_no_number_is_refused() -> None:
    with pytest.raises(RefusalError) as refused:
        Fields({"amount": "KES 100", "locale": "en"}, "x").amount("amount")
    assert refused.value.code == "validation.msg.invalid.decimal.format"


@pytest.mark.parametrize(
    ("given", "digits", "kept"),
    [("10.125", 2, "10.12"), ("10.135", 2, "10.14"), ("100.5", 0, "100"), ("101.5", 0, "102")],
)
def test_further_decimals_are_rounded_half_even(given: str, digits: int, kept: str) -> None:
    assert rounded(micro(Decimal(given)), digits) == micro(Decimal(kept))


def test_amounts_are_written_exactly() -> None:
    assert repr(number(micro(Decimal("9007199254740.99")))) == "9007199254740.99"
    assert number(micro(Decimal(9007199254740993))) == 9007199254740993
