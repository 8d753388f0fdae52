"""`mmrecon payouts`: withdrawal requests and approved loans."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.issues_view import issues_text
from mmrecon.cli.outcome import Outcome
from mmrecon.errors import ExitCode, UsageError
from mmrecon.model.words import counted

if TYPE_CHECKING:
    from mmrecon.pipeline.run import Run

_WHAT: Final = {"withdrawal_request": "withdrawal", "approved_loan": "loan"}


@click.group("payouts")
def command() -> None:
    """Withdrawal requests and approved loans."""


@command.command("requests")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--template",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write an empty workbook for requests; its cells keep leading zeros.",
)
@with_run(lock=True)
def requests(run: Run, file: Path | None, template: Path | None) -> Outcome:
    """Take withdrawal requests from FILE (CSV or .xlsx); without FILE, list what is asked for."""
    if template is not None:
        return _template(template)
    if file is None:
        return _listed(run)
    from mmrecon.model.catalogue import next_step_of, sentence_of
    from mmrecon.pipeline.payouts import import_requests

    imported = import_requests(run, file)
    issues = [
        {"code": issue.code, "sentence": sentence_of(issue), "next_step": next_step_of(issue)}
        for issue in imported.issues
    ]
    summary = {"new": imported.new, "known": imported.known, "issues": issues}
    headline = f"{counted(imported.new, 'new request')}, {imported.known:,} known already."
    said = issues_text(imported.issues)
    return Outcome(imported.exit_code(), summary, (headline, *said))


def _template(file: Path) -> Outcome:
    from mmrecon.payouts.requests import write_template

    if file.exists():
        raise UsageError(f"{file.name} exists already", hint="Give another name.")
    write_template(file)
    return Outcome(ExitCode.DONE, {"written": str(file)}, (f"Written: {file}",))


def _listed(run: Run) -> Outcome:
    from mmrecon.cli.render import table
    from mmrecon.model.money import to_text
    from mmrecon.pipeline.payouts import list_items

    items = list_items(run).to_dict("records")
    names = ("kind", "request_id", "account_no", "requested_on", "state")
    shown = ("request_id", "account_no", "requested_on")
    summary = {
        "items": [
            {**{name: item[name] for name in names}, "currency": item["currency"],
             "amount_minor": item["amount_minor"], "left_minor": item["left_minor"],
             "settled_minor": item["amount_minor"] - item["left_minor"]}
            for item in items
        ]
    }  # fmt: skip
    rows = [
        (*(str(item[name]) for name in shown), f"{item['state']} {_WHAT[item['kind']]}",
         *(to_text(item[name], item["currency"]) for name in ("amount_minor", "left_minor")))
        for item in items
    ]  # fmt: skip
    headers = ("request", "account", "asked on", "what", "amount", "left")
    made = table(headers, rows, right=headers[4:], whole=headers[:3])
    return Outcome(ExitCode.DONE, summary, (made if rows else "Nothing is asked for.",))
