"""The workbook's columns: what each is called, shows and weighs; both directions read it here.

Titles are what a returned workbook is recognised by, so that columns may be moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mmrecon.model.proposal import Sheet


class Kind(StrEnum):
    """How a column's cells are written and read."""

    TEXT = "text"
    AMOUNT = "amount"
    MOMENT = "moment"
    NUMBER = "number"
    DATE_ANSWER = "date_answer"
    TEXT_ANSWER = "text_answer"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `signed` columns are under the row's digest: changing such a cell is refused.

    `field` is a column of ProposalFrame, or of ReturnedFrame for answers.
    """

    title: str
    field: str
    kind: Kind
    width: int
    signed: bool = False
    wrap: bool = False
    hidden: bool = False


KEY_TITLE: Final = "Key (leave as it is)"
ROW_ID_TITLE: Final = "Row id"
DECISION_TITLE: Final = "Decision"

_FRONT: Final = (
    Column(ROW_ID_TITLE, "row_id", Kind.TEXT, 9, signed=True),
    Column("Receipt", "receipt", Kind.TEXT, 14, signed=True),
    Column("Amount", "amount_minor", Kind.AMOUNT, 16, signed=True),
    Column("Proposed client", "proposed_client", Kind.TEXT, 23, signed=True),
    Column("Proposed account", "proposed_account", Kind.TEXT, 29, signed=True, wrap=True),
)
_ANSWERS: Final = (
    Column(DECISION_TITLE, "decision", Kind.TEXT_ANSWER, 17),
    Column("Different account", "different_account", Kind.TEXT_ANSWER, 19),
    Column("Split", "split", Kind.TEXT_ANSWER, 26),
    Column("Hold until", "hold_until", Kind.DATE_ANSWER, 11),
    Column("Reason", "reason", Kind.TEXT_ANSWER, 22),
    Column("Transaction or paper reference", "evidence_reference", Kind.TEXT_ANSWER, 17),
    Column("Comment", "comment", Kind.TEXT_ANSWER, 22),
)
_LINE: Final = (
    Column("Completed at", "completed_at_local", Kind.MOMENT, 18, signed=True),
    Column("Wallet", "wallet", Kind.TEXT, 16, signed=True),
    Column("Reference as typed", "reference", Kind.TEXT, 17, signed=True),
    Column("Payer", "payer", Kind.TEXT, 20, signed=True),
    Column("Payer phone", "payer_phone", Kind.TEXT, 15, signed=True),
    Column("Class", "line_class", Kind.TEXT, 11, signed=True),
)
_TARGET: Final = (
    Column("Product", "product", Kind.TEXT, 19),
    Column("Due now", "due_minor", Kind.AMOUNT, 15),
    Column("Balance or outstanding before", "before_minor", Kind.AMOUNT, 16),
    Column("After", "after_minor", Kind.AMOUNT, 16),
)
_EVIDENCE: Final = Column("Evidence", "evidence", Kind.TEXT, 48)
_WHY: Final = Column("Why it needs you", "warnings", Kind.TEXT, 44, wrap=True)
_TO_DO: Final = Column("What to do", "warnings", Kind.TEXT, 60, wrap=True)
_AGE: Final = Column("Age (days)", "age_days", Kind.NUMBER, 7)
_CANDIDATES: Final = tuple(
    Column(f"Candidate {rank}", f"candidate_{rank}", Kind.TEXT, 46, wrap=True) for rank in (1, 2, 3)
)
_HIDDEN: Final = (
    Column("Section", "section", Kind.TEXT, 30, hidden=True),
    Column(KEY_TITLE, "key", Kind.TEXT, 40, hidden=True),
)

_STATE: Final = Column("State", "state", Kind.TEXT, 14)

COLUMNS: Final[dict[Sheet, tuple[Column, ...]]] = {
    Sheet.TO_APPROVE: (*_FRONT, *_ANSWERS, *_LINE, *_TARGET, _EVIDENCE, _AGE, *_HIDDEN),
    Sheet.NEEDS_DECISION: (
        *_FRONT, *_ANSWERS, _WHY, *_CANDIDATES, *_LINE, *_TARGET, _EVIDENCE, _AGE, *_HIDDEN,
    ),
    Sheet.SUSPENSE: (
        *_FRONT, *_ANSWERS, _WHY, *_CANDIDATES, *_LINE, _STATE, _EVIDENCE, _AGE, *_HIDDEN,
    ),
    Sheet.NOT_POSTED: (*_FRONT[:3], *_LINE, _STATE, _EVIDENCE),
    Sheet.POSTED_ALREADY: (*_FRONT, _TO_DO, *_LINE, _STATE, _EVIDENCE),
}  # fmt: skip

SIGNED: Final = tuple(column for column in (*_FRONT, *_LINE) if column.signed)
"""Columns under the digest, in the order of the digest; they stand on every answerable sheet."""

ANSWER_COLUMNS: Final = _ANSWERS

TITLES: Final[dict[Sheet, str]] = {
    Sheet.TO_APPROVE: "To approve",
    Sheet.NEEDS_DECISION: "Needs decision",
    Sheet.SUSPENSE: "Suspense",
    Sheet.NOT_POSTED: "Not posted",
    Sheet.POSTED_ALREADY: "Posted already",
}

SECTION_TITLE: Final = "Section"
APPROVE_ALL_TITLE: Final = "Approve all unmarked rows?"
COUNT_TITLE: Final = "Count you approve"
TOTAL_TITLE: Final = "Total you approve"
CURRENCY_TITLE: Final = "Currency"
SIGN_OFF_COUNT_TITLE: Final = "Rows I approve"
SIGN_OFF_TOTAL_TITLE: Final = "Total I approve"
WORKBOOK_ID_LABEL: Final = "Workbook id"
