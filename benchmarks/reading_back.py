"""Reading a period of transactions back: by mmrecon's own report, and by journal entries."""

from __future__ import annotations

import time
from collections.abc import Callable

from mmrecon.config import FineractServer
from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract_reads import understand_journal
from mmrecon.fineract.contract_requests import journal_parameters
from mmrecon.fineract.payments import read_payments
from mmrecon.fineract.report_sql import TRANSACTIONS
from mmrecon.fineract.reports import install
from tests.posting.branch import days_ago

JOURNAL_PAGE_ROWS = 10_000


def read_back(base_url: str, gl_account_id: int) -> dict[str, float]:
    """Seconds and processor's seconds of both ways, each as mmrecon understands it."""
    server = FineractServer(base_url=base_url, zone="Asia/Kolkata", username="mifos")
    client = FineractClient(server, "password")
    install(client, TRANSACTIONS)
    days = (days_ago(3), days_ago(-1))

    def by_report() -> int:
        return sum(len(page) for page in read_payments(client, "KES", days))

    def by_journal() -> int:
        parameters = journal_parameters(gl_account_id, *days)
        pages = client.pages("journalentries", parameters, page_rows=JOURNAL_PAGE_ROWS)
        return len(understand_journal((row for page in pages for row in page), 2))

    return timed("report", by_report) | timed("journal", by_journal)


def timed(name: str, read: Callable[[], int]) -> dict[str, float]:
    """How many were read, on the clock and on the processor."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    count = read()
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    return {
        name: count, f"{name}_s": round(wall_s, 2), f"{name}_cpu_s": round(cpu_s, 2),
    }  # fmt: skip
