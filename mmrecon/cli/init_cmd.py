"""`mmrecon init`: a first configuration, the cron lines, and the founders' one-time codes."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfoNotFoundError

import click

from mmrecon.cli.first_config import Answers, FirstWallet, cron_lines, first_config
from mmrecon.cli.frame import without_run
from mmrecon.cli.outcome import Outcome
from mmrecon.cli.passphrase import on_terminal
from mmrecon.errors import ExitCode, UsageError
from mmrecon.model.clock import local_date, system_clock
from mmrecon.model.enrolment import clean_name, name_key

if TYPE_CHECKING:
    from mmrecon.pipeline.people import Invited

_WALLET_FORM: Final = "NAME:PROVIDER:ACCOUNT:CURRENCY[:ZONE[:COUNTRY]]"

_OPTIONS: Final = (
    click.option("--folder", type=click.Path(path_type=Path), default=Path(), help="Where."),
    click.option("--institution", help="The institution's name."),
    click.option("--zone", default="Africa/Nairobi", show_default=True, help="Of the wallets."),
    click.option("--country", default="KE", show_default=True, help="For telephone numbers."),
    click.option("--wallet", "wallets", multiple=True, metavar=_WALLET_FORM),
    click.option("--payment-type", "payment_types", multiple=True, metavar="WALLET=ID:NAME"),
    click.option("--gl-accounts", multiple=True, metavar="WALLET=ID,ID"),
    click.option(
        "--source",
        "sources",
        multiple=True,
        metavar="WALLET=FOLDER|sftp://USER@HOST/PATH#SHA256:FINGERPRINT",
        help="Where statements come from [default: statements/WALLET].",
    ),
    click.option("--live-from", type=click.DateTime(["%Y-%m-%d"]), help="[default: today]"),
    click.option("--shadow", is_flag=True, help="Everything up to the approval, nothing is sent."),
    click.option("--fineract-url", help="For example https://HOST/fineract-provider/api/v1."),
    click.option("--tenant", default="default", show_default=True),
    click.option("--fineract-user", default="mmrecon", show_default=True),
    click.option("--fineract-zone", help="The tenant's zone [default: --zone]."),
    click.option("--founder", "founders", multiple=True, metavar="NAME", help="Twice: two people."),
)


def _with_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.command("init")
@_with_options
@without_run
def command(config_path: Path | None, folder: Path, **given: Any) -> Outcome:
    """Write a first config.toml, from options or by asking; never over one that is there."""
    path = (config_path or folder / "config.toml").absolute()
    if path.exists():
        raise _exists(path)
    answers = _answers(given)
    founders = _founders(given["founders"])
    _write(path, answers)
    invited = _invite(path, founders)
    return _outcome(path, invited, answers.wallets[0].zone)


def _answers(given: Mapping[str, Any]) -> Answers:
    _refuse_unanswered(given)
    institution = given["institution"] or _ask("The institution's name")
    wallets = _wallets(given)
    fineract_url = given["fineract_url"]
    if fineract_url is None:
        question = "Fineract's base URL (empty: not yet)"
        fineract_url = click.prompt(question, default="", err=True) if on_terminal() else ""
    live_from: datetime | None = given["live_from"]
    return Answers(
        institution=institution,
        wallets=wallets,
        live_from=live_from.date() if live_from else _today(given["zone"]),
        fineract_url=fineract_url,
        fineract_tenant=given["tenant"],
        fineract_user=given["fineract_user"],
        fineract_zone=given["fineract_zone"] or given["zone"],
        shadow=given["shadow"],
    )


def _today(zone: str) -> date:
    """Today in the wallets' zone; a zone that is none is refused with the other faults later."""
    try:
        return local_date(system_clock(), zone)
    except (ZoneInfoNotFoundError, ValueError):
        return system_clock().date()


def _wallets(given: Mapping[str, Any]) -> list[FirstWallet]:
    texts: Sequence[str] = given["wallets"] or [_ask(f"A wallet ({_WALLET_FORM})")]
    names = {text.partition(":")[0] for text in texts}
    payment_types = _by_wallet("--payment-type", given["payment_types"], names)
    gl_accounts = _by_wallet("--gl-accounts", given["gl_accounts"], names)
    sources = _by_wallet("--source", given["sources"], names)
    made = []
    for text in texts:
        parts = text.split(":")
        if not 4 <= len(parts) <= 6:
            raise UsageError(f"--wallet {text}: not of the form {_WALLET_FORM}")
        name, provider, account, currency, zone, country, *_ = [*parts, "", ""]
        number, _colon, words = payment_types.get(name, "").partition(":")
        made.append(
            FirstWallet(
                name=name,
                provider=provider,
                account=account,
                currency=currency,
                zone=zone or given["zone"],
                country=country or given["country"],
                payment_type_id=_number("--payment-type", number) if number else None,
                payment_type_name=words,
                gl_account_ids=_numbers("--gl-accounts", gl_accounts.get(name, "")),
                source=sources.get(name, f"statements/{name}"),
            )
        )
    return made


def _by_wallet(option: str, texts: Sequence[str], names: set[str]) -> dict[str, str]:
    """`WALLET=VALUE` options by wallet; a wallet nobody named is a fault."""
    found = dict(text.split("=", 1) for text in texts if "=" in text)
    wrong = [text for text in texts if text.partition("=")[0] not in names or "=" not in text]
    if wrong:
        raise UsageError(f"{option} {wrong[0]}: begins with no wallet's name and `=`")
    return found


def _numbers(option: str, text: str) -> list[int]:
    return [_number(option, part) for part in text.split(",") if part]


def _number(option: str, text: str) -> int:
    if not text.strip().isdecimal():
        raise UsageError(f"{option}: {text} is no number")
    return int(text)


def _founders(names: Sequence[str]) -> Sequence[str]:
    if not names and on_terminal():
        names = [_ask(f"The {which} founder's name") for which in ("first", "second")]
    if len(names) not in {0, 2} or len({name_key(name) for name in names}) != len(names):
        raise UsageError("there are two founders: give --founder twice, or leave it out")
    try:
        return [clean_name(name) for name in names]
    except ValueError as error:
        raise UsageError(f"--founder: {error}") from error


def _refuse_unanswered(given: Mapping[str, Any]) -> None:
    """Where nobody can be asked, every option that is missing is named at once."""
    needed = {"--institution": "institution", "--wallet": "wallets"}
    missing = [option for option, name in needed.items() if not given[name]]
    if missing and not on_terminal():
        verb = "is" if len(missing) == 1 else "are"
        raise UsageError(
            f"{' and '.join(missing)} {verb} missing, and this is no terminal",
            hint=f"--wallet is {_WALLET_FORM}. See `mmrecon init --help` for what may be left out.",
            code="no_terminal",
        )


def _ask(question: str) -> str:
    answer: str = click.prompt(question, err=True)
    return answer


def _write(path: Path, answers: Answers) -> None:
    """Check the text as a configuration before it is written whole."""
    import tomllib

    from mmrecon.config import FolderSource, parse_settings
    from mmrecon.people.files import write_new

    text = first_config(answers)
    settings = parse_settings(tomllib.loads(text), source="the answers", base=path.parent)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        write_new(path, text, mode=0o640)
    except FileExistsError as error:
        raise _exists(path) from error
    for wallet in settings.wallets:
        for source in wallet.sources:
            if isinstance(source, FolderSource):
                source.path.mkdir(parents=True, exist_ok=True)


def _invite(path: Path, founders: Sequence[str]) -> list[Invited]:
    from mmrecon.model.progress import Silent
    from mmrecon.pipeline.people import invite_person
    from mmrecon.wiring import open_run

    with open_run(path, command="init", progress=Silent(), lock=False) as (run, _):
        return [invite_person(run, name, (), founder=True, days=7) for name in founders]


def _outcome(path: Path, invited: Sequence[Invited], zone: str) -> Outcome:
    from mmrecon.model.clock import zoned_time

    lines = cron_lines(_program(), path, path.parent / "fineract-password")
    codes = [
        f"  {one.name}: {one.code} (until {zoned_time(one.expires_at_utc, zone)})"
        for one in invited
    ]
    later = "Invite the two founders: mmrecon people invite NAME --founder, once for each."
    shown = [
        f"Written: {path}",
        f"For cron:\n{lines}",
        "\n".join(["One-time codes of the founders, shown only now:", *codes]) if codes else later,
        "Each founder, in their own session: mmrecon people enrol NAME",
    ]
    summary = {
        "config": str(path),
        "cron": lines,
        "founders": [
            {"name": one.name, "code": one.code, "expires_at_utc": one.expires_at_utc}
            for one in invited
        ],
    }
    return Outcome(ExitCode.DONE, summary, shown)


def _program() -> Path:
    """Where cron finds this mmrecon."""
    called = Path(sys.argv[0]).absolute()
    return called if called.name == "mmrecon" else Path(shutil.which("mmrecon") or "mmrecon")


def _exists(path: Path) -> UsageError:
    return UsageError(
        f"{path} is there already; nothing was written",
        hint="Edit it, or choose another folder with --folder.",
        code="config_exists",
    )
