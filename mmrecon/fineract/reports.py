"""Running and installing mmrecon's own reports (fineract-api.md 6.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from mmrecon.errors import UsageError
from mmrecon.fineract.client import FineractClient, fineract_answer, successful
from mmrecon.fineract.contract import JsonObject, Reply, as_integer, as_list, as_object, as_text
from mmrecon.fineract.report_sql import Report

PAGE_ROWS: Final = 50_000
"""Rows of one call: under 50 MB whatever the report (fineract/measured.md e)."""

_VALUE: Final = re.compile(r"[0-9-]{1,20}")
_NOT_THERE: Final = frozenset({403, 404})


class Installed(StrEnum):
    """What was done with a report."""

    THERE = "there"
    CREATED = "created"
    CHANGED = "changed"


class ReportMissingError(LookupError):
    """This user cannot run the report, or it is not the one this version brings."""


def report_rows(
    client: FineractClient,
    report: Report,
    parameters: Mapping[str, str | int],
    *,
    page_rows: int = PAGE_ROWS,
) -> Iterator[list[list[object]]]:
    """Pages of a report by key, each a list of rows in the order of its columns.

    Parameters hold digits and dates only: the server puts them into the SQL as they are.

    Raises:
        ReportMissingError: it is not installed, not allowed, or of another version.
        OutsideUnreachable: Fineract does not answer.
    """
    after_id = 0
    place = report.columns.index("id")
    while True:
        wanted = {**parameters, "afterId": after_id, "n": page_rows}
        page = _page(client, report, wanted)
        if page:
            yield page
        if len(page) < page_rows:
            return
        after_id = max(as_integer(row[place]) or 0 for row in page)


def is_installed(
    client: FineractClient, report: Report, parameters: Mapping[str, str | int]
) -> bool:
    """Whether this user can run the report that this version brings; reads one row.

    Raises:
        OutsideUnreachable: Fineract does not answer.
    """
    try:
        _page(client, report, {**parameters, "afterId": 0, "n": 1})
    except ReportMissingError:
        return False
    return True


def install(client: FineractClient, report: Report) -> Installed:
    """Put a report into Fineract, or its present SQL over an older one.

    Raises:
        OutsideUnreachable: Fineract does not answer, or does not let this user; the hint names the
            permission.
    """
    known = as_list(client.get("reports"))
    there = next((row for row in known if row.get("reportName") == report.name), None)
    if there is None:
        reply = client.post("reports", _body(report))
        successful(fineract_answer(reply, client.base_url), "reports")
        return Installed.CREATED
    if _same(as_text(there.get("reportSql")), report.sql):
        return Installed.THERE
    number = as_integer(there.get("id"))
    changed = {name: value for name, value in _body(report).items() if name in _CHANGED}
    successful(client.put(f"reports/{number}", changed), "reports")
    return Installed.CHANGED


_CHANGED: Final = frozenset({"reportSql", "description", "useReport"})


def _body(report: Report) -> dict[str, object]:
    return {
        "reportName": report.name,
        "reportType": "Table",
        "reportCategory": "mmrecon",
        "description": report.description,
        "reportSql": report.sql,
        "useReport": True,
    }


def _same(stored: str, wanted: str) -> bool:
    """Whether SQL is the same but for its white space."""
    return stored.split() == wanted.split()


def _page(
    client: FineractClient, report: Report, parameters: Mapping[str, str | int]
) -> list[list[object]]:
    for name, value in parameters.items():
        if not _VALUE.fullmatch(str(value)):
            raise UsageError(f"a report's {name} is neither a number nor a date")
    given = {f"R_{name}": value for name, value in parameters.items()}
    path = f"runreports/{report.name}"
    reply: Reply = client.ask(path, given | {"genericResultSet": "true"})
    if reply.status in _NOT_THERE:
        raise ReportMissingError(report.name)
    answer: JsonObject = as_object(successful(reply, path).json())
    columns = tuple(as_text(one.get("columnName")) for one in as_list(answer.get("columnHeaders")))
    if columns != report.columns:
        raise ReportMissingError(report.name)
    rows = (one.get("row") for one in as_list(answer.get("data")))
    return [row for row in rows if isinstance(row, list)]
