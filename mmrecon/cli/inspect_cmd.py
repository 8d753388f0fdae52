"""`mmrecon inspect`: what is in a file; nothing is stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrecon.cli.frame import without_run
from mmrecon.cli.outcome import Outcome

if TYPE_CHECKING:
    from mmrecon.config import Settings


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

    found = inspect(paths, _settings(config_path))
    issues = [issue for one in found for issue in one.reading.issues]
    return Outcome(
        worst(severity_of(issue).exit_code() for issue in issues),
        {"files": [statement_json(one.file, one.reading) for one in found]},
        ["\n".join(statement_lines(one.file, one.reading)) for one in found],
    )


def _settings(config_path: Path | None) -> Settings | None:
    """The configuration that was named or lies where it is looked for; none is needed."""
    from mmrecon.config import find_config, load_settings
    from mmrecon.errors import ConfigurationError

    try:
        path = find_config(config_path)
    except ConfigurationError:
        return None
    return load_settings(path)
