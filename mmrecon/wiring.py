"""The only place that builds adapters."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmrecon.config import Settings, find_config, load_settings
from mmrecon.errors import ConfigurationError, ExitCode, MmreconError, SafetyRefusal, UsageError
from mmrecon.model.clock import iso_utc, system_clock
from mmrecon.model.progress import Progress
from mmrecon.pipeline.heads import advance_anchor, notice_lost_entries
from mmrecon.pipeline.run import Run
from mmrecon.store.database import (
    backup_sqlite,
    migrate,
    open_database,
    open_for_upgrade,
    schema_is_current,
)
from mmrecon.store.lock import run_lock
from mmrecon.store.runs import new_run_id, record_end, record_start

if TYPE_CHECKING:
    from mmrecon.fineract.client import FineractClient
    from mmrecon.pipeline.restoring import Restored


def database_url(settings: Settings) -> str:
    """The database's URL from the environment variable the configuration names, or nothing."""
    variable = settings.state.database_url_variable
    if not variable:
        return ""
    url = os.environ.get(variable, "")
    if not url:
        raise ConfigurationError(
            [("state.database_url_variable", f"the environment has no {variable}")],
            source="environment",
        )
    return url


@contextmanager
def open_run(
    config: Path | None, *, command: str, progress: Progress, lock: bool
) -> Iterator[tuple[Run, list[ExitCode]]]:
    """A run of a command; with `lock` it holds the run lock and is recorded.

    The caller appends the exit code to the list it is given, for the record.
    """
    path = find_config(config)
    settings = load_settings(path)
    _refuse_other_users(settings.state.folder)
    started_at_utc = iso_utc(system_clock())
    held = (
        run_lock(settings.state.folder, command=command, since_utc=started_at_utc)
        if lock
        else nullcontext()
    )
    with held:
        engine = open_database(settings.state.folder, database_url(settings))
        run_id = new_run_id(command, system_clock())
        run = Run(settings, path, engine, system_clock, run_id, progress, _connector(settings))
        ended: list[ExitCode] = []
        try:
            with _recorded(run, command, ended) if lock else _only_noticed(run):
                yield run, ended
        finally:
            advance_anchor(run)
            engine.dispose()


@contextmanager
def _only_noticed(run: Run) -> Iterator[None]:
    """A run without the lock: a lost journal is noticed; a changed anchor is for the others."""
    with suppress(SafetyRefusal):
        notice_lost_entries(run)
    yield


@contextmanager
def _recorded(run: Run, command: str, ended: Sequence[ExitCode]) -> Iterator[None]:
    """A run that holds the lock: a lost journal is noticed first, start and end are kept."""
    notice_lost_entries(run)
    record_start(run.engine, run.run_id, command, run.at_utc(), run.settings.digest())
    try:
        yield
    except MmreconError as error:
        ended = [*ended, error.exit_code]
        raise
    finally:
        code = ended[-1] if ended else ExitCode.DEFECT
        record_end(run.engine, run.run_id, run.at_utc(), code)


@dataclass(frozen=True, slots=True)
class Upgraded:
    """Whether the database was migrated, and the backup of what it was before, where one is made.

    Only of SQLite: a server's database is dumped with its own tool.
    """

    migrated: bool
    backup: Path | None = None


def upgrade_store(config: Path | None, *, backup_made: bool = False) -> Upgraded:
    """Migrate the database under the run lock, after a backup.

    Raises:
        UsageError: it is no SQLite file, and nobody says that a dump of it was made.
    """
    settings = load_settings(find_config(config))
    folder = settings.state.folder
    _refuse_other_users(folder)
    now_utc = system_clock()
    with run_lock(folder, command="upgrade", since_utc=iso_utc(now_utc)):
        engine = open_for_upgrade(folder, database_url(settings))
        try:
            if schema_is_current(engine):
                return Upgraded(migrated=False)
            if engine.dialect.name != "sqlite":
                _refuse_without_dump(backup_made=backup_made)
                migrate(engine)
                return Upgraded(migrated=True)
            backup = folder / f"mmrecon-before-upgrade-{now_utc:%Y%m%dT%H%M%S}.db"
            backup_sqlite(engine, backup)
            migrate(engine)
            return Upgraded(migrated=True, backup=backup)
        finally:
            engine.dispose()


def _refuse_without_dump(*, backup_made: bool) -> None:
    if not backup_made:
        raise UsageError(
            "this database is no SQLite file, and mmrecon makes no backup of it",
            hint="Make a dump with the database's own tool (`pg_dump` for PostgreSQL), then run "
            "`mmrecon upgrade --backup-made`.",
            code="backup_not_made",
        )


def restore_store(
    config: Path | None, backup: Path, *, into: Path | None, replace: bool
) -> Restored:
    """Put a backup in the place of a configuration, or into a folder of its own.

    Raises:
        UsageError: there is a state already, or nothing says where the backup goes.
        SafetyRefusal: the backup does not hold, or belongs to other founders.
        LockHeld: a run goes on there.
    """
    from mmrecon.pipeline.restoring import Place, restore, unpacked

    path = (find_config(config) if into is None else into / "config.toml").resolve()
    now_utc = system_clock()
    with unpacked(backup, path.parent) as folder:
        settings = load_settings(path if into is None else folder / "config.toml")
        if settings.state.database_url_variable:
            raise UsageError("this store lives on PostgreSQL", code="backup_needs_sqlite")
        state = settings.state.folder
        if state.is_relative_to(folder):
            state = path.parent / state.relative_to(folder)
        _refuse_other_users(state)
        with run_lock(state, command="restore", since_utc=iso_utc(now_utc)):
            return restore(
                folder, Place(path, state), backup,
                replace=replace, now_utc=now_utc, run_id=new_run_id("restore", now_utc),
            )  # fmt: skip


def _connector(settings: Settings) -> Callable[[], FineractClient]:
    def connect() -> FineractClient:
        from mmrecon.fineract.client import open_client

        if settings.fineract is None:
            raise UsageError(
                "no Fineract is configured", hint="Add a [fineract] table to config.toml."
            )
        return open_client(settings.fineract)

    return connect


def _refuse_other_users(state_folder: Path) -> None:
    """The state folder has one owner; everybody else comes in through that user."""
    if state_folder.exists() and state_folder.stat().st_uid != os.geteuid():
        raise SafetyRefusal(
            "the state folder belongs to another operating-system user",
            hint="Run mmrecon as that user, for example with `sudo -u mmrecon mmrecon …`.",
            code="other_user",
        )
