"""Whether an issue was said before."""

from __future__ import annotations

from sqlalchemy import Connection, select

from mmrecon.model.issue import Issue
from mmrecon.model.keys import canonical_json
from mmrecon.store.schema import ISSUE


def is_noted(connection: Connection, issue: Issue) -> bool:
    """Whether the same issue of the same wallet stands in the store."""
    query = (
        select(ISSUE.c.issue_id)
        .where(
            ISSUE.c.code == issue.code,
            ISSUE.c.wallet == issue.wallet,
            ISSUE.c.arguments_json == canonical_json(dict(issue.arguments)),
        )
        .limit(1)
    )
    return connection.execute(query).first() is not None
