"""Posting against a bare client that sends the same batches of reads and writes without a store.

    python benchmarks/posting.py FOLDER [--postings 1000] [--rounds 3] [--service-s 0.005]

The sandbox runs in a process of its own and takes `--service-s` for every command, as a real server
takes 5 to 8 ms (fineract/measured.md a). Product and bare client run in turns against it, each on
accounts of its own: quote the medians of the ratios. `cpu` is the client's processor time, all
threads; `peak` is the client's resident memory. One row is also printed for `--period`: reading a
period back by report and by journal entries in large pages.
"""

from __future__ import annotations

import argparse
import json
import resource
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import insert

from mmrecon.config import PostingLimits
from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract_replies import Meaning, understand_batch
from mmrecon.fineract.contract_requests import build_posting, journal_parameters
from mmrecon.fineract.payments import read_payments
from mmrecon.fineract.report_sql import TRANSACTIONS
from mmrecon.fineract.reports import install
from mmrecon.model.clock import system_clock
from mmrecon.model.keys import canonical_json, line_source
from mmrecon.model.posting import Command, Posting, PostingState
from mmrecon.posting.account_reads import read_accounts
from mmrecon.posting.context import PostingContext
from mmrecon.posting.plan import Plan, make_plan
from mmrecon.posting.workers import recover, send_all
from mmrecon.store.database import open_database, reading, transaction
from mmrecon.store.posting_lines import lines_of
from mmrecon.store.posting_reads import postings_in
from mmrecon.store.postings import ApprovedRow, insert_approved
from mmrecon.store.schema import BATCH, BATCH_ROW, LINE, WALLET
from tests.posting.branch import Account, Branch, days_ago

LIMITS = PostingLimits()


@dataclass(frozen=True)
class Cost:
    """What a run took."""

    wall_s: float
    cpu_s: float


def measured(run: Callable[[], None]) -> Cost:
    """The time a run takes, on the clock and on the processor."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    run()
    return Cost(time.perf_counter() - wall_s, time.process_time() - cpu_s)


def plan_of(postings: Sequence[Posting]) -> Plan:
    """The same envelopes for both."""
    completed = {posting.line_id or 0: posting.posting_id for posting in postings}
    return make_plan(postings, completed, LIMITS)


class Store:
    """A store with approved deposits, one line and one leg each."""

    def __init__(
        self, folder: Path, branch: Branch, accounts: Sequence[Account], count: int
    ) -> None:
        self.engine = open_database(folder)
        self._branch = branch
        self._mark = secrets.token_hex(4).upper()
        with transaction(self.engine) as connection:
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

    def postings(self) -> list[Posting]:
        with reading(self.engine) as connection:
            return postings_in(connection, [PostingState.APPROVED])

    def post(self, client: FineractClient) -> None:
        """As `post` does it: recovery, plan, send."""
        context = PostingContext(self.engine, system_clock, "r", LIMITS)
        recover(context, client)
        postings = self.postings()
        with reading(self.engine) as connection:
            lines_of(connection, {posting.line_id or 0 for posting in postings})
        send_all(context, client.another, plan_of(postings))

    def left(self) -> int:
        return len(self.postings())

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


def bare(client: FineractClient, plan: Plan) -> None:
    """The same reads and the same writes, two workers, nothing remembered."""

    def work(queue: Any) -> None:
        own = client.another()
        for envelope in queue:
            read_accounts(own, envelope.postings)
            items = [build_posting(one, n) for n, one in enumerate(envelope.postings, 1)]
            answer = own.batch(items, enclosing=True)
            heard = understand_batch(envelope.postings, answer, enclosing=True)
            assert all(one.meaning is Meaning.POSTED for one in heard)
        own.close()

    with ThreadPoolExecutor(len(plan.queues)) as pool:
        list(pool.map(work, plan.queues))


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


def round_of(folder: Path, branch: Branch, count: int, service_s: float) -> dict[str, float]:
    """Product and bare client once, each on fresh accounts."""
    _take(branch, 0)
    accounts = [branch.savings() for _ in range(max(40, count // 5))]
    half = len(accounts) // 2
    _take(branch, service_s)
    store = Store(folder / secrets.token_hex(4), branch, accounts[:half], count)
    other = Store(folder / secrets.token_hex(4), branch, accounts[half:], count)
    envelopes = plan_of(other.postings())
    ours = measured(lambda: store.post(branch.client))
    assert store.left() == 0
    theirs = measured(lambda: bare(branch.client, envelopes))
    return {
        "postings": count,
        "per_s": round(count / ours.wall_s, 1),
        "bare_per_s": round(count / theirs.wall_s, 1),
        "ratio": round(theirs.wall_s / ours.wall_s, 3),
        "cpu_ms_per_posting": round(ours.cpu_s * 1000 / count, 3),
        "bare_cpu_ms": round(theirs.cpu_s * 1000 / count, 3),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _take(branch: Branch, service_s: float) -> None:
    """How long every command takes from now on."""
    origin = branch.server.base_url.partition("/fineract-provider")[0]
    requests.put(f"{origin}/sandbox/service", json={"seconds": service_s}, timeout=10)


def period(branch: Branch) -> dict[str, float]:
    """Everything that was posted, read back both ways."""
    install(branch.client, TRANSACTIONS)
    days = (days_ago(2), days_ago(-1))
    found = [0, 0]

    def by_report() -> None:
        found[0] = sum(len(page) for page in read_payments(branch.client, "KES", days))

    def by_journal() -> None:
        parameters = journal_parameters(branch.gl_wallet, *days)
        found[1] = sum(len(page) for page in branch.client.pages("journalentries", parameters))

    report, journal = measured(by_report), measured(by_journal)
    return {
        "transactions": found[0], "report_s": round(report.wall_s, 2),
        "journal_rows": found[1], "journal_s": round(journal.wall_s, 2),
    }  # fmt: skip


def main() -> None:
    """Print one JSON row for each round, then the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--postings", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--service-s", type=float, default=0.005)
    parser.add_argument("--period", action="store_true")
    given = parser.parse_args()
    process, base_url = served(given.folder / "sandbox")
    try:
        branch = Branch(base_url)
        rounds = []
        for _ in range(given.rounds):
            rounds.append(round_of(given.folder, branch, given.postings, given.service_s))
            print(json.dumps(rounds[-1]), flush=True)
        names = ("ratio", "cpu_ms_per_posting", "bare_cpu_ms")
        medians = {name: statistics.median(row[name] for row in rounds) for name in names}
        print(json.dumps({"medians": medians}), flush=True)
        if given.period:
            print(json.dumps(period(branch)), flush=True)
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
