"""A person's end for a posting that Fineract itself does not end: what two people sign of it.

Row of a `corrections` batch with the act `resolve_posted` or `resolve_not_posted`: `wallet`
[provider, account], `posting` [batch_id, row], `attempt`, `state` as it was, the posting's own
facts, `transaction_id` (of what a person found), `reason`.
"""

from __future__ import annotations

from typing import Final

from mmrecon.model.approval import CanonicalRow
from mmrecon.model.posting import Posting, PostingState

RESOLVE_POSTED: Final = "resolve_posted"
RESOLVE_NOT_POSTED: Final = "resolve_not_posted"
RESOLUTIONS: Final = frozenset({RESOLVE_POSTED, RESOLVE_NOT_POSTED})

RESOLVED_BY_PERSON: Final = "resolved_by_person"
"""Reason of a posting that ended so: its transaction may carry other details than mmrecon's."""

RESOLVABLE: Final = frozenset(
    {PostingState.UNKNOWN, PostingState.PENDING_IN_CORE, PostingState.DEFERRED}
)

WAYS_OUT: Final[dict[PostingState, str]] = {
    PostingState.SENDING: "a run sends it now, or was killed: `mmrecon post` clears it",
    PostingState.UNKNOWN: (
        "`mmrecon post` clears it; if it stays, look at its account in Fineract and say what you "
        "see: `mmrecon post resolve POSTING --posted TRANSACTION`, or `--not-posted --reason TEXT`"
    ),
    PostingState.PENDING_IN_CORE: (
        "somebody approves or rejects it in Fineract's own inbox, then `mmrecon post` sees it; if "
        "it is in no inbox any more: `mmrecon post resolve POSTING --not-posted --reason TEXT`"
    ),
    PostingState.DEFERRED: (
        "nothing: a later run sends it when its day has come or the close of business has ended; "
        "to give it up: `mmrecon post resolve POSTING --not-posted --reason TEXT`"
    ),
    PostingState.REFUSED: (
        "decide about its line again in the newest workbook, which shows Fineract's reason"
    ),
}
"""How a posting in each of these states comes to its end."""


def way_out(state: str, posting_id: int | None = None) -> str:
    """How a posting comes to its end, for one of them or for all; empty where it has."""
    told = WAYS_OUT.get(PostingState(state), "")
    return told if posting_id is None else told.replace("POSTING", str(posting_id))


def resolution_row(
    posting: Posting, wallet: tuple[str, str], transaction_id: str, reason: str
) -> CanonicalRow:
    """What two people sign; without a transaction it says that nothing was posted."""
    copied = (
        "source", "purpose", "leg", "attempt", "account_kind", "account_id", "account_no",
        "amount_minor", "posted_minor", "currency", "value_date", "receipt", "idempotency_key",
    )  # fmt: skip
    return {
        **{name: getattr(posting, name) for name in copied},
        "act": RESOLVE_POSTED if transaction_id else RESOLVE_NOT_POSTED,
        "wallet": list(wallet),
        "posting": [posting.batch_id, posting.batch_row],
        "command": posting.command.value,
        "purpose": posting.purpose.value,
        "state": posting.state.value,
        "transaction_id": transaction_id,
        "reason": reason,
    }
