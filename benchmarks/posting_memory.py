"""The memory of `mmrecon post`, and the time of reading everything back, by the number of postings.

    python -m benchmarks.posting_memory FOLDER [--postings 1000 50000] [--rows 5000] [--read-back]

For each number an institution (a fifth as many accounts, 2,000 at most) is made on a sandbox in a
process of its own, two people sign deposits in batches of `--rows`, and `mmrecon post` runs as a
whole process: `peak_mb` is the most memory that it held. `--read-back` then reads the period as
`verify` and the proof do: by report, and by journal entries in pages of 10,000.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from benchmarks.posting import served
from benchmarks.reading_back import read_back
from mmrecon.model.approval import BatchKind
from mmrecon.sandbox.demo_api import SeedApi
from tests.campaign.institution import Institution
from tests.campaign.site import BENO, Server, Site
from tests.campaign.work import COLLECTIONS, Leg, Line

ZONE = "Asia/Kolkata"
ACCOUNTS_AT_MOST = 2_000


def deposits(institution: Institution, count: int) -> Iterator[Line]:
    """One leg each, spread over the savings accounts."""
    savings = [account for account in institution.accounts if account.kind == "savings"]
    for number in range(1, count + 1):
        account = savings[number % len(savings)]
        leg = Leg(account, 1_000 + number % 9_000, "savings_deposit")
        yield Line(number, f"SK{number:08}B", COLLECTIONS, 1, 1, (leg,))


POST = """
import atexit, json, pathlib, sys, time
from mmrecon.cli.app import main

def told():
    status = pathlib.Path("/proc/self/status").read_text()
    peak_kb = int(status.partition("VmHWM:")[2].split()[0])
    print(json.dumps({"cpu_s": time.process_time(), "peak_mb": peak_kb // 1024}), file=sys.stderr)

atexit.register(told)
main()
"""
"""`mmrecon`, told at its end what it took; the kernel's own peak of a child counts its parent's."""


def posted(site: Site) -> dict[str, float]:
    """`mmrecon post` as a process: how long, and the most memory that it held."""
    command = [sys.executable, "-c", POST, "post", "--json", "--config", str(site.config)]
    started_s = time.perf_counter()
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    wall_s = time.perf_counter() - started_s
    told: dict[str, float] = json.loads(ended.stderr.splitlines()[-1])
    return {"postings": site.states()["posted"], "wall_s": round(wall_s, 1)} | told


def run_of(folder: Path, count: int, rows: int, *, back: bool) -> dict[str, float]:
    """One institution, from its first account to its last posting."""
    process, base_url = served(folder / "sandbox")
    try:
        api = SeedApi(base_url, "mifos", "password")
        institution = Institution(api, ZONE, max(100, min(count // 5, ACCOUNTS_AT_MOST)))
        server = Server(base_url, ZONE, "mifos", "password", 180)
        site = Site(folder / "site", institution, server)
        lines = deposits(institution, count)
        while chunk := list(islice(lines, rows)):
            site.approve(chunk, BENO, BatchKind.POSTINGS)
        measured = posted(site)
        return measured | (read_back(base_url, institution.gl["collections"]) if back else {})
    finally:
        process.terminate()
        process.wait()


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one JSON row for each number of postings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--postings", type=int, nargs="+", default=[1_000, 50_000])
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--read-back", action="store_true")
    given = parser.parse_args(arguments)
    for count in given.postings:
        folder = given.folder / f"postings-{count}"
        row = run_of(folder, count, given.rows, back=given.read_back)
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
