from __future__ import annotations

import pytest
from sqlalchemy import Engine, delete, update

from mmrecon.errors import SafetyRefusal
from mmrecon.store import journal
from mmrecon.store.database import reading, transaction
from mmrecon.store.schema import JOURNAL


def fill(engine: Engine) -> None:
    for number in range(3):
        with transaction(engine) as connection:
            journal.append(
                connection,
                [journal.Entry("event", {"number": number}, "Amina Example")],
                at_utc="2026-01-31T06:00:00+00:00",
                run_id="run-1",
            )


def test_the_chain_holds_over_several_transactions(engine: Engine) -> None:
    fill(engine)
    with reading(engine) as connection:
        assert journal.verify(connection) == journal.head(connection)
        assert journal.head(connection)[0] == 3


@pytest.mark.parametrize(
    "change",
    [
        update(JOURNAL).where(JOURNAL.c.sequence == 2).values(payload_json='{"number":9}'),
        update(JOURNAL).where(JOURNAL.c.sequence == 2).values(actor="Brian Example"),
        delete(JOURNAL).where(JOURNAL.c.sequence == 2),
        delete(JOURNAL).where(JOURNAL.c.sequence == 1),
    ],
)
def test_any_change_of_the_past_breaks_the_chain(engine: Engine, change: object) -> None:
    fill(engine)
    with transaction(engine) as connection:
        connection.execute(change)  # type: ignore[call-overload]
    with reading(engine) as connection, pytest.raises(SafetyRefusal, match="chain breaks"):
        journal.verify(connection)


def test_an_entry_rolled_back_leaves_no_gap(engine: Engine) -> None:
    fill(engine)
    with pytest.raises(RuntimeError), transaction(engine) as connection:
        journal.append(connection, [journal.Entry("lost", {})], at_utc="t", run_id="r")
        raise RuntimeError
    fill(engine)
    with reading(engine) as connection:
        assert journal.verify(connection)[0] == 6
