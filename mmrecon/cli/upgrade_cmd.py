"""`mmrecon upgrade`: the only command that migrates the database."""

from __future__ import annotations

from pathlib import Path

import click

from mmrecon.cli.frame import without_run
from mmrecon.cli.outcome import Outcome
from mmrecon.errors import ExitCode


@click.command("upgrade")
@without_run
def command(config_path: Path | None) -> Outcome:
    """Bring the database to this version's schema; a backup is made first."""
    from mmrecon.wiring import upgrade_store

    backup = upgrade_store(config_path)
    if backup is None:
        return Outcome(ExitCode.DONE, {"migrated": False}, ["The database is up to date."])
    text = f"The database was migrated. Its state before that is in {backup}"
    return Outcome(ExitCode.DONE, {"migrated": True, "backup": str(backup)}, [text])
