"""Posting against a bare client that sends the same batches of reads and writes without a store.

    python -m benchmarks.posting FOLDER [--postings 1000] [--rounds 5] [--service-s 0.011]

Three processes: the sandbox, which takes `--service-s` for every command (two workers with batches
of ten make 150 postings a second on a real server, fineract/measured.md a: 13 ms for each as a
worker sees it, of which the sandbox takes some itself; reads take the sandbox's own time only);
the product (`posting_runs.py`: recovery, plan, send); and the bare client, on its own transport,
without any check. They run in turns, each on accounts of its own: quote the medians. `cpu` is the
client's processor time, all threads.
"""

from __future__ import annotations

import argparse
import json
import secrets
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import insert

from mmrecon.model.clock import system_clock
from mmrecon.model.keys import canonical_json, line_source
from mmrecon.model.posting import Command
from mmrecon.store.database import open_database, transaction
from mmrecon.store.postings import ApprovedRow, insert_approved
from mmrecon.store.schema import BATCH, BATCH_ROW, LINE, WALLET
from tests.posting.branch import Account, Branch, days_ago

PROGRAMS = ("product", "bare")


class Store:
    """A store with approved deposits, one line and one leg each."""

    def __init__(
        self, folder: Path, branch: Branch, accounts: Sequence[Account], count: int
    ) -> None:
        self.folder = folder
        self._branch = branch
        self._mark = secrets.token_hex(4).upper()
        engine = open_database(folder)
        with transaction(engine) as connection:
            wallet = {"wallet_id": 1, "provider": "mpesa_ke", "account": "600100"}
            names = {"name": "pay", "currency": "KES", "zone": "Africa/Nairobi"}
            connection.execute(insert(WALLET), wallet | names)
            chosen = [accounts[number % len(accounts)] for number in range(count)]
            lines = [self._line(number) for number in range(1, count + 1)]
            connection.execute(insert(LINE), lines)
            rows = [
                ApprovedRow("b-1", number, 1, number, None, shadow=False, facts=facts)
                for number, account in enumerate(chosen, 1)
                for facts in (self._facts(number, account),)
            ]
            head = {"batch_id": "b-1", "kind": "postings", "state": "approved", "row_count": count}
            connection.execute(insert(BATCH), head)
            stored = [
                {"batch_id": "b-1", "row_number": row.row_number, "line_id": row.line_id,
                 "row_json": canonical_json(row.facts)}
                for row in rows
            ]  # fmt: skip
            connection.execute(insert(BATCH_ROW), stored)
            insert_approved(connection, rows, at_utc=system_clock().isoformat(), run_id="r")
        engine.dispose()

    def _receipt(self, number: int) -> str:
        return f"SK{number}{self._mark}"

    def _line(self, number: int) -> dict[str, Any]:
        return {
            "line_id": number, "wallet_id": 1, "receipt": self._receipt(number), "sign": 1,
            "amount_minor": 1_000, "currency": "KES", "n": 1, "generation": 0, "repeats": 1,
            "line_class": "collection", "completed_at_utc_s": number, "value_date": days_ago(1),
            "first_statement_id": 1, "first_row": number,
        }  # fmt: skip

    def _facts(self, number: int, account: Account) -> dict[str, Any]:
        source = line_source("mpesa_ke", "600100", "", self._receipt(number), 1, 1_000, 1, 0)
        return {
            "act": "post", "wallet": ["mpesa_ke", "600100"], "tenant": "default",
            "source": source, "purpose": "post", "leg": 1, "attempt": 1,
            "command": Command.SAVINGS_DEPOSIT.value, "account_kind": "savings",
            "account_id": account.account_id, "account_no": account.account_no,
            "client_id": account.client_id, "amount_minor": 1_000, "posted_minor": 1_000,
            "currency": "KES", "value_date": days_ago(1),
            "payment_type_id": self._branch.payment_type_id, "receipt": self._receipt(number),
            "line": source,
        }  # fmt: skip


def served(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """The sandbox in a process of its own, and its base URL."""
    command = [sys.executable, "-m", "mmrecon", "sandbox", "serve", "--state", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        found = next((word for word in line.split() if word.startswith("http")), "")
        if found:
            return process, found.rstrip(".,")
    raise SystemExit("the sandbox did not start")


def run_of(program: str, store: Store, base_url: str) -> dict[str, float]:
    """One of the programs in a process of its own: what it took, without its start."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.posting_runs",
        program,
        str(store.folder),
        base_url,
    ]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, float] = json.loads(ended.stdout)
    return told


def round_of(
    folder: Path, branch: Branch, number: int, given: argparse.Namespace
) -> dict[str, Any]:
    """Product and bare client once, each on fresh accounts; who is first takes turns."""
    count: int = given.postings
    _take(branch, 0)
    accounts = [branch.savings() for _ in range(max(40, 2 * count // given.per_account))]
    half = len(accounts) // 2
    stores = {
        program: Store(folder / secrets.token_hex(4), branch, accounts[start : start + half], count)
        for program, start in zip(PROGRAMS, (0, half), strict=True)
    }
    _take(branch, given.service_s)
    order = PROGRAMS if number % 2 else PROGRAMS[::-1]
    took = {name: run_of(name, stores[name], branch.server.base_url) for name in order}
    ours, theirs = took["product"], took["bare"]
    return {
        "postings": count,
        "per_s": round(count / ours["wall_s"], 1),
        "bare_per_s": round(count / theirs["wall_s"], 1),
        "ratio": round(theirs["wall_s"] / ours["wall_s"], 3),
        "cpu_ms": round(ours["cpu_s"] * 1000 / count, 3),
        "bare_cpu_ms": round(theirs["cpu_s"] * 1000 / count, 3),
    }


def _take(branch: Branch, service_s: float) -> None:
    """How long every command takes from now on."""
    origin = branch.server.base_url.partition("/fineract-provider")[0]
    requests.put(f"{origin}/sandbox/service", json={"seconds": service_s}, timeout=10)


def main() -> None:
    """Print one JSON row for each round, then the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--postings", type=int, default=1_000)
    parser.add_argument("--per-account", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--service-s", type=float, default=0.011)
    given = parser.parse_args()
    process, base_url = served(given.folder / "sandbox")
    try:
        branch = Branch(base_url)
        rounds = []
        for number in range(given.rounds):
            rounds.append(round_of(given.folder, branch, number, given))
            print(json.dumps(rounds[-1]), flush=True)
        names = ("ratio", "per_s", "bare_per_s", "cpu_ms", "bare_cpu_ms")
        medians = {name: statistics.median(row[name] for row in rounds) for name in names}
        print(json.dumps({"medians": medians}), flush=True)
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
