"""The configuration that people approved, and what the present one changes of it.

Row of a `configuration` batch: `configure` {settings_digest, settings (canonical text), layouts
(name of each file of the site's own layouts → SHA-256)}.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Connection

from mmrecon.config import Settings
from mmrecon.errors import SafetyRefusal
from mmrecon.model.approval import Act, BatchKind, BatchState, CanonicalRow
from mmrecon.model.clock import local_date
from mmrecon.people.roster import Roster, signatories
from mmrecon.store import batches

CONFIGURE: Final = "configure"
_EVERYWHERE: Final = "institution.name"
_SHOWN_DIFFERENCES: Final = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """One key of the configuration, as approved and as it is now (None: not there)."""

    path: str
    approved: object
    present: object

    def words(self) -> str:
        """`wallets.pay.live_from: 2026-01-01 → 2026-02-01`; a new key as `key = value`."""
        if self.approved is None:
            return f"{self.path} = {_shown(self.present)}"
        return f"{self.path}: {_shown(self.approved)} → {_shown(self.present)}"


@dataclass(frozen=True, slots=True)
class ApprovedConfiguration:
    """A configuration that two people signed."""

    batch_id: str
    row: CanonicalRow
    approved_at_utc: str
    order: int

    def settings(self) -> dict[str, Any]:
        """The resolved settings, as JSON."""
        parsed: dict[str, Any] = json.loads(str(self.row["settings"]))
        return parsed


def configuration_row(settings: Settings) -> CanonicalRow:
    """What people sign of the present configuration."""
    return {
        "act": CONFIGURE,
        "settings_digest": settings.digest(),
        "settings": settings.canonical_text(),
        "layouts": _layouts(settings),
    }


def approved_configurations(connection: Connection, roster: Roster) -> list[ApprovedConfiguration]:
    """Every configuration that two people signed, oldest approval first.

    Raises:
        SafetyRefusal: one of them was altered or its signatures are forged.
    """
    found = []
    for batch_id in batches.batch_ids(connection, [BatchKind.CONFIGURATION], BatchState):
        signed = batches.load(connection, batch_id).signed
        approval = signed.of(Act.APPROVE)
        counts = signatories(roster, signed) is not None
        if approval is not None and counts:
            row = signed.batch.rows[0]
            at_utc, order = approval.signed_at_utc, approval.order
            found.append(ApprovedConfiguration(batch_id, row, at_utc, order))
    return sorted(found, key=lambda configuration: configuration.order)


def differences(approved: CanonicalRow | None, present: CanonicalRow) -> list[Difference]:
    """What the present configuration changes, key by key; wallets are told by name."""
    old = {} if approved is None else dict(_flat(approved))
    new = dict(_flat(present))
    return [
        Difference(path, old.get(path), new.get(path))
        for path in sorted(old.keys() | new.keys())
        if _shown(old.get(path)) != _shown(new.get(path))
    ]


def chosen_paths(row: CanonicalRow) -> frozenset[str]:
    """Keys of a configuration row that say something else than their defaults.

    All of them, where the row was signed under another version of the program.
    """
    try:
        settings = Settings.model_validate_json(str(row["settings"]))
    except ValidationError:
        return frozenset(path for path, _ in _flat(row))
    chosen = settings.model_dump(mode="json", exclude_defaults=True)
    layouts = row.get("layouts")
    own = layouts if isinstance(layouts, Mapping) else {}
    return frozenset([*(path for path, _ in _leaves("", chosen)), *(f"layouts.{n}" for n in own)])


def is_first(changes: Sequence[Difference]) -> bool:
    """Whether no configuration was approved before: what every one of them says is new then."""
    return any(found.path == _EVERYWHERE and found.approved is None for found in changes)


def refuse_unapproved(
    history: Sequence[ApprovedConfiguration], settings: Settings
) -> ApprovedConfiguration:
    """The approved configuration, which must be the present one.

    Raises:
        SafetyRefusal: none is approved, or the present one differs; the message shows in what.
    """
    present = configuration_row(settings)
    if not history:
        raise _unapproved("no configuration has been approved yet")
    changed = differences(history[-1].row, present)
    if changed or history[-1].row != present:
        listed = "\n".join(f"  {found.words()}" for found in changed[:_SHOWN_DIFFERENCES])
        raise _unapproved(f"the configuration differs from the approved one:\n{listed}")
    return history[-1]


def refuse_forbidden_changes(
    history: Sequence[ApprovedConfiguration], settings: Settings, now_utc: datetime
) -> None:
    """What no approval can make right: `live_from` that moves back, shadow left backwards.

    Raises:
        SafetyRefusal: with the wallet and its dates.
    """
    for wallet in settings.wallets:
        identity = (wallet.provider, wallet.account)
        earlier = [found for past in history if (found := _wallet(past, identity)) is not None]
        if not earlier:
            continue
        latest = max(date.fromisoformat(found["live_from"]) for found in earlier)
        if wallet.live_from < latest:
            raise _live_from(
                wallet.name, f"never moves back: approved {latest}, now {wallet.live_from}"
            )
        today = local_date(now_utc, wallet.zone)
        leaves_shadow = earlier[-1]["mode"] == "shadow" and wallet.mode == "live"
        if leaves_shadow and wallet.live_from < today:
            raise _live_from(
                wallet.name,
                f"must be {today} or later when the wallet leaves shadow, now {wallet.live_from}",
            )


def _wallet(past: ApprovedConfiguration, identity: tuple[str, str]) -> dict[str, Any] | None:
    wallets = past.settings()["wallets"]
    return next((w for w in wallets if (w["provider"], w["account"]) == identity), None)


def _layouts(settings: Settings) -> dict[str, str]:
    """The site's own layouts by the digest of their bytes."""
    folder = settings.formats_folder
    if folder is None or not folder.is_dir():
        return {}
    files = sorted(path for path in folder.glob("*.toml") if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _flat(row: CanonicalRow) -> Iterator[tuple[str, object]]:
    yield from _leaves("", json.loads(str(row["settings"])))
    layouts = row.get("layouts")
    if isinstance(layouts, Mapping):
        yield from ((f"layouts.{name}", digest) for name, digest in layouts.items())


def _leaves(path: str, value: Any) -> Iterator[tuple[str, object]]:
    """Dotted paths and their values; a list's entries are told by their name, else their place."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(f"{path}.{name}" if path else name, inner)
    elif isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        for place, entry in enumerate(value, start=1):
            yield from _leaves(f"{path}.{entry.get('name', place)}", entry)
    else:
        yield path, value


def _shown(value: object) -> str:
    return "nothing" if value in (None, "", [], {}) else str(value)


def _unapproved(message: str) -> SafetyRefusal:
    return SafetyRefusal(
        message,
        hint="`mmrecon submit` shows and signs it; another person approves it with "
        "`mmrecon approve`.",
        code="configuration_not_approved",
    )


def _live_from(wallet: str, what: str) -> SafetyRefusal:
    return SafetyRefusal(
        f"wallet {wallet}: live_from {what}",
        hint="Correct `live_from` in config.toml.",
        code="live_from_moves_back",
    )
