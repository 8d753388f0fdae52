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
CHOICES_TITLE: Final = "Answers that apply"
ROW_ID_TITLE: Final = "Row id"
DECISION_TITLE: Final = "Decision"

_FRONT: Final = (
    Column(ROW_ID_TITLE, "row_id", Kind.TEXT, 9, signed=True),
    Column("Receipt", "receipt", Kind.TEXT, 14, signed=True),
    Column("Amount", "amount_minor", Kind.AMOUNT, 16, signed=True),
    Column("Proposed client", "proposed_client", Kind.TEXT, 21, signed=True),
)
_DECISION: Final = Column(DECISION_TITLE, "decision", Kind.TEXT_ANSWER, 17)
_ACCOUNT: Final = Column(
    "Proposed account", "proposed_account", Kind.TEXT, 24, signed=True, wrap=True
)
_FURTHER_ANSWERS: Final = (
    Column("Different account", "different_account", Kind.TEXT_ANSWER, 19),
    Column("Split", "split", Kind.TEXT_ANSWER, 26),
    Column("Hold until", "hold_until", Kind.DATE_ANSWER, 11),
    Column("Reason", "reason", Kind.TEXT_ANSWER, 22),
    Column("Transaction or paper reference", "evidence_reference", Kind.TEXT_ANSWER, 17),
    Column("Other value date", "other_value_date", Kind.DATE_ANSWER, 11),
    Column("Why that date", "date_reason", Kind.TEXT_ANSWER, 22),
    Column("Comment", "comment", Kind.TEXT_ANSWER, 22),
)
_COMPLETED: Final = Column("Completed at", "completed_at_local", Kind.MOMENT, 18, signed=True)
_WALLET: Final = Column("Wallet", "wallet", Kind.TEXT, 14, signed=True)
_REFERENCE: Final = Column("Reference as typed", "reference", Kind.TEXT, 15, signed=True)
_PAYER: Final = Column("Payer", "payer", Kind.TEXT, 20, signed=True)
_PHONE: Final = Column("Payer phone", "payer_phone", Kind.TEXT, 15, signed=True)
_CLASS: Final = Column("Class", "line_class", Kind.TEXT, 11, signed=True)
_TARGET: Final = (
    Column("Product", "product", Kind.TEXT, 19),
    Column("Due now", "due_minor", Kind.AMOUNT, 15),
    Column("Balance or outstanding before", "before_minor", Kind.AMOUNT, 16),
    Column("After", "after_minor", Kind.AMOUNT, 16),
)
_EVIDENCE: Final = Column("Evidence", "evidence", Kind.TEXT, 48)
_WHY: Final = Column("Why it needs you", "warnings", Kind.TEXT, 36, wrap=True)
_TO_DO: Final = Column("What to do", "warnings", Kind.TEXT, 44, wrap=True)
_AGE: Final = Column("Age (days)", "age_days", Kind.NUMBER, 7)
_CANDIDATES: Final = tuple(
    Column(f"Candidate {rank}", f"candidate_{rank}", Kind.TEXT, 31, wrap=True) for rank in (1, 2, 3)
)
_HIDDEN: Final = (
    Column("Section", "section", Kind.TEXT, 30, hidden=True),
    Column(CHOICES_TITLE, "choices", Kind.TEXT, 12, hidden=True),
    Column(KEY_TITLE, "key", Kind.TEXT, 40, hidden=True),
)

_STATE: Final = Column("State", "state", Kind.TEXT, 14)

_ON_PAPER: Final[dict[Sheet, tuple[Column, ...]]] = {
    Sheet.TO_APPROVE: (*_FRONT, _DECISION, _ACCOUNT, _COMPLETED, _WALLET, _REFERENCE, _PAYER),
    Sheet.NEEDS_DECISION: (
        *_FRONT, _DECISION, _ACCOUNT, _WHY, _REFERENCE, _PAYER, _PHONE, *_CANDIDATES,
    ),
    Sheet.SUSPENSE: (
        *_FRONT, _DECISION, _AGE, _COMPLETED, _WALLET, _REFERENCE, _PAYER, _PHONE, _WHY,
    ),
    Sheet.NOT_POSTED: (*_FRONT[:3], _COMPLETED, _WALLET, _REFERENCE, _PAYER, _CLASS, _STATE),
    Sheet.POSTED_ALREADY: (*_FRONT, _ACCOUNT, _TO_DO, _COMPLETED, _WALLET, _REFERENCE, _PAYER),
}  # fmt: skip
_ON_SCREEN: Final[dict[Sheet, tuple[Column, ...]]] = {
    Sheet.TO_APPROVE: (
        *_FURTHER_ANSWERS, *_TARGET, _EVIDENCE, _PHONE, _CLASS, _AGE, *_HIDDEN,
    ),
    Sheet.NEEDS_DECISION: (
        *_FURTHER_ANSWERS, _COMPLETED, _WALLET, _CLASS, *_TARGET, _EVIDENCE, _AGE, *_HIDDEN,
    ),
    Sheet.SUSPENSE: (
        *_FURTHER_ANSWERS, _ACCOUNT, *_CANDIDATES, _CLASS, _STATE, _EVIDENCE, *_HIDDEN,
    ),
    Sheet.NOT_POSTED: (_PHONE, _EVIDENCE),
    Sheet.POSTED_ALREADY: (_PHONE, _CLASS, _STATE, _EVIDENCE),
}  # fmt: skip

COLUMNS: Final = {sheet: (*_ON_PAPER[sheet], *_ON_SCREEN[sheet]) for sheet in Sheet}
"""What a sheet shows, from left to right: what is printed, then what nobody needs on paper."""

PRINTED: Final = {sheet: len(columns) for sheet, columns in _ON_PAPER.items()}
"""So many of a sheet's columns are printed."""

SIGNED: Final = (
    *_FRONT, _ACCOUNT, _COMPLETED, _WALLET, _REFERENCE, _PAYER, _PHONE, _CLASS,
)  # fmt: skip
"""Columns under the digest, in the order of the digest; they stand on every answerable sheet."""

ANSWER_COLUMNS: Final = (_DECISION, *_FURTHER_ANSWERS)

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
