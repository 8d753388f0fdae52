"""The day itself: the same commands as on a site, one after the other."""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from mmrecon.cli.demo.officer import Owner, fill_in
from mmrecon.cli.demo.site import (
    APPROVER,
    PREPARER,
    Site,
    complete_configuration,
    init_arguments,
    remember,
    seed_fineract,
    serving,
    signing,
    write_secret,
    write_the_day,
)
from mmrecon.errors import ExitCode, UsageError
from mmrecon.model.money import to_text
from mmrecon.model.words import counted

_EXPECTED: Final = {ExitCode.DONE, ExitCode.PEOPLE_HAVE_WORK, ExitCode.NEEDS_ATTENTION}


class DemoStoppedError(Exception):
    """A command ended in a way that no good day ends."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"exit code {exit_code}")
        self.exit_code = exit_code


def play(site: Site, day: date) -> int:
    """Play the day; 0 when it played through, else the exit code that stopped it."""
    try:
        return _first_time(site, day) if not site.is_ready else _again(site)
    except DemoStoppedError as stopped:
        return stopped.exit_code


def _first_time(site: Site, day: date) -> int:
    if site.sandbox.exists():
        raise UsageError(
            f"an earlier demo stopped half-way in {site.folder}",
            hint="Delete that folder and start again, or choose another one with --folder.",
            code="demo_half_way",
        )
    _heading(f"An invented institution and its {day:%A, %d %B %Y}")
    institution = write_the_day(site, day)
    with serving(site) as base_url:
        _say(f"A stand-in Fineract answers at {base_url}")
        master = seed_fineract(base_url, institution)
        _say(f"{len(institution.clients)} clients in {len(institution.offices)} offices, seeded.")
        _set_up(site, init_arguments(site, base_url, master, day))
        remember(site, day)
        _morning(site)
        _decide(site)
        _post(site)
    _farewell(site)
    return ExitCode.DONE


def _again(site: Site) -> int:
    _heading(f"The demo of {site.day():%A, %d %B %Y} once more: nothing is posted twice")
    with serving(site):
        before = _posted(site)
        for command in ("fetch", "import", "ledger refresh", "match", "post", "verify", "prove"):
            _run(site, command.split())
        now = _posted(site)
    _heading("Once more, and nothing twice")
    new = f"{now - before:,} lines were posted" if now != before else "Nothing new was posted"
    _say(f"{new}: {before:,} lines were posted before this run, {now:,} are now.")
    _farewell(site)
    return ExitCode.DONE


def _set_up(site: Site, init: list[str]) -> None:
    _heading("First configuration, two people, and what both signed")
    invited = _ask(site, init)["founders"]
    complete_configuration(site)
    for person in invited:
        name = str(person["name"])
        write_secret(site.code_file(name), str(person["code"]))
        files = ["--code-file", str(site.code_file(name))]
        files += ["--passphrase-file", str(site.passphrase_file(name))]
        _run(site, ["people", "enrol", name, *files])
    signed = _ask(site, ["submit", *signing(site, PREPARER)])
    settings = len(signed["configuration"])
    _say(f"\n{PREPARER} signed the configuration ({settings} settings); {APPROVER} looks at it:")
    _approve_all(site)


def _morning(site: Site) -> None:
    _heading("What arrived over SFTP, and what it says")
    _run(site, ["fetch"])
    _run(site, ["import"])
    _heading("Whose money it is")
    _run(site, ["ledger", "refresh"])
    _run(site, ["payouts", "requests", str(site.requests)])
    _run(site, ["match"])
    _ask(site, ["prove"])


def _decide(site: Site) -> None:
    _heading("The workbook: what the preparer answered, and what another person approved")
    issued = site.folder / "workbook.xlsx"
    returned = site.folder / "workbook-returned.xlsx"
    _run(site, ["workbook", "--out", str(issued)])
    filled = fill_in(issued, returned, _owners(site))
    _say(f"{PREPARER} filled it in and saved it as {returned}:")
    for answer, times in filled.answers.items():
        _say(f"  {times:4d} times: {answer}")
    _run(site, ["submit", str(returned), *signing(site, PREPARER)])
    _approve_all(site)


def _post(site: Site) -> None:
    _heading("What was posted, verified, held back and why")
    _run(site, ["post"])
    _run(site, ["verify"])
    _heading("What somebody else had posted already: linked by two people")
    _run(site, ["submit", *signing(site, PREPARER)])
    _approve_all(site)
    _heading("The day's proof for each wallet")
    _run(site, ["prove", "--day", site.day().isoformat()])


def _approve_all(site: Site) -> None:
    """The other person looks at every waiting batch and signs it."""
    for batch in _ask(site, ["approve"])["waiting"]:
        money = ", ".join(to_text(minor, code) for code, minor in batch["totals"].items())
        rows = counted(batch["rows"], "row")
        _say(f"\n{APPROVER} looks at {rows} of {batch['kind']}: {money or '-'}")
        _run(site, ["approve", str(batch["batch_id"]), "--yes", *signing(site, APPROVER)])


def _posted(site: Site) -> int:
    """How many lines stand in Fineract, posted by mmrecon."""
    lines = _ask(site, ["status"])["lines"]
    return sum(line["lines"] for line in lines if line["state"] in {"posted", "verified"})


def _owners(site: Site) -> dict[str, Owner]:
    """What payers of open lines say on the phone: the demo's truth, as far as it names an owner."""
    owners = {}
    for line in json.loads(site.truth.read_text(encoding="utf-8"))["lines"]:
        if line["legs"] or line["story"] == "not ours":
            account = ":".join(line["legs"][0][:2]) if len(line["legs"]) == 1 else ""
            owners[str(line["receipt"])] = Owner(account, ours=bool(line["legs"]))
    return owners


def _run(site: Site, arguments: Sequence[str]) -> None:
    """One command as on a site, its output shown.

    Raises:
        DemoStoppedError: it ended in a way that needs somebody to look before going on.
    """
    _say(f"\n$ mmrecon {_shown(site, arguments)}")
    code = _invoke([*arguments, "--config", str(site.config)])
    if code not in _EXPECTED:
        raise DemoStoppedError(code)


def _shown(site: Site, arguments: Sequence[str]) -> str:
    """The command as somebody would type it in the demo's folder."""
    return shlex.join(part.replace(f"{site.folder}/", "") for part in arguments)


def _ask(site: Site, arguments: Sequence[str]) -> dict[str, Any]:
    """One command with `--json`, its document read."""
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        code = _invoke([*arguments, "--json", "--config", str(site.config)])
    if code not in _EXPECTED:
        sys.stdout.write(written.getvalue())
        raise DemoStoppedError(code)
    document: dict[str, Any] = json.loads(written.getvalue())
    return document


def _invoke(arguments: Sequence[str]) -> int:
    from mmrecon.cli.app import cli

    sys.stdout.flush()
    return int(cli.main(list(arguments), prog_name="mmrecon", standalone_mode=False) or 0)


def _heading(text: str) -> None:
    _say(f"\n━━ {text} " + "━" * max(0, 76 - len(text)))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _farewell(site: Site) -> None:
    receipt = _ask(site, ["lines", "--state", "verified"])["lines"][0]["receipt"]
    called = Path(sys.argv[0])
    program = called.absolute() if called.name == "mmrecon" else "mmrecon"
    _say(f"""
What it made, in {site.folder}:
  config.toml              the configuration, approved by two people
  workbook.xlsx            the workbook as mmrecon wrote it
  workbook-returned.xlsx   the same, answered by {PREPARER}
  sandbox/drop             the statement files and the branches' withdrawal requests
  state                    mmrecon's memory: database, archive, keys

Try next:
  cd {site.folder}
  {program} explain {receipt}
  {program} find "1,500"
  {program} lines --state review
  {program} status
  {program} sandbox serve      brings the same Fineract back""")
