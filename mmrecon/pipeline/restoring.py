"""`restore`: a backup becomes the state again; it sends nothing until Fineract was read."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from mmrecon.errors import SafetyRefusal, UsageError
from mmrecon.model.clock import iso_utc
from mmrecon.pipeline.backup import ARCHIVE, journal_holds
from mmrecon.pipeline.came_after import CameAfter, archived_hashes, statements_among
from mmrecon.store import backup_file, journal
from mmrecon.store.anchor import Head, write_anchor
from mmrecon.store.database import (
    migrate,
    open_for_upgrade,
    reading,
    schema_is_current,
    transaction,
)
from mmrecon.store.instances import How, begin

_HIDDEN: Final = ".restore-"
_DATABASE: Final = ("mmrecon.db", "mmrecon.db-wal", "mmrecon.db-shm")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a backup goes: its configuration, with `founders` beside it, and the state folder."""

    config: Path
    state: Path

    @property
    def site(self) -> Path:
        """The folder that relative paths start from."""
        return self.config.parent


@dataclass(frozen=True, slots=True)
class Restored:
    """What stands now. `head` is the backup's; `kept` is where what was there before lies.

    `missing` files of the archive are named by the database and not there; `came_after` are
    statements that are there and not named: they have to be imported again.
    """

    place: Place
    head: Head
    made_at_utc: str
    instance_id: str
    kept: Path | None
    missing: int
    came_after: tuple[CameAfter, ...]


@contextmanager
def unpacked(path: Path, site: Path) -> Iterator[Path]:
    """A backup, checked and unpacked into a hidden folder of the site, for a while.

    What a restore that was killed left there is removed.

    Raises:
        SafetyRefusal: the backup, its database or its journal does not hold.
    """
    site.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = site / f"{_HIDDEN}{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    try:
        with _held(folder) as held:
            assert held
            _sweep(site)
            backup_file.unpack(path, folder)
            backup_file.check_database(folder / backup_file.DATABASE)
            yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Whether nobody else uses a folder: the kernel frees it when its holder dies."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield _lock(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sweep(site: Path) -> None:
    for folder in site.glob(f"{_HIDDEN}*"):
        with _held(folder) as left_behind:
            if left_behind:
                shutil.rmtree(folder)


def restore(
    folder: Path, place: Place, backup: Path, *, replace: bool, now_utc: datetime, run_id: str
) -> Restored:
    """Put an unpacked backup in its place; the caller holds the state folder's run lock.

    Raises:
        UsageError: there is a state already, and `replace` was not said.
        SafetyRefusal: the journal does not hold, or the site has other founders.
    """
    _refuse_other_founders(folder, place)
    used = [path for path in place.state.glob("*") if path.name != "run.lock"]
    if used and not replace:
        raise UsageError(
            f"there is a state already in {place.state}",
            hint="Say --replace to put the backup in its place; what is there is kept beside it.",
            code="state_not_empty",
        )
    head, instance_id, newest = _marked(folder / "state", backup, iso_utc(now_utc), run_id)
    kept = _keep(place, now_utc) if used else None
    _move_in(folder, place)
    write_anchor(place.state, newest)
    missing, unknown = _archive(place.state)
    came_after = statements_among(unknown, None if kept is None else kept / _DATABASE[0])
    made_at = str(backup_file.check(backup).facts.get("made_at_utc", ""))
    return Restored(place, head, made_at, instance_id, kept, missing, came_after)


def _marked(state: Path, backup: Path, at_utc: str, run_id: str) -> tuple[Head, str, Head]:
    """The unpacked database: checked, of this program's schema, and marked as put back."""
    engine = open_for_upgrade(state)
    try:
        if not schema_is_current(engine):
            migrate(engine)
        head = journal_holds(engine)
        with transaction(engine) as connection:
            instance = begin(connection, How.RESTORED, at_utc=at_utc, run_id=run_id)
            payload = {"sequence": head.sequence, "head": head.hash, "file": backup.name}
            entry = journal.Entry("restored", payload)
            journal.append(connection, [entry], at_utc=at_utc, run_id=run_id)
            newest = Head(*journal.head(connection))
    finally:
        engine.dispose()
    with closing(sqlite3.connect(state / _DATABASE[0])) as plain:
        plain.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    return head, instance.instance_id, newest


def _refuse_other_founders(folder: Path, place: Place) -> None:
    """Whoever may restore a file must not choose who the founders are."""
    there, restored = place.site / "founders", folder / "founders"
    if there.exists() and restored.exists() and there.read_bytes() != restored.read_bytes():
        raise SafetyRefusal(
            "this backup belongs to a site with other founders",
            hint="Restore it into a folder of its own with --into.",
            code="other_founders",
        )


def _keep(place: Place, now_utc: datetime) -> Path:
    """What is there, moved or copied aside before anything is replaced."""
    kept = place.state / f"before-restore-{now_utc:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    kept.mkdir(mode=0o700)
    database = place.state / _DATABASE[0]
    if database.exists():
        _fold_in_the_log(database)
    for name in reversed(_DATABASE):
        if (place.state / name).exists():
            os.link(place.state / name, kept / name)
            if name != _DATABASE[0]:
                (place.state / name).unlink()
    for path in _replaced(place.state):
        shutil.copytree(path, kept / path.name)
    if place.config.exists():
        shutil.copy2(place.config, kept / "config.toml")
    return kept


def _fold_in_the_log(database: Path) -> None:
    """A damaged database has nothing to fold in; it is kept as it is."""
    try:
        with closing(sqlite3.connect(database, timeout=60)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.DatabaseError:
        return


def _replaced(state: Path) -> Iterator[Path]:
    for path in sorted(state.iterdir()):
        aside = path.name.startswith(("before-restore-", "."))
        if path.is_dir() and path.name != ARCHIVE and not aside:
            yield path


def _move_in(folder: Path, place: Place) -> None:
    """File by file; the database last, so that a half restore is no state that works."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    database = folder / backup_file.DATABASE
    for path in [*(path for path in files if path != database), database]:
        target = _target(path.relative_to(folder), place)
        if target is None:
            continue
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if target.name == "founders" and target.exists():
            continue  # the same, perhaps owned by root
        path.chmod(_mode(target, place))
        shutil.move(path, target)


def _target(name: Path, place: Place) -> Path | None:
    if name.parts[0] == "state":
        inside = Path(*name.parts[1:])
        kept_already = inside.parts[0] == ARCHIVE and (place.state / inside).exists()
        return None if kept_already else place.state / inside
    return place.config if name == Path("config.toml") else place.site / name


def _mode(target: Path, place: Place) -> int:
    if target == place.site / "founders":
        return 0o444
    return 0o400 if target.is_relative_to(place.state / ARCHIVE) else 0o600


def _archive(state: Path) -> tuple[int, tuple[Path, ...]]:
    """How many files the database names and the archive lacks, and those it does not name."""
    engine = open_for_upgrade(state)
    try:
        with reading(engine) as connection:
            named = archived_hashes(connection)
    finally:
        engine.dispose()
    there = {path.name: path for path in (state / ARCHIVE).glob("??/*") if path.is_file()}
    unknown = sorted(path for name, path in there.items() if name not in named)
    return len(named - there.keys()), tuple(unknown)
