"""`mmrecon nightly`: what cron runs at night."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.outcome import Outcome

if TYPE_CHECKING:
    from mmrecon.pipeline.run import Run


@click.command("nightly")
@with_run(lock=True)
def command(run: Run) -> Outcome:
    """From fetch to workbook: import, match, post and verify what is approved, prove."""
    from mmrecon.cli.steps_view import steps_outcome
    from mmrecon.cli.stopping import stopped_by_signals
    from mmrecon.pipeline.night import nightly

    with stopped_by_signals() as stop:
        return steps_outcome(run, nightly(run, stop))
