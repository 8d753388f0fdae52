"""`mmrecon undo`: look at what taking postings back would do, and sign it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.outcome import Outcome
from mmrecon.cli.passphrase import signed_by, signer_passphrase
from mmrecon.errors import ExitCode

if TYPE_CHECKING:
    from mmrecon.pipeline.run import Run


@click.command("undo")
@click.argument("receipt", default="")
@click.option("--batch", "batch_id", default="", metavar="ID", help="Everything a batch posted.")
@click.option(
    "--file", "file", default="", metavar="SHA|NAME", help="Everything only this file brought."
)
@click.option("--wallet", default="", help="Which wallet's line of the RECEIPT is meant.")
@click.option("--reason", default="", help="Why it is taken back; it is signed.")
@signed_by(required=False)
@with_run(lock=False)
def command(
    run: Run, *, person: str | None, passphrase_file: Path | None, reason: str, **what: str
) -> Outcome:
    """Take what was posted for a RECEIPT, a batch or a file back in Fineract.

    Without --as it only says what would happen, as Fineract stands now. With --as it is signed;
    another person approves it, and `mmrecon post` does it.
    """
    from mmrecon.cli.undo_view import undo_json, undo_shown
    from mmrecon.pipeline.undoing import What, look, prepare_undo

    found = look(run, What(**what), reason)
    shown = undo_shown(found)
    if person is None or not found.possible:
        hint = "Nothing was signed. Sign it: the same command with --as NAME"
        shown += [hint] if found.possible else ["Nothing of it can be taken back."]
        return Outcome(ExitCode.PEOPLE_HAVE_WORK, undo_json(found, ""), shown)
    batch_id = prepare_undo(run, found, person, signer_passphrase(run, person, passphrase_file))
    shown += [
        f"Batch {batch_id} waits for another person.",
        f"They look at it with: mmrecon approve {batch_id}",
    ]
    return Outcome(ExitCode.PEOPLE_HAVE_WORK, undo_json(found, batch_id), shown)
