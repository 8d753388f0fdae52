"""Proposals, decisions, batches and the people who sign them (DESIGN 7.1)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mmrecon.model.keys import canonical_json, sha256_text

CanonicalRow = Mapping[str, object]
"""Text, integers, booleans, None, lists and mappings of them; never a float."""


class Decision(StrEnum):
    """The closed vocabulary of answers (the words a person chooses in the workbook)."""

    APPROVE = "approve"
    HOLD_UNTIL = "hold until"
    SUSPENSE = "suspense"
    DIFFERENT_ACCOUNT = "different account"
    SPLIT = "split"
    NOT_OURS = "not ours"
    ALREADY_POSTED = "already posted"
    DONE_BY_HAND = "done by hand"
    UNDO = "undo"
    LEAVE = "leave the posting"


class BatchKind(StrEnum):
    """What a batch holds."""

    POSTINGS = "postings"
    CHOICES = "choices"
    LINKS = "links"
    PAYOUTS = "payouts"
    CORRECTIONS = "corrections"
    ALIASES = "aliases"
    PEOPLE = "people"
    CONFIGURATION = "configuration"
    EMERGENCY = "emergency"


class BatchState(StrEnum):
    """Where a batch stands."""

    PREPARED = "prepared"
    APPROVED = "approved"
    REJECTED = "rejected"


class Act(StrEnum):
    """What a signature says."""

    PREPARE = "prepare"
    APPROVE = "approve"
    SECOND = "second"
    REJECT = "reject"


class Role(StrEnum):
    """What a person may do."""

    PREPARER = "preparer"
    APPROVER = "approver"
    SECOND_APPROVER = "second_approver"
    OPERATOR = "operator"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows in canonical form that one person prepares and another approves.

    Row n (from 1) is `rows[n - 1]`; `totals` are minor units per currency.
    """

    batch_id: str
    kind: BatchKind
    rows: Sequence[CanonicalRow]
    totals: Mapping[str, int]

    def text(self) -> str:
        """The canonical text over which the digest is taken."""
        return canonical_json(
            {
                "batch_id": self.batch_id,
                "kind": self.kind.value,
                "rows": list(self.rows),
                "count": len(self.rows),
                "totals": dict(self.totals),
            }
        )

    def digest(self) -> str:
        """SHA-256 of the canonical text; what people sign."""
        return sha256_text(self.text())


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's act on a batch: an Ed25519 signature over `signed_text`.

    `order` is its place among all signatures of the store; 0 before it is stored.
    """

    batch_id: str
    digest: str
    act: Act
    rejected_rows: tuple[int, ...]
    fingerprint: str
    signed_at_utc: str
    signature: str
    order: int = 0

    def signed_text(self) -> str:
        """The text that is signed."""
        return signed_text(
            self.batch_id, self.digest, self.act, self.rejected_rows, self.signed_at_utc
        )


def signed_text(
    batch_id: str, digest: str, act: Act, rejected_rows: Sequence[int], signed_at_utc: str
) -> str:
    """Canonical text of an act on a batch."""
    return canonical_json(
        ["mmrecon-signature", batch_id, digest, act.value, sorted(rejected_rows), signed_at_utc]
    )


@dataclass(frozen=True, slots=True)
class SignedBatch:
    """A batch with its signatures in the order they were made; `digest` is of the batch's text."""

    batch: Batch
    digest: str
    signatures: tuple[Signature, ...]

    def of(self, act: Act) -> Signature | None:
        """The signature of an act, if somebody gave it."""
        return next((found for found in self.signatures if found.act is act), None)


def new_batch_id(kind: BatchKind, now_utc: datetime) -> str:
    """A fresh id that people can read and type: `postings-20261124-a1b2c3`."""
    return f"{kind.value}-{now_utc:%Y%m%d}-{secrets.token_hex(3)}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may do something, known by the fingerprint of their public key."""

    name: str
    roles: frozenset[Role]
    fingerprint: str
    public_key: str
    founder: bool = False
