"""Payouts that are asked for: withdrawal requests come in, items are listed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mmrecon.errors import ExitCode, UsageError, worst
from mmrecon.model.catalogue import severity_of
from mmrecon.model.issue import Issue
from mmrecon.payouts.requests import make_items, read_requests
from mmrecon.pipeline.run import Run
from mmrecon.store.database import reading, transaction
from mmrecon.store.items import add_items, all_items
from mmrecon.store.journal import Entry, append
from mmrecon.store.snapshots import newest


@dataclass(frozen=True, slots=True)
class ImportedRequests:
    """How many requests are new, how many were known already, and what is wrong."""

    new: int
    known: int
    issues: tuple[Issue, ...]

    def exit_code(self) -> ExitCode:
        """By the gravest issue."""
        return worst(severity_of(issue).exit_code() for issue in self.issues)


def import_requests(run: Run, path: Path) -> ImportedRequests:
    """Take withdrawal requests from a CSV file or workbook.

    Raises:
        UsageError: the file cannot be read, or there is no ledger snapshot to check it against.
    """
    rows, faults = read_requests(path)
    if faults:
        return ImportedRequests(0, 0, tuple(faults))
    with transaction(run.engine) as connection:
        snapshot = newest(connection, run.state_folder)
        if snapshot is None:
            raise UsageError(
                "there is no snapshot of the ledger yet",
                hint="Run `mmrecon ledger refresh`, or `mmrecon ledger load FILE`.",
                code="no_snapshot",
            )
        requests = make_items(
            rows, snapshot.accounts, all_items(connection), office=run.settings.institution.name,
            file=path.name,
        )  # fmt: skip
        add_items(connection, requests.new, at_utc=run.at_utc(), source_name=path.name)
        payload = {"new": len(requests.new), "known": requests.known}
        entry = Entry("requests_imported", payload)
        append(connection, [entry], at_utc=run.at_utc(), run_id=run.run_id)
    return ImportedRequests(len(requests.new), requests.known, requests.issues)


def list_items(run: Run) -> pd.DataFrame:
    """All items, as an ItemFrame; an open one of which nothing is left is told as `settled`."""
    with reading(run.engine) as connection:
        items = all_items(connection)
    settled = (items["state"] == "open") & (items["left_minor"] <= 0)
    return items.assign(state=items["state"].mask(settled, "settled"))
