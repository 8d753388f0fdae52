"""What matching says of a line: candidates, tier, evidence, vetoes, legs, a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mmrecon.model.frame import FrameSchema, Integer, OptionalInteger, Text


class Tier(StrEnum):
    """Strength of the evidence (DESIGN section 6); NONE for lines that want no owner."""

    A1 = "A1"
    A2 = "A2"
    A3 = "A3"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    P = "P"
    NONE = ""


class MatchState(StrEnum):
    """What matching alone says; `model/line_state.py` adds what happened since."""

    READY = "ready"
    REVIEW = "review"
    SUSPENSE = "suspense"
    NO_POSTING = "no_posting"
    BEFORE_LIVE = "before_live"


class MatchFrame(FrameSchema):
    """One match per line.

    `vetoes` are codes joined by `;`. `suggestions` are `kind:account_no` joined by `;` in rank
    order, beginning with those in `legs`; `legs` are `kind:account_no=amount_minor` joined by `;`.
    `legs_json` holds the same legs for machines: a list of `Leg` fields. `candidates_json` is the
    ranked list of candidates with what spoke for and against each. `explanation` is a code of the
    catalogue, `explanation_json` its arguments (worded on output). `item_id` is the payout item
    the line settles.

    Where a collection goes into one account that its rule names, and no other was considered,
    `one_kind` and what follows say it all, and the texts of `TEXTS` are left empty: they follow
    from it (`model/match_texts.py`). `one_minor` is the leg's money, `one_reference` what was
    typed. Elsewhere `one_kind` is empty.
    """

    key = ("line_id",)

    line_id: Integer
    state: Text
    tier: Text
    rule: Text
    vetoes: Text
    suggestions: Text
    legs: Text
    legs_json: Text
    candidates_json: Text
    client_id: OptionalInteger
    item_id: OptionalInteger
    explanation: Text
    explanation_json: Text
    one_kind: Text
    one_account_id: Integer
    one_account_no: Text
    one_minor: Integer
    one_client_no: Text
    one_reference: Text


TEXTS: Final = ("suggestions", "legs", "legs_json", "candidates_json", "explanation_json")
"""Columns of a match that need not be kept where one account says it all."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One Fineract write for a part of a line or item.

    `amount_minor` is wallet money, `posted_minor` what Fineract is told. `command` is a
    `Command` value (`model/posting.py`).
    """

    leg: int
    command: str
    account_kind: str
    account_id: int
    account_no: str
    client_id: int | None
    amount_minor: int
    posted_minor: int
