"""Why there is nothing to take back for a receipt, and what stands in Fineract for it instead."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from mmrecon.errors import UsageError
from mmrecon.model.found import found_in, found_of
from mmrecon.pipeline.finding import find
from mmrecon.pipeline.run import Run
from mmrecon.store.database import reading
from mmrecon.store.line_table import LineFilter, line_table
from mmrecon.store.links import linked_of_lines
from mmrecon.store.review_reasons import open_reasons

_LINKED = (
    "it was not posted from here; undo it in Fineract itself, then run `mmrecon verify`: the line "
    "comes back to be decided anew"
)
_FOUND = (
    "answer the line “already posted” with it; if it is on the wrong account, undo it in Fineract "
    "itself first, then answer the line"
)


def nothing_posted(run: Run, receipt: str) -> UsageError:
    """The plain answer of `find`, and what to do about what stands there all the same."""
    told = find(run, receipt).answer
    with reading(run.engine) as connection:
        lines = line_table(connection, LineFilter(receipt=receipt))["line_id"].tolist()
        there = list(_there(connection, lines))
    if not lines:
        return UsageError(told, hint="`mmrecon find TEXT` looks for parts.", code="undo_nothing")
    return UsageError(
        f"nothing of {receipt} is posted that mmrecon could take back. {told}",
        hint="; ".join(there) or "`mmrecon explain RECEIPT` shows what became of a line.",
        code="undo_nothing",
    )


def _there(connection: Connection, line_ids: list[int]) -> Iterator[str]:
    for one in linked_of_lines(connection, line_ids):
        where = f"{one.account_kind} {one.account_id}, transaction {one.transaction_id}"
        yield f"Linked: {where}; {_LINKED}."
    reasons = ((one.code, one.arguments) for one in open_reasons(connection, line_ids))
    for found in found_of(found_in(reasons)):
        if found.transaction_id:
            who = " by mmrecon itself" if found.batch_id else ""
            where = f"{found.account_kind} {found.account_id}, transaction {found.transaction_id}"
            yield f"Found in Fineract{who}: {where}; {_FOUND}."
