from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text

from mmrecon.errors import ExitCode, SchemaOutdated
from mmrecon.store.database import (
    SCHEMA_REVISION,
    backup_sqlite,
    open_database,
    reading,
    touching_little,
    transaction,
)
from mmrecon.store.migrating import newest_revision
from mmrecon.store.schema import LINE, METADATA, tell_servers


def test_the_migrations_make_exactly_the_declared_schema(engine: Engine) -> None:
    with reading(engine) as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, METADATA) == []


def test_postgresqls_dialect_is_not_loaded_for_sqlite() -> None:
    asked = "import mmrecon.store.schema, sys; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", asked], text=True).split()
    assert "mmrecon.store.schema" in loaded
    assert "sqlalchemy.dialects.postgresql" not in loaded


def test_an_index_of_reversals_alone_is_that_on_a_server_too() -> None:
    tell_servers()
    (index,) = (one for one in LINE.indexes if one.name == "ix_line_reversed")
    said = {name: str(index.dialect_options[name]["where"]) for name in ("postgresql", "sqlite")}
    assert said == {"postgresql": "line_class = 'reversal'", "sqlite": "line_class = 'reversal'"}


def test_the_programs_revision_is_the_newest_migration() -> None:
    assert newest_revision() == SCHEMA_REVISION


def test_an_older_schema_is_refused_with_the_way_out(engine: Engine, tmp_path: Path) -> None:
    with transaction(engine) as connection:
        connection.execute(text("update alembic_version set version_num = '0000'"))
    with pytest.raises(SchemaOutdated, match="schema 0000") as refused:
        open_database(tmp_path / "state")
    assert refused.value.exit_code == ExitCode.USAGE
    assert "mmrecon upgrade" in refused.value.hint


def test_a_writer_keeps_a_second_writer_out_but_no_reader(engine: Engine) -> None:
    with transaction(engine) as writing:
        writing.execute(text("insert into wallet (provider, account) values ('mpesa', '990501')"))
        with reading(engine) as other:
            assert other.execute(text("select count(*) from wallet")).scalar() == 0


def test_a_backup_holds_what_was_committed(engine: Engine, tmp_path: Path) -> None:
    with transaction(engine) as connection:
        connection.execute(text("insert into wallet (provider, account) values ('mpesa', '1')"))
    (tmp_path / "copy").mkdir()
    backup_sqlite(engine, tmp_path / "copy" / "mmrecon.db")
    copy = open_database(tmp_path / "copy")
    with reading(copy) as connection:
        assert connection.execute(text("select count(*) from wallet")).scalar() == 1
    copy.dispose()


def test_long_work_that_touches_little_keeps_few_pages_and_only_while_it_lasts(
    engine: Engine,
) -> None:
    def cache_kib() -> int:
        with reading(engine) as connection:
            return -int(connection.execute(text("PRAGMA cache_size")).scalar_one())

    usual = cache_kib()
    with touching_little(engine):
        assert cache_kib() * 8 <= usual
    assert cache_kib() == usual
