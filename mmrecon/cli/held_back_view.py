"""What was approved and is not posted, or was taken back, with its money and what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmrecon.model.posting import PostingEnd


def held_back_json(postings: Sequence[PostingEnd]) -> list[dict[str, Any]]:
    """Postings that were refused or withdrawn, counted by state, reason and currency."""
    from mmrecon.model.posting import DEAD_STATES, PostingState

    groups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for posting in postings:
        if posting.state in DEAD_STATES and posting.state is not PostingState.UNDONE:
            key = posting.state.value, posting.reason, posting.currency
            groups[key].append(posting.amount_minor)
    return [
        {
            "state": state, "reason": reason, "currency": currency, "count": len(amounts),
            "amount_minor": sum(amounts), "next_step": _next_step(reason),
        }
        for (state, reason, currency), amounts in sorted(groups.items())
    ]  # fmt: skip


def taken_back_json(postings: Sequence[PostingEnd]) -> list[dict[str, Any]]:
    """Postings that were taken back, counted by the correction that two people signed."""
    from mmrecon.model.posting import PostingState

    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for posting in postings:
        if posting.state is PostingState.UNDONE:
            groups[posting.reason, posting.currency].append(posting.amount_minor)
    return [
        {
            "batch_id": batch_id, "currency": currency, "count": len(amounts),
            "amount_minor": sum(amounts), "next_step": _next_step("taken_back"),
        }
        for (batch_id, currency), amounts in sorted(groups.items())
    ]  # fmt: skip


def taken_back_shown(postings: Sequence[PostingEnd]) -> list[str]:
    """The same in words."""
    from mmrecon.model.money import to_text

    return [
        f"Taken back in Fineract, as two people signed in {one['batch_id']}: {one['count']:,} "
        f"posting(s), {to_text(one['amount_minor'], one['currency'])}. The money of the line(s) is "
        f"free again. {one['next_step']}"
        for one in taken_back_json(postings)
    ]


def held_back_shown(postings: Sequence[PostingEnd]) -> list[Any]:
    """The same as a table; nothing where nothing was held back."""
    from mmrecon.cli.render import table
    from mmrecon.model.money import to_text

    rows = [
        (
            one["reason"].replace("_", " "), f"{one['count']:,}",
            to_text(one["amount_minor"], one["currency"]), one["next_step"],
        )
        for one in held_back_json(postings)
    ]  # fmt: skip
    headers = ("held back because", "postings", "money", "what to do")
    return [table(headers, rows, right=headers[1:3])] if rows else []


def _next_step(reason: str) -> str:
    """By the reason's code; codes that Fineract gave are its own words for a refusal."""
    from mmrecon.model.catalogue import by_code

    return by_code().get(reason, by_code()["refused_by_fineract"]).next_step
