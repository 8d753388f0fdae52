from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from mmrecon.model.proof import OccupancyFrame, TransactionFrame, TwoWay
from mmrecon.proof.two_way import compare

DAY = "2026-03-02"
NEXT_DAY = "2026-03-03"


def ours(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = {
        "kind": "posting", "line_id": 1, "account_kind": "savings", "account_id": 366,
        "transaction_id": "650", "receipt": "SGL1", "value_date": DAY, "signed_minor": 1000,
        "state": "posted", "paid_on": "",
    }  # fmt: skip
    return OccupancyFrame.build(
        {name: [(usual | row)[name] for row in rows] for name in OccupancyFrame.columns()}
    )


def theirs(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = {
        "account_kind": "savings", "transaction_id": "650", "account_id": 366, "receipt": "SGL1",
        "value_date": DAY, "signed_minor": 1000,
    }  # fmt: skip
    return TransactionFrame.build(
        {name: [(usual | row)[name] for row in rows] for name in TransactionFrame.columns()}
    )


def both(
    left: pd.DataFrame,
    right: pd.DataFrame,
    line_states: dict[str, str] | None = None,
    *,
    complete: tuple[str, ...] = (DAY,),
) -> TwoWay:
    told = compare(
        left, right, line_states=line_states or {}, complete_days=frozenset(complete), days=[DAY]
    )
    return told[DAY]


def entries(told: TwoWay) -> list[tuple[str, int, int]]:
    every = (*told.differences, *told.listed)
    return [(entry.code, entry.count, entry.amount_minor) for entry in every]


def test_the_same_transaction_on_both_sides_agrees() -> None:
    told = both(ours({}), theirs({}))
    assert (told.agreed, entries(told)) == (1, [])
    assert (told.ours_in_minor, told.theirs_in_minor) == (1000, 1000)


def test_money_out_is_summed_apart_from_money_in() -> None:
    out = {"transaction_id": "651", "signed_minor": -300}
    told = both(ours({}, out), theirs({}, out))
    assert (told.ours_out_minor, told.theirs_out_minor, told.agreed) == (300, 300, 2)


def test_nothing_on_either_side_is_no_difference() -> None:
    assert entries(both(OccupancyFrame.empty(), TransactionFrame.empty())) == []


def test_a_posting_that_fineract_does_not_have_is_a_difference() -> None:
    told = both(ours({}), TransactionFrame.empty())
    assert [entry.code for entry in told.differences] == ["missing_in_fineract"]
    assert told.differences[0].receipts == ("SGL1",)


def test_a_savings_and_a_loan_transaction_of_one_number_are_two() -> None:
    told = both(ours({}), theirs({"account_kind": "loan"}))
    assert [code for code, _, _ in entries(told)] == ["missing_in_fineract", "missing_in_mmrecon"]


def test_another_amount_is_a_difference() -> None:
    assert entries(both(ours({}), theirs({"signed_minor": 900}))) == [("amount_differs", 1, -100)]


def test_another_value_date_is_a_difference() -> None:
    told = both(ours({}), theirs({"value_date": "2026-03-01"}))
    assert entries(told) == [("date_differs", 1, 1000)]


def test_what_no_statement_shows_is_a_difference_on_a_complete_day() -> None:
    told = both(OccupancyFrame.empty(), theirs({}))
    assert [entry.code for entry in told.differences] == ["missing_in_mmrecon"]


def test_what_no_statement_shows_yet_is_listed_while_the_day_is_not_complete() -> None:
    told = both(OccupancyFrame.empty(), theirs({}), complete=())
    assert [entry.code for entry in told.listed] == ["not_on_a_statement_yet"]


@pytest.mark.parametrize(
    ("state", "code", "kind"),
    [
        ("review", "posted_by_others", "listed"),
        ("verified", "twice_in_fineract", "differences"),
        ("posted", "twice_in_fineract", "differences"),
    ],
)
def test_a_tellers_transaction_is_told_by_where_its_line_stands(
    state: str, code: str, kind: str
) -> None:
    told = both(OccupancyFrame.empty(), theirs({"receipt": "sgl1"}), {"SGL1": state})
    assert [entry.code for entry in getattr(told, kind)] == [code]


def test_what_a_teller_booked_before_the_wallet_went_live_needs_nothing() -> None:
    told = both(OccupancyFrame.empty(), theirs({}), {"SGL1": "before_live"})
    assert entries(told) == []


def test_an_unknown_posting_that_stands_in_fineract_is_found() -> None:
    told = both(ours({"transaction_id": "", "state": "unknown"}), theirs({}), {"SGL1": "unknown"})
    assert [entry.code for entry in told.listed] == ["found_while_unknown"]
    assert told.differences == ()


def test_an_unknown_posting_of_another_amount_is_not_taken_for_it() -> None:
    unheard = {"transaction_id": "", "state": "unknown", "signed_minor": 999}
    told = both(ours(unheard), theirs({}), {})
    assert [entry.code for entry in told.differences] == ["missing_in_mmrecon"]


def test_entries_made_by_hand_are_listed_and_are_no_clients_money() -> None:
    by_hand = {"account_kind": "journal", "transaction_id": "66f", "signed_minor": -25}
    told = both(OccupancyFrame.empty(), theirs(by_hand))
    assert entries(told) == [("booked_by_hand", 1, -25)]
    assert told.theirs_out_minor == 0


def test_several_links_may_share_one_transaction() -> None:
    link = {"kind": "link", "state": "posted_elsewhere", "signed_minor": 500}
    told = both(ours(link, link), theirs({}))
    assert entries(told) == []
    assert (told.ours_in_minor, told.linked_in_minor, told.theirs_in_minor) == (0, 1000, 1000)


def test_a_transaction_that_is_linked_in_part_lists_the_rest() -> None:
    link = {"kind": "link", "state": "posted_elsewhere", "signed_minor": 400}
    assert entries(both(ours(link), theirs({}))) == [("linked_in_part", 1, 600)]
    out = link | {"signed_minor": -400}
    assert entries(both(ours(out), theirs({"signed_minor": -1000}))) == [
        ("linked_in_part", 1, -600)
    ]


def test_links_may_not_exceed_their_transaction() -> None:
    link = {"kind": "link", "state": "posted_elsewhere", "signed_minor": 1400}
    assert entries(both(ours(link), theirs({}))) == [("amount_differs", 1, -400)]


def test_a_link_to_a_transaction_of_another_payment_type_is_listed() -> None:
    link = {"kind": "link", "state": "posted_elsewhere"}
    assert entries(both(ours(link), TransactionFrame.empty())) == [("links_not_seen", 1, 1000)]


def test_a_posting_that_was_not_sent_is_not_missed() -> None:
    waiting = {"transaction_id": "", "state": "approved"}
    assert entries(both(ours(waiting), TransactionFrame.empty())) == []


def test_a_posting_under_another_value_date_is_listed_on_both_days() -> None:
    moved = ours({"value_date": NEXT_DAY, "paid_on": DAY})
    told = compare(
        moved, theirs({"value_date": NEXT_DAY}), line_states={},
        complete_days=frozenset({DAY, NEXT_DAY}), days=[DAY, NEXT_DAY],
    )  # fmt: skip
    assert [entry.code for entry in told[DAY].listed] == ["posted_on_another_day"]
    assert [entry.code for entry in told[NEXT_DAY].listed] == ["paid_on_another_day"]
    assert not [*told[DAY].differences, *told[NEXT_DAY].differences]
