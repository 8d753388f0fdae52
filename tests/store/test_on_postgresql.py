"""The store on a real PostgreSQL: migrations, bulk work, the journal, money checks, the lease."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, func, insert, select, text

from mmrecon.errors import LockHeld
from mmrecon.store import journal, lease
from mmrecon.store.bulk import insert_columns, update_columns
from mmrecon.store.database import open_database, reading, transaction
from mmrecon.store.instances import How, begin, current, made_once
from mmrecon.store.journal_check import differences
from mmrecon.store.schema import JOURNAL, LINE, METADATA, WALLET
from tests.postgresql import postgresql

AT = {"at_utc": "2026-11-24T06:00:00+00:00", "run_id": "run-1"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgresql() as served:
        yield served


@pytest.fixture
def engine(url: str, tmp_path: Path) -> Iterator[Engine]:
    """A fresh store for each test."""
    driven = url.replace("postgresql:", "postgresql+psycopg:")
    server = create_engine(driven, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text("drop schema public cascade"))
        connection.execute(text("create schema public"))
    server.dispose()
    opened = open_database(tmp_path / "state", url)
    yield opened
    opened.dispose()


def test_the_migrations_make_exactly_the_declared_schema(engine: Engine) -> None:
    with reading(engine) as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, METADATA) == []


def test_two_machines_may_make_the_schema_at_once(engine: Engine, url: str, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.execute(text("drop schema public cascade"))
        connection.execute(text("create schema public"))
    folders = [tmp_path / "one", tmp_path / "two"]
    with ThreadPoolExecutor() as pool:
        opened = list(pool.map(lambda folder: open_database(folder, url), folders))
    for other in opened:
        other.dispose()


def test_bulk_rows_go_in_and_out(engine: Engine) -> None:
    with transaction(engine) as connection:
        connection.execute(insert(WALLET).values(wallet_id=1, provider="mpesa_ke", account="1"))
        columns = {
            "line_id": [1, 2, 3],
            "wallet_id": 1,
            "receipt": pd.Series(["TST1", "TST2", "it's 100%"], dtype="str"),
            "sign": pd.Series([1, 1, 1]),
            "amount_minor": pd.Series([100, 200, 2**53 + 1]),
            "currency": "KES", "n": 1, "generation": 0, "repeats": 1,
            "balance_minor": pd.Series([1, None, 3], dtype="Int64"),
            "conflict": pd.Series([True, False, True]),
            "completed_at_utc_s": 0, "first_statement_id": 1, "first_row": pd.Series([1, 2, 3]),
        }  # fmt: skip
        insert_columns(connection, LINE, columns)
        update_columns(connection, LINE, "line_id", {"line_id": [2], "amount_minor": [250]})
    with reading(engine) as connection:
        names = ("receipt", "amount_minor", "balance_minor", "conflict")
        query = select(*(LINE.c[name] for name in names)).order_by(LINE.c.line_id)
        assert [tuple(row) for row in connection.execute(query)] == [
            ("TST1", 100, 1, True), ("TST2", 250, None, False), ("it's 100%", 2**53 + 1, 3, True),
        ]  # fmt: skip


def test_writers_of_two_machines_stand_in_line_and_the_chain_holds(engine: Engine) -> None:
    def write(number: int) -> None:
        for turn in range(20):
            with transaction(engine) as connection:
                entry = journal.Entry("event", {"number": number, "turn": turn})
                journal.append(connection, [entry], **AT)

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(write, range(4)))
    with reading(engine) as connection:
        assert journal.verify(connection)[0] == 80


def test_a_reader_sees_one_state_however_long_it_reads(engine: Engine) -> None:
    count = select(func.count()).select_from(JOURNAL)
    with reading(engine) as connection:
        before = connection.execute(count).scalar()
        with transaction(engine) as other:
            journal.append(other, [journal.Entry("event", {})], **AT)
        assert connection.execute(count).scalar() == before
    with reading(engine) as connection:
        assert connection.execute(count).scalar() == 1


def test_of_two_machines_one_gets_the_lease(engine: Engine) -> None:
    begun = threading.Barrier(2)

    def take(machine: str) -> bool:
        begun.wait()
        wanted = lease.Lease("tenant", f"{machine}:/state", f"run-{machine}", 300)
        try:
            with transaction(engine) as connection:
                lease.take(connection, wanted, at_utc=AT["at_utc"], now_utc_s=1000)
        except LockHeld:
            return False
        return True

    with ThreadPoolExecutor(max_workers=2) as pool:
        assert sorted(pool.map(take, ("one", "two"))) == [False, True]


def test_instances_and_the_comparison_with_the_journal(engine: Engine) -> None:
    with transaction(engine) as connection:
        made_once(connection, **AT)
        restored = begin(connection, How.RESTORED, **AT)
    with reading(engine) as connection:
        assert current(connection) == restored
        assert differences(connection) == []
