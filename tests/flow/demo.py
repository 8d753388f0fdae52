"""The demo as a newcomer runs it, twice, and what it left behind."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmrecon.cli.demo.site import Site as DemoSite


@dataclass(frozen=True)
class Played:
    """A demo that was played twice; `counts` are rows by table after each time."""

    site: DemoSite
    first: subprocess.CompletedProcess[str]
    again: subprocess.CompletedProcess[str]
    counts: tuple[dict[str, int], dict[str, int]]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command as somebody types it in the demo's folder."""
        return _program(self.site.folder, *arguments)

    def json(self, *arguments: str) -> Any:
        ended = self.run(*arguments, "--json")
        return json.loads(ended.stdout)

    @property
    def truth(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = json.loads(self.site.truth.read_text())["lines"]
        return lines


def _program(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("MMRECON_")}
    return subprocess.run(
        [sys.executable, "-m", "mmrecon", *arguments],
        cwd=folder,
        env=kept | {"HOME": str(folder), "COLUMNS": "100", "NO_COLOR": "1"},
        text=True,
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


_TABLES = ("statement", "line", "sighting", "posting", "exchange", "link", "batch", "answer")


def _counts(site: DemoSite) -> dict[str, int]:
    """Rows of the demo's own memory, and of the stand-in Fineract's money."""
    found = {}
    ours, theirs = site.folder / "state" / "mmrecon.db", site.sandbox / "fineract.db"
    money = ("m_savings_account_transaction", "m_loan_transaction")
    for database, tables in ((ours, _TABLES), (theirs, money)):
        with closing(sqlite3.connect(database)) as connection:
            for table in tables:
                query = f"select count(*) from {table}"
                found[table] = int(connection.execute(query).fetchone()[0])
    return found


def play_twice(parent: Path) -> Played:
    """The demo and the demo again, in a folder of its own below `parent`."""
    first = _program(parent, "demo")
    site = DemoSite(parent / "mmrecon-demo")
    counts = _counts(site)
    again = _program(parent, "demo")
    return Played(site, first, again, (counts, _counts(site)))
