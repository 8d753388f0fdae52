"""Rows, lines and what proves them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mmrecon.model.frame import Flag, FrameSchema, Integer, OptionalInteger, Text


class LineClass(StrEnum):
    """What a line is (domain.md 1.3)."""

    COLLECTION = "collection"
    PAYOUT = "payout"
    CHARGE = "charge"
    REVERSAL = "reversal"
    TRANSFER = "transfer"
    SETTLEMENT = "settlement"
    FUNDING = "funding"
    NON_FINAL = "non_final"
    UNKNOWN = "unknown"


class PartyKind(StrEnum):
    """What the party's identifier is (statement-formats.md 1.4)."""

    PHONE = "phone"
    MASKED = "masked"
    HASH = "hash"
    SHORTCODE = "shortcode"
    USER = "user"
    PROVIDER = "provider"
    NONE = "none"


class ProofState(StrEnum):
    """What the proof says (DESIGN section 2)."""

    CONTRADICTED = "contradicted"
    OPEN = "open"
    PROVED = "proved"


class ReadLineFrame(FrameSchema):
    """Lines as one file states them: one row per understood line, in file order.

    `row` is the record's number in its file or sheet, from 1; a fee printed in a column is a
    line of its own with the same `row`. `sign` is 1 (in) or -1 (out); `amount_minor` is positive
    (0 only for non-final lines). `balance_minor` is the printed balance after the line, missing
    where the layout has none. `cells_digest` is equal for rows equal in every cell but a counter,
    and 0 where a printed balance tells rows apart.
    """

    row: Integer
    sheet: Text
    sub_account: Text
    receipt: Text
    line_class: Text
    sign: Integer
    amount_minor: Integer
    currency: Text
    completed_at_utc_s: Integer
    initiated_at_utc_s: OptionalInteger
    value_date: Text
    has_seconds: Flag
    balance_minor: OptionalInteger
    status: Text
    party: Text
    party_kind: Text
    party_phone: Text
    party_name: Text
    reference: Text
    details: Text
    reason_type: Text
    linked_receipt: Text
    external_id: Text
    cells_digest: Integer


class RefusedRowFrame(FrameSchema):
    """Rows that could not be understood, with what of their money could be read."""

    row: Integer
    sheet: Text
    code: Text
    receipt: Text
    field: Text
    expected: Text
    in_minor: OptionalInteger
    out_minor: OptionalInteger


class LineFrame(FrameSchema):
    """Stored lines: a `ReadLineFrame` line with identity. Best evidence of all its sightings.

    `line_key` is the textual source key (`model/keys.py`); `repeats` is how many lines share
    everything of the key but `n`; `conflict` marks a line whose sightings contradict each other;
    `known_elsewhere` one whose provider, receipt and sign stand in another wallet too.
    """

    key = ("line_id",)

    line_id: Integer
    wallet_id: Integer
    sub_account: Text
    receipt: Text
    line_class: Text
    sign: Integer
    amount_minor: Integer
    currency: Text
    n: Integer
    generation: Integer
    completed_at_utc_s: Integer
    value_date: Text
    has_seconds: Flag
    balance_minor: OptionalInteger
    status: Text
    party: Text
    party_kind: Text
    party_phone: Text
    party_name: Text
    reference: Text
    details: Text
    reason_type: Text
    linked_receipt: Text
    external_id: Text
    repeats: Integer
    conflict: Flag
    known_elsewhere: Flag
    first_statement_id: Integer
    first_row: Integer


class SightingFrame(FrameSchema):
    """One row of one statement that shows a line."""

    statement_id: Integer
    row: Integer
    line_id: Integer
    is_first: Flag
    line_class: Text
    completed_at_utc_s: Integer
    has_seconds: Flag
    balance_minor: OptionalInteger
    cells_digest: Integer


@dataclass(frozen=True, slots=True)
class StatementHeader:
    """What a statement says of itself; empty or None where the layout is silent."""

    layout: str
    provider: str
    account: str
    sub_account: str
    currency: str
    period_from_utc_s: int | None
    period_to_utc_s: int | None
    reported_at_utc_s: int | None
    opening_minor: int | None
    closing_minor: int | None
    total_in_minor: int | None
    total_out_minor: int | None


@dataclass(frozen=True, slots=True)
class Proof:
    """What the proof of one statement says, and why.

    `checks` are (name, outcome, plain sentence); outcome is `held`, `failed` or `not_there`.
    """

    state: ProofState
    checks: tuple[tuple[str, str, str], ...]
    opening_minor: int | None
    closing_minor: int | None
