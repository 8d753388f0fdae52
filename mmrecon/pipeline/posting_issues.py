"""What a run of `post` or `verify` leaves for a person or a later run, as issues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from mmrecon.model.found import POSTED_ELSEWHERE
from mmrecon.model.issue import Issue
from mmrecon.model.money import to_text
from mmrecon.model.posting import DEAD_STATES, PostingEnd, PostingState
from mmrecon.posting.verify import Read
from mmrecon.posting.verify_links import ReadLink

_NAMED: Final = 5
_SENT_BACK: Final = DEAD_STATES - {PostingState.UNDONE}
"""What was undone was asked for; it is told with its correction."""

_CODE_OF_STATE: Final[Mapping[PostingState, str]] = {
    PostingState.UNKNOWN: "posting_unknown",
    PostingState.PENDING_IN_CORE: "posting_pending",
    PostingState.DEFERRED: "posting_deferred",
}


def issues_of_states(postings: Sequence[PostingEnd]) -> list[Issue]:
    """What a person or a later run still has to do, by state."""
    issues = [
        Issue(code, arguments={"count": len(numbers), "postings": _few(numbers)})
        for state, code in _CODE_OF_STATE.items()
        if (numbers := [posting.posting_id for posting in postings if posting.state is state])
    ]
    shadow = sum(posting.shadow for posting in postings)
    dead = [posting for posting in postings if posting.state in _SENT_BACK]
    elsewhere = [posting for posting in dead if posting.reason == POSTED_ELSEWHERE]
    found = [("shadow_not_sent", shadow), ("posting_sent_back", len(dead) - len(elsewhere))]
    issues += [Issue(code, arguments={"count": count}) for code, count in found if count]
    return [*issues, *_found_elsewhere(elsewhere)]


def _few(numbers: Sequence[int]) -> str:
    """The first postings by number, and how many more."""
    more = len(numbers) - _NAMED
    named = ", ".join(str(number) for number in numbers[:_NAMED])
    return f"{named} and {more} more" if more > 0 else named


def _found_elsewhere(postings: Sequence[PostingEnd]) -> list[Issue]:
    """Lines that are in Fineract already; their links wait for two signatures."""
    sums: Counter[str] = Counter()
    for posting in postings:
        sums[posting.currency] += posting.amount_minor
    total = ", ".join(to_text(minor, currency) for currency, minor in sorted(sums.items()))
    lines = len({posting.line_id for posting in postings})
    return [Issue("links_found", arguments={"count": lines, "total": total})] if lines else []


def issue_of(read: Read) -> Issue:
    """What is not right with a posting that was read back."""
    code = "posting_reversed_outside" if read.code == "reversed_outside" else read.code
    return Issue(
        code, receipt=read.posting.receipt, arguments={"posting_id": read.posting.posting_id}
    )


def issue_of_link(read: ReadLink) -> Issue:
    """What is not right with a linked transaction that was read back."""
    linked = read.linked
    return Issue(
        read.code,
        arguments={
            "account_kind": linked.account_kind,
            "account_id": linked.account_id,
            "transaction_id": linked.transaction_id,
        },
    )
