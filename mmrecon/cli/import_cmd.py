"""`mmrecon import`: take statement files from disk into the archive and the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.issues_view import issues_text
from mmrecon.cli.outcome import Outcome
from mmrecon.cli.passphrase import signed_by, signer_passphrase
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
@click.option(
    "--withdraw",
    metavar="HASH",
    help="Take a wrong file that was read out again: its hash or name. Another person approves it.",
)
@click.option("--reason", default="", help="Why it is dismissed or withdrawn; it is kept.")
@signed_by(required=False)
@with_run(lock=lambda options: options["withdraw"] is None)
def command(run: Run, *, paths: tuple[Path, ...], wallet: str, again: bool, **ends: Any) -> Outcome:
    """Take statement files from disk: archive, read, prove and store them, each once.

    Without FILE: what `fetch` brought and nobody has read yet. With --withdraw and without --as it
    only says what would happen.
    """
    from mmrecon.pipeline.importing import import_files, take_paths, unread_files

    alone = not (paths or wallet or again)
    if ends["withdraw"] is not None:
        return _withdrawn(run, alone=alone and ends["dismiss"] is None, **ends)
    if ends["person"] is not None or ends["passphrase_file"] is not None:
        raise UsageError("--as goes with --withdraw HASH")
    if ends["dismiss"] is not None:
        return _dismissed(run, ends["dismiss"], ends["reason"], alone=alone)
    if ends["reason"]:
        raise UsageError("--reason goes with --dismiss HASH or --withdraw HASH")
    files = take_paths(run, paths, wallet) if paths else unread_files(run)
    return outcome(run, import_files(run, files, again=again))


def _withdrawn(
    run: Run,
    *,
    alone: bool,
    withdraw: str,
    reason: str,
    person: str | None,
    passphrase_file: Path | None,
    **_others: Any,
) -> Outcome:
    from mmrecon.cli.withdrawal_view import withdrawal_json, withdrawal_shown
    from mmrecon.pipeline.withdrawing import look_at_file, prepare_withdrawal

    if not alone:
        raise UsageError("--withdraw imports nothing", hint="Withdraw first, then import.")
    found = look_at_file(run, withdraw, reason)
    shown = withdrawal_shown(found)
    if person is None or not found.possible:
        told = "Nothing was signed. " + found.possible * "Sign it: the same command with --as NAME"
        summary = withdrawal_json(found, reason, "")
        return Outcome(ExitCode.PEOPLE_HAVE_WORK, summary, [*shown, told.rstrip()])
    secret = signer_passphrase(run, person, passphrase_file)
    batch_id = prepare_withdrawal(run, found, reason, person, secret)
    told = f"Batch {batch_id} waits for another person: mmrecon approve {batch_id} --as NAME"
    return Outcome(
        ExitCode.PEOPLE_HAVE_WORK, withdrawal_json(found, reason, batch_id), [*shown, told]
    )


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
