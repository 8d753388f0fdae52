"""What was approved and is not posted, by reason, with its money and what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmrecon.model.posting import PostingEnd


def held_back_json(postings: Sequence[PostingEnd]) -> list[dict[str, Any]]:
    """Postings that were refused or withdrawn, counted by state, reason and currency."""
    from mmrecon.model.posting import DEAD_STATES

    groups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for posting in postings:
        if posting.state in DEAD_STATES:
            key = posting.state.value, posting.reason, posting.currency
            groups[key].append(posting.amount_minor)
    return [
        {
            "state": state, "reason": reason, "currency": currency, "count": len(amounts),
            "amount_minor": sum(amounts), "next_step": _next_step(reason),
        }
        for (state, reason, currency), amounts in sorted(groups.items())
    ]  # fmt: skip


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
