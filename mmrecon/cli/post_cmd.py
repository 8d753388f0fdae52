"""`mmrecon post`: send to Fineract what people approved, exactly once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmrecon.cli.frame import when_called_alone, with_run
from mmrecon.cli.outcome import Outcome
from mmrecon.cli.passphrase import signed_by, signer_passphrase
from mmrecon.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from mmrecon.pipeline.posting import Posted
    from mmrecon.pipeline.run import Run


@click.group("post", invoke_without_command=True)
@when_called_alone
@click.option(
    "--other-stopped",
    is_flag=True,
    help="The other mmrecon that was seen is stopped: read what it posted, then go on.",
)
@with_run(lock=True)
def command(run: Run, *, other_stopped: bool) -> Outcome:
    """Clear what an earlier run left open, then send what is approved."""
    from mmrecon.cli.stopping import stopped_by_signals
    from mmrecon.pipeline.posting import Seams, post

    with stopped_by_signals() as stop:
        return outcome(run, post(run, Seams(stop=stop), other_stopped=other_stopped))


@command.command("resolve")
@click.argument("postings", nargs=-1, required=True, type=int, metavar="POSTING...")
@click.option("--posted", "transaction", default="", metavar="TRANSACTION", help="It is this one.")
@click.option("--not-posted", is_flag=True, help="Fineract was looked at, and it is not there.")
@click.option("--reason", default="", help="Why you are sure that it was not posted.")
@signed_by(required=False)
@with_run(lock=False)
def resolve(
    run: Run, *, postings: tuple[int, ...], transaction: str, not_posted: bool, reason: str,
    person: str | None, passphrase_file: Path | None,
) -> Outcome:  # fmt: skip
    """Say what became of postings that stay unknown, pending or deferred; another approves.

    Without --as it only looks at Fineract and says whether that bears it out.
    """
    from mmrecon.cli.resolution_view import resolution_json, resolution_shown
    from mmrecon.pipeline.resolving import look_at, prepare_resolution

    if bool(transaction) is not_posted:
        raise UsageError("say one of the two", hint="--posted TRANSACTION, or --not-posted.")
    found = look_at(run, postings, transaction, reason)
    shown = resolution_shown(found)
    if person is None:
        told = "Nothing was signed. Sign it: the same command with --as NAME"
        return Outcome(ExitCode.PEOPLE_HAVE_WORK, resolution_json(found, ""), [*shown, told])
    batch_id = prepare_resolution(
        run, found, person, signer_passphrase(run, person, passphrase_file)
    )
    told = f"Batch {batch_id} waits for another person: mmrecon approve {batch_id} --as NAME"
    return Outcome(ExitCode.PEOPLE_HAVE_WORK, resolution_json(found, batch_id), [*shown, told])


def outcome(_run: Run, posted: Posted) -> Outcome:
    """What became of the postings."""
    return Outcome(posted.exit_code(), _summary(posted), _shown(posted))


def _summary(posted: Posted) -> dict[str, Any]:
    from mmrecon.cli.held_back_view import held_back_json, taken_back_json
    from mmrecon.cli.issues_view import issues_json

    trouble = posted.trouble
    told = trouble and {"code": trouble.code, "message": str(trouble), "hint": trouble.hint}
    return {
        "postings": _by_state(posted),
        "held_back": held_back_json(posted.postings),
        "taken_back": taken_back_json(posted.postings),
        "recovered": posted.recovered,
        "interrupted": posted.interrupted,
        "trouble": told,
        "business_date": posted.preflight and posted.preflight.business_date.isoformat(),
        "issues": issues_json(posted.issues),
    }


def _shown(posted: Posted) -> list[Any]:
    from mmrecon.cli.held_back_view import held_back_shown, taken_back_shown
    from mmrecon.cli.issues_view import issues_text
    from mmrecon.cli.render import table

    states = _by_state(posted)
    if not states:
        nothing = "Nothing is approved that has not been posted."
        return [nothing, *issues_text(posted.issues)]
    shown: list[Any] = []
    if posted.recovered:
        shown.append(f"Cleared first: {posted.recovered} that an earlier run had left open.")
    rows = [
        (state, currency, f"{facts['count']:,}", facts["amount"])
        for (state, currency), facts in sorted(_sums(posted).items())
    ]
    shown.append(
        table(["state", "currency", "postings", "amount"], rows, right=["postings", "amount"])
    )
    if posted.interrupted:
        shown.append("Stopped as asked; the next run goes on from here.")
    if posted.trouble is not None:
        shown.append(f"Given up: {posted.trouble}. The next run goes on from here.")
        shown.append(f"  {posted.trouble.hint}")
    shown += [*taken_back_shown(posted.postings), *held_back_shown(posted.postings)]
    return [*shown, *issues_text(posted.issues)]


def _by_state(posted: Posted) -> list[dict[str, Any]]:
    return [
        {"state": state, "currency": currency, **facts}
        for (state, currency), facts in sorted(_sums(posted).items())
    ]


def _sums(posted: Posted) -> dict[tuple[str, str], dict[str, Any]]:
    from mmrecon.model.money import to_decimal

    sums: dict[tuple[str, str], dict[str, Any]] = {}
    for posting in posted.postings:
        facts = sums.setdefault(
            (posting.state.value, posting.currency), {"count": 0, "amount_minor": 0}
        )
        facts["count"] += 1
        facts["amount_minor"] += posting.amount_minor
    for (_, currency), facts in sums.items():
        facts["amount"] = f"{to_decimal(facts['amount_minor'], currency):,f}"
    return sums
