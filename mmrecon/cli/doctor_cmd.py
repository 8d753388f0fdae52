"""`mmrecon doctor`: every check a site needs, each with its remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.outcome import Outcome

if TYPE_CHECKING:
    from mmrecon.pipeline.run import Run


@click.command("doctor")
@with_run(lock=False)
def command(run: Run) -> Outcome:
    """Check everything a site needs, each with its remedy; changes nothing."""
    from mmrecon.cli.render import table
    from mmrecon.pipeline.doctor import examine

    examined = examine(run)
    rows = [
        ("ok" if finding.holds else "NOT", finding.check, finding.seen)
        for finding in examined.findings
    ]
    remedies = [
        f"{finding.check}\n  → {finding.remedy}"
        for finding in examined.findings
        if not finding.holds and finding.remedy
    ]
    summary = {
        "checks": [
            {
                "check": finding.check,
                "holds": finding.holds,
                "seen": finding.seen,
                "remedy": finding.remedy,
            }
            for finding in examined.findings
        ]
    }
    return Outcome(examined.exit_code(), summary, [table(["", "check", "seen"], rows), *remedies])
