"""Proposals: what a workbook's rows ask the officer, and what was issued and answered."""

from __future__ import annotations

from enum import StrEnum

from mmrecon.model.frame import FrameSchema, Integer, OptionalInteger, Text


class Sheet(StrEnum):
    """Where a proposal stands in the workbook."""

    TO_APPROVE = "to_approve"
    NEEDS_DECISION = "needs_decision"
    SUSPENSE = "suspense"
    NOT_POSTED = "not_posted"
    POSTED_ALREADY = "posted_already"


ANSWERABLE = (Sheet.TO_APPROVE, Sheet.NEEDS_DECISION, Sheet.SUSPENSE)
"""Sheets whose rows wait for an answer."""


class ProposalFrame(FrameSchema):
    """One row per line that a workbook shows, worded for the officer.

    `row_id` names the line for people and stays the same from workbook to workbook. `source` is
    the line's source key, `item_key` that of the item it settles. `legs_json` is a list of `Leg`
    fields (`model/match.py`); `proposed_account` the same for people. Due, before and after are
    the first leg's account: balance of savings, outstanding of a loan. `original` names the
    posted line that a reversal takes back, `takes_back` the receipts of such that stand (`A;B`).
    `found_json` is what seems to be its money in Fineract already (`model/found.py`). `facts_json`
    are the facts whose change refuses an answer (DESIGN 7.1); it holds nothing of a person.
    """

    key = ("row_id",)

    row_id: Text
    line_id: Integer
    sheet: Text
    section: Text
    wallet_id: Integer
    wallet: Text
    state: Text
    source: Text
    item_id: OptionalInteger
    item_key: Text
    receipt: Text
    line_class: Text
    sign: Integer
    amount_minor: Integer
    left_minor: Integer
    currency: Text
    completed_at_local: Text
    value_date: Text
    reference: Text
    payer: Text
    payer_phone: Text
    product: Text
    proposed_client: Text
    proposed_account: Text
    legs_json: Text
    due_minor: OptionalInteger
    before_minor: OptionalInteger
    after_minor: OptionalInteger
    tier: Text
    evidence: Text
    vetoes: Text
    warnings: Text
    age_days: Integer
    candidate_1: Text
    candidate_2: Text
    candidate_3: Text
    original: Text
    takes_back: Text
    found_json: Text
    facts_json: Text


class IssuedFrame(FrameSchema):
    """Rows of one workbook as it was written; `digest` covers what the row showed.

    `section` is empty for rows that are not approved by section.
    """

    key = ("row_id",)

    row_id: Text
    line_id: Integer
    section: Text
    digest: Text
    facts_json: Text


class ReturnedFrame(FrameSchema):
    """Rows of a workbook that came back, in the order found; a row id may stand there twice.

    Cells are text as typed: dates ISO, numbers in their shortest decimal form. `key_workbook` and
    `key_digest` are the hidden key cell's two halves, `digest` is taken anew over the cells as
    they came back. `shown` are the signed cells, joined by `row_digest.SEPARATOR`. `formula` names
    the first column whose cell is a formula.
    """

    sheet: Text
    row: Integer
    row_id: Text
    key_workbook: Text
    key_digest: Text
    digest: Text
    shown: Text
    formula: Text
    decision: Text
    different_account: Text
    split: Text
    hold_until: Text
    reason: Text
    evidence_reference: Text
    other_value_date: Text
    date_reason: Text
    comment: Text


class OriginalFrame(FrameSchema):
    """What a reversal (`line_id`) takes back; posting columns are empty where nothing is posted."""

    line_id: Integer
    receipt: Text
    value_date: Text
    amount_minor: Integer
    currency: Text
    state: Text
    account_kind: Text
    account_id: OptionalInteger
    account_no: Text
    transaction_id: Text
