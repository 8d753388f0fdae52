"""What transactions with a line's receipt are taken for."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Any

import pytest

from mmrecon.fineract.contract_reads import Transaction
from mmrecon.model.found import POSTED_BY_MMRECON, POSTED_ELSEWHERE, PROBABLY_POSTED
from mmrecon.model.posting import Command, Posting, PostingState, Slip
from mmrecon.posting.already import AFTER, BEFORE, judge, period

NOTE = "mmrecon choices-20261124-abcdef/3"


def leg(amount_minor: int = 50_000) -> Posting:
    """One leg of a deposit to client 7."""
    told: dict[str, Any] = {
        "command": Command.SAVINGS_DEPOSIT, "state": PostingState.APPROVED, "client_id": 7,
        "amount_minor": amount_minor, "posted_minor": amount_minor, "receipt": "TFL1",
        "value_date": "2026-11-24",
    }  # fmt: skip
    facts: dict[str, Any] = {one.name: told.get(one.name) for one in fields(Posting)}
    return Posting(**facts)


def hit(number: str, note: str = "", amount_minor: int = 50_000) -> Transaction:
    """A deposit with the line's receipt."""
    return Transaction(
        "savings", 11, number, 1, amount_minor, date(2026, 11, 24), frozenset({"TFL1"}), "TFL1",
        notes=frozenset({note} if note else ()),
    )  # fmt: skip


def test_what_a_person_called_other_money_is_not_asked_again() -> None:
    told = judge([leg()], [hit("90")], ready=False, client_of_hit=7, asked={"90"})
    assert told is None


def test_what_mmrecon_itself_posted_is_no_matter_of_opinion() -> None:
    told = judge([leg()], [hit("90", NOTE)], ready=False, client_of_hit=7, asked={"90"})
    assert told is not None
    assert told.code == POSTED_BY_MMRECON
    assert told.arguments()["batch_id"] == "choices-20261124-abcdef"


@pytest.mark.parametrize(
    ("hits", "code", "number"),
    [
        ([hit("90")], POSTED_ELSEWHERE, "90"),
        ([hit("90", NOTE)], POSTED_ELSEWHERE, "90"),
        ([hit("90", amount_minor=1)], PROBABLY_POSTED, "90"),
        ([hit("90"), hit("91", NOTE)], POSTED_BY_MMRECON, "91"),
        ([hit("90", "paid by mmrecon choices-1/1")], POSTED_ELSEWHERE, "90"),
    ],
)
def test_an_exact_hit_of_ready_evidence_is_a_link_and_our_own_is_named_first(
    hits: list[Transaction], code: str, number: str
) -> None:
    told = judge([leg()], hits, ready=True, client_of_hit=7)
    assert told is not None
    assert (told.code, told.transaction.transaction_id) == (code, number)


def slip(value_date: str, paid_on: str = "") -> Slip:
    return Slip(1, 1, 1, "", "loan", 12, 1, value_date, PostingState.APPROVED, paid_on)


def test_money_is_searched_from_before_its_own_day_although_it_is_posted_on_a_later_one() -> None:
    days = period([slip("2026-03-20", paid_on="2026-03-02"), slip("2026-03-10")])
    assert days == (date(2026, 3, 2) - BEFORE, date(2026, 3, 20) + AFTER)
