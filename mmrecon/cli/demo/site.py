"""The demo's site: a folder with a sandbox, a drop, two people and an approved configuration."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from mmrecon.errors import Defect, ExitCode, LockHeld, MmreconError, UsageError
from mmrecon.sandbox.demo_day import build_day, write_day
from mmrecon.sandbox.demo_institution import Institution, build_institution
from mmrecon.sandbox.demo_ledger import MasterData
from mmrecon.sandbox.demo_seed import seed
from mmrecon.sandbox.demo_wallets import WALLETS, DemoWallet
from mmrecon.sandbox.served import DROP_PASSWORD, DROP_USER, drop_of, kept_drop

PREPARER: Final = "Amina Example"
APPROVER: Final = "Brian Example"
_FINERACT_USER: Final = "mifos"
_HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Site:
    """Where everything of one demo lies."""

    folder: Path

    @property
    def config(self) -> Path:
        """The configuration, as `init` wrote it."""
        return self.folder / "config.toml"

    @property
    def sandbox(self) -> Path:
        """The stand-in Fineract's state, and the SFTP drop."""
        return self.folder / "sandbox"

    @property
    def facts(self) -> Path:
        """The demo's day; there once the folder is ready to be played in."""
        return self.folder / "demo.json"

    @property
    def requests(self) -> Path:
        """The branches' withdrawal requests."""
        return drop_of(self.sandbox) / "withdrawal_requests.csv"

    @property
    def truth(self) -> Path:
        """What the demo's payers would say on the phone."""
        return drop_of(self.sandbox) / "truth.json"

    def passphrase_file(self, name: str) -> Path:
        """A file that only its owner can read; on a site a passphrase is typed."""
        return self.folder / f"passphrase-{_first(name)}"

    def code_file(self, name: str) -> Path:
        """A file with the one-time code that `init` gave out; on a site it is typed."""
        return self.folder / f"code-{_first(name)}"

    @property
    def is_ready(self) -> bool:
        """Whether an earlier demo set everything up here."""
        return self.facts.is_file()

    def day(self) -> date:
        """The day that is played, chosen when the folder was made."""
        return date.fromisoformat(json.loads(self.facts.read_text(encoding="utf-8"))["day"])


def site_around(folder: Path) -> Site | None:
    """The demo whose folder this is, or is inside of."""
    sites = (Site(one) for one in (folder, *folder.parents))
    return next((site for site in sites if site.truth.is_file()), None)


def _first(name: str) -> str:
    return name.split(maxsplit=1)[0].lower()


@contextmanager
def serving(site: Site) -> Iterator[str]:
    """The sandbox in a process of its own, as `mmrecon sandbox serve` starts it; its base URL.

    Raises:
        LockHeld: something serves this folder, or listens on its port, already.
        UsageError: another version of mmrecon made this folder.
        Defect: it did not start.
    """
    command = [sys.executable, "-m", "mmrecon", "sandbox", "serve", "--state", str(site.sandbox)]
    quiet = subprocess.DEVNULL  # how it ended is told below
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=quiet, text=True) as server:
        try:
            assert server.stdout is not None
            base_url = server.stdout.readline().strip()
            if not base_url:
                raise _not_started(site, server.wait())
            yield base_url
        finally:
            server.terminate()


def _not_started(site: Site, exit_code: int) -> MmreconError:
    if exit_code == ExitCode.LOCKED:
        return LockHeld(
            f"the sandbox in {site.sandbox} is being served already",
            hint="Stop the other `mmrecon sandbox serve` or `mmrecon demo`, then try again; or "
            "give another --folder.",
            code="sandbox_in_use",
        )
    if exit_code == ExitCode.USAGE:
        return UsageError(
            f"the demo in {site.folder} was made by another version of mmrecon",
            hint="Give another --folder; the old one may be deleted.",
            code="sandbox_of_another_version",
        )
    return Defect("the sandbox did not start")


def write_the_day(site: Site, day: date) -> Institution:
    """An invented institution, and the statement files of its day in the drop."""
    institution = build_institution(day)
    drop = drop_of(site.sandbox)
    drop.mkdir(parents=True, exist_ok=True)
    written = write_day(build_day(institution), drop)
    for path in written.statements.values():  # the provider wrote them an hour ago
        moment = path.stat().st_mtime - _HOUR_S
        os.utime(path, (moment, moment))
    return institution


def seed_fineract(base_url: str, institution: Institution) -> MasterData:
    """Create the institution through Fineract's own API."""
    return seed(base_url, institution, [build_day(institution).teller])


def init_arguments(site: Site, base_url: str, master: MasterData, day: date) -> list[str]:
    """The options of `mmrecon init` for the demo's three wallets."""
    port, fingerprint = kept_drop(site.sandbox)
    arguments = [
        "init", "--folder", str(site.folder), "--institution", "Jirani Example SACCO",
        "--zone", "Africa/Nairobi", "--live-from", day.isoformat(), "--fineract-url", base_url,
        "--fineract-user", _FINERACT_USER, "--fineract-zone", "Asia/Kolkata",
        "--founder", PREPARER, "--founder", APPROVER,
    ]  # fmt: skip
    for wallet in WALLETS:
        facts = (
            ("--wallet", f"{wallet.name}:{_identity(wallet)}"),
            ("--payment-type",
             f"{wallet.name}={master.payment_types[wallet.payment_type]}:{wallet.payment_type}"),
            ("--gl-accounts", f"{wallet.name}={master.wallet_gl_accounts[wallet.name]}"),
            ("--source",
             f"{wallet.name}=sftp://{DROP_USER}@127.0.0.1:{port}/{wallet.name}#{fingerprint}"),
        )  # fmt: skip
        arguments += [part for fact in facts for part in fact]
    return arguments


def complete_configuration(site: Site) -> None:
    """What an administrator adds by hand after `init`: policy, sub-account, secrets beside it."""
    text = site.config.read_text(encoding="utf-8")
    for wallet in WALLETS:
        plain = f'account = "{wallet.account}"\n'
        text = text.replace(plain, plain + _policy(wallet))
    text = text.replace('kind = "sftp"\n', 'kind = "sftp"\nquiet_s = 1\n')
    site.config.write_text(text, encoding="utf-8")
    for name in ("fineract-password", *(f"{wallet.name}-sftp-password" for wallet in WALLETS)):
        write_secret(site.folder / name, "password" if name.startswith("fin") else DROP_PASSWORD)
    for person in (PREPARER, APPROVER):
        write_secret(site.passphrase_file(person), f"the demo's passphrase of {person}")


def _policy(wallet: DemoWallet) -> str:
    """A member number alone goes through the waterfall; each wallet names its own savings."""
    return f"""\
sub_account = "{wallet.sub_account}"
# A member number alone goes through the wallet's waterfall: due loans, then ordinary savings.
matching = {{ member_number = "ready", waterfall = [
  {{ kind = "loan", takes = "due" }},
  {{ kind = "savings", product = "{wallet.savings_product}", takes = "all" }},
] }}
"""


def write_secret(path: Path, text: str) -> None:
    """A file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n")


def remember(site: Site, day: date) -> None:
    """The folder is ready to be played in."""
    site.facts.write_text(json.dumps({"day": day.isoformat()}) + "\n", encoding="utf-8")


def signing(site: Site, person: str) -> Sequence[str]:
    """Options with which a person signs."""
    return ("--as", person, "--passphrase-file", str(site.passphrase_file(person)))


def _identity(wallet: DemoWallet) -> str:
    parts = (wallet.provider, wallet.account, wallet.currency, wallet.zone, wallet.country)
    return ":".join(parts)
