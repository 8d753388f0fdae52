"""Before the first write: is this the server, the user and the set-up that people approved?

Also every Fineract check of `doctor`. Nothing is written here (DESIGN 7.1, fineract-api.md 17).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from mmrecon.config import Settings, WalletSettings
from mmrecon.fineract.client import FineractClient, fineract_answer, successful
from mmrecon.fineract.contract import as_date, as_list, as_object, as_text
from mmrecon.fineract.contract_reads import missing_permissions
from mmrecon.fineract.contract_requests import PERMISSIONS, needed_permissions
from mmrecon.fineract.contract_undo import UNDO_PERMISSIONS
from mmrecon.model.posting import Command

MAKER_CHECKER: Final = "maker-checker"
BUSINESS_DATE: Final = "enable_business_date"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Which server it is: base URL, name and opening date of office 1 (DESIGN 7.1)."""

    base_url: str
    office_name: str
    office_opened_on: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: its name, whether it holds, what was seen, and the remedy."""

    check: str
    holds: bool
    seen: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Preflight:
    """What the start-up check saw; `loose` are commands that need a checker inside Fineract.

    `unread_days` are the permissions that this user lacks to see closed books, holidays and
    non-working days: value dates on such days are tried, and refused by Fineract itself.
    """

    fingerprint: Fingerprint
    business_date: date
    loose: frozenset[Command]
    findings: tuple[Finding, ...]
    unread_days: tuple[str, ...] = ()

    def differences(self) -> list[Finding]:
        """Checks that do not hold."""
        return [finding for finding in self.findings if not finding.holds]


def read_fingerprint(client: FineractClient) -> Fingerprint:
    """The server's fingerprint, for batch rows and for comparing.

    Raises:
        OutsideUnreachable: Fineract does not answer.
    """
    office = as_object(client.get("offices/1"))
    opened_on = as_date(office.get("openingDate"))
    return Fingerprint(
        client.base_url,
        as_text(office.get("name")),
        opened_on.isoformat() if opened_on is not None else "",
    )


def run_preflight(
    client: FineractClient,
    settings: Settings,
    now_utc: datetime,
    commands: Collection[Command] = tuple(Command),
    wallets: Sequence[WalletSettings] | None = None,
    undone: Collection[Command] = (),
) -> Preflight:
    """Ask Fineract everything that must be right before a write to some wallets (or all).

    `undone` are commands whose transactions are to be taken back.

    Raises:
        OutsideUnreachable: Fineract does not answer, or does not let this user read.
    """
    permissions = check_permissions(client, commands, undone)
    fingerprint = read_fingerprint(client)
    today = business_date(client, settings, now_utc)
    loose = _loose_commands(client)
    touched = settings.wallets if wallets is None else wallets
    unread = tuple(need for path, need in DAYS.items() if not is_readable(client, path))
    findings = (
        Finding("server", holds=True, seen=f"{fingerprint.office_name} at {fingerprint.base_url}"),
        permissions,
        *_check_payment_types(client, touched),
        *_check_gl_accounts(client, touched),
        Finding("business date", holds=True, seen=today.isoformat()),
        _told_maker_checker(loose),
    )
    return Preflight(fingerprint, today, loose, findings, unread)


def compare_server(found: Fingerprint, approved: Sequence[Fingerprint]) -> list[Finding]:
    """One finding for each server that approved rows name and that this one is not."""
    return [
        Finding(
            "server",
            holds=False,
            seen=f"rows are approved for {_told(other)}, this is {_told(found)}",
            remedy="Correct `fineract.base_url`, or reject the batch and submit it again.",
        )
        for other in dict.fromkeys(approved)
        if not _is_same(other, found)
    ]


def _is_same(approved: Fingerprint, found: Fingerprint) -> bool:
    """Rows made from a snapshot file know no office: then only the base URL was signed."""
    if approved.base_url.rstrip("/") != found.base_url.rstrip("/"):
        return False
    return not approved.office_name or (
        (approved.office_name, approved.office_opened_on)
        == (found.office_name, found.office_opened_on)
    )


def _told(one: Fingerprint) -> str:
    return f"{one.office_name or 'an unnamed office'} ({one.office_opened_on}) at {one.base_url}"


def check_permissions(
    client: FineractClient, commands: Collection[Command], undone: Collection[Command] = ()
) -> Finding:
    """Whether the user may give some commands, and take the transactions of others back.

    Raises:
        OutsideUnreachable: Fineract does not answer, or refuses the login.
    """
    reply = fineract_answer(client.login(), client.base_url)
    answer = as_object(successful(reply, "authentication").json())
    granted = answer.get("permissions")
    names = [name for name in granted if isinstance(name, str)] if isinstance(granted, list) else []
    needed = needed_permissions(commands) | {UNDO_PERMISSIONS[command] for command in undone}
    missing = missing_permissions(names, needed)
    return Finding(
        "permissions of the user",
        holds=not missing,
        seen=f"missing: {', '.join(missing)}" if missing else "all that are needed",
        remedy="Give its role in Fineract the permissions that are missing." if missing else "",
    )


def _check_payment_types(
    client: FineractClient, wallets: Sequence[WalletSettings]
) -> list[Finding]:
    """Payment types are known by id and name together."""
    names = {row.get("id"): as_text(row.get("name")) for row in as_list(client.get("paymenttypes"))}
    return [
        Finding(
            f"payment type of {wallet.name}",
            holds=names.get(wallet.payment_type.id) == wallet.payment_type.name,
            seen=f"{wallet.payment_type.id} is {names.get(wallet.payment_type.id, 'not there')}",
            remedy=f"Correct `payment_type` of wallet {wallet.name}, and approve the change.",
        )
        for wallet in wallets
        if wallet.payment_type is not None
    ]


def _check_gl_accounts(client: FineractClient, wallets: Sequence[WalletSettings]) -> list[Finding]:
    """An account that is not there shows no entries: money posted already would not be seen."""
    return [
        _gl_account(client, wallet.name, number)
        for wallet in wallets
        for number in wallet.gl_account_ids
    ]


def _gl_account(client: FineractClient, wallet: str, number: int) -> Finding:
    check = f"GL account {number} of {wallet}"
    reply = client.ask(f"glaccounts/{number}")
    if reply.status == 403:
        told = "may not be read (READ_GLACCOUNT)"
        return Finding(
            check, holds=True, seen=told, remedy="Give the role of mmrecon's user READ_GLACCOUNT."
        )
    if reply.status != 404:
        body = as_object(successful(reply, "glaccounts").json())
        return Finding(check, holds=True, seen=f"{as_text(body.get('name'))}")
    remedy = f"Correct `gl_account_ids` of wallet {wallet}, and approve the change."
    return Finding(check, holds=False, seen="not there", remedy=remedy)


DAYS: Final = {
    "glclosures": "READ_GLCLOSURE", "holidays": "READ_HOLIDAY", "workingdays": "READ_WORKINGDAYS",
}  # fmt: skip
"""What tells which value dates Fineract refuses, with the permission to read it."""


def is_readable(client: FineractClient, path: str) -> bool:
    """Whether this user may read a list.

    Raises:
        OutsideUnreachable: Fineract does not answer.
    """
    parameters = {"officeId": 1} if path in DAYS and path != "workingdays" else {"limit": 1}
    reply = client.ask(path, parameters)
    if reply.status != 403:
        successful(reply, path)
    return reply.status == 200


def business_date(client: FineractClient, settings: Settings, now_utc: datetime) -> date:
    """Fineract's date. The switch first: dates outlive it (fineract-api.md 1.6).

    Raises:
        OutsideUnreachable: Fineract does not answer.
    """
    assert settings.fineract is not None
    if _is_enabled(client, BUSINESS_DATE):
        for row in as_list(client.get("businessdate")):
            found = as_date(row.get("date"))
            if row.get("type") == "BUSINESS_DATE" and found is not None:
                return found
    return now_utc.astimezone(ZoneInfo(settings.fineract.zone)).date()


def _loose_commands(client: FineractClient) -> frozenset[Command]:
    if not _is_enabled(client, MAKER_CHECKER):
        return frozenset()
    rows = as_list(client.get("permissions", {"makerCheckerable": "true"}))
    flagged = {as_text(row.get("code")) for row in rows if row.get("selected") is True}
    return frozenset(command for command, code in PERMISSIONS.items() if code in flagged)


def _is_enabled(client: FineractClient, name: str) -> bool:
    return as_object(client.get(f"configurations/name/{name}")).get("enabled") is True


def _told_maker_checker(loose: Collection[Command]) -> Finding:
    seen = f"a second person in Fineract for {', '.join(sorted(loose))}" if loose else "off"
    return Finding("maker-checker", holds=True, seen=seen)
