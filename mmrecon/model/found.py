"""Money that stands in Fineract already, or seems to: what the reason for sending a line back says.

A transaction that carries mmrecon's own note is named with the batch of that note: this store does
not know the batch, so it was put back to a state from before (DESIGN section 5).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Final

POSTED_ELSEWHERE: Final = "posted_elsewhere"
PROBABLY_POSTED: Final = "probably_posted"
POSTED_BY_MMRECON: Final = "posted_by_mmrecon"

_NAMING: Final = (POSTED_ELSEWHERE, PROBABLY_POSTED, POSTED_BY_MMRECON, "link_rejected")
_UNCLEAR: Final = "unclear_after_restore"

ASKING: Final = frozenset({*_NAMING, _UNCLEAR})
"""Reasons after which a line is posted again only for a stated reason."""


@dataclass(frozen=True, slots=True)
class FoundMoney:
    """A transaction that may be a line's money; without a number nobody could say which one.

    `batch_id` is the batch that mmrecon's own note on it names, empty where it carries none;
    `account_no` is filled in where the ledger is at hand.
    """

    account_kind: str = ""
    account_id: int = 0
    transaction_id: str = ""
    batch_id: str = ""
    account_no: str = ""

    def arguments(self) -> dict[str, str | int]:
        """For a sentence; the account as a person types it."""
        return {
            "account": f"{self.account_kind}:{self.account_no or f'(id {self.account_id})'}",
            "transaction_id": self.transaction_id,
            "batch_id": self.batch_id,
        }


def found_in(reasons: Iterable[tuple[str, Mapping[str, str | int]]]) -> str:
    """What open reasons (code, arguments) name, each transaction once, as JSON; empty for nothing.

    The same order whatever the order of the reasons, so that it can be compared.
    """
    found: dict[tuple[str, str], FoundMoney] = {}
    for code, told in reasons:
        if code in ASKING:
            one = _named(told) if code in _NAMING else FoundMoney()
            key = (one.account_kind, one.transaction_id)
            if key not in found or one.batch_id:
                found[key] = one
    ordered = [asdict(found[key]) for key in sorted(found)]
    return json.dumps(ordered, separators=(",", ":")) if ordered else ""


def found_of(text: str) -> tuple[FoundMoney, ...]:
    """What `found_in` wrote; what mmrecon posted itself first, what nobody could name last."""
    found = (FoundMoney(**one) for one in json.loads(text or "[]"))
    return tuple(sorted(found, key=lambda one: (not one.batch_id, not one.transaction_id)))


def _named(told: Mapping[str, str | int]) -> FoundMoney:
    return FoundMoney(
        account_kind=str(told.get("account_kind", "")),
        account_id=int(told.get("account_id", 0)),
        transaction_id=str(told.get("transaction_id", "")),
        batch_id=str(told.get("batch_id", "")),
    )
