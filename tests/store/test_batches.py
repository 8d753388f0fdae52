from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, insert, select, update

from mmrecon.errors import SafetyRefusal, UsageError
from mmrecon.model.approval import Act, Batch, BatchKind, BatchState
from mmrecon.people.signing import sign
from mmrecon.store import journal
from mmrecon.store.batches import (
    RowPlace,
    batch_ids,
    insert_batch,
    load,
    record_decision,
    waiting,
)
from mmrecon.store.database import reading, transaction
from mmrecon.store.schema import BATCH, BATCH_ROW, JOURNAL, SIGNATURE

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
AT = "2026-11-24T06:00:00+00:00"
ROWS = [
    {"act": "post", "amount_minor": 5, "receipt": "TST1", "party": "Jane Test", "source": "one"},
    {"act": "post", "amount_minor": 6, "receipt": "TST2", "party": "John Test", "source": "two"},
]
BATCH_1 = Batch("postings-1", BatchKind.POSTINGS, ROWS, {"KES": 11})


def keep(connection: Connection, batch: Batch = BATCH_1, at_utc: str = AT) -> None:
    places = [RowPlace(line_id=number) for number in range(1, len(batch.rows) + 1)]
    insert_batch(
        connection, batch, places, sign(KEY, batch, Act.PREPARE, (), at_utc),
        person="Asha Test", settings_digest="digest", run_id="run-1",
    )  # fmt: skip


def decide(
    connection: Connection,
    state: BatchState = BatchState.APPROVED,
    rejected: dict[int, str] | None = None,
    act: Act = Act.APPROVE,
) -> None:
    record_decision(
        connection, load(connection, "postings-1").signed,
        sign(OTHER, BATCH_1, act, rejected or {}, AT), person="Beno Test", state=state,
        rejected=rejected or {}, reason="", run_id="run-2",
    )  # fmt: skip


def refusal(engine: Engine) -> str:
    with reading(engine) as connection, pytest.raises(SafetyRefusal) as refused:
        load(connection, "postings-1")
    assert refused.value.code == "batch_altered"
    assert "postings-1" in str(refused.value)
    assert "Test" not in str(refused.value).replace("TST", "")
    return str(refused.value)


def test_a_batch_comes_back_as_it_was_kept(engine: Engine) -> None:
    with transaction(engine) as connection:
        keep(connection)
    with reading(engine) as connection:
        stored = load(connection, "postings-1")
        assert [header.batch_id for header in waiting(connection)] == ["postings-1"]
        assert waiting(connection)[0].totals == {"KES": 11}
    assert stored.batch.text() == BATCH_1.text()
    assert stored.signed.digest == BATCH_1.digest()
    assert stored.places == (RowPlace(1), RowPlace(2))
    assert (stored.state, stored.prepared_by) == (BatchState.PREPARED, "Asha Test")
    assert [found.act for found in stored.signed.signatures] == [Act.PREPARE]
    assert stored.signed.signatures[0].order > 0


def test_batch_row_and_signature_are_in_the_journal_without_personal_data(engine: Engine) -> None:
    with transaction(engine) as connection:
        keep(connection)
        decide(connection)
    with reading(engine) as connection:
        journal.verify(connection)
        entries = connection.execute(select(JOURNAL.c.event, JOURNAL.c.payload_json)).all()
    assert [entry.event for entry in entries] == ["batch_prepared", "batch_approved"]
    assert all(json.loads(entry.payload_json)["digest"] == BATCH_1.digest() for entry in entries)
    assert "Jane" not in str(entries)


def test_a_decision_is_kept_with_its_rejected_rows(engine: Engine) -> None:
    with transaction(engine) as connection:
        keep(connection)
        decide(connection, rejected={2: "wrong member"})
    with reading(engine) as connection:
        stored = load(connection, "postings-1")
        assert waiting(connection) == []
        assert batch_ids(connection, BatchKind, [BatchState.APPROVED]) == ["postings-1"]
    assert stored.rejected == {2: "wrong member"}
    assert (stored.state, stored.decided_by) == (BatchState.APPROVED, "Beno Test")


def test_a_batch_is_decided_once(engine: Engine) -> None:
    with transaction(engine) as connection:
        keep(connection)
        decide(connection)
    with transaction(engine) as connection, pytest.raises(UsageError) as end:
        decide(connection, BatchState.REJECTED, act=Act.REJECT)
    assert end.value.code == "batch_decided"


def test_two_people_do_not_both_give_the_first_approval(engine: Engine) -> None:
    with transaction(engine) as connection:
        keep(connection)
        seen = load(connection, "postings-1").signed
        decide(connection, BatchState.PREPARED)
    third = Ed25519PrivateKey.generate()
    with transaction(engine) as connection, pytest.raises(UsageError):
        record_decision(
            connection, seen, sign(third, BATCH_1, Act.APPROVE, (), AT), person="Caro Test",
            state=BatchState.PREPARED, rejected={}, reason="", run_id="run-3",
        )  # fmt: skip


def test_a_batch_that_does_not_exist_is_named(engine: Engine) -> None:
    with reading(engine) as connection, pytest.raises(UsageError, match="postings-9"):
        load(connection, "postings-9")


def _row(connection: Connection, number: int, **changes: Any) -> None:
    where = (BATCH_ROW.c.batch_id == "postings-1") & (BATCH_ROW.c.row_number == number)
    connection.execute(update(BATCH_ROW).where(where).values(**changes))


def _json(number: int, **changes: object) -> Callable[[Connection], None]:
    text = json.dumps(ROWS[number - 1] | changes, sort_keys=True, separators=(",", ":"))
    return lambda connection: _row(connection, number, row_json=text)


def _head(**changes: object) -> Callable[[Connection], None]:
    def tamper(connection: Connection) -> None:
        connection.execute(update(BATCH).values(**changes))

    return tamper


def _drop(connection: Connection) -> None:
    connection.execute(delete(BATCH_ROW).where(BATCH_ROW.c.row_number == 2))


def _add(connection: Connection) -> None:
    extra = {"batch_id": "postings-1", "row_number": 3, "row_json": "{}"}
    connection.execute(insert(BATCH_ROW), extra)


def _add_and_count(connection: Connection) -> None:
    _add(connection)
    _head(row_count=3)(connection)


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (_json(2, amount_minor=600), "row 2: amount_minor 6 → 600"),
        (_json(1, receipt="TST9"), "row 1: receipt TST1 → TST9"),
        (_json(1, party="Other Test"), "row 1: party"),
        (_json(1, account_id=7), "row 1: account_id None → 7"),
        (lambda connection: _row(connection, 1, row_json="[1]"), "no longer readable"),
        (lambda connection: _row(connection, 1, row_json="{"), "no longer readable"),
        (lambda connection: _row(connection, 1, row_json='{"amount_minor":5.0}'), "readable"),
        (lambda connection: _row(connection, 1, row_json="[]"), "row 1: act post → None"),
        (_drop, "row 2 is missing"),
        (_add, "rows were added"),
        (_add_and_count, "2 rows in its text, 3 in the table"),
        (_head(totals_json='{"KES":12}'), "other totals"),
        (_head(totals_json="?"), "no longer readable"),
        (_head(kind="choices"), "rewritten"),
        (_head(digest="0" * 64), "digest"),
        (_head(canonical_text="{}"), "canonical text"),
        (_head(canonical_text=BATCH_1.text().replace("TST1", "TST9")), "TST9 → TST1"),
        (lambda connection: _row(connection, 1, rejected=True), "marked rejected"),
    ],
)
def test_whatever_is_altered_in_the_database_is_seen_and_told(
    engine: Engine, tamper: Callable[[Connection], None], words: str
) -> None:
    with transaction(engine) as connection:
        keep(connection)
        tamper(connection)
    assert words in refusal(engine)


def test_only_the_first_few_of_many_altered_rows_are_listed(engine: Engine) -> None:
    rows = [{"act": "post", "amount_minor": number} for number in range(1, 21)]
    with transaction(engine) as connection:
        keep(connection, Batch("postings-1", BatchKind.POSTINGS, rows, {}))
        for number in range(1, 21):
            _row(connection, number, row_json='{"act":"post","amount_minor":999}')
    assert "and 15 more" in refusal(engine)


def test_a_signature_that_became_unreadable_is_seen(engine: Engine) -> None:
    with transaction(engine) as connection:
        keep(connection)
        connection.execute(update(SIGNATURE).values(act="bless"))
    assert "signature" in refusal(engine)


def test_a_float_never_gets_into_a_batch(engine: Engine) -> None:
    with transaction(engine) as connection, pytest.raises(TypeError):
        keep(connection, Batch("postings-2", BatchKind.POSTINGS, [{"amount_minor": 1.5}], {}))


def test_batches_are_listed_in_the_order_they_were_prepared(engine: Engine) -> None:
    with transaction(engine) as connection:
        for name, at_utc in (("b", "2026-11-24T08:00:00+00:00"), ("a", AT)):
            keep(connection, Batch(name, BatchKind.CHOICES, ROWS, {}), at_utc)
    with reading(engine) as connection:
        assert [header.batch_id for header in waiting(connection)] == ["a", "b"]
        assert batch_ids(connection, [BatchKind.POSTINGS], BatchState) == []


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    column=st.sampled_from(["canonical_text", "row_json", "totals_json", "digest", "kind"]),
    place=st.integers(0, 400),
    sign_=st.characters(codec="utf-8"),
)
def test_no_single_sign_can_be_changed_unseen(
    engine: Engine, column: str, place: int, sign_: str
) -> None:
    table = BATCH_ROW if column == "row_json" else BATCH
    with engine.connect() as connection, connection.begin():
        keep(connection)
        text = str(connection.scalars(select(table.c[column])).first())
        place %= len(text)
        changed = text[:place] + sign_ + text[place + 1 :]
        where = BATCH_ROW.c.row_number == 1 if table is BATCH_ROW else BATCH.c.kind != ""
        connection.execute(update(table).where(where).values({column: changed}))
        if changed == text or _means_the_same(changed, text):
            load(connection, "postings-1")
        else:
            with pytest.raises(SafetyRefusal):
                load(connection, "postings-1")
        connection.rollback()


def _means_the_same(one: str, other: str) -> bool:
    """Whether two texts are the same JSON (white space in another place)."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False
