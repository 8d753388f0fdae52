"""Source keys, idempotency keys and external ids: derivations that never change between versions.

Told in facts only, never in database ids, so that a rebuilt store derives the same keys (DESIGN
section 5). Test vectors in `tests/model/test_keys.py` pin every derivation.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Final


def canonical_json(value: object) -> str:
    """JSON in one spelling: sorted keys, no spaces, UTF-8 text kept; floats are refused."""
    _refuse_floats(value)
    return _WRITER.encode(value)


_WRITER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256_text(text: str) -> str:
    """Hex SHA-256 of a text's UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


def line_source(
    provider: str, account: str, sub_account: str, receipt: str, sign: int, amount_minor: int,
    n: int, generation: int,
) -> str:  # fmt: skip
    """The source key of a line."""
    return canonical_json(
        ["line", provider, account, sub_account, receipt, sign, amount_minor, n, generation]
    )


def request_source(office: str, request_id: str) -> str:
    """The source key of a withdrawal request."""
    return canonical_json(["withdrawal_request", office, request_id])


def loan_source(loan_id: int, tranche: int) -> str:
    """The source key of an approved loan's tranche."""
    return canonical_json(["approved_loan", loan_id, tranche])


@dataclass(frozen=True, slots=True)
class PostingFacts:
    """What makes one write to Fineract unique."""

    tenant: str
    command: str
    account_kind: str
    account_id: int
    source: str
    purpose: str
    leg: int
    posted_minor: int
    value_date: str
    attempt: int

    def _text(self) -> list[str | int]:
        return [
            "mmrecon", self.tenant, self.command, self.account_kind, self.account_id, self.source,
            self.purpose, self.leg, self.posted_minor, self.value_date, self.attempt,
        ]  # fmt: skip

    def idempotency_key(self, resend: int) -> str:
        """Lower-case letters and digits, 50 characters (MariaDB ignores letter case)."""
        text = canonical_json([*self._text(), resend])
        digest = hashlib.sha256(text.encode()).digest()
        return base64.b32encode(digest).decode().rstrip("=").lower()[:50]

    def external_id(self) -> str:
        """`mm-` and 40 hex digits; the same for every resend of one attempt."""
        return "mm-" + sha256_text(canonical_json(self._text()))[:40]


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError("a float has no place in a canonical text")
    if isinstance(value, dict):
        for inner in value.values():
            _refuse_floats(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_floats(inner)
