"""The daily proof: what it is made from and what it says (domain.md 1.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from mmrecon.model.frame import Flag, FrameSchema, Integer, OptionalInteger, Text
from mmrecon.model.line import ProofState

CONTRADICTIONS: Final = frozenset(
    {
        "statement_contradicted", "chain_broken", "sum_is_not_closing",
        "opening_is_not_closing_before",
    }
)  # fmt: skip
"""Differences by which a day's own evidence fails; the others are between two sides."""


class Light(StrEnum):
    """What a person sees first."""

    BALANCED = "balanced"
    WITH_ITEMS = "balanced with listed items"
    NOT_BALANCED = "not balanced"
    NO_STATEMENT = "no statement"


class Coverage(StrEnum):
    """How much of a day the statements cover."""

    NONE = "none"
    PARTIAL = "partial"
    FULL = "full"


class DayLineFrame(FrameSchema):
    """Lines of a wallet as the proof needs them; `state` is a LineState word.

    `shadow`: what is approved of it was approved in shadow.

    `first_statement_id` and `first_row` tell the printed row: a fee in a column shares its balance.
    """

    key = ("line_id",)

    line_id: Integer
    sub_account: Text
    receipt: Text
    line_class: Text
    sign: Integer
    amount_minor: Integer
    balance_minor: OptionalInteger
    completed_at_utc_s: Integer
    value_date: Text
    first_statement_id: Integer
    first_row: Integer
    state: Text
    shadow: Flag


class OccupancyFrame(FrameSchema):
    """What mmrecon says stands in Fineract: its postings, and links to transactions of others.

    `kind` is `posting` or `link`; `signed_minor` is positive when money came into the wallet;
    `transaction_id` is Fineract's number, empty while it is not known. `paid_on` is the line's own
    day where two people signed another value date, else empty.
    """

    kind: Text
    line_id: OptionalInteger
    account_kind: Text
    account_id: OptionalInteger
    transaction_id: Text
    receipt: Text
    value_date: Text
    paid_on: Text
    signed_minor: Integer
    state: Text


class TransactionFrame(FrameSchema):
    """Transactions as Fineract tells them, undone ones left out; one row per transaction.

    `account_kind` is `savings`, `loan`, or `journal` for an entry made by hand.
    """

    key = ("account_kind", "transaction_id")

    account_kind: Text
    transaction_id: Text
    account_id: OptionalInteger
    receipt: Text
    value_date: Text
    signed_minor: Integer


@dataclass(frozen=True, slots=True)
class StatementPeriod:
    """One stored statement as the proof needs it; moments in epoch seconds, ends inclusive.

    The money of its refused rows is missing where one of them shows none. Balances of a layout
    that prints no totals are those of its own first and last row: they prove nothing alone.
    """

    statement_id: int
    name: str
    sub_account: str
    from_utc_s: int | None
    to_utc_s: int | None
    opening_minor: int | None
    closing_minor: int | None
    proof: str
    refused_rows: int
    refused_in_minor: int | None
    refused_out_minor: int | None
    totals_printed: bool = False


@dataclass(frozen=True, slots=True)
class Movement:
    """Lines of one class, or in one state."""

    name: str
    lines: int
    in_minor: int
    out_minor: int


@dataclass(frozen=True, slots=True)
class Listed:
    """Something the day's proof lists: a code of the catalogue, how many, how much, which.

    `amount_minor` is positive when it is money that came in. `receipts` are the first few.
    """

    code: str
    count: int
    amount_minor: int
    receipts: tuple[str, ...] = ()
    arguments: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Opening and closing of a day, and where they come from (`statement`, `chain`, `carried`)."""

    opening_minor: int | None = None
    closing_minor: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class TwoWay:
    """Clients' money of one day on both sides, and what one side has and the other has not.

    `ours` is what mmrecon posted, `linked` what others posted and two people linked.
    """

    ours_in_minor: int
    ours_out_minor: int
    linked_in_minor: int
    linked_out_minor: int
    theirs_in_minor: int
    theirs_out_minor: int
    agreed: int
    listed: tuple[Listed, ...]
    differences: tuple[Listed, ...]


@dataclass(frozen=True, slots=True)
class DayProof:
    """What is proved of one wallet, sub-account and day. `two_way` stands with one sub-account.

    `classes` add up to closing minus opening wherever these are known: what nobody can read or
    explain is a bucket too. `clients` are the clients' lines among them by where their money is.
    """

    wallet: str
    sub_account: str
    day: str
    currency: str
    coverage: Coverage
    proof: ProofState
    evidence: Evidence
    classes: tuple[Movement, ...]
    states: tuple[Movement, ...]
    clients: tuple[Movement, ...]
    listed: tuple[Listed, ...]
    differences: tuple[Listed, ...]
    two_way: TwoWay | None = None

    @property
    def movement_minor(self) -> int:
        """What all classes moved together."""
        return sum(movement.in_minor - movement.out_minor for movement in self.classes)

    @property
    def light(self) -> Light:
        """Not balanced only for a failed chain, or money nobody can explain or read."""
        if self.proof is ProofState.CONTRADICTED or self.differences:
            return Light.NOT_BALANCED
        if self.coverage is Coverage.NONE:
            return Light.NO_STATEMENT
        if self.listed or self.proof is ProofState.OPEN:
            return Light.WITH_ITEMS
        return Light.BALANCED
