from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrecon.model.money import CURRENCY_DIGITS, to_decimal, to_minor, to_text

AMOUNTS = st.integers(min_value=-(10**15), max_value=10**15)


@given(AMOUNTS, st.sampled_from(sorted(CURRENCY_DIGITS)))
def test_minor_units_survive_the_way_to_decimal_and_back(amount_minor: int, currency: str) -> None:
    assert to_minor(to_decimal(amount_minor, currency), currency) == amount_minor


@pytest.mark.parametrize(
    ("amount", "currency"), [("10.5", "UGX"), ("0.001", "KES"), ("NaN", "KES")]
)
def test_what_the_currency_cannot_hold_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(ValueError, match="digits|finite"):
        to_minor(Decimal(amount), currency)


def test_amounts_are_written_with_the_currency_and_its_digits() -> None:
    assert to_text(150000, "KES") == "KES 1,500.00"
    assert to_text(20000, "UGX") == "UGX 20,000"
