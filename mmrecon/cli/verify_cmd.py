"""`mmrecon verify`: read back everything that was posted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.outcome import Outcome
from mmrecon.model.words import counted

if TYPE_CHECKING:
    from mmrecon.pipeline.posting import Verified
    from mmrecon.pipeline.run import Run


@click.command("verify")
@with_run(lock=True)
def command(run: Run) -> Outcome:
    """Read every posting back from Fineract: account, amount, date, receipt, not reversed."""
    from mmrecon.pipeline.posting import verify

    return outcome(run, verify(run))


def outcome(_run: Run, verified: Verified) -> Outcome:
    """What was read back."""
    from mmrecon.cli.issues_view import issues_json, issues_text

    as_posted = sum(not read.code for read in verified.reads)
    summary: dict[str, Any] = {
        "read": len(verified.reads),
        "as_posted": as_posted,
        "issues": issues_json(verified.issues),
    }
    text = (
        f"{as_posted:,} of {counted(len(verified.reads), 'posting')} read back from Fineract "
        "as posted."
        if verified.reads
        else "Nothing has been posted yet."
    )
    return Outcome(verified.exit_code(), summary, [text, *issues_text(verified.issues)])
