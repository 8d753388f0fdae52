"""`mmrecon backup`: the state in one file, checked by reading it back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.outcome import Outcome
from mmrecon.errors import ExitCode
from mmrecon.model.words import counted

if TYPE_CHECKING:
    from mmrecon.pipeline.run import Run


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--archive", is_flag=True, help="With every file that ever came in.")
@with_run(lock=False)
def command(run: Run, file: Path, *, archive: bool) -> Outcome:
    """Write database, keys, founders and configuration into one new FILE, and read it back.

    Other commands may run meanwhile. Secret files are left out.
    """
    from mmrecon.pipeline.backup import back_up

    made = back_up(run, file, archive=archive)
    summary = {
        "file": str(made.path),
        "sequence": made.head.sequence,
        "head": made.head.hash,
        "printed": made.head.printed(),
        "files": made.files,
        "bytes": made.size_bytes,
        "archive": made.with_archive,
    }
    files = counted(made.files, "file")
    shown = [f"{made.path}: {files}, {made.size_bytes:,} bytes, read back and whole."]
    if not archive:
        shown.append("The archive is not in it: copy `archive/` of the state folder beside it.")
    shown.append(f"Head: {made.head.printed()}   Write it down where this server cannot reach it.")
    return Outcome(ExitCode.DONE, summary, shown)
