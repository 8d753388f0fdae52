"""`mmrecon people`: who may do what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.outcome import Outcome
from mmrecon.cli.passphrase import (
    on_terminal,
    passphrase,
    passphrase_file_option,
    signed_by,
    signer_passphrase,
)
from mmrecon.errors import ExitCode, UsageError
from mmrecon.model.approval import Role

if TYPE_CHECKING:
    from mmrecon.pipeline.people import Enrolled
    from mmrecon.pipeline.people_listing import Listed
    from mmrecon.pipeline.run import Run


@click.group("people")
def command() -> None:
    """Who may prepare, approve, operate or only look."""


@command.command("invite")
@click.argument("name")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice([role.value for role in Role]),
    help="What the person shall be able to do; may be given several times.",
)
@click.option("--founder", is_flag=True, help="A new code for one of the two founders.")
@click.option("--days", type=click.IntRange(1, 90), default=7, show_default=True)
@with_run(lock=False)
def invite(run: Run, name: str, roles: tuple[str, ...], *, founder: bool, days: int) -> Outcome:
    """Give out a one-time code with which NAME makes a key of their own."""
    from mmrecon.model.clock import zoned_time
    from mmrecon.pipeline.people import invite_person

    invited = invite_person(run, name, map(Role, roles), founder=founder, days=days)
    until = zoned_time(invited.expires_at_utc, run.settings.zone)
    summary = {
        "name": invited.name,
        "code": invited.code,
        "expires_at_utc": invited.expires_at_utc,
    }
    shown = [
        f"Code for {invited.name}: {invited.code}",
        f"Good until {until}, once. It is shown only now; hand it over yourself.",
        f"In their own session: mmrecon people enrol '{invited.name}'",
    ]
    return Outcome(ExitCode.DONE, summary, shown)


@command.command("enrol")
@click.argument("name")
@click.option(
    "--code-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Read the one-time code from this file, which only its owner may read; else it is asked.",
)
@passphrase_file_option
@with_run(lock=False)
def enrol(run: Run, name: str, code_file: Path | None, passphrase_file: Path | None) -> Outcome:
    """Make NAME's key, in NAME's own session; the passphrase never leaves it."""
    from mmrecon.pipeline.people import enrol_person

    given = _code(code_file)
    enrolled = enrol_person(run, name, given, passphrase(passphrase_file, new=True))
    summary = {
        "name": enrolled.name,
        "fingerprint": enrolled.fingerprint,
        "founder": enrolled.founder,
        "founders_complete": enrolled.founders_complete,
    }
    shown = [f"{enrolled.name} has a key: {enrolled.fingerprint}", _next(run, enrolled)]
    return Outcome(ExitCode.DONE, summary, shown)


@command.command("revoke")
@click.argument("name")
@click.option("--reason", required=True, help="Why; it stays in the journal.")
@signed_by(required=True)
@with_run(lock=False)
def revoke(run: Run, name: str, reason: str, person: str, passphrase_file: Path | None) -> Outcome:
    """Take every right from NAME at once; one enrolled person is enough for that."""
    from mmrecon.pipeline.people import revoke_person

    secret = signer_passphrase(run, person, passphrase_file)
    gone = revoke_person(run, name, person, secret, reason)
    name = gone[-1].name
    fingerprints = [key.fingerprint for key in gone]
    summary = {"name": name, "fingerprints": fingerprints, "revoked_by": person}
    return Outcome(ExitCode.DONE, summary, [f"{name} can no longer sign anything."])


@command.command("list")
@with_run(lock=False)
def list_command(run: Run) -> Outcome:
    """Everybody with a key or an open code, and what they may do now."""
    from mmrecon.cli.render import table
    from mmrecon.pipeline.people_listing import list_people

    listed = list_people(run)
    zone = run.settings.zone
    rows = [
        (one.name, ", ".join(one.roles), _state(one), one.fingerprint[:12], _moment(one, zone))
        for one in listed
    ]
    names = ["name", "roles", "state", "key", "since or until"]
    shown: list[Any] = [table(names, rows, whole=["name", *names[3:]])] if rows else ["Nobody yet."]
    shown.append(f"All times are {zone}.")
    return Outcome(ExitCode.DONE, {"people": [_as_json(one) for one in listed]}, shown)


def _code(file: Path | None) -> str:
    """The one-time code; never an argument, which other users of the machine could see."""
    if file is not None:
        from mmrecon.secret import read_secret

        return read_secret("", file, "the one-time code")
    if not on_terminal():
        raise UsageError(
            "the one-time code cannot be asked: this is no terminal",
            hint="Give it in a file only you can read: --code-file FILE (chmod 600).",
            code="no_terminal",
        )
    typed: str = click.prompt("One-time code", err=True)
    return typed


def _next(run: Run, enrolled: Enrolled) -> str:
    if enrolled.founders_complete:
        return (
            f"Both founders have enrolled; their fingerprints stand in {run.founders_path}.\n"
            f"Let root own it: sudo chown root: {run.founders_path}\n"
            "Next: one signs the configuration with `mmrecon submit`, the other approves it."
        )
    if enrolled.founder:
        return "The other founder enrols next."
    return (
        "It counts when a preparer has signed it (`mmrecon submit`) and another person has "
        "approved it (`mmrecon approve`)."
    )


def _state(one: Listed) -> str:
    words = {"waits": "key waits for two signatures"}
    return words.get(one.state, one.state) + (" (founder)" if one.founder else "")


def _moment(one: Listed, zone: str) -> str:
    """Since when, or for a code until when."""
    from mmrecon.model.clock import local_time

    if one.until_utc:
        return local_time(one.until_utc, zone)
    return local_time(one.since_utc, zone)[:10]


def _as_json(one: Listed) -> dict[str, Any]:
    return {
        "name": one.name,
        "roles": list(one.roles),
        "state": one.state,
        "fingerprint": one.fingerprint,
        "since_utc": one.since_utc,
        "until_utc": one.until_utc,
        "founder": one.founder,
    }
