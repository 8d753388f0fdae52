from __future__ import annotations

import json

import pytest
from sqlalchemy import Engine, insert, select

from mmrecon.errors import LockHeld
from mmrecon.store import journal, lease
from mmrecon.store.database import reading, transaction
from mmrecon.store.instances import (
    How,
    begin,
    current,
    have_read,
    made_once,
    strange_marks,
)
from mmrecon.store.schema import BATCH, JOURNAL, LEASE, POSTING, WALLET

AT = {"at_utc": "2026-11-24T06:00:00+00:00", "run_id": "run-1"}
LATER = {"at_utc": "2026-11-26T06:00:00+00:00", "run_id": "run-2"}


def test_a_store_gets_its_id_once_and_may_send(engine: Engine) -> None:
    with transaction(engine) as connection:
        assert current(connection) is None
        made = made_once(connection, **AT)
        assert made_once(connection, **LATER) == made
    assert not made.must_read
    with reading(engine) as connection:
        events = list(connection.execute(select(JOURNAL.c.event)).scalars())
    assert events == ["instance_began"]


def test_a_restored_store_is_another_one_that_must_read_first(engine: Engine) -> None:
    with transaction(engine) as connection:
        made = made_once(connection, **AT)
        restored = begin(connection, How.RESTORED, **LATER)
        assert restored.instance_id != made.instance_id
        assert restored.must_read
        assert restored.known_from == "2026-11-23"
        again = begin(connection, How.BEHIND, at_utc="2026-12-01T00:00:00+00:00", run_id="r")
        assert again.known_from == "2026-11-23"
        have_read(connection, again, ["postings-9"], counts={"found": 1}, **LATER)
        now = current(connection)
        assert now is not None
        assert not now.must_read
        journal.verify(connection)
    with reading(engine) as connection:
        told = connection.execute(
            select(JOURNAL.c.payload_json).where(JOURNAL.c.event == "ledger_read_anew")
        ).scalar_one()
    assert json.loads(told) == {
        "instance": again.instance_id, "batches": ["postings-9"], "found": 1,
    }  # fmt: skip


def test_batches_of_the_store_and_of_its_past_are_known(engine: Engine) -> None:
    with transaction(engine) as connection:
        connection.execute(insert(BATCH).values(batch_id="postings-1", row_count=0))
        instance = begin(connection, How.RESTORED, **AT)
        have_read(connection, instance, ["postings-2"], counts={}, **AT)
        marks = ["postings-1/1", "postings-2/1", "postings-3/1", "postings-3/2"]
        assert strange_marks(connection, marks) == {
            "postings-3/1": "postings-3", "postings-3/2": "postings-3",
        }  # fmt: skip
        assert strange_marks(connection, []) == {}


@pytest.mark.parametrize(
    ("state", "sent_at_utc", "strange"),
    [
        ("approved", "", True), ("withdrawn", "", True), ("deferred", "", True),
        ("approved", "2026-11-24T08:00:00+00:00", False), ("posted", "", False),
        ("unknown", "2026-11-24T08:00:00+00:00", False), ("undone", "", False),
    ],
)  # fmt: skip
def test_a_row_that_was_never_sent_from_here_was_sent_by_a_copy(
    engine: Engine, state: str, sent_at_utc: str, strange: bool
) -> None:
    numbers = ("leg", "attempt", "resend", "account_id", "amount_minor", "posted_minor")
    facts = dict.fromkeys((*numbers, "payment_type_id"), 1) | {
        "posting_id": 1, "batch_id": "postings-1", "batch_row": 2, "wallet_id": 1,
        "idempotency_key": "k", "state": state, "sent_at_utc": sent_at_utc,
    }  # fmt: skip
    with transaction(engine) as connection:
        connection.execute(insert(WALLET).values(wallet_id=1, provider="mpesa_ke", account="1"))
        connection.execute(insert(BATCH).values(batch_id="postings-1", row_count=2))
        connection.execute(insert(POSTING).values(**facts))
        named = {"postings-1/2": "postings-1/2"} if strange else {}
        assert strange_marks(connection, ["postings-1/2"]) == named
        instance = begin(connection, How.OTHER_STOPPED, **AT)
        have_read(connection, instance, named, counts={}, **AT)
        assert strange_marks(connection, ["postings-1/2"]) == {}


def held(run_id: str, holder: str = "one:/state") -> lease.Lease:
    return lease.Lease("tenant", holder, run_id, 300)


def test_a_lease_keeps_other_machines_out_until_it_is_given_back(engine: Engine) -> None:
    first, other = held("run-1"), held("run-2", "two:/state")
    with transaction(engine) as connection:
        lease.take(connection, first, at_utc="2026-11-24T06:00:00+00:00", now_utc_s=1000)
        with pytest.raises(LockHeld, match="one:/state, since 2026-11-24T06:00") as refused:
            lease.take(connection, other, at_utc="t", now_utc_s=1299)
        assert int(refused.value.exit_code) == 4
        lease.give_back(connection, other)
        assert lease.renew(connection, first, now_utc_s=1300)
        lease.give_back(connection, first)
        lease.take(connection, other, at_utc="t", now_utc_s=1301)


def test_a_lease_that_was_not_renewed_is_free_and_its_holder_notices(engine: Engine) -> None:
    first, other = held("run-1"), held("run-2", "two:/state")
    with transaction(engine) as connection:
        lease.take(connection, first, at_utc="t", now_utc_s=1000)
        lease.take(connection, other, at_utc="t", now_utc_s=1300)
        assert not lease.renew(connection, first, now_utc_s=1301)
        lease.give_back(connection, first)
        assert connection.execute(select(LEASE.c.holder)).scalars().all() == ["two:/state"]


def test_a_killed_run_of_the_same_state_folder_is_taken_over_at_once(engine: Engine) -> None:
    with transaction(engine) as connection:
        lease.take(connection, held("run-1"), at_utc="t", now_utc_s=1000)
        lease.take(connection, held("run-2"), at_utc="t", now_utc_s=1001)
        assert not lease.renew(connection, held("run-1"), now_utc_s=1002)
