"""The first config.toml of a site, from answers; `config.example.toml` explains the rest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class FirstWallet:
    """What has to be known of a wallet before its first statement.

    `source` is a folder, or `sftp://user@host:port/path#SHA256:fingerprint`.
    """

    name: str
    provider: str
    account: str
    currency: str
    zone: str
    country: str
    payment_type_id: int | None
    payment_type_name: str
    gl_account_ids: Sequence[int]
    source: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What `init` was told or has asked."""

    institution: str
    wallets: Sequence[FirstWallet]
    live_from: date
    fineract_url: str
    fineract_tenant: str
    fineract_user: str
    fineract_zone: str
    shadow: bool


_HEAD: Final = """\
# mmrecon's configuration, written by `mmrecon init`. Every key is explained in config.example.toml.
# Nothing here is secret. A change counts after `mmrecon submit` and another's `mmrecon approve`.

[institution]
name = {institution}

[state]
folder = "state"

"""

_FINERACT: Final = """\
[fineract]
base_url = {url}
tenant = {tenant}
zone = {zone}
username = {user}
# The password comes from this environment variable, or from the file (chmod 600).
password_variable = "MMRECON_FINERACT_PASSWORD"
password_file = "fineract-password"

"""

_NO_FINERACT: Final = """\
# Without Fineract everything up to the workbook works, and nothing can be posted.
# [fineract]
# base_url = "https://fineract.example/fineract-provider/api/v1"
# zone = {zone}
# username = "mmrecon"

"""

_WALLET: Final = """\
[[wallets]]
name = {name}
provider = {provider}
account = {account}
currency = {currency}
zone = {zone}
country = {country}
# Lines before this day are read and proved, never posted. It never moves back.
live_from = {live_from}
# "shadow": everything up to the approval, nothing is sent.
mode = {mode}
# The wallet's accounts in Fineract's books; with them, more of what tellers posted is found.
gl_account_ids = {gl_account_ids}

{payment_type}
{source}
"""

_FOLDER: Final = """\
[[wallets.sources]]
kind = "folder"
path = {path}
"""

_SFTP: Final = """\
[[wallets.sources]]
kind = "sftp"
host = {host}
port = {port}
username = {username}
path = {path}
# Compare it with what the provider says; nothing is fetched from a server with another key.
host_key_fingerprint = {fingerprint}
# The password comes from this environment variable, or from the file (chmod 600).
password_variable = {variable}
password_file = {file}
"""

_PAYMENT_TYPE: Final = """\
[wallets.payment_type]
id = {id}
name = {name}
"""

_NO_PAYMENT_TYPE: Final = """\
# Nothing of this wallet can be posted before its Fineract payment type stands here.
# [wallets.payment_type]
# id = 1
# name = "as Fineract names it"
"""


def first_config(answers: Answers) -> str:
    """The text of a first config.toml."""
    fineract = _FINERACT if answers.fineract_url else _NO_FINERACT
    return (
        _HEAD.format(institution=_toml(answers.institution))
        + fineract.format(
            url=_toml(answers.fineract_url),
            tenant=_toml(answers.fineract_tenant),
            zone=_toml(answers.fineract_zone),
            user=_toml(answers.fineract_user),
        )
        + "".join(_wallet(answers, wallet) for wallet in answers.wallets)
    )


def cron_lines(program: Path, config: Path, password_file: Path) -> str:
    """Lines for /etc/cron.d/mmrecon."""
    command = f"{program} {{}} --config {config}"
    return "\n".join(
        [
            "# /etc/cron.d/mmrecon",
            f"# The password of Fineract: in {password_file} (chmod 600).",
            f"30 1 * * *     mmrecon  {command.format('nightly')}",
            f"*/5 6-20 * * *  mmrecon  {command.format('tick')}",
        ]
    )


def _wallet(answers: Answers, wallet: FirstWallet) -> str:
    payment_type = _NO_PAYMENT_TYPE
    if wallet.payment_type_id is not None:
        payment_type = _PAYMENT_TYPE.format(
            id=wallet.payment_type_id, name=_toml(wallet.payment_type_name)
        )
    return _WALLET.format(
        name=_toml(wallet.name),
        provider=_toml(wallet.provider),
        account=_toml(wallet.account),
        currency=_toml(wallet.currency),
        zone=_toml(wallet.zone),
        country=_toml(wallet.country),
        live_from=answers.live_from.isoformat(),
        mode=_toml("shadow" if answers.shadow else "live"),
        gl_account_ids=list(wallet.gl_account_ids),
        payment_type=payment_type,
        source=_source(wallet),
    )


def _source(wallet: FirstWallet) -> str:
    url = urlsplit(wallet.source)
    if url.scheme != "sftp":
        return _FOLDER.format(path=_toml(wallet.source))
    name = wallet.name.upper().replace("-", "_")
    return _SFTP.format(
        host=_toml(url.hostname or ""),
        port=url.port or 22,
        username=_toml(url.username or ""),
        path=_toml(url.path.removeprefix("/") or "."),
        fingerprint=_toml(url.fragment),
        variable=_toml(f"MMRECON_{name}_SFTP_PASSWORD"),
        file=_toml(f"{wallet.name}-sftp-password"),
    )


def _toml(text: str) -> str:
    """A TOML string: JSON's escapes are TOML's too."""
    return json.dumps(text, ensure_ascii=False)
