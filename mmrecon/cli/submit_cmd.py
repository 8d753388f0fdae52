"""`mmrecon submit`: the preparer hands the workbook back and signs."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.outcome import Outcome
from mmrecon.cli.passphrase import signed_by, signer_passphrase
from mmrecon.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from mmrecon.pipeline.approving import Pending
    from mmrecon.pipeline.run import Run

_LINKS_SHOWN: Final = 20


@click.command("submit")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--override",
    metavar="WALLET:YYYY-MM-DD",
    help="Sign that a contradicted day of a wallet is sent all the same.",
)
@click.option("--reason", default="", help="Why the contradicted day is sent.")
@signed_by(required=False)
@with_run(lock=False)
def command(
    run: Run,
    file: Path | None,
    person: str | None,
    passphrase_file: Path | None,
    **override: Any,
) -> Outcome:
    """Hand back a workbook FILE; without one, sign what else lacks a preparer.

    Without --as it only says what would be taken and signed.
    """
    day = _override_of(file, **override)
    if day is not None:
        return _override(run, day, person, passphrase_file)
    if file is None:
        return _pending(run, person, passphrase_file)
    from mmrecon.cli.submit_view import submitted_json, submitted_shown
    from mmrecon.pipeline.submitting import check_workbook, submit_workbook

    if person is None:
        submitted = check_workbook(run, file)
    else:
        secret = signer_passphrase(run, person, passphrase_file)
        submitted = submit_workbook(run, file, person, secret)
    return Outcome(submitted.exit_code(), submitted_json(submitted), submitted_shown(submitted))


_Day = tuple[str, date, str]
"""A wallet's name, a day of it, and the reason why it is sent."""


def _override_of(file: Path | None, override: str | None, reason: str) -> _Day | None:
    """The wallet-day that is to be sent although it is contradicted, if one is named."""
    if override is None:
        if reason:
            raise UsageError("--reason goes with --override WALLET:YYYY-MM-DD")
        return None
    if file is not None:
        raise UsageError("a workbook and an override are handed in one after the other")
    name, _colon, day = override.rpartition(":")
    try:
        return name, date.fromisoformat(day), reason
    except ValueError as error:
        raise UsageError(
            "--override takes WALLET:YYYY-MM-DD", hint="For example --override paybill:2026-03-02."
        ) from error


def _override(run: Run, day: _Day, person: str | None, passphrase_file: Path | None) -> Outcome:
    """What stands against the day; signed when somebody says who they are."""
    from mmrecon.cli.override_view import override_json, override_shown
    from mmrecon.pipeline.overriding import look_at_day, prepare_override

    found = look_at_day(run, *day)
    shown = override_shown(found)
    if person is None:
        hint = "Nothing was signed. Sign it: the same command with --as NAME"
        return Outcome(ExitCode.PEOPLE_HAVE_WORK, override_json(found, ""), [*shown, hint])
    secret = signer_passphrase(run, person, passphrase_file)
    batch_id = prepare_override(run, found, person, secret)
    shown += [
        f"Batch {batch_id} waits for another person.",
        f"They look at it with: mmrecon approve {batch_id}",
    ]
    return Outcome(ExitCode.PEOPLE_HAVE_WORK, override_json(found, batch_id), shown)


def _pending(run: Run, person: str | None, passphrase_file: Path | None) -> Outcome:
    """What lacks a preparer, apart from workbooks; signed when somebody says who they are."""
    from mmrecon.pipeline.approving import pending, prepare_pending

    if person is None:
        found = pending(run)
        code = ExitCode.DONE if found.is_empty else ExitCode.PEOPLE_HAVE_WORK
        hint = [] if found.is_empty else ["Sign it: mmrecon submit --as NAME"]
        return Outcome(code, _pending_json(found, ()), [*_pending_shown(run, found), *hint])
    prepared = prepare_pending(run, person, signer_passphrase(run, person, passphrase_file))
    shown = _pending_shown(run, prepared.pending)
    shown += [f"Batch {batch_id} waits for another person." for batch_id in prepared.batch_ids]
    if prepared.batch_ids:
        shown.append("They look at it with: mmrecon approve BATCH")
    code = ExitCode.PEOPLE_HAVE_WORK if prepared.batch_ids else ExitCode.DONE
    return Outcome(code, _pending_json(prepared.pending, prepared.batch_ids), shown)


def _pending_json(found: Pending, batch_ids: Any) -> dict[str, Any]:
    from mmrecon.pipeline.found_links import sums

    changes = None if found.configuration is None else [one.words() for one in found.configuration]
    return {
        "configuration": changes,
        "enrolments": [
            {"name": one.name, "fingerprint": one.fingerprint} for one in found.enrolments
        ],
        "links": {"lines": len(found.links), "totals": sums(found.links)},
        "batches": list(batch_ids),
    }


def _pending_shown(run: Run, found: Pending) -> list[Any]:
    from mmrecon.cli.configuration_view import configuration_shown
    from mmrecon.pipeline.configuration import configuration_row

    if found.is_empty:
        return ["Nothing lacks a preparer."]
    shown: list[Any] = []
    if found.configuration is not None:
        shown += configuration_shown(found.configuration, configuration_row(run.settings))
    for enrolment in found.enrolments:
        roles = ", ".join(sorted(role.value for role in enrolment.roles))
        shown.append(f"New key: {enrolment.name} ({roles}), fingerprint {enrolment.fingerprint}")
    return [*shown, *_links_shown(run, found)]


def _links_shown(run: Run, found: Pending) -> list[str]:
    """Lines whose money somebody else has posted, each with its transaction."""
    from mmrecon.model.money import to_text
    from mmrecon.pipeline.found_links import sums
    from mmrecon.pipeline.ledger_in import account_numbers

    if not found.links:
        return []
    numbers = account_numbers(run)
    totals = ", ".join(to_text(minor, code) for code, minor in sorted(sums(found.links).items()))
    rows = [
        f"  {one.receipt}: {to_text(one.link_minor, one.currency)}, "
        f"{numbers.get((one.account_kind, one.account_id), f'{one.account_kind} {one.account_id}')}"
        f", transaction {one.transaction_id}"
        for one in found.links[:_LINKS_SHOWN]
    ]
    more = len(found.links) - len(rows)
    rows += [f"  … and {more:,} more"] if more else []
    count = f"{len(found.links):,} line{'' if len(found.links) == 1 else 's'}"
    return [f"Found in Fineract, posted by somebody else: {count}, {totals}", *rows]
