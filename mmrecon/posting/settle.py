"""What was decided, written down: states, exchanges and review reasons in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from mmrecon.fineract.contract_replies import Heard
from mmrecon.model.posting import Posting, PostingState
from mmrecon.posting.closed_days import REASON_OF_REFUSAL
from mmrecon.posting.context import PostingContext
from mmrecon.posting.plan import line_of
from mmrecon.posting.recovery import Decision, Step
from mmrecon.store.database import quick_transaction, transaction
from mmrecon.store.posting_reads import legs_beside
from mmrecon.store.postings import (
    Change,
    Exchange,
    change_states,
    record_exchanges,
)
from mmrecon.store.review_reasons import ReviewReason, add_reasons

_OPEN: Final = frozenset({PostingState.SENDING, PostingState.UNKNOWN})
_UNSENT: Final = (PostingState.APPROVED, PostingState.DEFERRED)


@dataclass(frozen=True, slots=True)
class Decided:
    """One posting, what was heard of it, and the step that follows."""

    posting: Posting
    heard: Heard
    decision: Decision
    transaction_id: str = ""

    @property
    def step(self) -> Step:
        """The step."""
        return self.decision.step


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A line that must not be sent as approved, and why (a code of the catalogue)."""

    posting: Posting
    code: str
    arguments: Mapping[str, str | int] = field(default_factory=dict)


def exchanges_of(
    context: PostingContext, postings: Sequence[Posting], heards: Sequence[Heard], sent_at_utc: str
) -> list[Exchange]:
    """What was heard of each posting just now."""
    heard_at_utc = context.at_utc()
    return [
        Exchange(
            posting_id=posting.posting_id,
            sent_at_utc=sent_at_utc,
            heard_at_utc=heard_at_utc,
            idempotency_key=posting.idempotency_key,
            status=heard.status or None,
            meaning=heard.meaning.value,
            code=heard.code,
            transaction_id=heard.transaction_id,
        )
        for posting, heard in zip(postings, heards, strict=True)
    ]


def record(context: PostingContext, exchanges: Sequence[Exchange]) -> None:
    """Keep what was heard, before anything is concluded from it."""
    with transaction(context.engine) as connection:
        record_exchanges(connection, exchanges)


def settle(
    context: PostingContext,
    decided: Sequence[Decided],
    exchanges: Sequence[Exchange],
    *,
    doubt: bool,
) -> None:
    """Write the steps down, with what was heard; what must go again stays open as `unknown`.

    A step that a power failure undoes leaves `sending`: the next run asks with the same key.
    """
    deferred = {line_of(one.posting) for one in decided if one.step is Step.DEFER}
    changes = [_change(one, deferred, doubt=doubt) for one in decided]
    refused = [_refusal(one) for one in decided if one.step is Step.REFUSED]
    with quick_transaction(context.engine) as connection:
        record_exchanges(connection, exchanges)
        change_states(connection, changes, at_utc=context.at_utc(), run_id=context.run_id)
        if refused:
            _withdraw(connection, context, refused, siblings_only=True)


def withdraw(context: PostingContext, withdrawals: Sequence[Withdrawal]) -> None:
    """Take whole lines out before they are sent; each is back in review with its reason."""
    if withdrawals:
        with transaction(context.engine) as connection:
            _withdraw(connection, context, withdrawals, siblings_only=False)


def reject(context: PostingContext, posting: Posting) -> None:
    """What waited inside Fineract was rejected there; its line is back in review."""
    code = "rejected_in_fineract"
    change = Change(posting.posting_id, {PostingState.PENDING_IN_CORE}, PostingState.REFUSED, code)
    with transaction(context.engine) as connection:
        at_utc = context.at_utc()
        if change_states(connection, [change], at_utc=at_utc, run_id=context.run_id):
            rejected = Withdrawal(posting, code, {"leg": posting.leg})
            _withdraw(connection, context, [rejected], siblings_only=True)


def _change(one: Decided, deferred: set[str], *, doubt: bool) -> Change:
    state, reason = _TO.get(one.step, PostingState.UNKNOWN), one.heard.code
    if one.step is Step.TAKE_BACK and line_of(one.posting) in deferred:
        state = PostingState.DEFERRED
    if one.step is Step.STOP and not doubt:
        state = PostingState.APPROVED
    from_states = _OPEN - {state}
    return Change(one.posting.posting_id, from_states, state, reason, one.transaction_id)


_TO: Final = {
    Step.POSTED: PostingState.POSTED,
    Step.REFUSED: PostingState.REFUSED,
    Step.TAKE_BACK: PostingState.APPROVED,
    Step.DEFER: PostingState.DEFERRED,
    Step.PENDING: PostingState.PENDING_IN_CORE,
}
"""Every other step leaves the posting unknown."""


def day_arguments(posting: Posting) -> dict[str, str | int]:
    """Which leg, on which account, of which day."""
    return {"account_no": posting.account_no, "leg": posting.leg, "day": posting.value_date}


def _refusal(one: Decided) -> Withdrawal:
    """A date that Fineract does not take is its own reason; anything else is told by its code."""
    code = REASON_OF_REFUSAL.get(one.heard.code, "refused_by_fineract")
    return Withdrawal(one.posting, code, day_arguments(one.posting) | {"code": one.heard.code})


def _withdraw(
    connection: Connection,
    context: PostingContext,
    withdrawals: Iterable[Withdrawal],
    *,
    siblings_only: bool,
) -> None:
    at_utc = context.at_utc()
    why = {line_of(one.posting): one for one in withdrawals}
    legs = legs_beside(connection, [one.posting for one in why.values()], _UNSENT)
    changes = [
        Change(
            leg.posting_id,
            {leg.state},
            PostingState.WITHDRAWN,
            "sibling_refused" if siblings_only else why[line_of(leg)].code,
        )
        for leg in legs
    ]
    change_states(connection, changes, at_utc=at_utc, run_id=context.run_id)
    reasons = [
        ReviewReason(one.posting.line_id, one.code, one.arguments)
        for one in why.values()
        if one.posting.line_id is not None
    ]
    add_reasons(connection, reasons, at_utc=at_utc)
