"""Matching alone against the floor's four look-ups, and how both grow with the number of lines.

    python benchmarks/match_floor.py FOLDER [FOLDER ...]

Each FOLDER holds `statement.csv` (M-PESA layout A) and `accounts.csv` (`ledger load`), as for
`import_and_match.py`. Matching is pure here: no store, all evidence. Time for each line should
not rise from a small folder to a large one.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv

from mmrecon.ledger.load import load_file
from mmrecon.matching.context import MatchContext, WalletFacts
from mmrecon.matching.keys import as_arrow, digits_value
from mmrecon.matching.match import match_lines
from mmrecon.model.account import LedgerSnapshot
from mmrecon.model.line import LineFrame

_PREAMBLE = 6


def read_lines(path: Path) -> pd.DataFrame:
    """The statement's payments as a LineFrame, without the checks of an import."""
    as_text = {name: pa.string() for name in ("Paid In", "A/C No.", "Receipt No.")}
    types = arrow_csv.ConvertOptions(column_types=as_text, strings_can_be_null=False)
    table = arrow_csv.read_csv(
        path, arrow_csv.ReadOptions(skip_rows=_PREAMBLE), convert_options=types
    ).to_pandas()
    count = len(table)
    party = table["Other Party Info"].str.split(" - ", n=1)
    paid = table["Paid In"].str.replace(".", "", regex=False).astype("int64")
    return LineFrame.build(
        {
            "line_id": np.arange(1, count + 1), "wallet_id": np.ones(count, dtype=np.int64),
            "receipt": table["Receipt No."], "line_class": ["collection"] * count,
            "sign": np.ones(count, dtype=np.int64), "amount_minor": paid,
            "n": np.ones(count, dtype=np.int64), "repeats": np.ones(count, dtype=np.int64),
            "completed_at_utc_s": 1_769_800_000 + np.arange(count) * 80_000 // count,
            "value_date": ["2026-01-31"] * count, "party_kind": ["masked"] * count,
            "party_phone": party.str[0], "party_name": party.str[1],
            "reference": table["A/C No."],
        }
    )  # fmt: skip


def floor(lines: pd.DataFrame, accounts: pd.DataFrame, clients: pd.DataFrame) -> float:
    """Four keyed look-ups and nothing else."""
    begun = time.perf_counter()
    wanted = digits_value(as_arrow(lines["reference"]))
    for column in (
        accounts["account_no"], clients["client_account_no"], clients["mobile_no"],
        clients["national_ids"],
    ):  # fmt: skip
        keys = np.sort(digits_value(as_arrow(column)))
        np.searchsorted(keys, wanted)
    return time.perf_counter() - begun


def measure(folder: Path) -> dict[str, float | int | str]:
    """Floor and matching of one folder, in turns; the best of two."""
    loaded = load_file(folder / "accounts.csv")
    snapshot = LedgerSnapshot(
        1, "2026-02-01T00:00:00+00:00", "file", "", loaded.clients, loaded.accounts
    )
    wallet = WalletFacts("paybill", "990501", "KE", "KES", "Africa/Nairobi", date(2020, 1, 1))
    context = MatchContext(snapshot, {1: wallet}, datetime(2026, 2, 1, tzinfo=UTC))
    lines = read_lines(folder / "statement.csv")
    floors, times = [], []
    for _ in range(2):
        floors.append(floor(lines, loaded.accounts, loaded.clients))
        begun = time.perf_counter()
        matches = match_lines(lines, context)
        times.append(time.perf_counter() - begun)
    return {
        "folder": folder.name, "lines": len(lines), "accounts": len(loaded.accounts),
        "ready": int((matches["state"] == "ready").sum()), "look_ups_s": round(min(floors), 3),
        "match_s": round(min(times), 3), "us_a_line": round(min(times) / len(lines) * 1e6, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    for each in parser.parse_args().folders:
        print(json.dumps(measure(each)))
