"""`mmrecon match`: propose an owner for every line that has none."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.issues_view import issues_text
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
        "money": [asdict(one) for one in matched.sums],
    }  # fmt: skip
    said = issues_text(matched.issues)
    headline = (
        f"{matched.looked_at:,} open lines matched on snapshot {matched.snapshot_id}; "
        f"{matched.changed:,} matches are new or changed."
    )
    rows = [
        (
            one.state.replace("_", " "), f"{one.lines:,}", _money(one.in_minor, one.currency),
            _money(one.out_minor, one.currency),
        )
        for one in matched.sums
    ]  # fmt: skip
    headers = ("state", "lines", "money in", "money out")
    shown = (*said,) if issues else (headline, table(headers, rows, right=headers[1:]))
    return Outcome(matched.exit_code(), summary, shown)


def _money(minor: int, currency: str) -> str:
    from mmrecon.model.money import to_text

    return to_text(minor, currency) if minor else ""
