"""`import` and `match` against the least work that touching the same data once can be.

    python benchmarks/import_and_match.py FOLDER [--rounds 5] [--floor]

FOLDER holds `statement.csv` (M-PESA layout A) and `accounts.csv` (`ledger load`), 100,000 lines and
accounts. Floor and product run in turns in one process, so that noise hits both: quote the medians
of the ratios. `cpu` counts the processor's time of all threads, `wall` the clock. `--floor` runs
the floor alone, once, in a fresh process (`commands.py` asks for it).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from mmrecon.config import load_settings
from mmrecon.model.progress import Silent
from mmrecon.pipeline.importing import import_files, take_paths
from mmrecon.pipeline.ledger_in import load_ledger
from mmrecon.pipeline.matching import match
from mmrecon.pipeline.run import Run
from mmrecon.store.database import open_database

CONFIG = """
[institution]
name = "Example SACCO"
[[wallets]]
name = "paybill"
provider = "mpesa"
account = "990501"
currency = "KES"
zone = "Africa/Nairobi"
country = "KE"
live_from = 2026-01-01
"""


@dataclass(frozen=True)
class Seconds:
    """What a piece of work took."""

    cpu: float
    wall: float

    def __add__(self, other: Seconds) -> Seconds:
        return Seconds(self.cpu + other.cpu, self.wall + other.wall)


def timed(work: Callable[[], Any]) -> Seconds:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Seconds(time.process_time() - cpu, time.perf_counter() - wall)


def floor(folder: Path) -> None:
    """Read, type, look up and store, with no check, no class and no evidence but equality."""
    statement = _texts(folder / "statement.csv", skip=6)
    accounts = _texts(folder / "accounts.csv")
    amount = _minor(statement["Paid In"])
    pc.strptime(statement["Completion Time"], format="%d-%m-%Y %H:%M:%S", unit="s")
    pc.replace_substring_regex(pc.utf8_upper(statement["A/C No."]), r"[\s\-/._#:]", "")
    keys = ("account_no", "client_account_no", "mobile_no", "national_ids")
    wanted = _digits(statement["A/C No."])
    indexes = [pd.Index(_digits(accounts[name])) for name in keys]
    hits = [
        (index.get_indexer if index.is_unique else index.get_indexer_for)(wanted)[: len(wanted)]
        for index in indexes
    ]
    found = np.max(np.stack(hits), axis=0)
    with tempfile.TemporaryDirectory() as place, sqlite3.connect(Path(place) / "floor.db") as store:
        store.execute("pragma journal_mode=wal")
        store.execute(
            "create table line (receipt text, sign int, amount int, n int, reference text,"
            " account int, primary key (receipt, sign, amount, n)) without rowid"
        )
        rows = zip(
            statement["Receipt No."].to_pylist(), amount.tolist(),
            statement["A/C No."].to_pylist(), found.tolist(), strict=True,
        )  # fmt: skip
        store.executemany("insert into line values (?,1,?,1,?,?)", rows)
        store.commit()


def _texts(path: Path, skip: int = 0) -> pa.Table:
    with path.open(encoding="utf-8") as lines:
        names = [next(lines) for _ in range(skip + 1)][-1].strip().split(",")
    return pacsv.read_csv(
        path,
        read_options=pacsv.ReadOptions(skip_rows=skip),
        convert_options=pacsv.ConvertOptions(
            column_types={name: pa.string() for name in names}, strings_can_be_null=False
        ),
    )


def _minor(column: pa.ChunkedArray) -> Any:
    exact = pc.cast(pc.if_else(pc.equal(column, ""), "0", column), pa.decimal128(18, 2))
    return pc.cast(pc.multiply(exact, pa.scalar(100, pa.decimal128(3, 0))), pa.int64()).to_numpy()


def _digits(column: pa.ChunkedArray) -> Any:
    text = pc.replace_substring_regex(column, r"\D", "")
    length = pc.utf8_length(text)
    fits = pc.and_(pc.greater(length, 0), pc.less(length, 18))
    return pc.cast(pc.if_else(fits, text, "-1"), pa.int64()).to_numpy()


def product(folder: Path, site: Path) -> tuple[Seconds, Seconds]:
    """One import and one match on a fresh site."""
    (site / "config.toml").write_text(CONFIG)
    settings = load_settings(site / "config.toml")
    engine = open_database(settings.state.folder)

    def nobody() -> Any:
        raise AssertionError("no Fineract in a benchmark")

    def now() -> datetime:
        return datetime(2026, 2, 1, 6, tzinfo=UTC)

    run = Run(settings, site / "config.toml", engine, now, "bench", Silent(), nobody)
    load_ledger(run, folder / "accounts.csv")
    imported = timed(lambda: import_files(run, take_paths(run, [folder / "statement.csv"])))
    matched = timed(lambda: match(run))
    engine.dispose()
    return imported, matched


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--floor", action="store_true")
    options = parser.parse_args()
    if options.floor:
        sys.stdout.write(json.dumps(asdict(timed(lambda: floor(options.folder)))) + "\n")
        return
    rounds = []
    for _ in range(options.rounds):
        least = timed(lambda: floor(options.folder))
        with tempfile.TemporaryDirectory() as site:
            rounds.append((least, *product(options.folder, Path(site))))
    report: dict[str, float] = {}
    for kind in ("cpu", "wall"):
        table = np.array([[getattr(part, kind) for part in each] for each in rounds])
        for name, seconds in zip(
            ("floor", "import", "match"), np.median(table, axis=0), strict=True
        ):
            report[f"{name}_{kind}_s"] = round(float(seconds), 2)
        ratios = table[:, 1:].sum(axis=1) / table[:, 0]
        report[f"{kind}_ratio"] = round(float(np.median(ratios)), 2)
    report["load"] = round(os.getloadavg()[0], 1)
    report["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
