"""Statuses of clients, savings accounts and loans in one spelling (fineract-api.md 6.2).

Fineract's codes without their prefix, in snake case; its displayed words are taken too. A word
that is not known stays as it is and means: not open.
"""

from __future__ import annotations

import re
from typing import Final

CLIENT_STATUSES: Final = frozenset(
    {
        "pending", "active", "transfer_in_progress", "transfer_on_hold", "closed", "rejected",
        "withdrawn",
    }
)  # fmt: skip
SAVINGS_STATUSES: Final = frozenset(
    {
        "submitted_and_pending_approval", "approved", "active", "transfer_in_progress",
        "transfer_on_hold", "rejected", "withdrawn_by_applicant", "closed", "pre_mature_closure",
        "matured", "term_deposit",
    }
)  # fmt: skip
LOAN_STATUSES: Final = frozenset(
    {
        "submitted_and_pending_approval", "approved", "active", "transfer_in_progress",
        "transfer_on_hold", "withdrawn_by_client", "rejected", "closed_obligations_met",
        "closed_written_off", "closed_reschedule_outstanding_amount", "overpaid",
    }
)  # fmt: skip
SUB_STATUSES: Final = frozenset(
    {"", "inactive", "dormant", "escheat", "block", "block_credit", "block_debit"}
)

_SYNONYMS: Final = {
    "closed_rescheduled": "closed_reschedule_outstanding_amount",
    "withdrawn_by_the_client": "withdrawn_by_client",
    "waiting_for_disbursal": "approved",
    "premature_closed": "pre_mature_closure",
    "none": "",
    "blocked": "block",
    "credit_blocked": "block_credit",
    "debit_blocked": "block_debit",
    "block_credits": "block_credit",
    "block_debits": "block_debit",
}
_PREFIX: Final = re.compile(r"^[A-Za-z]+Enum\.|^[a-z]+(?:[A-Z][a-z]+)*(?:Status|Type)[A-Za-z]*\.")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_OTHER: Final = re.compile(r"[^a-z0-9]+")


def snake(word: str) -> str:
    """A status code or displayed word in snake case: `Closed (obligations met)` too."""
    text = _CAMEL.sub("_", _PREFIX.sub("", word.strip()))
    plain = _OTHER.sub("_", text.lower()).strip("_")
    return _SYNONYMS.get(plain, plain)


def known_statuses(kind: str) -> frozenset[str]:
    """The statuses of `client`, `savings` or `loan`."""
    return {"client": CLIENT_STATUSES, "savings": SAVINGS_STATUSES, "loan": LOAN_STATUSES}[kind]


def split_status(status: str, sub_status: str) -> tuple[str, str]:
    """An account's status and sub-status; `dormant` and blocks may stand as a status."""
    main, sub = snake(status), snake(sub_status)
    if main in SUB_STATUSES - {""}:
        return "active", main
    return main, sub
