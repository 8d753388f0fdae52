"""`mmrecon approve`: another person looks at what waits, and signs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.outcome import Outcome
from mmrecon.cli.passphrase import on_terminal, signed_by, signer_passphrase
from mmrecon.errors import ExitCode, UsageError, worst
from mmrecon.model.words import counted

if TYPE_CHECKING:
    from mmrecon.pipeline.approving import Decided
    from mmrecon.pipeline.run import Run
    from mmrecon.pipeline.waiting import Shown


@click.command("approve")
@click.argument("batch", required=False)
@click.option(
    "--reject",
    "rejections",
    multiple=True,
    metavar="ROW:REASON",
    help="Reject one row, and all legs of its line; may be given several times.",
)
@click.option("--reject-batch", is_flag=True, help="Send the whole batch back.")
@click.option("--reason", default="", help="Why the batch is sent back.")
@click.option("--yes", is_flag=True, help="Sign without being asked again.")
@signed_by(required=False)
@with_run(lock=False)
def command(run: Run, batch: str | None, person: str | None, **answers: Any) -> Outcome:
    """List what waits for a second person; look at one BATCH; with --as, decide on it."""
    from mmrecon.cli.batch_view import batch_json, batch_view
    from mmrecon.pipeline.approving import refuse_approver
    from mmrecon.pipeline.waiting import show, still_waiting

    rejected = _understood(batch, person, answers)
    if batch is None:
        return _list(run)
    shown = show(run, batch)
    if person is None:
        waits = shown.stored.state.value == "prepared"
        code = ExitCode.PEOPLE_HAVE_WORK if waits else ExitCode.DONE
        return Outcome(code, batch_json(shown), batch_view(shown))
    still_waiting(shown.stored)
    if not answers["reject_batch"]:
        refuse_approver(run, batch, person)
    _ask(shown, yes=answers["yes"], rejects_batch=answers["reject_batch"])
    secret = signer_passphrase(run, person, answers["passphrase_file"])
    decided = _decide(run, (batch, person, secret), rejected, answers)
    return _with_days_proved(run, shown, decided, _outcome(decided))


def _list(run: Run) -> Outcome:
    from mmrecon.cli.batch_view import waiting_json, waiting_table
    from mmrecon.cli.issues_view import issues_json, issues_text
    from mmrecon.model.catalogue import severity_of
    from mmrecon.pipeline.found_links import found, issues_of, sums
    from mmrecon.pipeline.unapproved import unapproved_configuration
    from mmrecon.pipeline.waiting import waiting

    headers, unsigned, unapproved = waiting(run), found(run), unapproved_configuration(run)
    work = [ExitCode.PEOPLE_HAVE_WORK] if headers or unsigned else []
    code = worst([*work, *(severity_of(issue).exit_code() for issue in unapproved)])
    issues = [*issues_of(unsigned), *unapproved]
    shown = [*waiting_table(headers, run.now_utc()), *issues_text(issues)]
    links = {"lines": len(unsigned), "totals": sums(unsigned)}
    summary = {
        "waiting": waiting_json(headers),
        "links_unsigned": links,
        "configuration": issues_json(unapproved),
    }
    return Outcome(code, summary, shown)


def _decide(
    run: Run, signing: tuple[str, str, str], rejected: dict[int, str], answers: dict[str, Any]
) -> Decided:
    from mmrecon.pipeline.approving import approve, reject

    if answers["reject_batch"]:
        return reject(run, *signing, answers["reason"])
    return approve(run, *signing, rejected)


def _understood(batch: str | None, person: str | None, answers: dict[str, Any]) -> dict[int, str]:
    """Rejected rows with their reasons; options that do not go together are refused."""
    rejected = _rejections(answers["rejections"])
    decides = answers["rejections"] or answers["reject_batch"] or answers["yes"]
    if decides and (batch is None or person is None):
        raise UsageError("it is not clear who decides on what", hint="Give BATCH and --as NAME.")
    if rejected and answers["reject_batch"]:
        raise UsageError("single rows and the whole batch cannot both be rejected")
    if answers["reject_batch"] and not answers["reason"].strip():
        raise UsageError("a rejection has a reason", hint="Add --reason TEXT.")
    return rejected


def _rejections(given: Sequence[str]) -> dict[int, str]:
    """Row numbers and reasons from `ROW:reason`."""
    found = {}
    for text in given:
        number, colon, reason = text.partition(":")
        if not (colon and number.strip().isdecimal() and reason.strip()):
            raise UsageError(
                "--reject takes ROW:reason", hint='For example --reject "3:wrong name".'
            )
        found[int(number)] = reason.strip()
    return found


def _ask(shown: Shown, *, yes: bool, rejects_batch: bool) -> None:
    """Show the batch to the person who is about to sign it, and ask."""
    if yes:
        return
    if not on_terminal():
        raise UsageError(
            "nobody can be asked: this is no terminal",
            hint="Add --yes and --passphrase-file FILE.",
            code="no_terminal",
        )
    from mmrecon.cli.batch_view import batch_view
    from mmrecon.cli.render import talk

    for part in batch_view(shown):
        talk().print(part)
    click.confirm("Send it back?" if rejects_batch else "Approve it?", abort=True, err=True)


def _with_days_proved(run: Run, shown: Shown, decided: Decided, outcome: Outcome) -> Outcome:
    """The outcome; the days of a file that was withdrawn just now are proved anew first."""
    from mmrecon.model.withdrawal import withdrawn_files

    rows = withdrawn_files(shown.stored.batch.rows)
    if not rows or decided.state.value != "approved":
        return outcome
    from mmrecon.cli.issues_view import issues_json, issues_text
    from mmrecon.cli.withdrawal_view import withdrawn_shown
    from mmrecon.model.catalogue import severity_of
    from mmrecon.pipeline.proving import proof_document
    from mmrecon.pipeline.withdrawing import facts_changed, prove_anew

    changed, proved = facts_changed(run), prove_anew(run, rows)
    summary = {
        **outcome.summary,
        "withdrawn": [row["sha256"] for row in rows],
        "issues": issues_json(changed),
        "proofs": [proof_document(proof) for one in proved for proof in one.proofs],
    }
    text = [*outcome.show, *withdrawn_shown(rows, proved), *issues_text(changed)]
    code = worst([outcome.exit_code, *(severity_of(issue).exit_code() for issue in changed)])
    return Outcome(code, summary, text)


def _outcome(decided: Decided) -> Outcome:
    summary = {
        "batch_id": decided.batch_id,
        "state": decided.state.value,
        "waits_for_second_approver": decided.waits_for_second,
        "accepted_rows": decided.accepted_rows,
        "rejected_rows": list(decided.rejected_rows),
        "refused_rows": [{"row": row.row_number, "code": row.code} for row in decided.refused],
    }
    words = "signed; a second approver has to sign too" if decided.waits_for_second else ""
    counts = (
        f"{counted(decided.accepted_rows, 'row')} accepted, {len(decided.rejected_rows):,} rejected"
    )
    shown = [f"Batch {decided.batch_id}: {words or decided.state.value}; {counts}."]
    shown += [
        f"  row {row.row_number} made nothing ({row.code}); its line is back with the preparer"
        for row in decided.refused
    ]
    work = decided.waits_for_second or decided.refused
    return Outcome(ExitCode.PEOPLE_HAVE_WORK if work else ExitCode.DONE, summary, shown)
