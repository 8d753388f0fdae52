"""`mmrecon ledger`: the snapshot of Fineract's clients and accounts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmrecon.cli.frame import with_run, without_run
from mmrecon.cli.issues_view import issues_text
from mmrecon.cli.outcome import Outcome
from mmrecon.errors import ExitCode
from mmrecon.model.words import counted

if TYPE_CHECKING:
    from mmrecon.model.account import LedgerSnapshot
    from mmrecon.pipeline.ledger_in import TakenSnapshot
    from mmrecon.pipeline.run import Run


@click.group("ledger")
def command() -> None:
    """The snapshot of Fineract's clients and accounts."""


_EVEN_IF_SMALLER = click.option(
    "--even-if-smaller",
    is_flag=True,
    help="Take it also when far fewer clients or accounts come than the snapshot before has.",
)


@command.command("refresh")
@_EVEN_IF_SMALLER
@with_run(lock=True)
def refresh(run: Run, *, even_if_smaller: bool) -> Outcome:
    """Take the snapshot from Fineract."""
    from mmrecon.pipeline.ledger_in import refresh_ledger

    return outcome(run, refresh_ledger(run, even_if_smaller=even_if_smaller))


@command.command("load")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_EVEN_IF_SMALLER
@with_run(lock=True)
def load(run: Run, file: Path, *, even_if_smaller: bool) -> Outcome:
    """Take the snapshot from a CSV or Parquet file that somebody exported."""
    from mmrecon.pipeline.ledger_in import load_ledger

    return outcome(run, load_ledger(run, file, even_if_smaller=even_if_smaller))


@command.command("show")
@with_run(lock=False)
def show(run: Run) -> Outcome:
    """What the newest snapshot holds, and how old it is."""
    from mmrecon.pipeline.ledger_in import newest_snapshot

    snapshot = newest_snapshot(run)
    if snapshot is None:
        text = "There is no snapshot yet: `mmrecon ledger refresh` or `mmrecon ledger load FILE`."
        return Outcome(ExitCode.DONE, {"snapshot": None}, (text,))
    summary, shown = _described(run, snapshot)
    return Outcome(ExitCode.DONE, {"snapshot": summary}, shown)


@command.group("report")
def report() -> None:
    """The two reports that let mmrecon read Fineract in few calls."""


@report.command("install")
@with_run(lock=False)
def install(run: Run) -> Outcome:
    """Put both reports into Fineract, or bring them up to date, and try them."""
    from mmrecon.pipeline.report_installing import install_reports

    done = install_reports(run)
    words = {"there": "was there already", "created": "was installed", "changed": "is up to date"}
    shown = [f"{one.report.name} {words[one.what]}, and runs." for one in done]
    summary = {"reports": {one.report.name: one.what.value for one in done}}
    return Outcome(ExitCode.DONE, summary, shown)


@report.command("show")
@without_run
def show_sql(config_path: Path | None) -> Outcome:
    """Print the SQL of both, for an administrator who installs reports by hand."""
    from mmrecon.fineract.report_sql import REPORTS

    del config_path
    summary = {"reports": {one.name: one.sql for one in REPORTS}}
    shown = [f"-- {one.name}: {one.description}\n{one.sql}\n" for one in REPORTS]
    return Outcome(ExitCode.DONE, summary, shown)


def outcome(run: Run, taken: TakenSnapshot) -> Outcome:
    """What was taken."""
    from mmrecon.model.catalogue import next_step_of, sentence_of

    issues = [
        {"code": issue.code, "sentence": sentence_of(issue), "next_step": next_step_of(issue)}
        for issue in taken.issues
    ]
    said = issues_text(taken.issues)
    if taken.snapshot is None:
        summary: dict[str, Any] = {"snapshot": None, "issues": issues}
        return Outcome(taken.exit_code(), summary, ("No new snapshot was taken.", *said))
    described, shown = _described(run, taken.snapshot)
    summary = {"snapshot": described, "new_items": taken.new_items, "issues": issues}
    return Outcome(taken.exit_code(), summary, (*shown, *said))


def _described(run: Run, snapshot: LedgerSnapshot) -> tuple[dict[str, Any], tuple[Any, ...]]:
    from mmrecon.cli.render import table
    from mmrecon.model.clock import zoned_time
    from mmrecon.pipeline.ledger_in import age_s, snapshot_counts

    counts = snapshot_counts(snapshot).to_dict("records")
    seconds = age_s(snapshot, run.now_utc())
    summary = {
        "snapshot_id": snapshot.snapshot_id, "taken_at_utc": snapshot.taken_at_utc,
        "source": snapshot.source, "age_s": seconds, "clients": len(snapshot.clients),
        "accounts": len(snapshot.accounts), "counts": counts,
    }  # fmt: skip
    taken_at = zoned_time(snapshot.taken_at_utc, run.settings.zone)
    headline = (
        f"Snapshot {snapshot.snapshot_id} from {snapshot.source}, taken {taken_at} "
        f"({seconds // 3600} h {seconds // 60 % 60} min ago): "
        f"{counted(len(snapshot.clients), 'client')}, {counted(len(snapshot.accounts), 'account')}."
    )
    headers = ("kind", "status", "sub-status", "currency", "accounts")
    rows = [tuple(count.values()) for count in counts]
    return summary, (headline, table(headers, rows, right=("accounts",)))
