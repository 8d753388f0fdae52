"""What `doctor` looks at in Fineract besides what stops a run: days, currencies, the audit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mmrecon.config import WalletSettings
from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract import as_integer, as_list, as_object, as_text
from mmrecon.model.money import CURRENCY_DIGITS
from mmrecon.model.posting import Command
from mmrecon.posting.closed_days import ALLOW_HOLIDAY, ALLOW_NON_WORKING, ClosedDays
from mmrecon.posting.preflight import DAYS, Finding, is_readable


def compare_zones(
    tenant_zone: str, wallets: Sequence[WalletSettings], now_utc: datetime
) -> list[Finding]:
    """A tenant whose day begins later than the wallet's has not reached the wallet's newest lines.

    Fineract tells its zone nowhere: `fineract.zone` is what was configured (fineract-api.md 1.6).
    """
    return [_zone(tenant_zone, wallet, now_utc) for wallet in wallets]


def _zone(tenant_zone: str, wallet: WalletSettings, now_utc: datetime) -> Finding:
    there = now_utc.astimezone(ZoneInfo(tenant_zone)).utcoffset() or timedelta()
    here = now_utc.astimezone(ZoneInfo(wallet.zone)).utcoffset() or timedelta()
    behind = here - there
    seen = f"{tenant_zone} in Fineract, {wallet.zone} in the wallet"
    if behind <= timedelta():
        return Finding(f"zone of {wallet.name}", holds=True, seen=seen)
    return Finding(
        f"zone of {wallet.name}",
        holds=False,
        seen=f"{seen}: Fineract's day begins {behind} later; until then lines of the day wait",
        remedy="Set the tenant's time zone in Fineract to the wallet's, and `fineract.zone` with "
        "it; or let the business date run by hand.",
    )


def look_at_site(
    client: FineractClient, wallets: Sequence[WalletSettings], loose: Collection[Command]
) -> list[Finding]:
    """Findings on a tenant; `loose` are commands that wait for a second person in Fineract.

    Raises:
        OutsideUnreachable: Fineract does not answer.
    """
    audit = [_readable(client, "audits", "READ_AUDIT", "what was rejected there")] if loose else []
    return [*_currencies(client, wallets), *_days(client), *audit]


def _currencies(client: FineractClient, wallets: Sequence[WalletSettings]) -> list[Finding]:
    """Another number of digits would make every amount wrong by powers of ten."""
    chosen = as_list(as_object(client.get("currencies")).get("selectedCurrencyOptions"))
    digits = {as_text(row.get("code")): as_integer(row.get("decimalPlaces")) for row in chosen}
    return [
        Finding(
            f"currency {code}",
            holds=digits.get(code) is not None,
            seen=f"{digits[code]} digits in Fineract, {CURRENCY_DIGITS[code]} by ISO 4217"
            if code in digits
            else "not among the tenant's currencies",
            remedy="" if code in digits else "Choose it in Fineract: Organization → Currencies.",
        )
        for code in sorted({wallet.currency for wallet in wallets})
    ]


def _days(client: FineractClient) -> list[Finding]:
    readable = [
        _readable(client, path, permission, "value dates that Fineract refuses")
        for path, permission in DAYS.items()
    ]
    closings = ClosedDays(client).closings()
    told = ", ".join(f"office {office}: {day}" for office, day in sorted(closings.items()))
    allowed = [
        name
        for name in (ALLOW_HOLIDAY, ALLOW_NON_WORKING)
        if as_object(client.get(f"configurations/name/{name}")).get("enabled") is True
    ]
    return [
        *readable,
        Finding("books closed up to", holds=True, seen=told or "nothing is closed"),
        Finding(
            "loans on holidays and non-working days",
            holds=True,
            seen=f"allowed by {', '.join(allowed)}" if allowed else "go back to a person",
        ),
    ]


def _readable(client: FineractClient, path: str, permission: str, why: str) -> Finding:
    seen = is_readable(client, path)
    return Finding(
        f"reading {path}",
        holds=seen,
        seen="allowed" if seen else f"not allowed: {why} are not seen before they are tried",
        remedy="" if seen else f"Give the role of mmrecon's user {permission}.",
    )
