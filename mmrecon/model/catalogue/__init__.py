"""The catalogue of issue codes, vetoes, rules and explanations; one module per stage.

Each module declares `CODES`, a tuple of `CodeText`. A code is never reused for another meaning.
`docs/reference/issue-codes.md` is generated from here.
"""

from __future__ import annotations

from functools import cache

from mmrecon.model.catalogue import (
    approval,
    fetch,
    layouts,
    ledger,
    matching,
    posting,
    proof,
    statements,
    undo,
)
from mmrecon.model.issue import CodeText, Issue, Severity
from mmrecon.model.words import worded

STAGES = {
    "fetch": fetch.CODES,
    "statements": statements.CODES,
    "layouts": layouts.CODES,
    "ledger": ledger.CODES,
    "matching": matching.CODES,
    "approval": approval.CODES,
    "posting": posting.CODES,
    "undo": undo.CODES,
    "proof": proof.CODES,
}


@cache
def by_code() -> dict[str, CodeText]:
    """Code to its text, over all stages."""
    return {text.code: text for codes in STAGES.values() for text in codes}


def severity_of(issue: Issue) -> Severity:
    """An issue's severity."""
    return by_code()[issue.code].severity


def sentence_of(issue: Issue) -> str:
    """An issue in one plain sentence with its place."""
    text = worded(by_code()[issue.code].sentence, issue.arguments)
    row = "" if issue.row is None else f"row {issue.row}"
    place = ", ".join(part for part in (issue.wallet, issue.file, row, issue.receipt) if part)
    return f"{place}: {text}" if place else text


def next_step_of(issue: Issue) -> str:
    """What a person does next about an issue."""
    return worded(by_code()[issue.code].next_step, issue.arguments)
