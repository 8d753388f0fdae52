"""`mmrecon submit`: the preparer hands the workbook back and signs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.outcome import Outcome
from mmrecon.cli.passphrase import passphrase, signed_by
from mmrecon.errors import ExitCode

if TYPE_CHECKING:
    from mmrecon.pipeline.approving import Pending
    from mmrecon.pipeline.run import Run


@click.command("submit")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@signed_by(required=False)
@with_run(lock=False)
def command(
    run: Run, file: Path | None, person: str | None, passphrase_file: Path | None
) -> Outcome:
    """Hand back a workbook FILE; without one, sign what else lacks a preparer.

    Without --as it only says what would be taken and signed.
    """
    if file is None:
        return _pending(run, person, passphrase_file)
    from mmrecon.cli.submit_view import submitted_json, submitted_shown
    from mmrecon.pipeline.submitting import check_workbook, submit_workbook

    if person is None:
        submitted = check_workbook(run, file)
    else:
        submitted = submit_workbook(run, file, person, passphrase(passphrase_file))
    return Outcome(submitted.exit_code(), submitted_json(submitted), submitted_shown(submitted))


def _pending(run: Run, person: str | None, passphrase_file: Path | None) -> Outcome:
    """What lacks a preparer, apart from workbooks; signed when somebody says who they are."""
    from mmrecon.pipeline.approving import pending, prepare_pending

    if person is None:
        found = pending(run)
        code = ExitCode.DONE if found.is_empty else ExitCode.PEOPLE_HAVE_WORK
        hint = [] if found.is_empty else ["Sign it: mmrecon submit --as NAME"]
        return Outcome(code, _pending_json(found, ()), [*_pending_shown(found), *hint])
    prepared = prepare_pending(run, person, passphrase(passphrase_file))
    shown = _pending_shown(prepared.pending)
    shown += [f"Batch {batch_id} waits for another person." for batch_id in prepared.batch_ids]
    if prepared.batch_ids:
        shown.append("They look at it with: mmrecon approve BATCH")
    code = ExitCode.PEOPLE_HAVE_WORK if prepared.batch_ids else ExitCode.DONE
    return Outcome(code, _pending_json(prepared.pending, prepared.batch_ids), shown)


def _pending_json(found: Pending, batch_ids: Any) -> dict[str, Any]:
    changes = None if found.configuration is None else [one.words() for one in found.configuration]
    return {
        "configuration": changes,
        "enrolments": [
            {"name": one.name, "fingerprint": one.fingerprint} for one in found.enrolments
        ],
        "batches": list(batch_ids),
    }


def _pending_shown(found: Pending) -> list[Any]:
    if found.is_empty:
        return ["Nothing lacks a preparer."]
    shown: list[Any] = []
    if found.configuration is not None:
        shown.append("The configuration differs from the approved one:")
        shown += [f"  {difference.words()}" for difference in found.configuration]
    for enrolment in found.enrolments:
        roles = ", ".join(sorted(role.value for role in enrolment.roles))
        shown.append(f"New key: {enrolment.name} ({roles}), fingerprint {enrolment.fingerprint}")
    return shown
