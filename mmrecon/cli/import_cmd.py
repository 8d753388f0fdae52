"""`mmrecon import`: take statement files from disk into the archive and the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.issues_view import issues_text
from mmrecon.cli.outcome import Outcome
from mmrecon.errors import ExitCode, UsageError
from mmrecon.model.words import counted

if TYPE_CHECKING:
    from mmrecon.pipeline.importing import Imported
    from mmrecon.pipeline.run import Run


@click.command("import")
@click.argument("paths", nargs=-1, metavar="[FILE...]", type=click.Path(path_type=Path))
@click.option("--wallet", default="", metavar="W", help="The wallet these files belong to.")
@click.option("--again", is_flag=True, help="Read files once more that were read already.")
@click.option(
    "--dismiss",
    metavar="HASH",
    help="Speak no more of a file that was quarantined or refused: its hash, as `status` says it.",
)
@click.option("--reason", default="", help="Why it is dismissed; it stays in the journal.")
@with_run(lock=True)
def command(
    run: Run, *, paths: tuple[Path, ...], wallet: str, again: bool, dismiss: str | None, reason: str
) -> Outcome:
    """Take statement files from disk: archive, read, prove and store them, each once.

    Without FILE: what `fetch` brought and nobody has read yet.
    """
    from mmrecon.pipeline.importing import import_files, take_paths, unread_files

    if dismiss is not None:
        return _dismissed(run, dismiss, reason, alone=not (paths or wallet or again))
    if reason:
        raise UsageError("--reason goes with --dismiss HASH")
    files = take_paths(run, paths, wallet) if paths else unread_files(run)
    return outcome(run, import_files(run, files, again=again))


def _dismissed(run: Run, wanted: str, reason: str, *, alone: bool) -> Outcome:
    from mmrecon.pipeline.dismissing import dismiss

    if not alone:
        raise UsageError("--dismiss imports nothing", hint="Dismiss first, then import.")
    found = dismiss(run, wanted, reason)
    summary = {"dismissed": [{"file": one.name, "sha256": one.sha256} for one in found]}
    told = "It stays in the archive; nothing of it counts."
    return Outcome(ExitCode.DONE, summary, [f"Dismissed: {one.name}. {told}" for one in found])


def outcome(_run: Run, imported: Imported) -> Outcome:
    """What the files say."""
    return Outcome(imported.exit_code(), summary(imported), shown(imported))


def summary(imported: Imported) -> dict[str, Any]:
    """What was imported, for machines; entries as `inspect --json` gives them, and what was new."""
    from mmrecon.cli.statement_view import issue_json, statement_json

    return {
        "files": [
            statement_json(one.file, one.reading)
            | {
                "new_rows": one.new_lines,
                "repeat_rows": one.repeat_lines,
                "refused_rows": len(one.reading.refused),
                "skipped": dict(one.reading.skipped),
                "issues": [issue_json(issue) for issue in one.issues],
            }
            for one in imported.statements
        ],
        "issues": [issue_json(issue) for issue in imported.issues],
        "troubles": [
            {"file": trouble.file, "code": trouble.error.code, "message": str(trouble.error)}
            for trouble in imported.troubles
        ],
    }


def shown(imported: Imported) -> list[Any]:
    """What was imported, for people."""
    from dataclasses import replace

    from mmrecon.cli.statement_view import statement_lines

    parts: list[Any] = []
    for one in imported.statements:
        lines = statement_lines(one.file, replace(one.reading, issues=one.issues))
        news = f"  {counted(one.new_lines, 'row')} new, {one.repeat_lines:,} seen before"
        parts.append("\n".join([*lines, news]))
    told = {issue for one in imported.statements for issue in map(id, one.issues)}
    others = [issue for issue in imported.issues if id(issue) not in told]
    parts += issues_text(others)
    parts += [
        f"! {trouble.file}: {trouble.error}\n  → {trouble.error.hint}"
        for trouble in imported.troubles
    ]
    return parts or ["Nothing to read: no file that was fetched is unread."]
