"""Answers that were accepted or refused; every answer is one or the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mmrecon.model.approval import Decision
from mmrecon.model.found import FoundMoney
from mmrecon.model.issue import Issue
from mmrecon.model.match import Leg


@dataclass(frozen=True, slots=True)
class Target:
    """The account that a link's transaction stands on."""

    account_kind: str
    account_id: int
    account_no: str
    client_id: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answered row, as typed; cells are text (`ReturnedFrame`)."""

    sheet: str
    row: int
    row_id: str
    decision: str
    different_account: str = ""
    split: str = ""
    hold_until: str = ""
    reason: str = ""
    evidence_reference: str = ""
    other_value_date: str = ""
    date_reason: str = ""
    comment: str = ""
    by_section: bool = False


TYPED_CELLS: Final = (
    "decision", "different_account", "split", "hold_until", "reason", "evidence_reference",
    "other_value_date", "date_reason", "comment",
)  # fmt: skip
"""The cells of an answer, in the order of its fields."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """An answer that becomes rows of a batch. `unchanged`: a ready row approved as proposed.

    `legs` are the postings it asks for; `target` the account of a link, `transaction_minor` the
    whole amount of its transaction as Fineract told it, 0 before it was read. `sign` is the line's.
    `original` is the receipt of the posting that an undo takes back.
    `found` is what mmrecon itself posted for the line before: it must not stand any more.
    """

    row_id: str
    line_id: int
    wallet: str
    decision: Decision
    unchanged: bool
    line: str
    item_id: int | None
    item_key: str
    currency: str
    value_date: str
    receipt: str
    sign: int
    left_minor: int
    legs: tuple[Leg, ...] = ()
    target: Target | None = None
    until: str = ""
    reason: str = ""
    transaction_id: str = ""
    transaction_minor: int = 0
    paper_reference: str = ""
    original: str = ""
    other_value_date: str = ""
    date_reason: str = ""
    found: tuple[FoundMoney, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer that was not taken; the issue says why and what to do."""

    row_id: str
    issue: Issue


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a returned workbook. `repeated` answers had been taken before.

    `answers` are all answers by row id; `issues` concern the workbook or a section as a whole.
    """

    accepted: Sequence[Accepted]
    refused: Sequence[Refused]
    answers: dict[str, Answer]
    repeated: int = 0
    issues: Sequence[Issue] = ()
