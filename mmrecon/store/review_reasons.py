"""Why a line is a person's again: refused by Fineract, a changed fact, perhaps posted already."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, insert, select, update

from mmrecon.model.keys import canonical_json
from mmrecon.store.schema import REVIEW_REASON


@dataclass(frozen=True, slots=True)
class ReviewReason:
    """A code of the catalogue with its arguments (ids, codes and amounts, nothing personal).

    `review_reason_id` tells one that was stored from the same words said again later.
    """

    line_id: int
    code: str
    arguments: Mapping[str, str | int] = field(default_factory=dict)
    review_reason_id: int = field(default=0, compare=False)


def add_reasons(connection: Connection, reasons: Sequence[ReviewReason], *, at_utc: str) -> None:
    """Send lines back to a person; a reason that stands already is not doubled."""
    standing = {
        _key(known) for known in open_reasons(connection, {reason.line_id for reason in reasons})
    }
    new = {_key(reason): reason for reason in reasons if _key(reason) not in standing}
    rows = [
        {
            "line_id": reason.line_id,
            "code": reason.code,
            "arguments_json": canonical_json(dict(reason.arguments)),
            "at_utc": at_utc,
            "cleared": False,
        }
        for reason in new.values()
    ]
    if rows:
        connection.execute(insert(REVIEW_REASON), rows)


def open_reasons(connection: Connection, line_ids: Collection[int]) -> list[ReviewReason]:
    """Reasons of lines that no answer has cleared, oldest first."""
    query = (
        select(REVIEW_REASON)
        .where(REVIEW_REASON.c.line_id.in_(list(line_ids)), REVIEW_REASON.c.cleared.is_(False))
        .order_by(REVIEW_REASON.c.review_reason_id)
    )
    return [
        ReviewReason(row.line_id, row.code, json.loads(row.arguments_json), row.review_reason_id)
        for row in connection.execute(query)
    ]


def clear_reasons(connection: Connection, line_ids: Collection[int]) -> None:
    """An approved answer has dealt with whatever stood open on these lines."""
    connection.execute(
        update(REVIEW_REASON)
        .where(REVIEW_REASON.c.line_id.in_(list(line_ids)), REVIEW_REASON.c.cleared.is_(False))
        .values(cleared=True)
    )


def _key(reason: ReviewReason) -> tuple[int, str, str]:
    return reason.line_id, reason.code, canonical_json(dict(reason.arguments))
