"""Which transactions stand for which receipts, and receipts that were seen to stand once more.

That a receipt stands twice is kept in the journal: what is known of it is what the newest entry
about that transaction says.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, literal, select, union_all

from mmrecon.model.posting import PostingState
from mmrecon.store import journal
from mmrecon.store.schema import JOURNAL, LINE, LINK, POSTING

_BEGAN: Final = "receipt_twice"
_ENDED: Final = "receipt_twice_ended"
_STANDING: Final = (PostingState.POSTED.value, PostingState.VERIFIED.value)
_UNHEARD: Final = (
    PostingState.SENDING.value, PostingState.UNKNOWN.value, PostingState.PENDING_IN_CORE.value,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim:
    """A transaction that a posting or a link of a line names."""

    wallet_id: int
    line_id: int
    receipt: str
    sign: int
    value_date: str
    currency: str
    account_kind: str
    account_id: int
    transaction_id: str
    is_posting: bool


@dataclass(frozen=True, slots=True)
class Twice:
    """A transaction with the receipt of a line whose money stands in Fineract already.

    `batch_id` is the batch that mmrecon's own note on it names, empty where somebody else made it.
    """

    line_id: int
    account_kind: str
    account_id: int
    transaction_id: str
    amount_minor: int
    day: str
    batch_id: str
    at_utc: str = ""

    @property
    def key(self) -> tuple[int, str, str]:
        """Which line, and which transaction."""
        return self.line_id, self.account_kind, self.transaction_id

    def made_by(self) -> str:
        """Who made it, in words."""
        if not self.batch_id:
            return "by somebody else"
        return f"by mmrecon itself in batch {self.batch_id}, which this store does not know"


def claims(connection: Connection) -> list[Claim]:
    """Standing postings and live links of lines; none of a line that has something unheard of."""
    names = (
        LINE.c.wallet_id, LINE.c.line_id, LINE.c.receipt, LINE.c.sign, LINE.c.value_date,
        LINE.c.currency,
    )  # fmt: skip
    posted = (
        select(
            *names, POSTING.c.account_kind, POSTING.c.account_id, POSTING.c.transaction_id,
            literal(value=True),
        )
        .join(LINE, LINE.c.line_id == POSTING.c.line_id)
        .where(POSTING.c.state.in_(_STANDING), POSTING.c.shadow.is_(False))
    )  # fmt: skip
    linked = (
        select(
            *names, LINK.c.account_kind, LINK.c.account_id, LINK.c.transaction_id,
            literal(value=False),
        )
        .join(LINE, LINE.c.line_id == LINK.c.line_id)
        .where(
            LINK.c.kind == "transaction",
            LINK.c.withdrawn.is_(False),
            LINK.c.account_id.is_not(None),
        )
    )  # fmt: skip
    unheard = select(POSTING.c.line_id).where(POSTING.c.state.in_(_UNHEARD))
    unclear = set(connection.execute(unheard).scalars())
    rows = connection.execute(union_all(posted, linked))
    return [Claim(*row) for row in rows if row.line_id not in unclear and row.receipt]


def standing_twice(connection: Connection, line_ids: Collection[int] | None = None) -> list[Twice]:
    """What stands beside the money of lines (all, or those asked for), as it was read last."""
    query = (
        select(JOURNAL.c.event, JOURNAL.c.payload_json, JOURNAL.c.at_utc)
        .where(JOURNAL.c.event.in_([_BEGAN, _ENDED]))
        .order_by(JOURNAL.c.sequence)
    )
    standing: dict[tuple[int, str, str], Twice] = {}
    for event, text, at_utc in connection.execute(query):
        told = _twice(json.loads(text), at_utc)
        if event == _BEGAN:
            standing[told.key] = told
        else:
            standing.pop(told.key, None)
    return [one for one in standing.values() if line_ids is None or one.line_id in line_ids]


def note_twice(connection: Connection, found: Iterable[Twice], *, at_utc: str, run_id: str) -> None:
    """Keep what was found just now, in the journal; what was not found again has ended."""
    now = {one.key: one for one in found}
    before = {one.key: one for one in standing_twice(connection)}
    began = [_entry(_BEGAN, one) for key, one in now.items() if key not in before]
    ended = [_entry(_ENDED, one) for key, one in before.items() if key not in now]
    journal.append(connection, [*began, *ended], at_utc=at_utc, run_id=run_id)


_NAMES: Final = (
    "line_id", "account_kind", "account_id", "transaction_id", "amount_minor", "day", "batch_id",
)  # fmt: skip


def _entry(event: str, one: Twice) -> journal.Entry:
    return journal.Entry(event, {name: getattr(one, name) for name in _NAMES})


def _twice(payload: dict[str, Any], at_utc: str) -> Twice:
    return Twice(**{name: payload[name] for name in _NAMES}, at_utc=at_utc)
