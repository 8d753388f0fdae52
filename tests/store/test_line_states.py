from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, update

from mmrecon.model.line_state import RANK, WORST_FIRST, LineState
from mmrecon.model.posting import PostingState
from mmrecon.store.database import open_database, transaction
from mmrecon.store.line_states import line_states
from mmrecon.store.schema import (
    BATCH,
    BATCH_ROW,
    HOLD,
    LINE,
    LINK,
    MATCH,
    POSTING,
    REVIEW_REASON,
    WALLET,
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(tmp_path)
    with transaction(engine) as connection:
        connection.execute(insert(WALLET), {"wallet_id": 1, "name": "w"})
    yield engine
    engine.dispose()


def put_lines(connection: Connection, count: int) -> None:
    connection.execute(
        insert(LINE),
        [
            {
                "line_id": line_id, "wallet_id": 1, "receipt": f"R{line_id}", "sign": 1,
                "amount_minor": 1000, "n": 1, "generation": 0, "completed_at_utc_s": 0,
                "repeats": 1, "first_statement_id": 1, "first_row": line_id,
            }
            for line_id in range(1, count + 1)
        ],
    )  # fmt: skip


def put_matches(connection: Connection, state: str, count: int, **more: object) -> None:
    connection.execute(
        insert(MATCH),
        [{"line_id": line_id, "state": state} | more for line_id in range(1, count + 1)],
    )


def put_posting(connection: Connection, state: str, amount_minor: int = 1000, **more: Any) -> None:
    number = more.pop("number", 1)
    row = {
        "batch_id": "b", "batch_row": number, "wallet_id": 1, "source": "s", "line_id": 1,
        "purpose": "post", "leg": number, "attempt": 1, "resend": 0, "account_id": 1,
        "amount_minor": amount_minor, "posted_minor": amount_minor, "payment_type_id": 1,
        "idempotency_key": f"k{number}", "state": state,
    }  # fmt: skip
    connection.execute(insert(POSTING), row | more)


def put_batch(connection: Connection, state: str, kind: str = "postings", **row: Any) -> None:
    connection.execute(
        insert(BATCH), {"batch_id": "b", "kind": kind, "state": state, "row_count": 1}
    )
    connection.execute(insert(BATCH_ROW), {"batch_id": "b", "row_number": 1, "line_id": 1} | row)


def put_link(connection: Connection, kind: str, **more: Any) -> None:
    row = {"batch_id": "l", "batch_row": 1, "line_id": 1, "kind": kind, "amount_minor": 1000}
    connection.execute(insert(LINK), row | more)


def put_hold(connection: Connection, kind: str, **more: Any) -> None:
    connection.execute(insert(HOLD), {"line_id": 1, "kind": kind, "batch_row": 0} | more)


def put_reason(connection: Connection, **more: Any) -> None:
    connection.execute(insert(REVIEW_REASON), {"line_id": 1, "code": "x"} | more)


def state_of_line_1(connection: Connection) -> str:
    frame = line_states(connection, [1])
    assert list(frame["line_id"]) == [1]
    return str(frame["state"].iloc[0])


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with transaction(engine) as connection:
        put_lines(connection, 2)
        put_matches(connection, "ready", 2)
        yield connection


def test_every_state_has_a_rank_and_every_posting_state_is_a_word_of_a_line() -> None:
    assert set(WORST_FIRST) == set(LineState)
    assert {state.value for state in PostingState} <= set(RANK)


def test_a_line_nobody_has_matched_waits_for_a_person(engine: Engine) -> None:
    with transaction(engine) as connection:
        put_lines(connection, 1)
        assert state_of_line_1(connection) == "review"


@pytest.mark.parametrize("state", ["ready", "review", "suspense", "no_posting", "before_live"])
def test_a_line_that_nothing_happened_to_stands_where_matching_put_it(
    engine: Engine, state: str
) -> None:
    with transaction(engine) as connection:
        put_lines(connection, 1)
        put_matches(connection, "suspense", 1, superseded_by_run_id="later")
        put_matches(connection, state, 1)
        put_matches(connection, "suspense", 1, superseded_by_run_id="later still")
        assert state_of_line_1(connection) == state


@pytest.mark.parametrize(("kind", "state"), [("hold", "held"), ("suspense", "suspense")])
def test_a_line_put_aside_by_decision_says_so_until_that_ends(
    connection: Connection, kind: str, state: str
) -> None:
    put_hold(connection, kind)
    assert state_of_line_1(connection) == state
    connection.execute(update(HOLD).values(ended=True))
    assert state_of_line_1(connection) == "ready"


def test_a_line_in_a_batch_that_waits_is_submitted(connection: Connection) -> None:
    put_batch(connection, "prepared")
    assert state_of_line_1(connection) == "submitted"


@pytest.mark.parametrize(
    ("state", "rejected"), [("prepared", True), ("rejected", False), ("approved", False)]
)
def test_a_row_that_was_rejected_or_decided_is_submitted_no_more(
    connection: Connection, state: str, rejected: object
) -> None:
    put_batch(connection, state, rejected=rejected)
    assert state_of_line_1(connection) == "ready"


def test_an_answer_under_way_is_told_before_the_reason_it_answers(connection: Connection) -> None:
    put_reason(connection)
    put_batch(connection, "prepared")
    assert state_of_line_1(connection) == "submitted"


def test_a_proposed_link_is_posted_elsewhere(connection: Connection) -> None:
    put_batch(connection, "prepared", kind="links")
    assert state_of_line_1(connection) == "posted_elsewhere"


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("transaction", "posted_elsewhere"),
        ("by_hand", "closed_by_hand"),
        ("not_ours", "not_ours"),
    ],
)
def test_a_line_closed_without_a_posting_says_how(
    connection: Connection, kind: str, state: str
) -> None:
    put_link(connection, kind)
    assert state_of_line_1(connection) == state
    connection.execute(update(LINK).values(withdrawn=True))
    assert state_of_line_1(connection) == "ready"


@pytest.mark.parametrize(
    "state",
    [
        "approved", "sending", "posted", "verified", "deferred", "pending_in_core", "unknown",
        "undoing",
    ],
)  # fmt: skip
def test_a_line_with_a_live_posting_stands_where_that_stands(
    connection: Connection, state: str
) -> None:
    put_posting(connection, state)
    assert state_of_line_1(connection) == state


@pytest.mark.parametrize("state", ["refused", "withdrawn", "reversed_outside", "undone"])
def test_a_line_whose_posting_no_longer_occupies_money_is_back_in_review(
    connection: Connection, state: str
) -> None:
    put_posting(connection, state)
    assert state_of_line_1(connection) == "review"


def test_a_second_attempt_counts_and_not_the_refused_first(connection: Connection) -> None:
    put_posting(connection, "refused")
    put_posting(connection, "posted", number=2, leg=1, attempt=2)
    assert state_of_line_1(connection) == "posted"


def test_a_line_has_the_worst_state_of_its_legs(connection: Connection) -> None:
    put_posting(connection, "verified", 400)
    put_posting(connection, "unknown", 600, number=2)
    assert state_of_line_1(connection) == "unknown"


def test_money_partly_posted_and_partly_left_has_the_worst_of_both(connection: Connection) -> None:
    put_posting(connection, "posted", 400)
    put_reason(connection)
    assert state_of_line_1(connection) == "review"
    put_posting(connection, "unknown", 100, number=2)
    assert state_of_line_1(connection) == "unknown"


def test_a_question_about_a_posted_line_brings_it_back_to_a_person(
    connection: Connection,
) -> None:
    put_posting(connection, "posted")
    put_reason(connection)
    assert state_of_line_1(connection) == "review"
    connection.execute(update(REVIEW_REASON).values(cleared=True))
    assert state_of_line_1(connection) == "posted"


def test_holds_on_an_account_are_not_the_payment_of_a_line(connection: Connection) -> None:
    put_posting(connection, "posted", purpose="hold")
    assert state_of_line_1(connection) == "ready"


def test_a_reason_that_is_not_cleared_sends_a_line_to_review(connection: Connection) -> None:
    put_reason(connection)
    assert state_of_line_1(connection) == "review"
    connection.execute(update(REVIEW_REASON).values(cleared=True))
    assert state_of_line_1(connection) == "ready"


def test_a_line_that_stands_in_fineract_already_says_so_unless_something_else_is_wrong(
    connection: Connection,
) -> None:
    put_reason(connection, code="posted_elsewhere")
    assert state_of_line_1(connection) == "posted_elsewhere"
    put_reason(connection, code="account_closed")
    assert state_of_line_1(connection) == "review"


def test_ids_nobody_has_are_left_out_and_all_lines_come_without_ids(connection: Connection) -> None:
    assert list(line_states(connection, [2, 99])["line_id"]) == [2]
    assert list(line_states(connection, [])["line_id"]) == []
    assert list(line_states(connection)["line_id"]) == [1, 2]


def test_many_ids_are_answered_like_few(engine: Engine) -> None:
    with transaction(engine) as connection:
        put_lines(connection, 2000)
        put_matches(connection, "ready", 2000)
        put_hold(connection, "hold")
        many = line_states(connection, list(range(1, 1500)))
        assert list(many["line_id"]) == list(range(1, 1500))
        assert list(many["state"][:2]) == ["held", "ready"]
