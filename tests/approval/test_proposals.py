from __future__ import annotations

import json
from typing import Any

import pandas as pd

from mmrecon.approval.proposals import propose
from mmrecon.model.proposal import Sheet
from tests.approval import morning


def row_of(proposals: pd.DataFrame, row_id: str) -> Any:
    return proposals[proposals["row_id"] == row_id].iloc[0]


def test_every_line_stands_on_the_sheet_of_its_state() -> None:
    proposals = propose(morning.work())
    sheets = dict(zip(proposals["row_id"], proposals["sheet"], strict=True))
    assert sheets == {
        "R000001": Sheet.TO_APPROVE,
        "R000002": Sheet.TO_APPROVE,
        "R000003": Sheet.TO_APPROVE,
        "R000004": Sheet.NEEDS_DECISION,
        "R000005": Sheet.SUSPENSE,
        "R000006": Sheet.TO_APPROVE,
        "R000007": Sheet.NOT_POSTED,
        "R000008": Sheet.TO_APPROVE,
        "R000009": Sheet.NEEDS_DECISION,
    }


def test_lines_that_are_done_or_under_way_stand_nowhere() -> None:
    states = {1: "submitted", 2: "verified", 3: "approved", 4: "unknown", 5: "not_ours"}
    proposals = propose(morning.work(states=states))
    assert set(proposals["row_id"]) == {"R000006", "R000007", "R000008", "R000009"}


def test_what_came_back_says_why_before_anything_else() -> None:
    notes = {4: "Fineract refused it: the account is frozen."}
    row = row_of(propose(morning.work(notes=notes)), "R000004")
    assert row["sheet"] == Sheet.NEEDS_DECISION
    assert row["warnings"].startswith("Fineract refused it: the account is frozen. Who paid")


def test_a_line_reversed_outside_needs_a_decision() -> None:
    row = row_of(propose(morning.work(states={1: "reversed_outside"})), "R000001")
    assert row["sheet"] == Sheet.NEEDS_DECISION


def test_a_teller_has_posted_it_already() -> None:
    row = row_of(propose(morning.work(states={1: "posted_elsewhere"})), "R000001")
    assert row["sheet"] == Sheet.POSTED_ALREADY


def test_a_held_line_stands_on_no_sheet_until_its_day() -> None:
    proposals = propose(morning.work(states={1: "held"}))
    assert "R000001" not in set(proposals["row_id"])


def test_a_ready_row_that_was_rejected_is_a_question_and_says_who_rejected_it_and_why() -> None:
    told = "Rejected by Beno Example on 2026-03-02 18:00: ask the client."
    row = row_of(propose(morning.work(rejections={1: told})), "R000001")
    assert row["sheet"] == Sheet.NEEDS_DECISION
    assert row["warnings"] == told


def test_a_ready_line_of_which_a_part_is_taken_needs_a_decision() -> None:
    row = row_of(propose(morning.work(left={1: 100_000})), "R000001")
    assert row["sheet"] == Sheet.NEEDS_DECISION
    assert row["left_minor"] == 100_000
    assert "Only KES 1,000.00 of it is left" in row["warnings"]


def test_a_deposit_shows_the_balance_before_and_after() -> None:
    row = row_of(propose(morning.work()), "R000001")
    assert (row["before_minor"], row["after_minor"]) == (500_000, 650_000)
    assert pd.isna(row["due_minor"])
    assert (row["proposed_client"], row["product"]) == ("Amina Otieno", "Regular savings")


def test_a_repayment_shows_due_and_outstanding_and_every_leg() -> None:
    row = row_of(propose(morning.work()), "R000003")
    assert (row["due_minor"], row["before_minor"], row["after_minor"]) == (
        120_000,
        1_200_000,
        1_080_000,
    )
    assert row["proposed_account"] == (
        "loan:000000012 KES 1,200.00; savings:000000011 KES 1,800.00"
    )


def test_a_withdrawal_lowers_the_balance() -> None:
    row = row_of(propose(morning.work()), "R000008")
    assert (row["before_minor"], row["after_minor"]) == (500_000, 250_000)


def test_sections_are_wallet_and_target_product() -> None:
    proposals = propose(morning.work())
    assert row_of(proposals, "R000001")["section"] == "mpesa-main · Regular savings"
    assert row_of(proposals, "R000003")["section"] == "mpesa-main · several accounts"
    assert row_of(proposals, "R000006")["section"] == "mtn-uganda · Regular savings"
    assert row_of(proposals, "R000008")["section"] == "mpesa-main · payouts, Regular savings"


def test_moments_are_told_in_the_wallets_zone() -> None:
    row = row_of(propose(morning.work()), "R000001")
    assert row["completed_at_local"] == "2026-03-03 00:00:00"
    assert row["age_days"] == 1


def test_candidates_stand_side_by_side_with_what_speaks_for_and_against() -> None:
    row = row_of(propose(morning.work()), "R000004")
    assert row["candidate_1"].split("\n") == [
        "savings:000000011  Amina Otieno",
        "Regular savings, active, balance KES 5,000.00",
        "against: the account is closed",
    ]
    assert "due KES 1,200.00, outstanding KES 12,000.00" in row["candidate_2"]
    assert row["candidate_3"] == ""


def test_a_reversal_names_what_it_takes_back() -> None:
    row = row_of(propose(morning.work()), "R000009")
    assert row["warnings"] == "Takes back RCP0000001, posted to savings:000000011"


def test_facts_hold_nothing_of_a_person() -> None:
    proposals = propose(morning.work())
    facts = " ".join(proposals["facts_json"])
    for personal in ("Amina", "AMINA", "254700000011", "HYPERLINK"):
        assert personal not in facts


def test_nothing_open_makes_an_empty_frame() -> None:
    proposals = propose(morning.work(states=dict.fromkeys(range(1, 10), "verified")))
    assert len(proposals) == 0


def _of_uganda(*candidates: dict[str, Any]) -> Any:
    """The row of a UGX line with these candidates."""
    review = morning.match(
        6, "review", "B", (morning.leg(1, "savings", 11, 50_000),), vetoes="currency_differs",
        candidates_json=json.dumps(candidates),
    )  # fmt: skip
    matches = tuple(one for one in morning.MATCHES if one["line_id"] != 6)
    return row_of(propose(morning.work(matches=(*matches, review))), "R000006")


def test_a_candidate_in_another_currency_shows_its_own_money_and_cannot_be_chosen() -> None:
    foreign, own = morning.candidate("savings", 11), morning.candidate("savings", 21)
    row = _of_uganda(foreign, own)
    assert row["candidate_1"].split("\n") == [
        "savings:000000021  Brian Kato", "Regular savings, active, balance UGX 90,000",
    ]  # fmt: skip
    assert row["candidate_2"].split("\n") == [
        "savings:000000011  Amina Otieno", "Regular savings, active, balance KES 5,000.00",
        "in KES: cannot be chosen",
    ]  # fmt: skip


def test_where_enough_others_exist_no_candidate_is_in_another_currency() -> None:
    foreign, own = morning.candidate("savings", 11), morning.candidate("savings", 21)
    row = _of_uganda(foreign, own, own, foreign, own)
    shown = [row[f"candidate_{rank}"] for rank in (1, 2, 3)]
    assert all(text.startswith("savings:000000021") for text in shown)


def test_money_of_an_account_in_another_currency_is_not_shown_as_the_rows_currency() -> None:
    row = _of_uganda()
    assert row["proposed_account"] == "savings:000000011"
    assert pd.isna(row["before_minor"])
    assert pd.isna(row["after_minor"])
