"""`mmrecon match`: propose an owner for every line that has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.outcome import Outcome

if TYPE_CHECKING:
    from mmrecon.pipeline.matching import Matched
    from mmrecon.pipeline.run import Run


@click.command("match")
@with_run(lock=True)
def command(run: Run) -> Outcome:
    """Propose an owner for every line that has none."""
    from mmrecon.pipeline.matching import match

    return outcome(run, match(run))


def outcome(_run: Run, matched: Matched) -> Outcome:
    """Where the open lines stand now."""
    from mmrecon.cli.render import table
    from mmrecon.model.catalogue import next_step_of, sentence_of

    issues = [
        {"code": issue.code, "sentence": sentence_of(issue), "next_step": next_step_of(issue)}
        for issue in matched.issues
    ]
    summary = {
        "lines": matched.looked_at, "changed": matched.changed, "states": matched.states,
        "tiers": matched.tiers, "snapshot_id": matched.snapshot_id, "issues": issues,
    }  # fmt: skip
    said = [f"{issue['sentence']}. {issue['next_step']}" for issue in issues]
    headline = (
        f"{matched.looked_at:,} open lines matched on snapshot {matched.snapshot_id}; "
        f"{matched.changed:,} matches are new or changed."
    )
    rows = [(state.replace("_", " "), f"{count:,}") for state, count in matched.states.items()]
    shown = (*said,) if issues else (headline, table(("state", "lines"), rows, right=("lines",)))
    return Outcome(matched.exit_code(), summary, shown)
