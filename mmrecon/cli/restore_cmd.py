"""`mmrecon restore`: a backup becomes the state again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrecon.cli.frame import without_run
from mmrecon.cli.outcome import Outcome
from mmrecon.errors import ExitCode
from mmrecon.model.words import counted

if TYPE_CHECKING:
    from mmrecon.pipeline.restoring import Restored


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="A folder for config.toml, founders and state; else where the configuration lies.",
)
@click.option("--replace", is_flag=True, help="Replace a state; what is there is kept beside it.")
@without_run
def command(config_path: Path | None, file: Path, into: Path | None, *, replace: bool) -> Outcome:
    """Put the backup FILE in place. Nothing is sent until Fineract was read.

    Stop cron and let nobody work meanwhile.
    """
    from mmrecon.wiring import restore_store

    restored = restore_store(config_path, file, into=into, replace=replace)
    summary = {
        "config": str(restored.place.config),
        "state": str(restored.place.state),
        "made_at_utc": restored.made_at_utc,
        "sequence": restored.head.sequence,
        "head": restored.head.hash,
        "instance": restored.instance_id,
        "kept": None if restored.kept is None else str(restored.kept),
        "archive_missing": restored.missing,
        "came_after": [
            {"path": str(one.path), "name": one.name, "wallet": one.wallet}
            for one in restored.came_after
        ],
    }
    return Outcome(ExitCode.DONE, summary, list(_shown(restored)))


def _shown(restored: Restored) -> list[str]:
    made_at = restored.made_at_utc[:16].replace("T", " ")
    what = f"the state of {made_at} UTC, head {restored.head.printed()}"
    shown = [f"Restored into {restored.place.state}: {what}."]
    if restored.kept is not None:
        shown.append(f"What was there before is in {restored.kept}")
    if restored.missing:
        files = counted(restored.missing, "file")
        shown.append(f"{files} of the archive missing: copy back what is lost.")
    if restored.came_after:
        shown.append("These statements came in after the backup; import them again:")
        shown += [
            f"  {one.name or 'a file whose name is lost'}: "
            f"mmrecon import {one.path} --wallet {one.wallet or 'WALLET'}"
            for one in restored.came_after
        ]
    shown.append("Put the secret files back, and check with `mmrecon doctor`.")
    shown.append("Revocations and approvals since the backup are gone: make them again, first the")
    shown.append("revocations. The next `mmrecon post` reads Fineract before it sends anything.")
    return shown
