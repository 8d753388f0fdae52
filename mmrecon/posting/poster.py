"""Sends envelopes: the intent is written first, the answer after, each in its own transaction.

Nothing here knows Fineract's codes: `contract_replies` says what was heard, `recovery` what comes.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from mmrecon.errors import OutsideUnreachable, SafetyRefusal
from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract_replies import Heard, Meaning, understand_batch
from mmrecon.fineract.contract_requests import build_posting
from mmrecon.model.posting import Posting, PostingState, SentHow
from mmrecon.posting import gate
from mmrecon.posting.closed_days import ClosedDays
from mmrecon.posting.context import PostingContext
from mmrecon.posting.look_up import Sight, look_up
from mmrecon.posting.pending import was_rejected
from mmrecon.posting.plan import Envelope, account_of, line_of
from mmrecon.posting.recovery import Decision, Shown, Situation, Step, next_step
from mmrecon.posting.settle import Decided, exchanges_of, record, reject, settle, withdraw
from mmrecon.store.database import reading, transaction
from mmrecon.store.posting_lines import known_on_accounts
from mmrecon.store.posting_reads import postings_of
from mmrecon.store.postings import Change, Exchange, change_states, raise_resend

_UNSENT: Final = frozenset({PostingState.APPROVED, PostingState.DEFERRED})
_AGAIN: Final = frozenset({Step.SEND_AGAIN, Step.FRESH_KEY})


class Poster:
    """One worker: one client, one call at a time."""

    def __init__(self, context: PostingContext, client: FineractClient) -> None:
        self._context = context
        self._client = client
        self._patience = context.patience()
        self._days = ClosedDays(client)

    def send(self, envelope: Envelope) -> None:
        """Send what is still as approved of an envelope, until every posting is settled.

        Raises:
            OutsideUnreachable: Fineract is not there; what was not sent stays approved.
            SafetyRefusal: an answer names another account than was asked.
        """
        waiting: Collection[int] = {posting.posting_id for posting in envelope.postings}
        states: Collection[PostingState] = _UNSENT
        starts = 0
        while waiting and not self._context.stop.is_set():
            starts += 1
            stored = gate.read_stored(self._context, waiting)
            sendable = _sendable(stored, states)
            withdrawn = self._check(stored, sendable)
            self._context.point("checked")
            if self._context.stop.is_set():
                break
            kept = [one for one in sendable if line_of(one) not in withdrawn]
            sent = self._intend(kept, envelope.sent_how)
            self._context.point("intended")
            waiting = self.settle_all(sent, doubt=False, starts=starts)
            states = {PostingState.APPROVED}
        self._context.advance(len(envelope.postings))

    def settle_all(
        self, postings: Sequence[Posting], *, doubt: bool, sent_before: int = 0, starts: int = 1
    ) -> set[int]:
        """Send until each posting has an end, or a person must see it.

        `doubt`: an earlier sending stayed without a clear answer. Gives the ids of postings that
        were rolled back by another's refusal, or never left, and may go again at once.

        Raises:
            OutsideUnreachable, SafetyRefusal: as `send`.
        """
        sendings = sent_before
        taken_back: set[int] = set()
        remaining = list(postings)
        while remaining:
            sendings += 1
            heards, exchanges = self._exchange(remaining, doubt=doubt)
            decided = [
                self._decided(posting, heard, sendings, doubt=doubt, starts=starts)
                for posting, heard in zip(remaining, heards, strict=True)
            ]
            going = self._write_down(decided, exchanges, doubt=doubt)
            taken_back |= {one.posting.posting_id for one in decided if one.step is Step.TAKE_BACK}
            doubt = True
            remaining = self._made_ready(going)
        return taken_back

    def look_first(self, postings: Sequence[Posting], *, only_read: bool) -> None:
        """The ledger before anything else: for what is old, was sent loose, or may not be sent.

        Raises:
            OutsideUnreachable, SafetyRefusal: as `send`.
        """
        unclear = Heard(Meaning.UNKNOWN)
        not_there: list[Posting] = []
        decided: list[Decided] = []
        for posting in postings:
            sight = self._look_up(posting)
            if sight.shown is Shown.THERE:
                there = Decision(Step.POSTED)
                decided.append(Decided(posting, unclear, there, sight.transaction_id))
            elif sight.shown is Shown.ABSENT and not only_read:
                not_there.append(posting)
        settle(self._context, decided, (), doubt=True)
        self._context.point("settled")
        self.settle_all(not_there, doubt=True)

    def find_pending(self, postings: Sequence[Posting]) -> None:
        """What waited for a second person inside Fineract ends when its transaction is read.

        It ends as refused when the audit shows that its own command was.
        """
        for posting in postings:
            sight = self._look_up(posting)
            if sight.shown is Shown.THERE:
                self._change([posting], PostingState.PENDING_IN_CORE, PostingState.POSTED, sight)
            elif sight.shown is Shown.ABSENT and self._was_rejected(posting):
                reject(self._context, posting)

    def _intend(self, postings: Sequence[Posting], sent_how: SentHow) -> list[Posting]:
        """`sending` stands in the store before the request leaves."""
        envelope = secrets.token_hex(8)
        at_utc = self._context.at_utc()
        changes = [
            Change(
                posting.posting_id,
                {posting.state},
                PostingState.SENDING,
                sent_at_utc=at_utc,
                envelope=envelope,
                sent_how=sent_how,
            )
            for posting in postings
        ]
        with transaction(self._context.engine) as connection:
            run_id = self._context.run_id
            changed = set(change_states(connection, changes, at_utc=at_utc, run_id=run_id))
        sending = partial(
            replace,
            state=PostingState.SENDING,
            sent_at_utc=at_utc,
            envelope=envelope,
            sent_how=sent_how,
        )
        return [sending(posting) for posting in postings if posting.posting_id in changed]

    def _check(self, stored: gate.Stored, sendable: Sequence[Posting]) -> set[str]:
        """Material facts just before the call; gives the lines that were withdrawn by them."""
        if not sendable:
            return set()
        check = partial(gate.check, self._context, self._client, self._days, stored, sendable)
        withdrawals = self._patience.read(check)
        withdraw(self._context, withdrawals)
        return {line_of(one.posting) for one in withdrawals}

    def _exchange(
        self, postings: Sequence[Posting], *, doubt: bool
    ) -> tuple[list[Heard], list[Exchange]]:
        """One request and what was heard of it; what is in doubt waits for Fineract.

        Anything but plain success is kept at once; that is kept with the states it leads to.
        """
        enclosing = postings[0].sent_how is SentHow.CLOSED
        items = [build_posting(posting, number) for number, posting in enumerate(postings, 1)]
        sent_at_utc = self._context.at_utc()
        send = partial(self._client.batch, items, enclosing=enclosing)
        answer = self._patience.write(send) if doubt else send()
        self._context.point("heard")
        heards = understand_batch(postings, answer, enclosing=enclosing)
        exchanges = exchanges_of(self._context, postings, heards, sent_at_utc)
        if any(heard.meaning is not Meaning.POSTED for heard in heards):
            record(self._context, exchanges)
            exchanges = []
        self._context.point("recorded")
        return heards, exchanges

    def _decided(
        self, posting: Posting, heard: Heard, sendings: int, *, doubt: bool, starts: int
    ) -> Decided:
        now = Situation(
            is_loan=posting.account_kind == "loan",
            sent_how=posting.sent_how,
            heard=heard,
            sendings=sendings,
            doubt=doubt,
            attempt=posting.attempt,
            resend=posting.resend,
            starts=starts,
        )
        decision = next_step(now)
        transaction_id = heard.transaction_id if decision.step is Step.POSTED else ""
        if decision.step is Step.READ_LEDGER:
            self._context.pause(decision.pause_s)
            sight = self._look_up(posting)
            decision = next_step(replace(now, shown=sight.shown))
            transaction_id = sight.transaction_id
        return Decided(posting, heard, decision, transaction_id)

    def _write_down(
        self, decided: Sequence[Decided], exchanges: Sequence[Exchange], *, doubt: bool
    ) -> list[Decided]:
        """Settle what was decided; gives what must be sent again. Legs of a line stay together."""
        settle(self._context, decided, exchanges, doubt=doubt)
        self._context.point("settled")
        _raise_what_stops(decided, self._client.base_url)
        stuck = {line_of(one.posting) for one in decided if one.step is Step.PERSON}
        return [one for one in decided if one.step in _AGAIN and line_of(one.posting) not in stuck]

    def _made_ready(self, going: Sequence[Decided]) -> list[Posting]:
        """After the pause: fresh keys where they are due, and the postings as they are now."""
        if not going:
            return []
        self._context.pause(max(one.decision.pause_s for one in going))
        if self._context.stop.is_set():
            return []
        at_utc = self._context.at_utc()
        with transaction(self._context.engine) as connection:
            for one in going:
                if one.step is Step.FRESH_KEY:
                    raise_resend(
                        connection, one.posting, at_utc=at_utc, run_id=self._context.run_id
                    )
            return postings_of(connection, [one.posting.posting_id for one in going])

    def _look_up(self, posting: Posting) -> Sight:
        with reading(self._context.engine) as connection:
            known = known_on_accounts(connection, {posting.account_id})
        return self._patience.read(lambda: look_up(self._client, posting, known))

    def _was_rejected(self, posting: Posting) -> bool:
        return self._patience.read(lambda: was_rejected(self._client, posting))

    def _change(
        self, postings: Sequence[Posting], before: PostingState, after: PostingState, sight: Sight
    ) -> None:
        changes = [
            Change(posting.posting_id, {before}, after, transaction_id=sight.transaction_id)
            for posting in postings
        ]
        with transaction(self._context.engine) as connection:
            at_utc = self._context.at_utc()
            change_states(connection, changes, at_utc=at_utc, run_id=self._context.run_id)


def _sendable(stored: gate.Stored, states: Collection[PostingState]) -> list[Posting]:
    """What may go now: nothing of a line that has a leg on an account with an open posting."""
    found = [posting for posting in stored.postings if posting.state in states]
    busy = stored.known.open_accounts
    held = {line_of(posting) for posting in found if account_of(posting) in busy}
    return [posting for posting in found if line_of(posting) not in held]


_STOPS: Final = {
    Meaning.LOGIN_REFUSED: (
        "Fineract refuses the user name or the password",
        "Check `fineract.username` and the password's variable or file.",
    ),
    Meaning.NOT_AUTHORISED: (
        "Fineract does not let this user post",
        "`mmrecon doctor` names the permissions that its role lacks.",
    ),
    Meaning.NOT_SUPPORTED: (
        "this Fineract cannot post savings in batches",
        "mmrecon posts to Fineract 1.9 and later, and not to a read-only instance.",
    ),
}


def _raise_what_stops(decided: Sequence[Decided], base_url: str) -> None:
    steps = {one.step: one.heard for one in decided}
    if Step.ALARM in steps:
        raise SafetyRefusal(
            "Fineract answered a posting with another account than was asked",
            hint="Post nothing more. Look at the postings that are `unknown` in Fineract itself.",
            code="other_account_answered",
        )
    if Step.STOP in steps:
        message, hint = _STOPS.get(
            steps[Step.STOP].meaning,
            (f"Fineract at {base_url} cannot be reached", "Run this again when it answers."),
        )
        raise OutsideUnreachable(message, hint=hint, code="fineract_stopped")
