"""The two programs that `posting.py` compares, each in a process of its own.

    python -m benchmarks.posting_runs product|bare STATE BASE_URL

Prints seconds on the clock and on the processor, all threads, without start and imports.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import urllib3
from sqlalchemy import Engine

from mmrecon.config import FineractServer, PostingLimits
from mmrecon.fineract.client import FineractClient, basic_login
from mmrecon.fineract.contract import BatchItem, batch_body
from mmrecon.fineract.contract_requests import build_account_read, build_posting
from mmrecon.model.clock import system_clock
from mmrecon.model.posting import Posting, PostingState
from mmrecon.posting.context import PostingContext
from mmrecon.posting.plan import Envelope, Plan, account_of, make_plan
from mmrecon.posting.workers import recover, send_all
from mmrecon.store.database import open_database, reading
from mmrecon.store.posting_lines import lines_of
from mmrecon.store.posting_reads import postings_in

LIMITS = PostingLimits()
USERNAME, PASSWORD = "mifos", "password"


def planned(engine: Engine) -> Plan:
    """The same envelopes for both."""
    with reading(engine) as connection:
        postings = postings_in(connection, [PostingState.APPROVED])
        lines = lines_of(connection, {posting.line_id or 0 for posting in postings})
    completed_at = {line_id: line.completed_at_utc_s for line_id, line in lines.items()}
    return make_plan(postings, completed_at, LIMITS)


def product(engine: Engine, base_url: str) -> None:
    """As `post` does it: recovery, plan, send."""
    server = FineractServer(base_url=base_url, zone="Asia/Kolkata", username=USERNAME)
    client = FineractClient(server, PASSWORD)
    context = PostingContext(engine, system_clock, "r", LIMITS)
    recover(context, client)
    send_all(context, client.another, planned(engine))
    with reading(engine) as connection:
        assert not postings_in(connection, [PostingState.APPROVED])


def bare(queues: Sequence[Sequence[Envelope]], base_url: str) -> None:
    """The same reads and the same writes by as many workers; nothing is checked or remembered."""
    with ThreadPoolExecutor(len(queues)) as pool:
        list(pool.map(lambda queue: _bare_worker(queue, base_url), queues))


def _bare_worker(queue: Sequence[Envelope], base_url: str) -> None:
    headers = {
        "Authorization": basic_login(USERNAME, PASSWORD), "Fineract-Platform-TenantId": "default",
        "Content-Type": "application/json",
    }  # fmt: skip
    url = urllib3.util.parse_url(f"{base_url}/batches?enclosingTransaction=")
    pool = urllib3.HTTPConnectionPool(url.host or "", url.port, headers=headers)

    def send(items: Sequence[BatchItem], enclosing: str) -> None:
        body = batch_body(items).encode()
        answer = pool.urlopen("POST", url.request_uri + enclosing, body=body, retries=False)
        elements = json.loads(answer.data)
        assert all(element["statusCode"] == 200 for element in elements)
        assert all(json.loads(element["body"]) for element in elements)

    for envelope in queue:
        send(_reads(envelope.postings), "false")
        send([build_posting(one, n) for n, one in enumerate(envelope.postings, 1)], "true")


def _reads(postings: Sequence[Posting]) -> list[BatchItem]:
    accounts = dict.fromkeys(account_of(posting) for posting in postings)
    return [build_account_read(*account, n) for n, account in enumerate(accounts, 1)]


def main() -> None:
    """Run one of them and tell what it took."""
    program, folder, base_url = sys.argv[1:]
    engine = open_database(Path(folder))
    queues = planned(engine).queues
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    if program == "product":
        product(engine, base_url)
    else:
        bare(queues, base_url)
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    print(json.dumps({"wall_s": wall_s, "cpu_s": cpu_s}))


if __name__ == "__main__":
    main()
