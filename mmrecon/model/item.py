"""Items: payouts that are asked for, which a statement line settles."""

from __future__ import annotations

from enum import StrEnum

from mmrecon.model.frame import FrameSchema, Integer, OptionalInteger, Text


class ItemKind(StrEnum):
    """Where an item comes from."""

    WITHDRAWAL_REQUEST = "withdrawal_request"
    APPROVED_LOAN = "approved_loan"


class ItemFrame(FrameSchema):
    """Open and settled items; `item_key` is the textual source key (`model/keys.py`).

    `left_minor` is what live postings and links have not occupied yet. `state` is `open`,
    `settled` or `gone` (the loan is no longer approved, the request was withdrawn).
    """

    key = ("item_id",)

    item_id: Integer
    item_key: Text
    kind: Text
    request_id: Text
    client_id: OptionalInteger
    account_kind: Text
    account_id: Integer
    account_no: Text
    phone: Text
    amount_minor: Integer
    posted_minor: Integer
    currency: Text
    requested_on: Text
    state: Text
    left_minor: Integer
