"""What a statement proves: every check held, failed and not there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrecon.model.line import Proof, ProofState
from mmrecon.statements.prove import Movements, Stated, prove_section, with_neighbours
from tests.statements.builders import DAY, Event, a_file, as_csv
from tests.statements.test_reading import codes, read


def _check(proof: Proof | None, name: str) -> str:
    assert proof is not None
    return next(outcome for found, outcome, _ in proof.checks if found == name)


def test_an_edited_amount_is_contradicted_by_totals_and_chain() -> None:
    records = a_file()
    assert records[17][5] == "700.00"
    records[17][5] = "701.00"
    reading = read(as_csv(records))
    assert (reading.outcome, reading.reason) == ("partial", "proof_contradicted")
    assert _check(reading.proof, "total_in") == "failed"
    assert _check(reading.proof, "chain") == "failed"
    assert "proof_contradicted" in codes(reading)


@pytest.mark.parametrize("gone", [0, 6, 13])
def test_a_missing_row_is_found_wherever_it_stood(gone: int) -> None:
    records = a_file()
    assert records[7 + gone][4] == "Completed"
    del records[7 + gone]
    proof = read(as_csv(records)).proof
    assert proof is not None
    assert proof.state is ProofState.CONTRADICTED


def test_a_missing_row_breaks_the_chain_and_the_sentence_says_where_and_how_much() -> None:
    records = [row for row in a_file() if row[0] != "UAV0EXAM04"]
    proof = read(as_csv(records)).proof
    assert proof is not None
    sentence = next(
        text for name, outcome, text in proof.checks if (name, outcome) == ("chain", "failed")
    )
    assert "KES 300.00" in sentence
    assert "KES 3,395.50" in sentence


def test_wrong_header_totals_contradict() -> None:
    for place in (7, 9):
        records = a_file()
        records[5][place] = "1.00"
        proof = read(as_csv(records)).proof
        assert proof is not None
        assert proof.state is ProofState.CONTRADICTED


def test_a_header_whose_balances_do_not_fit_the_rows_contradicts() -> None:
    for place in (1, 3):
        records = a_file()
        records[5][place] = "1.00"
        assert _check(read(as_csv(records)).proof, "balances") == "failed"


def test_a_statement_made_before_its_period_ended_stays_open() -> None:
    reading = read(as_csv(a_file(reported="31-01-2026 18:00:00")))
    assert reading.proof is not None
    assert reading.proof.state is ProofState.OPEN
    assert (reading.outcome, reading.reason) == ("partial", "period_incomplete")


def test_a_quiet_day_is_proved_only_if_its_balances_are_the_same() -> None:
    quiet = read(as_csv(a_file([])))
    assert (quiet.outcome, quiet.data_rows) == ("read", 0)
    assert quiet.proof is not None
    assert quiet.proof.state is ProofState.PROVED
    records = a_file([])
    records[5][3] = "2000.00"
    missing = read(as_csv(records)).proof
    assert missing is not None
    assert missing.state is ProofState.CONTRADICTED


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]])
def test_rows_of_one_second_may_stand_in_any_order(order: list[int]) -> None:
    second = [
        Event(f"UAV0EXAM5{at}", "10:00:00", moved, reason, "SP")
        for at, (moved, reason) in enumerate(
            [(10_000, "Pay Utility"), (-500, "Pay Bill Charge")] * 2
        )
    ]
    events = [DAY[0], *second, replace(DAY[-1], receipt="UAV0EXAM99")]
    records = a_file(events)
    rows = records[8:12]
    shuffled = [*records[:8], *(rows[at] for at in order), *records[12:]]
    proof = read(as_csv(shuffled)).proof
    assert proof is not None
    assert proof.state is ProofState.PROVED


def test_oldest_first_is_seen_by_itself() -> None:
    records = a_file()
    proof = read(as_csv([*records[:7], *records[:6:-1]])).proof
    assert proof is not None
    assert proof.state is ProofState.PROVED


@settings(deadline=None)
@given(
    amounts=st.lists(st.integers(-5, 5).filter(bool), min_size=1, max_size=12),
    seed=st.randoms(use_true_random=False),
    seconds=st.integers(1, 3),
)
def test_a_true_chain_holds_however_a_second_is_shuffled(
    amounts: list[int], seed: object, seconds: int
) -> None:
    local_s = np.sort(np.arange(len(amounts)) % seconds)
    after = np.cumsum(amounts)
    order = np.arange(len(amounts))
    for second in range(seconds):
        places = np.flatnonzero(local_s == second).tolist()
        shuffled = list(places)
        seed.shuffle(shuffled)  # type: ignore[attr-defined]
        order[places] = shuffled
    moved = Movements(
        place=np.arange(len(amounts)),
        local_s=local_s,
        moved_minor=np.array(amounts, dtype=np.int64)[order],
        balance_minor=after[order],
        in_minor=sum(amount for amount in amounts if amount > 0),
        out_minor=-sum(amount for amount in amounts if amount < 0),
        money_unknown=0,
        unplaced=0,
        rows=len(amounts),
        newest_first=False,
    )
    stated = Stated(opening_minor=0, closing_minor=int(after[-1]))
    proof = prove_section(stated, moved, "KES", 0, chain=True)
    outcomes = {name: outcome for name, outcome, _ in proof.checks}
    assert outcomes["chain"] == "held"
    assert outcomes["balances"] == "held"


def test_a_neighbour_that_does_not_join_contradicts_the_later_one() -> None:
    proof = read(as_csv(a_file())).proof
    assert proof is not None
    assert with_neighbours(proof, "KES", 100_000).state is ProofState.PROVED
    assert with_neighbours(proof, "KES", 99_999).state is ProofState.CONTRADICTED
    healed = with_neighbours(with_neighbours(proof, "KES", 99_999), "KES", 100_000)
    assert healed.state is ProofState.PROVED
