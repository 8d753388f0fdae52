from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrecon.errors import Defect
from mmrecon.model.catalogue import by_code
from mmrecon.model.line import LineClass, ProofState
from mmrecon.model.line_state import LineState
from mmrecon.model.proof import (
    Coverage,
    DayLineFrame,
    DayProof,
    Light,
    Listed,
    StatementPeriod,
    TwoWay,
)
from mmrecon.proof.coverage import day_bounds
from mmrecon.proof.day import WalletFacts, listed_lines, movements, prove_sub_account

WALLET = WalletFacts("paybill", "KES", "Africa/Nairobi", "", "2026-01-01")
DAY = "2026-03-02"
START, END = day_bounds(date.fromisoformat(DAY), "Africa/Nairobi")


def lines(*rows: dict[str, Any]) -> pd.DataFrame:
    """A DayLineFrame; what a row leaves out is a verified collection of 1000 in DAY."""
    columns: dict[str, object] = {}
    for name in DayLineFrame.columns():
        columns[name] = [row.get(name, _default(name, at)) for at, row in enumerate(rows)]
    return DayLineFrame.build(columns)


def _default(name: str, at: int) -> object:
    return {
        "line_id": at + 1, "sub_account": "", "receipt": f"R{at + 1}", "line_class": "collection",
        "sign": 1, "amount_minor": 1000, "balance_minor": None, "completed_at_utc_s": START + at,
        "value_date": DAY, "first_statement_id": 1, "first_row": at + 1, "state": "verified",
        "shadow": False,
    }[name]  # fmt: skip


def period(**more: Any) -> StatementPeriod:
    facts: dict[str, Any] = {
        "statement_id": 1, "name": "a.csv", "sub_account": "", "from_utc_s": START,
        "to_utc_s": END, "opening_minor": None, "closing_minor": None, "proof": "proved",
        "refused_rows": 0, "refused_in_minor": None, "refused_out_minor": None,
        "totals_printed": True,
    }  # fmt: skip
    return StatementPeriod(**(facts | more))


def prove(frame: pd.DataFrame, *periods: StatementPeriod) -> list[DayProof]:
    return prove_sub_account(WALLET, "", frame, periods, {}, "")


def codes(proof: DayProof) -> list[str]:
    return [entry.code for entry in (*proof.differences, *proof.listed)]


def test_a_full_day_whose_movements_make_the_closing_is_balanced() -> None:
    frame = lines({}, {"sign": -1, "amount_minor": 300, "line_class": "payout"})
    (proof,) = prove(frame, period(opening_minor=5000, closing_minor=5700))
    assert (proof.light, proof.proof, proof.coverage) == (
        Light.BALANCED, ProofState.PROVED, Coverage.FULL,
    )  # fmt: skip
    assert proof.movement_minor == 700
    assert [(each.name, each.lines, each.in_minor, each.out_minor) for each in proof.classes] == [
        ("collection", 1, 1000, 0),
        ("payout", 1, 0, 300),
    ]


def test_a_closing_that_the_movements_do_not_make_is_not_balanced() -> None:
    (proof,) = prove(lines({}), period(opening_minor=0, closing_minor=900))
    assert (proof.light, codes(proof)) == (Light.NOT_BALANCED, ["sum_is_not_closing"])
    assert proof.differences[0].amount_minor == -100


def test_a_statement_that_contradicts_itself_makes_the_day_not_balanced() -> None:
    (proof,) = prove(lines({}), period(proof="contradicted"))
    assert (proof.proof, proof.light) == (ProofState.CONTRADICTED, Light.NOT_BALANCED)


def test_a_day_covered_in_part_stays_open_and_says_so() -> None:
    (proof,) = prove(lines({}), period(to_utc_s=START + 3600, opening_minor=0, closing_minor=1000))
    assert (proof.coverage, proof.proof) == (Coverage.PARTIAL, ProofState.OPEN)
    assert (proof.light, codes(proof)) == (Light.WITH_ITEMS, ["day_not_complete"])


def test_a_full_day_without_balances_or_totals_is_not_provable_yet() -> None:
    (proof,) = prove(lines({}), period(proof="open"))
    assert (proof.proof, codes(proof)) == (ProofState.OPEN, ["not_provable_yet"])


def test_two_half_days_make_a_whole_one() -> None:
    halves = [period(to_utc_s=START + 100), period(from_utc_s=START + 101)]
    (proof,) = prove(lines({}), *halves)
    assert proof.coverage is Coverage.FULL


def test_a_hole_of_two_seconds_between_two_files_leaves_the_day_open() -> None:
    halves = [period(to_utc_s=START + 100), period(from_utc_s=START + 103)]
    (proof,) = prove(lines({}), *halves)
    assert proof.coverage is Coverage.PARTIAL


def test_the_chain_tells_opening_and_closing_where_nothing_is_printed() -> None:
    frame = lines({"balance_minor": 6000}, {"balance_minor": 7000})
    (proof,) = prove(frame, period())
    assert (proof.evidence.opening_minor, proof.evidence.closing_minor) == (5000, 7000)
    assert (proof.evidence.source, proof.light) == ("chain", Light.BALANCED)


def test_a_broken_chain_on_a_full_day_is_not_balanced() -> None:
    frame = lines({"balance_minor": 6000}, {"balance_minor": 9000})
    (proof,) = prove(frame, period())
    assert (proof.light, codes(proof)) == (Light.NOT_BALANCED, ["chain_broken"])


def test_an_opening_that_is_not_the_closing_before_contradicts_the_later_day() -> None:
    day_s = END + 1 - START
    frame = lines({}, {"value_date": "2026-03-03", "completed_at_utc_s": START + day_s})
    first, second = prove(
        frame,
        period(opening_minor=0, closing_minor=1000),
        period(
            from_utc_s=START + day_s, to_utc_s=END + day_s, opening_minor=1500, closing_minor=2500
        ),
    )
    assert first.light is Light.BALANCED
    assert codes(second) == ["opening_is_not_closing_before"]
    assert second.differences[0].amount_minor == 500


def test_a_month_file_carries_its_opening_to_every_day() -> None:
    day_s = END + 1 - START
    frame = lines({}, {"value_date": "2026-03-03", "completed_at_utc_s": START + day_s})
    whole = period(to_utc_s=END + day_s, opening_minor=10, closing_minor=2010)
    first, second = prove(frame, whole)
    assert (first.evidence.opening_minor, first.evidence.closing_minor) == (10, 1010)
    assert (second.evidence.opening_minor, second.evidence.closing_minor) == (1010, 2010)
    assert second.evidence.source == "carried"


def refusing(in_minor: int | None, closing_minor: int, **more: Any) -> StatementPeriod:
    return period(
        opening_minor=0, closing_minor=closing_minor, refused_rows=1, refused_in_minor=in_minor,
        refused_out_minor=None if in_minor is None else 0, **more,
    )  # fmt: skip


def test_a_refused_row_whose_money_is_what_is_missing_is_a_bucket_and_no_contradiction() -> None:
    (proof,) = prove(lines({}), refusing(500, 1500))
    assert [(each.name, each.lines, each.in_minor) for each in proof.classes] == [
        ("collection", 1, 1000), ("refused", 1, 500),
    ]  # fmt: skip
    assert (proof.proof, codes(proof)) == (ProofState.PROVED, ["rows_refused"])
    assert proof.movement_minor == 1500


UNREAD = ["refused_money_unknown", "rows_refused", "not_provable_yet"]


@pytest.mark.parametrize(
    ("in_minor", "refused", "unexplained"), [(500, (1, 500, 0), 100), (None, (1, 0, 0), 600)]
)
def test_a_refused_row_whose_money_is_not_what_is_missing_leaves_the_day_open_and_not_balanced(
    in_minor: int | None, refused: tuple[int, int, int], unexplained: int
) -> None:
    """What is read of it and what nobody knows are buckets; they add up to what balances say."""
    (proof,) = prove(lines({}), refusing(in_minor, 1600))
    assert (proof.proof, proof.light, codes(proof)) == (
        ProofState.OPEN, Light.NOT_BALANCED, UNREAD,
    )  # fmt: skip
    buckets = {one.name: (one.lines, one.in_minor, one.out_minor) for one in proof.classes}
    assert buckets["refused"] == refused
    assert buckets["unexplained"] == (0, unexplained, 0)
    assert proof.movement_minor == 1600


def test_without_balances_a_refused_row_is_a_bucket_with_what_could_be_read() -> None:
    (proof,) = prove(lines({}), replace(refusing(500, 0), opening_minor=None, closing_minor=None))
    assert [(one.name, one.in_minor) for one in proof.classes][1:] == [("refused", 500)]
    assert proof.light is Light.WITH_ITEMS
    (silent,) = prove(lines({}), replace(refusing(None, 0), opening_minor=None, closing_minor=None))
    assert (silent.light, codes(silent)[0]) == (Light.NOT_BALANCED, "refused_money_unknown")


def test_clients_lines_add_up_by_where_their_money_is() -> None:
    frame = lines(
        {}, {"state": "posted_elsewhere", "amount_minor": 200},
        {"state": "review", "amount_minor": 30}, {"state": "posted", "amount_minor": 4},
        {"line_class": "payout", "sign": -1, "state": "suspense", "amount_minor": 5},
        {"line_class": "charge", "sign": -1, "state": "no_posting", "amount_minor": 7},
    )  # fmt: skip
    (proof,) = prove(frame, period(opening_minor=0, closing_minor=1222))
    told = [(one.name, one.lines, one.in_minor, one.out_minor) for one in proof.clients]
    assert told == [
        ("posted by mmrecon", 2, 1004, 0), ("posted by others", 1, 200, 0),
        ("not in Fineract", 2, 30, 5),
    ]  # fmt: skip


def test_a_day_of_which_fineract_shows_money_and_no_statement_is_there_says_so() -> None:
    listed = (Listed("not_on_a_statement_yet", 1, 1000),)
    seen = TwoWay(0, 0, 0, 0, 1000, 0, 0, listed, ())
    (proof,) = prove_sub_account(WALLET, "", lines({}).iloc[:0], [], {DAY: seen}, "")
    assert (proof.light, codes(proof)) == (
        Light.NO_STATEMENT, ["no_statement", "not_on_a_statement_yet"],
    )  # fmt: skip


def test_a_refused_row_of_a_month_file_leaves_its_days_open() -> None:
    _, proof = prove(lines({}), refusing(500, 1500, from_utc_s=START - 86_400))
    assert proof.evidence.source == "carried"
    assert (proof.proof, codes(proof)) == (ProofState.OPEN, ["rows_refused", "not_provable_yet"])


def test_a_row_that_a_later_file_shows_whole_is_refused_no_more() -> None:
    (proof,) = prove(lines({}), refusing(500, 1000), period(opening_minor=0, closing_minor=1000))
    assert (proof.proof, codes(proof)) == (ProofState.PROVED, [])


def test_a_row_that_two_files_refuse_counts_once() -> None:
    (proof,) = prove(lines({}), refusing(500, 1500), refusing(500, 1500))
    assert proof.movement_minor == 1500
    assert proof.proof is ProofState.PROVED


@pytest.mark.parametrize(
    ("line_class", "sign", "state", "code"),
    [
        ("charge", -1, "no_posting", "charges_to_book"),
        ("transfer", -1, "no_posting", "transfers_to_book"),
        ("settlement", -1, "no_posting", "settlement_to_book"),
        ("funding", 1, "no_posting", "funding_to_book"),
        ("reversal", -1, "review", "reversals_to_decide"),
        ("unknown", 1, "review", "unknown_lines"),
        ("reversal", -1, "not_ours", "closed_as_not_ours"),
        ("unknown", 1, "closed_by_hand", "closed_by_hand"),
        ("collection", 1, "not_ours", "closed_as_not_ours"),
        ("collection", 1, "closed_by_hand", "closed_by_hand"),
        ("collection", 1, "ready", "awaiting_decision"),
        ("collection", 1, "review", "awaiting_decision"),
        ("collection", 1, "suspense", "in_suspense"),
        ("payout", -1, "held", "held_back"),
        ("collection", 1, "submitted", "awaiting_approval"),
        ("collection", 1, "approved", "awaiting_sending"),
        ("collection", 1, "unknown", "fate_unknown"),
    ],
)
def test_what_is_left_to_do_is_listed_and_is_no_difference(
    line_class: str, sign: int, state: str, code: str
) -> None:
    (entry,) = listed_lines(lines({"line_class": line_class, "sign": sign, "state": state}))
    assert (entry.code, entry.count, entry.amount_minor) == (code, 1, sign * 1000)
    assert entry.receipts == ("R1",)
    assert entry.code in by_code()


@pytest.mark.parametrize(
    "state",
    ["posted", "verified", "posted_elsewhere", "before_live"],
)
def test_what_is_done_is_not_listed(state: str) -> None:
    assert listed_lines(lines({"state": state})) == ()


def test_money_in_and_money_out_are_listed_apart() -> None:
    frame = lines({"state": "review"}, {"state": "review", "sign": -1, "line_class": "payout"})
    assert [entry.amount_minor for entry in listed_lines(frame)] == [-1000, 1000]


def test_transfers_that_come_to_nothing_need_no_booking() -> None:
    there = {"line_class": "transfer", "state": "no_posting"}
    assert listed_lines(lines(there, there | {"sign": -1})) == ()


def test_lines_that_never_became_final_are_counted_and_move_nothing() -> None:
    frame = lines({"line_class": "non_final", "state": "no_posting"})
    (bucket,) = movements(frame, "line_class")
    assert (bucket.lines, bucket.in_minor, bucket.out_minor) == (1, 0, 0)


def test_a_class_that_does_not_exist_is_a_defect() -> None:
    with pytest.raises(Defect):
        prove(lines({"line_class": "gift"}), period())


@settings(deadline=None)
@given(
    opening=st.integers(-(10**12), 10**12),
    moves=st.lists(
        st.tuples(
            st.sampled_from([each for each in LineClass if each is not LineClass.NON_FINAL]),
            st.sampled_from([-1, 1]),
            st.integers(1, 10**12),
            st.sampled_from(list(LineState)),
        ),
        min_size=1,
        max_size=30,
    ),
    order=st.randoms(use_true_random=False),
)
def test_buckets_always_add_up_to_closing_minus_opening(
    opening: int, moves: list[tuple[LineClass, int, int, LineState]], order: Any
) -> None:
    balance = opening
    rows = []
    for at, (line_class, sign, amount, state) in enumerate(moves):
        balance += sign * amount
        rows.append(
            {
                "line_id": at + 1, "line_class": line_class.value, "sign": sign,
                "amount_minor": amount, "balance_minor": balance, "state": state.value,
                "first_row": at, "completed_at_utc_s": START + at,
            }
        )  # fmt: skip
    order.shuffle(rows)
    (proof,) = prove(lines(*rows), period())
    assert proof.movement_minor == balance - opening
    for buckets in (proof.classes, proof.states):
        assert sum(each.in_minor - each.out_minor for each in buckets) == balance - opening
        assert sum(each.lines for each in buckets) == len(rows)
    assert (proof.evidence.opening_minor, proof.evidence.closing_minor) == (opening, balance)
    assert proof.proof is ProofState.PROVED


def _chained(offset: int, opening_minor: int, amount_minor: int) -> dict[str, Any]:
    """A line of another day with its printed balance, as a layout without totals shows it."""
    day = date.fromordinal(date.fromisoformat(DAY).toordinal() + offset)
    return {
        "line_id": 10 + offset, "receipt": f"D{offset}", "amount_minor": amount_minor,
        "balance_minor": opening_minor + amount_minor, "value_date": str(day),
        "completed_at_utc_s": START + 86_400 * offset + 60, "first_row": 10 + offset,
    }  # fmt: skip


def _of_day(offset: int, **more: Any) -> StatementPeriod:
    first_s = START + 86_400 * offset
    facts = {"proof": "open", "totals_printed": False} | more
    return period(from_utc_s=first_s, to_utc_s=first_s + 86_399, **facts)


def test_a_day_without_totals_is_open_until_the_days_beside_it_join_its_balances() -> None:
    days = [_chained(-1, 5000, 100), _chained(0, 5100, 200), _chained(1, 5300, 300)]
    for said in ({}, {"opening_minor": 5100, "closing_minor": 5300}):
        (alone,) = prove(lines(days[1]), _of_day(0, **said))
        assert (alone.proof, codes(alone)) == (ProofState.OPEN, ["not_provable_yet"])
    proofs = prove(lines(*days), _of_day(-1), _of_day(0), _of_day(1))
    assert [proof.proof for proof in proofs] == [
        ProofState.OPEN, ProofState.PROVED, ProofState.OPEN,
    ]  # fmt: skip


def test_a_row_missing_at_the_end_of_a_day_leaves_it_open() -> None:
    days = [_chained(-1, 5000, 100), _chained(0, 5100, 200), _chained(1, 5350, 300)]
    _, today, later = prove(lines(*days), _of_day(-1), _of_day(0), _of_day(1))
    assert today.proof is ProofState.OPEN
    assert codes(later)[0] == "opening_is_not_closing_before"


def test_half_a_day_that_is_proved_proves_no_whole_day() -> None:
    noon = START + 43_200
    halves = (
        period(to_utc_s=noon, opening_minor=0, closing_minor=1000),
        period(from_utc_s=noon + 1, proof="open"),
    )
    (proof,) = prove(lines({"completed_at_utc_s": START + 5}), *halves)
    assert (proof.coverage, proof.proof) == (Coverage.FULL, ProofState.OPEN)


def test_what_was_approved_in_shadow_does_not_wait_to_be_sent() -> None:
    (proof,) = prove(
        lines({"state": "approved", "shadow": True}, {"state": "approved"}),
        period(opening_minor=0, closing_minor=2000),
    )
    assert codes(proof) == ["approved_in_shadow", "awaiting_sending"]
    assert by_code()["approved_in_shadow"].sentence.startswith("approved in shadow; never sent")
