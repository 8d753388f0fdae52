"""Whose money a batch moves, and whose account takes it, for the person who decides on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from mmrecon.model.approval import BatchKind, CanonicalRow
from mmrecon.model.posting import Command
from mmrecon.pipeline.run import Run
from mmrecon.store.batches import StoredBatch
from mmrecon.store.line_sources import line_sources
from mmrecon.store.snapshots import newest
from mmrecon.store.workbooks import lines_of

_OUT: Final = frozenset({Command.SAVINGS_WITHDRAWAL.value, Command.LOAN_DISBURSEMENT.value})
_KINDS: Final = frozenset({BatchKind.POSTINGS, BatchKind.CHOICES, BatchKind.LINKS})

_Rows = Mapping[int, CanonicalRow]


@dataclass(frozen=True, slots=True)
class Parties:
    """The two ends of one row; a name that is not known is empty.

    `party` paid, or is paid where `is_payout`, as the statement shows it. `owner` and `office` are
    of the account that the row names, which takes money of so many `payers` in this batch.
    """

    party: str
    is_payout: bool
    owner: str
    office: str
    payers: int


def parties_of(connection: Connection, run: Run, stored: StoredBatch) -> dict[int, Parties]:
    """The parties of every row that moves a line's money, by row number.

    Raises:
        SafetyRefusal: the files of the newest snapshot were changed.
    """
    if stored.batch.kind not in _KINDS:
        return {}
    rows = dict(enumerate(stored.batch.rows, start=1))
    shown = _shown(connection, stored)
    owners = _owners(connection, run, rows)
    payers = _payers(rows, shown)
    return {
        number: Parties(
            shown.get(number, ""),
            row.get("command") in _OUT,
            *owners.get(row.get("client_id"), ("", "")),
            payers.get(_account(row), 0),
        )
        for number, row in rows.items()
    }


def _shown(connection: Connection, stored: StoredBatch) -> dict[int, str]:
    """The party on the statement by row number, where the index leads to the signed line."""
    line_ids = {place.line_id for place in stored.places if place.line_id is not None}
    sources = line_sources(connection, sorted(line_ids))
    lines = lines_of(connection, sorted(line_ids))
    columns = (lines[name].tolist() for name in ("line_id", "party_name", "party_phone", "party"))
    told = {
        line_id: " ".join(filter(None, (name, phone))) or party
        for line_id, name, phone, party in zip(*columns, strict=True)
    }
    placed = enumerate(zip(stored.places, stored.batch.rows, strict=True), start=1)
    return {
        number: told[line_id]
        for number, line_id, line in ((n, at.line_id, row.get("line")) for n, (at, row) in placed)
        if line_id is not None and line_id in told and sources[line_id] == line
    }


def _owners(connection: Connection, run: Run, rows: _Rows) -> dict[object, tuple[str, str]]:
    """Name and office of the clients that rows name, from the newest snapshot."""
    wanted = {row["client_id"] for row in rows.values() if row.get("client_id") is not None}
    snapshot = newest(connection, run.state_folder) if wanted else None
    if snapshot is None:
        return {}
    clients = snapshot.clients[snapshot.clients["client_id"].isin(wanted)]
    names = zip(clients["client_name"].tolist(), clients["office_name"].tolist(), strict=True)
    return dict(zip(clients["client_id"].tolist(), names, strict=True))


def _payers(rows: _Rows, shown: Mapping[int, str]) -> dict[object, int]:
    """From how many different payers each account takes money; unnamed ones count as one."""
    found: dict[object, set[str]] = defaultdict(set)
    for number, row in rows.items():
        if row.get("account_id") is not None and row.get("command") not in _OUT:
            found[_account(row)].add(shown.get(number, "").casefold())
    return {account: len(payers) for account, payers in found.items()}


def _account(row: CanonicalRow) -> tuple[object, object]:
    return row.get("account_kind"), row.get("account_id")
