"""`mmrecon upgrade`: the only command that migrates the database."""

from __future__ import annotations

from pathlib import Path

import click

from mmrecon.cli.frame import without_run
from mmrecon.cli.outcome import Outcome
from mmrecon.errors import ExitCode


@click.command("upgrade")
@click.option(
    "--backup-made",
    is_flag=True,
    help="A dump was made with the database's own tool; only for a database on a server.",
)
@without_run
def command(config_path: Path | None, *, backup_made: bool) -> Outcome:
    """Bring the database to this version's schema; of SQLite a backup is made first."""
    from mmrecon.wiring import upgrade_store

    upgraded = upgrade_store(config_path, backup_made=backup_made)
    if not upgraded.migrated:
        return Outcome(ExitCode.DONE, {"migrated": False}, ["The database is up to date."])
    backup = upgraded.backup
    before = "" if backup is None else f" Its state before that is in {backup}"
    summary = {"migrated": True, "backup": None if backup is None else str(backup)}
    return Outcome(ExitCode.DONE, summary, [f"The database was migrated.{before}"])
