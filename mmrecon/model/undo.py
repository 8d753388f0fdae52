"""Taking a posting back: what two people sign, and what it does to its account.

Row of a `corrections` batch with the act `undo`: the facts of the posting's own row with purpose
`correct`, the command `undo_…`, an `attempt` that counts corrections of this leg, `reason`,
`transaction_id`, `external_id`, `posting` ([batch_id, row]) and `shown` ([[code, arguments]]).

Where the provider's reversal asks for it, a row with the act `close_reversal` stands beside them:
`reversal` is that line's source key, `line` the key of the payment that is taken back. When the
posting reads back as undone, both lines are closed; neither asks anybody again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mmrecon.model.approval import CanonicalRow
from mmrecon.model.keys import PostingFacts
from mmrecon.model.posting import Posting, Purpose

UNDO: Final = "undo"
CLOSE_REVERSAL: Final = "close_reversal"
BLOCKING: Final = frozenset(
    {
        "undo_not_settled", "undo_waits_already", "undo_not_found", "undo_differs",
        "undo_reversed_already", "undo_account_not_open", "undo_money_spent", "undo_period_closed",
        "undo_repaid_since", "undo_refunded_since", "undo_several_tranches", "undo_not_with_legs",
        "undo_needs_checker", "undo_sibling", "undo_also_in_file",
    }
)  # fmt: skip
"""Consequences because of which nothing of the line is taken back."""


@dataclass(frozen=True, slots=True)
class Consequence:
    """What taking back does, or why it cannot be: a code of the catalogue with its arguments."""

    code: str
    arguments: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def blocks(self) -> bool:
        """Whether nothing of the line is taken back because of it."""
        return self.code in BLOCKING

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes it another one than people signed: code, account, day and amount."""
        names = ("account", "day", "amount")
        account, day, amount = (str(self.arguments.get(name, "")) for name in names)
        return self.code, account, day, amount


def undo_row(
    posting: Posting,
    original: CanonicalRow,
    reason: str,
    attempt: int,
    shown: Sequence[Consequence],
) -> CanonicalRow:
    """What two people sign of a posting that is to be taken back; `original` is its own row."""
    return {
        **original,
        "act": UNDO,
        "decision": UNDO,
        "purpose": Purpose.CORRECT.value,
        "command": f"undo_{posting.command.value}",
        "attempt": attempt,
        "reason": reason,
        "transaction_id": posting.transaction_id,
        "external_id": posting.external_id,
        "posting": [posting.batch_id, posting.batch_row],
        "shown": [[one.code, dict(one.arguments)] for one in shown],
    }


@dataclass(frozen=True, slots=True)
class Reversed:
    """The provider's reversal of a posted payment, as the store knows it."""

    line_id: int
    source: str
    receipt: str
    amount_minor: int
    currency: str
    value_date: str


def closing_row(undo: CanonicalRow, reversal: Reversed) -> CanonicalRow:
    """What two people sign beside a payment's undo: its reversal needs no other answer."""
    return {
        "act": CLOSE_REVERSAL,
        "decision": UNDO,
        "wallet": undo["wallet"],
        "tenant": undo["tenant"],
        "server": undo["server"],
        "line": undo["line"],
        "source": reversal.source,
        "reversal": reversal.source,
        "receipt": reversal.receipt,
        "amount_minor": reversal.amount_minor,
        "currency": reversal.currency,
        "value_date": reversal.value_date,
        "reason": undo["reason"],
    }


def consequences_of(row: CanonicalRow) -> list[Consequence]:
    """What was shown when the row was signed."""
    shown: Any = row.get("shown")
    return [Consequence(code, arguments) for code, arguments in shown or ()]


@dataclass(frozen=True, slots=True)
class ApprovedUndo:
    """One posting that two people signed to be taken back, and has not been yet.

    `facts` derive its key; `shown` is what they were shown.
    """

    posting: Posting
    batch_id: str
    row_number: int
    facts: PostingFacts
    reason: str
    approved_at_utc: str
    shown: tuple[Consequence, ...]

    @property
    def idempotency_key(self) -> str:
        """The key of the correction; never that of the posting."""
        return self.facts.idempotency_key(0)
