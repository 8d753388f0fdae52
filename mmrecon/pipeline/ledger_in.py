"""The snapshot comes in: from a file, or from Fineract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pandas as pd

from mmrecon.errors import ExitCode, worst
from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract import as_date, as_object, as_text
from mmrecon.ledger.load import Loaded, load_file
from mmrecon.ledger.loans_waiting import loan_items
from mmrecon.ledger.refresh import refresh_from
from mmrecon.model.account import LedgerSnapshot
from mmrecon.model.catalogue import severity_of
from mmrecon.model.clock import local_date
from mmrecon.model.issue import Issue
from mmrecon.pipeline.run import Run
from mmrecon.store.database import reading, transaction
from mmrecon.store.items import add_items, all_items, change_items
from mmrecon.store.journal import Entry, append
from mmrecon.store.snapshots import Office, Size, SnapshotFacts, newest, newest_size, save

_NO_OFFICE: Final = Office("", "")


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a snapshot comes from: `fineract` with its office 1, or a `file`."""

    kind: str
    file_name: str = ""
    office: Office = _NO_OFFICE


@dataclass(frozen=True, slots=True)
class TakenSnapshot:
    """A snapshot, or None when what came in cannot be used."""

    snapshot: LedgerSnapshot | None
    issues: tuple[Issue, ...]
    new_items: int

    def exit_code(self) -> ExitCode:
        """By the gravest issue."""
        return worst(severity_of(issue).exit_code() for issue in self.issues)


def load_ledger(run: Run, path: Path, *, even_if_smaller: bool = False) -> TakenSnapshot:
    """Take the snapshot from a file (DESIGN section 8, `ledger load`)."""
    return _take(run, load_file(path), _Source("file", path.name), even_if_smaller=even_if_smaller)


def refresh_ledger(run: Run, *, even_if_smaller: bool = False) -> TakenSnapshot:
    """Take the snapshot from Fineract, by report or by paged lists.

    One that lost a quarter of the clients or accounts before it is not taken, unless somebody
    insists: Fineract deletes neither, so it rather showed only a part (rights, another tenant).
    """
    client = run.connect()
    assert run.settings.fineract is not None
    today = local_date(run.now_utc(), run.settings.fineract.zone)
    try:
        office = _office(client)
        loaded = refresh_from(client, today, run.progress)
    finally:
        client.close()
    return _take(run, loaded, _Source("fineract", office=office), even_if_smaller=even_if_smaller)


def newest_snapshot(run: Run) -> LedgerSnapshot | None:
    """The snapshot that matching would use."""
    with reading(run.engine) as connection:
        return newest(connection, run.state_folder)


def account_numbers(run: Run) -> dict[tuple[str, int], str]:
    """How people name each account, `savings:000000123`, by kind and Fineract's id."""
    snapshot = newest_snapshot(run)
    if snapshot is None:
        return {}
    accounts = snapshot.accounts
    kinds, ids = accounts["account_kind"].tolist(), accounts["account_id"].tolist()
    numbers = accounts["account_no"].tolist()
    return {
        (kind, int(account_id)): f"{kind}:{number}"
        for kind, account_id, number in zip(kinds, ids, numbers, strict=True)
    }


def snapshot_counts(snapshot: LedgerSnapshot) -> pd.DataFrame:
    """Accounts by kind, status, sub-status and currency."""
    keys = ["account_kind", "account_status", "account_sub_status", "currency"]
    counts = snapshot.accounts.groupby(keys, sort=True).size()
    return counts.rename("accounts").reset_index()


def age_s(snapshot: LedgerSnapshot, now_utc: datetime) -> int:
    """Seconds since a snapshot was taken."""
    taken = datetime.fromisoformat(snapshot.taken_at_utc).astimezone(UTC)
    return max(0, int((now_utc - taken).total_seconds()))


def _office(client: FineractClient) -> Office:
    """Office 1, by which a Fineract is known again (DESIGN 7.1)."""
    found = as_object(client.get("offices/1"))
    opened_on = as_date(found.get("openingDate"))
    return Office(as_text(found.get("name")), opened_on.isoformat() if opened_on else "")


def _shrunk(loaded: Loaded, before: Size) -> bool:
    now = (len(loaded.clients), len(loaded.accounts))
    was = (before.clients, before.accounts)
    return any(few * 4 < many * 3 for few, many in zip(now, was, strict=True))


def _smaller(loaded: Loaded, before: Size) -> Issue:
    arguments: dict[str, str | int] = {
        "clients": len(loaded.clients), "accounts": len(loaded.accounts),
        "clients_before": before.clients, "accounts_before": before.accounts,
    }  # fmt: skip
    return Issue("ledger_shrunk", arguments=arguments)


def _take(run: Run, loaded: Loaded, source: _Source, *, even_if_smaller: bool) -> TakenSnapshot:
    if not loaded.usable:
        return TakenSnapshot(None, loaded.issues, 0)
    with reading(run.engine) as connection:
        before = newest_size(connection)
    shrunk = _shrunk(loaded, before)
    if shrunk and not even_if_smaller:
        return TakenSnapshot(None, (*loaded.issues, _smaller(loaded, before)), 0)
    facts = SnapshotFacts(run.at_utc(), source.kind, source.file_name, run.run_id, source.office)
    with transaction(run.engine) as connection:
        snapshot = save(connection, run.state_folder, loaded.clients, loaded.accounts, facts)
        items = loan_items(loaded.clients, loaded.accounts, all_items(connection))
        add_items(connection, items.new, at_utc=facts.taken_at_utc, source_name=source.kind)
        change_items(connection, items.changed)
        payload = {
            "snapshot_id": snapshot.snapshot_id, "source": source.kind, "digest": snapshot.digest,
            "new_items": len(items.new), "changed_items": len(items.changed),
        } | ({"smaller_than_before": True} if shrunk else {})  # fmt: skip
        entry = Entry("ledger_snapshot", payload)
        append(connection, [entry], at_utc=facts.taken_at_utc, run_id=run.run_id)
    return TakenSnapshot(snapshot, loaded.issues, len(items.new))
