"""Postings: one approved leg each, with key, attempt and state (DESIGN 7.2, 7.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from sys import intern
from typing import Final


class Command(StrEnum):
    """What Fineract is told to do."""

    SAVINGS_DEPOSIT = "savings_deposit"
    SAVINGS_WITHDRAWAL = "savings_withdrawal"
    LOAN_REPAYMENT = "loan_repayment"
    LOAN_DISBURSEMENT = "loan_disbursement"


class Purpose(StrEnum):
    """Why money of a source is occupied (DESIGN section 5)."""

    POST = "post"
    PARK = "park"
    ALLOCATE = "allocate"
    HOLD = "hold"
    RELEASE = "release"
    PAY = "pay"
    CORRECT = "correct"


class SentHow(StrEnum):
    """In what kind of call a posting was sent (fineract/measured.md: closed, loose)."""

    NOT_YET = ""
    CLOSED = "closed"
    LOOSE = "loose"


class PostingState(StrEnum):
    """A posting's life; changed by compare-and-set only (`store/postings.py`)."""

    APPROVED = "approved"
    SENDING = "sending"
    POSTED = "posted"
    VERIFIED = "verified"
    REFUSED = "refused"
    DEFERRED = "deferred"
    PENDING_IN_CORE = "pending_in_core"
    UNKNOWN = "unknown"
    UNDOING = "undoing"
    UNDONE = "undone"
    REVERSED_OUTSIDE = "reversed_outside"
    WITHDRAWN = "withdrawn"


TRANSITIONS: Final[dict[PostingState, frozenset[PostingState]]] = {
    PostingState.APPROVED: frozenset(
        {PostingState.SENDING, PostingState.POSTED, PostingState.WITHDRAWN}
    ),
    PostingState.SENDING: frozenset(
        {
            PostingState.POSTED,
            PostingState.REFUSED,
            PostingState.DEFERRED,
            PostingState.PENDING_IN_CORE,
            PostingState.UNKNOWN,
            PostingState.APPROVED,
        }
    ),
    PostingState.UNKNOWN: frozenset(
        {
            PostingState.POSTED,
            PostingState.REFUSED,
            PostingState.APPROVED,
            PostingState.PENDING_IN_CORE,
            PostingState.DEFERRED,
        }
    ),
    PostingState.DEFERRED: frozenset(
        {PostingState.SENDING, PostingState.POSTED, PostingState.WITHDRAWN}
    ),
    PostingState.PENDING_IN_CORE: frozenset({PostingState.POSTED, PostingState.REFUSED}),
    PostingState.POSTED: frozenset(
        {PostingState.VERIFIED, PostingState.REVERSED_OUTSIDE, PostingState.UNDOING}
    ),
    PostingState.VERIFIED: frozenset({PostingState.REVERSED_OUTSIDE, PostingState.UNDOING}),
    PostingState.UNDOING: frozenset({PostingState.UNDONE, PostingState.POSTED}),
    PostingState.REFUSED: frozenset(),
    PostingState.UNDONE: frozenset(),
    PostingState.REVERSED_OUTSIDE: frozenset(),
    PostingState.WITHDRAWN: frozenset(),
}
"""From each state, the states a posting may go to. Unsent to posted: a restored store finds in the
ledger what it sent before it was restored."""

DEAD_STATES: Final = frozenset(
    {
        PostingState.REFUSED,
        PostingState.WITHDRAWN,
        PostingState.UNDONE,
        PostingState.REVERSED_OUTSIDE,
    }
)
"""States that no longer occupy money; everything else is live."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One approved leg. Everything that is sent, and where it stands.

    `envelope` names the call that it was sent in last: what was sent together goes together again.
    Where two people signed another value date than the line's own day, that day is `paid_on` and
    why stands in `date_reason` (`model/other_date.py`); both are empty otherwise.
    """

    posting_id: int
    batch_id: str
    batch_row: int
    wallet_id: int
    source: str
    line_id: int | None
    item_id: int | None
    purpose: Purpose
    leg: int
    attempt: int
    resend: int
    command: Command
    account_kind: str
    account_id: int
    account_no: str
    client_id: int | None
    amount_minor: int
    posted_minor: int
    currency: str
    value_date: str
    payment_type_id: int
    receipt: str
    idempotency_key: str
    external_id: str
    shadow: bool
    state: PostingState
    transaction_id: str
    approved_at_utc: str
    sent_at_utc: str
    reason: str
    envelope: str = ""
    sent_how: SentHow = SentHow.NOT_YET
    paid_on: str = ""
    date_reason: str = ""


@dataclass(frozen=True, slots=True)
class Slip:
    """What is held of a posting that is to be sent, before it is loaded.

    `source` tells apart only what belongs to no line; it is empty where there is a line.
    """

    posting_id: int
    wallet_id: int
    line_id: int | None
    source: str
    account_kind: str
    account_id: int
    client_id: int | None
    value_date: str
    state: PostingState
    paid_on: str = ""

    @classmethod
    def of(cls, posting: Posting) -> Slip:
        """The slip of a posting; texts that many share are held once."""
        return cls(
            posting.posting_id,
            posting.wallet_id,
            posting.line_id,
            posting.source if posting.line_id is None else "",
            intern(posting.account_kind),
            posting.account_id,
            posting.client_id,
            intern(posting.value_date),
            posting.state,
            intern(posting.paid_on),
        )


@dataclass(frozen=True, slots=True)
class PostingEnd:
    """Where a posting stands, for counting and for saying what is left to do."""

    posting_id: int
    line_id: int | None
    state: PostingState
    reason: str
    currency: str
    amount_minor: int
    shadow: bool
