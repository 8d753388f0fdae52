"""`mmrecon tick`: what cron runs every few minutes by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.outcome import Outcome

if TYPE_CHECKING:
    from mmrecon.pipeline.run import Run


@click.command("tick")
@with_run(lock=True, silent_when_locked=True)
def command(run: Run) -> Outcome:
    """Take new files from folders, post what was approved, renew the workbook; silent when idle."""
    from mmrecon.cli.steps_view import steps_outcome
    from mmrecon.cli.stopping import stopped_by_signals
    from mmrecon.pipeline.night import tick

    with stopped_by_signals() as stop:
        return steps_outcome(run, tick(run, stop))
