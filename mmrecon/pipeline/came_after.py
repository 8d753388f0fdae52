"""Statements in the archive that a restored database does not know: they came after the backup."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from mmrecon.approval.workbook_in import read
from mmrecon.errors import SafetyRefusal
from mmrecon.store.schema import FILE, RETURN, WORKBOOK

_PACKED: Final = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class CameAfter:
    """A file of the archive; name and wallet as the database before knew them, else empty."""

    path: Path
    name: str = ""
    wallet: str = ""


def archived_hashes(connection: Connection) -> set[str]:
    """SHA-256 of everything a database says is in the archive: files, and workbooks both ways."""
    return {
        str(sha256)
        for table in (FILE, RETURN, WORKBOOK)
        for sha256 in connection.execute(select(table.c.sha256)).scalars()
    }


def statements_among(paths: Iterable[Path], before: Path | None) -> tuple[CameAfter, ...]:
    """Which of these files are statements; `before` is the database that was replaced, if any."""
    known, workbooks = _known(before)
    return tuple(
        CameAfter(path, *known.get(path.name, ("", "")))
        for path in paths
        if path.name not in workbooks and (path.name in known or not _is_workbook(path))
    )


def _known(before: Path | None) -> tuple[dict[str, tuple[str, str]], set[str]]:
    """Names and wallets of files by hash, and hashes of workbooks; nothing where it is damaged."""
    if before is None or not before.is_file():
        return {}, set()
    try:
        with closing(sqlite3.connect(f"{before.as_uri()}?mode=ro", uri=True)) as connection:
            files = connection.execute(
                "select sha256, name, wallet_name from file join delivery using (file_id)"
            ).fetchall()
            workbooks = connection.execute(
                "select sha256 from workbook union select sha256 from workbook_return"
            ).fetchall()
    except sqlite3.DatabaseError:
        return {}, set()
    return {sha: (name, wallet) for sha, name, wallet in files}, {row[0] for row in workbooks}


def _is_workbook(path: Path) -> bool:
    """Whether mmrecon wrote this file, or somebody answered in it."""
    content = path.read_bytes()
    try:
        return content.startswith(_PACKED) and bool(read(content).workbook_id)
    except SafetyRefusal:
        return False
