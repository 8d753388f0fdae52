"""Snapshots of the ledger: a row in the database, frames as Parquet in the state folder."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as arrow_parquet
from sqlalchemy import Connection, func, insert, select

from mmrecon.errors import SafetyRefusal
from mmrecon.model.account import AccountFrame, ClientFrame, LedgerSnapshot
from mmrecon.model.frame import FrameSchema
from mmrecon.store.schema import SNAPSHOT

_CLIENTS: Final = "clients.parquet"
_ACCOUNTS: Final = "accounts.parquet"


@dataclass(frozen=True, slots=True)
class Office:
    """Name and opening date (ISO) of office 1: which Fineract this is (DESIGN 7.1)."""

    name: str
    opened_on: str


@dataclass(frozen=True, slots=True)
class Size:
    """How many clients and accounts a snapshot holds."""

    clients: int
    accounts: int


@dataclass(frozen=True, slots=True)
class SnapshotFacts:
    """Where a snapshot comes from; `source` is `fineract` or `file`."""

    taken_at_utc: str
    source: str
    file_name: str
    run_id: str
    office: Office = field(default_factory=lambda: Office("", ""))


def save(
    connection: Connection,
    state_folder: Path,
    clients: pd.DataFrame,
    accounts: pd.DataFrame,
    facts: SnapshotFacts,
) -> LedgerSnapshot:
    """Keep a snapshot; it is the newest from now on. Frames first, then the row."""
    newest_id = connection.execute(select(func.max(SNAPSHOT.c.snapshot_id))).scalar()
    snapshot_id = (newest_id or 0) + 1
    digest = _write(_folder(state_folder, snapshot_id), clients, accounts)
    connection.execute(
        insert(SNAPSHOT).values(
            snapshot_id=snapshot_id, taken_at_utc=facts.taken_at_utc, source=facts.source,
            file_name=facts.file_name, digest=digest, clients=len(clients),
            accounts=len(accounts), run_id=facts.run_id, office_name=facts.office.name,
            office_opened_on=facts.office.opened_on,
        )
    )  # fmt: skip
    return LedgerSnapshot(snapshot_id, facts.taken_at_utc, facts.source, digest, clients, accounts)


def newest_office(connection: Connection) -> Office | None:
    """Office 1 of the Fineract that was read last; None when none was read yet."""
    query = (
        select(SNAPSHOT.c.office_name, SNAPSHOT.c.office_opened_on)
        .where(SNAPSHOT.c.source == "fineract")
        .order_by(SNAPSHOT.c.snapshot_id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Office(row.office_name, row.office_opened_on)


def newest_size(connection: Connection) -> Size:
    """The size of the newest snapshot; nothing when there is none yet."""
    query = select(SNAPSHOT.c.clients, SNAPSHOT.c.accounts).order_by(SNAPSHOT.c.snapshot_id.desc())
    row = connection.execute(query.limit(1)).one_or_none()
    return Size(0, 0) if row is None else Size(row.clients, row.accounts)


def newest(connection: Connection, state_folder: Path) -> LedgerSnapshot | None:
    """The newest snapshot with its frames; None when there is none yet.

    Raises:
        SafetyRefusal: its files are missing or are not those that were written.
    """
    query = select(SNAPSHOT).order_by(SNAPSHOT.c.snapshot_id.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    folder = _folder(state_folder, row.snapshot_id)
    try:
        intact = _digest(folder) == row.digest
    except FileNotFoundError:
        intact = False
    if not intact:
        raise SafetyRefusal(
            "the files of the newest ledger snapshot are missing or were changed",
            hint="Take a new one: `mmrecon ledger refresh` or `mmrecon ledger load FILE`.",
            code="snapshot_altered",
        )
    return LedgerSnapshot(
        row.snapshot_id, row.taken_at_utc, row.source, row.digest,
        _read(ClientFrame, folder / _CLIENTS), _read(AccountFrame, folder / _ACCOUNTS),
    )  # fmt: skip


def _folder(state_folder: Path, snapshot_id: int) -> Path:
    return state_folder / "ledger" / str(snapshot_id)


def _write(folder: Path, clients: pd.DataFrame, accounts: pd.DataFrame) -> str:
    partial_folder = folder.with_name(f"{folder.name}.partial")
    for leftover in (partial_folder, folder):
        shutil.rmtree(leftover, ignore_errors=True)
    partial_folder.mkdir(mode=0o700, parents=True)
    for name, frame in ((_CLIENTS, clients), (_ACCOUNTS, accounts)):
        table = pa.Table.from_pandas(frame, preserve_index=False)
        with (partial_folder / name).open("wb") as file:
            arrow_parquet.write_table(table, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
    partial_folder.rename(folder)
    return _digest(folder)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in (_CLIENTS, _ACCOUNTS):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()


def _read(schema: type[FrameSchema], path: Path) -> pd.DataFrame:
    mapper = {
        pa.string(): pd.StringDtype("pyarrow", np.nan),
        pa.large_string(): pd.StringDtype("pyarrow", np.nan),
    }
    frame = arrow_parquet.ParquetFile(path).read().to_pandas(types_mapper=mapper.get)
    return schema.build(frame)
