from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, event, insert, select

from mmrecon.errors import Defect
from mmrecon.model.keys import canonical_json
from mmrecon.model.posting import PostingState
from mmrecon.store import journal
from mmrecon.store.database import open_database, transaction
from mmrecon.store.links import insert_links
from mmrecon.store.occupied import left_of_items, left_of_lines, left_to_allocate
from mmrecon.store.posting_reads import postings_in, times_sent
from mmrecon.store.posting_states import Row, write_states
from mmrecon.store.postings import (
    ApprovedRow,
    Change,
    Exchange,
    change_states,
    insert_approved,
    next_attempts,
    posting_facts,
    raise_resend,
    record_exchanges,
)
from mmrecon.store.schema import BATCH, BATCH_ROW, ITEM, JOURNAL, LINE, METADATA, POSTING, WALLET

AT = "2026-11-24T08:00:00+00:00"
STAMP: dict[str, Any] = {"at_utc": AT, "run_id": "run-1"}


def plant(engine: Engine) -> None:
    """A wallet, lines 1 (1,000.00), 2 (500.00) and 3 (a payout of 300.00), an item of 300.00."""
    with engine.begin() as connection:
        connection.execute(
            insert(WALLET),
            {"wallet_id": 1, "provider": "mpesa", "account": "600100", "currency": "KES"},
        )
        for line_id, amount_minor, sign in ((1, 100_000, 1), (2, 50_000, 1), (3, 30_000, -1)):
            connection.execute(
                insert(LINE),
                {
                    "line_id": line_id, "wallet_id": 1, "receipt": f"SKL{line_id}", "sign": sign,
                    "amount_minor": amount_minor, "n": 1, "generation": 0, "repeats": 1,
                    "completed_at_utc_s": 0, "first_statement_id": 1, "first_row": line_id,
                },
            )  # fmt: skip
        connection.execute(
            insert(ITEM),
            {
                "item_id": 7, "item_key": "item-7", "account_id": 5, "amount_minor": 30_000,
                "posted_minor": 30_000, "state": "open",
            },
        )  # fmt: skip


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_database(tmp_path)
    plant(opened)
    yield opened
    opened.dispose()


def row(number: int, **changes: Any) -> ApprovedRow:
    line_id = changes.pop("line_id", 1)
    item_id = changes.pop("item_id", None)
    facts: dict[str, Any] = {
        "act": "post", "tenant": "default", "source": f"line-{line_id}", "purpose": "post",
        "leg": 1, "attempt": 1, "command": "savings_deposit", "account_kind": "savings",
        "account_id": 5, "account_no": "000000005", "client_id": 9, "amount_minor": 100_000,
        "posted_minor": 100_000, "currency": "KES", "value_date": "2026-11-23",
        "payment_type_id": 3, "receipt": f"SKL{line_id}", "line": f"line-{line_id}",
        "transaction_id": "", "paper_reference": "", "reason": "",
    }  # fmt: skip
    amount = changes.get("amount_minor")
    if amount is not None:
        changes.setdefault("posted_minor", amount)
    return ApprovedRow("B1", number, 1, line_id, item_id, shadow=False, facts=facts | changes)


def insert_rows(engine: Engine, *rows: ApprovedRow) -> list[tuple[int, str]]:
    with transaction(engine) as connection:
        refused = insert_approved(connection, rows, **STAMP)
    return [(refusal.row_number, refusal.code) for refusal in refused]


def link_rows(engine: Engine, *rows: ApprovedRow) -> list[tuple[int, str]]:
    with transaction(engine) as connection:
        refused = insert_links(connection, rows, **STAMP)
    return [(refusal.row_number, refusal.code) for refusal in refused]


def move(engine: Engine, posting_id: int, *states: PostingState) -> None:
    with transaction(engine) as connection:
        for before, after in pairwise(states):
            assert changed(connection, Change(posting_id, {before}, after))


def changed(connection: Connection, change: Change) -> bool:
    return bool(change_states(connection, [change], **STAMP))


def left(engine: Engine, line_id: int) -> int:
    with engine.connect() as connection:
        return int(left_of_lines(connection, [line_id]).loc[line_id])


@pytest.mark.parametrize("command", ["savings_withdrawal", "loan_disbursement"])
@pytest.mark.parametrize(
    "source",
    [
        {"source": "line-3", "item_id": None, "purpose": "post"},
        {"source": "line-3", "item_id": 7, "purpose": "pay"},
        {"source": "item-7", "item_id": None, "purpose": "pay"},
        {"source": "item-7", "item_id": 7, "purpose": "post"},
    ],
)
def test_money_out_has_an_item_as_its_source_and_never_the_line(
    engine: Engine, command: str, source: dict[str, Any]
) -> None:
    amounts = {"amount_minor": 30_000, "posted_minor": 30_000}
    wrong = row(1, line_id=3, command=command, **amounts, **source)
    assert insert_rows(engine, wrong) == [(1, "payout_without_item")]
    with engine.connect() as connection:
        assert postings_in(connection, list(PostingState)) == []


def test_an_approved_row_becomes_a_posting_with_its_keys_and_a_journal_entry(
    engine: Engine,
) -> None:
    assert insert_rows(engine, row(1)) == []
    with engine.connect() as connection:
        (posting,) = postings_in(connection, [PostingState.APPROVED])
        assert journal.head(connection)[0] == 1
    assert len(posting.idempotency_key) == 50
    assert posting.external_id == ""
    assert left(engine, 1) == 0


def test_a_loan_posting_carries_an_external_id(engine: Engine) -> None:
    insert_rows(engine, row(1, account_kind="loan", command="loan_repayment"))
    with engine.connect() as connection:
        (posting,) = postings_in(connection, [PostingState.APPROVED])
    assert posting.external_id.startswith("mm-")


def test_legs_that_exceed_their_line_are_refused_together(engine: Engine) -> None:
    legs = [row(1, amount_minor=60_000), row(2, leg=2, amount_minor=60_000)]
    assert insert_rows(engine, *legs, row(3, line_id=2, amount_minor=50_000)) == [
        (1, "no_money_left"),
        (2, "no_money_left"),
    ]
    assert left(engine, 1) == 100_000
    assert left(engine, 2) == 0


def test_a_second_approval_of_the_same_money_is_refused(engine: Engine) -> None:
    insert_rows(engine, row(1, amount_minor=70_000))
    assert insert_rows(engine, row(2, leg=2, amount_minor=40_000)) == [(2, "no_money_left")]


def test_a_live_leg_takes_no_new_attempt_and_a_dead_one_the_next(engine: Engine) -> None:
    insert_rows(engine, row(1))
    assert insert_rows(engine, row(2, attempt=2)) == [(2, "attempt_not_next")]
    move(engine, 1, PostingState.APPROVED, PostingState.WITHDRAWN)
    assert insert_rows(engine, row(2)) == [(2, "attempt_not_next")]
    assert insert_rows(engine, row(2, attempt=2)) == []
    with engine.connect() as connection:
        assert next_attempts(connection, {"line-1"}) == {("line-1", "post", 1): None}


def test_a_dead_posting_gives_its_money_back(engine: Engine) -> None:
    insert_rows(engine, row(1))
    move(engine, 1, PostingState.APPROVED, PostingState.SENDING, PostingState.REFUSED)
    assert left(engine, 1) == 100_000


def test_an_unknown_posting_keeps_its_money(engine: Engine) -> None:
    insert_rows(engine, row(1))
    move(engine, 1, PostingState.APPROVED, PostingState.SENDING, PostingState.UNKNOWN)
    assert left(engine, 1) == 0


def test_an_amount_of_nothing_is_refused(engine: Engine) -> None:
    assert insert_rows(engine, row(1, amount_minor=0)) == [(1, "amount_not_positive")]


def test_what_is_paid_occupies_the_item_and_the_line_that_settles_it(engine: Engine) -> None:
    paid = {"source": "item-7", "purpose": "pay", "line_id": 3, "item_id": 7}
    assert insert_rows(engine, row(1, amount_minor=30_000, **paid)) == []
    with engine.connect() as connection:
        assert left_of_items(connection, [7]).loc[7] == 0
    assert left(engine, 3) == 0
    again = row(2, amount_minor=1, leg=2, **{**paid, "line_id": 2})
    assert insert_rows(engine, again) == [(2, "no_money_left")]


def test_no_more_is_allocated_than_is_parked(engine: Engine) -> None:
    insert_rows(engine, row(1, purpose="park", amount_minor=40_000))
    allocate = {"purpose": "allocate", "account_id": 6}
    assert insert_rows(engine, row(2, amount_minor=50_000, **allocate)) == [(2, "no_money_left")]
    assert insert_rows(engine, row(2, amount_minor=40_000, **allocate)) == []
    with engine.connect() as connection:
        assert left_to_allocate(connection, "line-1") == 0
    assert left(engine, 1) == 60_000


def test_a_link_occupies_money_as_a_posting_does(engine: Engine) -> None:
    link = row(1, act="link", transaction_id="901", amount_minor=100_000)
    assert link_rows(engine, link) == []
    assert insert_rows(engine, row(2, amount_minor=1)) == [(2, "no_money_left")]


def test_links_of_one_transaction_never_exceed_it(engine: Engine) -> None:
    link = {"act": "link", "transaction_id": "901", "posted_minor": 100_000}
    assert link_rows(engine, row(1, amount_minor=80_000, **link)) == []
    assert link_rows(engine, row(2, line_id=2, amount_minor=30_000, **link)) == [
        (2, "transaction_exceeded")
    ]
    assert link_rows(engine, row(2, line_id=2, amount_minor=20_000, **link)) == []


def test_a_transaction_that_nobody_has_read_takes_one_link(engine: Engine) -> None:
    link = {"act": "link", "transaction_id": "902", "posted_minor": 0}
    assert link_rows(engine, row(1, amount_minor=80_000, **link)) == []
    assert link_rows(engine, row(2, line_id=2, amount_minor=1, **link)) == [
        (2, "transaction_exceeded")
    ]


def test_a_link_never_exceeds_its_line(engine: Engine) -> None:
    assert link_rows(engine, row(1, act="by_hand", line_id=2, amount_minor=50_001)) == [
        (1, "no_money_left")
    ]
    assert link_rows(engine, row(1, act="not_ours", line_id=2, amount_minor=0)) == [
        (1, "amount_not_positive")
    ]


def test_an_own_transaction_is_no_target_of_a_link(engine: Engine) -> None:
    insert_rows(engine, row(1))
    with transaction(engine) as connection:
        changed(connection, Change(1, {PostingState.APPROVED}, PostingState.SENDING))
        posted = Change(1, {PostingState.SENDING}, PostingState.POSTED, transaction_id="901")
        changed(connection, posted)
    link = row(2, act="link", line_id=2, transaction_id="901", amount_minor=50_000)
    assert link_rows(engine, link) == [(2, "own_transaction")]


def test_only_one_of_two_changes_from_the_same_state_wins(engine: Engine) -> None:
    insert_rows(engine, row(1))
    change = Change(1, {PostingState.APPROVED}, PostingState.SENDING)
    with transaction(engine) as connection:
        assert changed(connection, change)
        assert not changed(connection, change)


def test_a_state_that_was_seen_and_changed_since_is_not_written_over(engine: Engine) -> None:
    insert_rows(engine, row(1))
    stale = Row(1, PostingState.SENDING, {"state": PostingState.POSTED.value})
    with transaction(engine) as connection, pytest.raises(Defect):
        write_states(connection, [stale])


def test_every_change_of_state_is_in_the_journal(engine: Engine) -> None:
    insert_rows(engine, row(1))
    move(engine, 1, PostingState.APPROVED, PostingState.SENDING, PostingState.UNKNOWN)
    query = select(JOURNAL.c.payload_json).where(JOURNAL.c.event == "posting_state")
    with engine.connect() as connection:
        told = [json.loads(text)["to"] for text in connection.execute(query).scalars()]
        journal.verify(connection)
    assert told == ["sending", "unknown"]


def test_a_change_that_no_life_allows_is_a_defect(engine: Engine) -> None:
    with transaction(engine) as connection, pytest.raises(Defect):
        changed(connection, Change(1, {PostingState.UNKNOWN}, PostingState.WITHDRAWN))


def test_savings_never_take_a_fresh_key_by_themselves(engine: Engine) -> None:
    insert_rows(engine, row(1))
    with transaction(engine) as connection:
        (posting,) = postings_in(connection, [PostingState.APPROVED])
        with pytest.raises(Defect):
            raise_resend(connection, posting, **STAMP)


def test_a_correction_has_another_key_for_another_transaction() -> None:
    facts = row(1, purpose="correct", command="undo_savings_deposit", transaction_id="901").facts
    later = {**facts, "transaction_id": "955"}
    keys = {posting_facts(one).idempotency_key(0) for one in (facts, later)}
    assert len(keys) == 2


def test_a_fresh_key_starts_the_count_of_sendings_anew(engine: Engine) -> None:
    approved = row(1, account_kind="loan", command="loan_repayment")
    insert_rows(engine, approved)
    with transaction(engine) as connection:
        (posting,) = postings_in(connection, [PostingState.APPROVED])
        heard = Exchange(1, AT, AT, posting.idempotency_key, 425, "unknown", "", "")
        record_exchanges(connection, [heard, heard])
        assert times_sent(connection, [1]) == {1: 2}
        facts = {
            "batch_id": "B1",
            "row_number": 1,
            "row_json": canonical_json(dict(approved.facts)),
        }
        connection.execute(insert(BATCH), {"batch_id": "B1", "row_count": 1})
        connection.execute(insert(BATCH_ROW), facts)
        assert raise_resend(connection, posting, **STAMP)
        assert times_sent(connection, [1]) == {}
        assert not raise_resend(connection, posting, **STAMP)
        (again,) = postings_in(connection, [PostingState.APPROVED])
    assert again.idempotency_key == posting_facts(approved.facts).idempotency_key(1)
    assert again.external_id == posting.external_id


_STEP = st.tuples(
    st.sampled_from(["post", "park", "allocate", "link", "by_hand", "die"]),
    st.integers(1, 2),
    st.integers(1, 3),
    st.integers(-1, 70_000),
)


@given(st.lists(_STEP, max_size=25))
@settings(max_examples=60, deadline=None)
def test_no_sequence_of_approvals_ever_exceeds_an_amount(
    steps: list[tuple[str, int, int, int]],
) -> None:
    engine = create_engine("sqlite://", connect_args={"isolation_level": None})
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    METADATA.create_all(engine)
    plant(engine)
    for number, (act, line_id, leg, amount_minor) in enumerate(steps, 1):
        with engine.begin() as connection:
            if act == "die":
                live = postings_in(connection, [PostingState.APPROVED])[:1]
                for posting in live:
                    withdrawn = Change(
                        posting.posting_id, {PostingState.APPROVED}, PostingState.WITHDRAWN
                    )
                    if posting.purpose != "park":
                        changed(connection, withdrawn)
                continue
            common = {"line_id": line_id, "amount_minor": amount_minor, "leg": leg}
            if act in {"link", "by_hand"}:
                linked = row(number, act=act, transaction_id=str(leg), **common)
                insert_links(connection, [linked], **STAMP)
                continue
            source = f"line-{line_id}"
            attempt = next_attempts(connection, {source}).get((source, act, leg), 1) or 1
            insert_approved(
                connection, [row(number, purpose=act, attempt=attempt, **common)], **STAMP
            )
        with engine.connect() as connection:
            assert left_of_lines(connection).min() >= 0
            assert left_to_allocate(connection, f"line-{line_id}") >= 0
            keys = list(connection.execute(select(POSTING.c.idempotency_key)).scalars())
            assert len(keys) == len(set(keys))
    engine.dispose()
