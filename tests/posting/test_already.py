from __future__ import annotations

from datetime import date

from mmrecon.model.posting import PostingState, Slip
from mmrecon.posting.already import AFTER, BEFORE, period


def slip(value_date: str, paid_on: str = "") -> Slip:
    return Slip(1, 1, 1, "", "loan", 12, 1, value_date, PostingState.APPROVED, paid_on)


def test_money_is_searched_from_before_its_own_day_although_it_is_posted_on_a_later_one() -> None:
    days = period([slip("2026-03-20", paid_on="2026-03-02"), slip("2026-03-10")])
    assert days == (date(2026, 3, 2) - BEFORE, date(2026, 3, 20) + AFTER)
