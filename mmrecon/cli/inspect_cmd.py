"""`mmrecon inspect`: what is in a file; nothing is stored."""

from __future__ import annotations

from pathlib import Path

import click

from mmrecon.cli.frame import settings_if_any, without_run
from mmrecon.cli.outcome import Outcome


@click.command("inspect")
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(path_type=Path),
)
@without_run
def command(config_path: Path | None, paths: tuple[Path, ...]) -> Outcome:
    """Say what is in a file: layout, wallet, period, totals, lines by class, issues, proof."""
    from mmrecon.cli.statement_view import statement_json, statement_lines
    from mmrecon.errors import worst
    from mmrecon.model.catalogue import severity_of
    from mmrecon.pipeline.inspecting import inspect

    found = inspect(paths, settings_if_any(config_path))
    issues = [issue for one in found for issue in one.reading.issues]
    return Outcome(
        worst(severity_of(issue).exit_code() for issue in issues),
        {"files": [statement_json(one.file, one.reading) for one in found]},
        ["\n".join(statement_lines(one.file, one.reading)) for one in found],
    )
