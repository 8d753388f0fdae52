"""What a person says of a posting, as another person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmrecon.model.approval import CanonicalRow
from mmrecon.model.money import to_text
from mmrecon.model.resolution import RESOLVE_POSTED

if TYPE_CHECKING:
    from mmrecon.pipeline.resolving import Resolvable


def resolution_lines(number: int, row: CanonicalRow) -> list[str]:
    """One row of a batch that resolves postings."""
    amount_minor = row["posted_minor"]
    amount = to_text(amount_minor if isinstance(amount_minor, int) else 0, str(row["currency"]))
    what = str(row["command"]).replace("_", " ")
    account = f"{row['account_kind']}:{row['account_no']}"
    said = (
        f"was posted as transaction {row['transaction_id']}"
        if row["act"] == RESOLVE_POSTED
        else "was not posted; its line goes back to review"
    )
    told = f"{row['receipt']} {amount}, {what} on {account} of {row['value_date']}"
    reason = [f"   reason: {row['reason']}"] if row["reason"] else []
    return [f"{number}. {told} ({row['state']}): {said}", *reason]


def resolution_json(found: Resolvable, batch_id: str) -> dict[str, Any]:
    """What is signed, and in which batch it waits."""
    return {
        "postings": [posting.posting_id for posting in found.postings],
        "transaction_id": found.transaction_id,
        "reason": found.reason,
        "batch_id": batch_id,
    }


def resolution_shown(found: Resolvable) -> list[str]:
    """The same in sentences."""
    said = f"posted as {found.transaction_id}" if found.transaction_id else "not posted"
    return [
        f"Posting {posting.posting_id}, {posting.receipt} "
        f"{to_text(posting.posted_minor, posting.currency)} on "
        f"{posting.account_kind}:{posting.account_no} ({posting.state.value}): {said}."
        for posting in found.postings
    ]
