"""What `nightly` and `tick` show of statements that should be there and are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrecon.cli.issues_view import issues_text
from mmrecon.cli.outcome import Outcome
from mmrecon.cli.statement_view import issue_json

if TYPE_CHECKING:
    from mmrecon.pipeline.expecting import Missing
    from mmrecon.pipeline.run import Run


def outcome(_run: Run, missing: Missing) -> Outcome:
    """One entry per wallet that misses a statement."""
    summary = {"issues": [issue_json(issue) for issue in missing.issues]}
    return Outcome(missing.exit_code(), summary, issues_text(missing.issues))
