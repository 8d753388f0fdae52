"""`backup`: the state in one file, checked by reading it back."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from mmrecon import __version__
from mmrecon.errors import UsageError
from mmrecon.pipeline.run import Run
from mmrecon.store import backup_file, journal
from mmrecon.store.anchor import Head
from mmrecon.store.backup_file import DATABASE
from mmrecon.store.database import backup_sqlite, open_for_upgrade, reading, transaction
from mmrecon.store.instances import current
from mmrecon.store.journal_check import differences

ARCHIVE: Final = "archive"
_NOT_TAKEN: Final = ("mmrecon.db", "mmrecon-before-", "before-restore-", "run.lock", ".", "outbox")


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was read back: its file, the journal's head in it, how much it holds."""

    path: Path
    head: Head
    files: int
    size_bytes: int
    with_archive: bool


def back_up(run: Run, target: Path, *, archive: bool) -> BackedUp:
    """Write a backup; other commands may go on meanwhile.

    Raises:
        UsageError: the file is there already, or the database is not SQLite.
        SafetyRefusal: the copy, its journal or the file does not hold.
    """
    if run.engine.dialect.name != "sqlite":
        raise UsageError(
            "this store lives on PostgreSQL",
            hint="Back the database up with pg_dump, and copy the state folder beside it.",
            code="backup_needs_sqlite",
        )
    folder = Path(tempfile.mkdtemp(prefix=".backup-", dir=run.state_folder))
    try:
        copy = folder / "mmrecon.db"
        backup_sqlite(run.engine, copy)
        facts, head = _checked(copy)
        facts |= {"made_at_utc": run.at_utc(), "program_version": __version__, "archive": archive}
        members = [(DATABASE, copy), *_members(run, archive=archive)]
        manifest = backup_file.write(target, members, facts)
    finally:
        shutil.rmtree(folder)
    entry = journal.Entry("backup_made", {"sequence": head.sequence, "head": head.hash})
    with transaction(run.engine) as connection:
        journal.append(connection, [entry], at_utc=run.at_utc(), run_id=run.run_id)
    return BackedUp(target, head, len(manifest.files), target.stat().st_size, archive)


def _checked(copy: Path) -> tuple[dict[str, object], Head]:
    """The copy's own journal holds; what the list says about it."""
    backup_file.check_database(copy)
    engine = open_for_upgrade(copy.parent)
    try:
        head = journal_holds(engine)
        with reading(engine) as connection:
            instance = current(connection)
    finally:
        engine.dispose()
    facts: dict[str, object] = {
        "sequence": head.sequence,
        "head": head.hash,
        "instance": "" if instance is None else instance.instance_id,
    }
    return facts, head


def journal_holds(engine: Engine) -> Head:
    """The head of a database whose journal's chain holds and that holds what its journal says.

    Raises:
        SafetyRefusal: it does not.
    """
    with reading(engine) as connection:
        head = Head(*journal.verify(connection))
        found = differences(connection)
    if found:
        raise backup_file.refused(f"does not hold what its journal says: {found[0]}")
    return head


def _members(run: Run, *, archive: bool) -> Iterator[tuple[str, Path]]:
    """Everything beside the database; secret files and the outbox are not state."""
    yield "config.toml", run.config_path
    if run.founders_path.exists():
        yield "founders", run.founders_path
    formats, site = run.settings.formats_folder, run.config_path.resolve().parent
    if formats is not None and formats.is_relative_to(site):
        yield from _below(formats, formats.relative_to(site).as_posix())
    for path in sorted(run.state_folder.iterdir()):
        left_out = path.name.startswith(_NOT_TAKEN) or (path.name == ARCHIVE and not archive)
        if left_out:
            continue
        if path.is_dir():
            yield from _below(path, f"state/{path.name}")
        elif path.is_file():
            yield f"state/{path.name}", path


def _below(folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            yield f"{name}/{path.relative_to(folder).as_posix()}", path
