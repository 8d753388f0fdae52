"""The words a person may answer with: closed, trimmed, case-folded, never guessed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

from mmrecon.model.approval import Decision
from mmrecon.model.other_date import DATE_REASONS

REASONS: Final = (
    "client confirmed",
    "branch confirmed",
    "message shown",
    "standing instruction",
    "group list",
    "another company's money",
    "paid at the counter",
    "booked in Fineract by hand",
    "reversed by the provider",
    "recovered from the client",
    "other, see comment",
)
"""Reasons of the drop-down; the last one needs a comment."""

OTHER_REASON: Final = REASONS[-1]
APPROVE_ALL: Final = "approve all"


def folded(text: str) -> str:
    """A typed word as it is compared: trimmed, one blank, case-folded."""
    return " ".join(text.split()).casefold()


def decision_of(text: str) -> Decision | None:
    """The decision a text names exactly; None where it names none."""
    wanted = folded(text)
    return next((decision for decision in Decision if decision.value == wanted), None)


def reason_of(text: str) -> str | None:
    """The reason a text names exactly; None where it names none."""
    wanted = folded(text)
    return next((reason for reason in REASONS if reason.casefold() == wanted), None)


def date_reason_of(text: str) -> str | None:
    """The code of the reason for another value date that a text names; None where it is none."""
    wanted = folded(text)
    return next((code for code, words in DATE_REASONS.items() if words == wanted), None)


def suggestion(text: str, words: Iterable[str]) -> str:
    """The words nearest to a typing error, or all of them."""
    known = list(words)
    near = difflib.get_close_matches(folded(text), known, n=2, cutoff=0.6)
    return " or ".join(f'"{word}"' for word in near or known)
