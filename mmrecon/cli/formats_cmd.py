"""`mmrecon formats`: the layouts mmrecon knows, a draft for another export, and what it reads."""

from __future__ import annotations

from pathlib import Path

import click

from mmrecon.cli.frame import settings_if_any, when_called_alone, without_run
from mmrecon.cli.outcome import Outcome
from mmrecon.errors import ExitCode, UsageError


@click.group("formats", invoke_without_command=True)
@when_called_alone
@without_run
def command(config_path: Path | None) -> Outcome:
    """List the layouts: what each is, where its export is made, what it proves."""
    from mmrecon.cli.formats_view import layout_json, list_lines
    from mmrecon.pipeline.formats import known_layouts

    known = known_layouts(settings_if_any(config_path))
    return Outcome(
        ExitCode.DONE, {"layouts": [layout_json(one) for one in known]}, list_lines(known)
    )


@command.command("show")
@click.argument("name")
@without_run
def show(config_path: Path | None, name: str) -> Outcome:
    """Explain one layout: its columns, and how it tells what a line is."""
    from mmrecon.cli.formats_view import layout_json, layout_lines
    from mmrecon.pipeline.formats import known_layouts

    known = known_layouts(settings_if_any(config_path))
    found = next((one for one in known if one.layout.name == name), None)
    if found is None:
        raise UsageError(
            f"no layout is called {name}", hint="`mmrecon formats` lists them.", code="no_layout"
        )
    columns = [{"column": column.name, "field": column.field} for column in found.layout.columns]
    return Outcome(
        ExitCode.DONE, layout_json(found) | {"columns": columns}, ["\n".join(layout_lines(found))]
    )


@command.command("new")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Where the draft goes (else NAME.toml here); an existing file is never written over.",
)
@without_run
def new(config_path: Path | None, *, file: Path, output: Path | None) -> Outcome:
    """Write a draft of a layout for FILE, an export that mmrecon does not know.

    What can be guessed is, with its reason; what only a person knows is asked.
    """
    from mmrecon.cli.draft_view import draft_json, draft_lines
    from mmrecon.errors import worst
    from mmrecon.model.catalogue import severity_of
    from mmrecon.pipeline.drafting import new_draft

    made = new_draft(file, output, settings_if_any(config_path))
    code = worst(severity_of(issue).exit_code() for issue in made.issues)
    return Outcome(code, draft_json(made), ["\n".join(draft_lines(made))])


@command.command("try")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--layout",
    "layout_path",
    required=True,
    metavar="X.toml",
    type=click.Path(path_type=Path),
    help="The layout to try; it need not lie in the site's own folder.",
)
@click.option("--wallet", default="", metavar="NAME", help="The wallet whose file it is.")
@click.option("--first", default=5, show_default=True, help="How many lines are shown.")
@click.option("--unmasked", is_flag=True, help="Show phones, names and references in full.")
@without_run
def try_(
    config_path: Path | None, *, file: Path, layout_path: Path, wallet: str, first: int,
    unmasked: bool,
) -> Outcome:  # fmt: skip
    """Show what a layout would read of FILE, and prove it. Stores nothing.

    Ends with 6 when something is wrong, and with 1 while guesses of a draft are not checked.
    """
    from mmrecon.cli.trial_view import trial_json, trial_parts
    from mmrecon.errors import worst
    from mmrecon.model.catalogue import severity_of
    from mmrecon.pipeline.trying import try_layout

    trial = try_layout(file, layout_path, settings_if_any(config_path), wallet)
    return Outcome(
        worst(severity_of(issue).exit_code() for issue in trial.all_issues()),
        trial_json(trial, first, masked=not unmasked),
        list(trial_parts(trial, first, masked=not unmasked)),
    )
