"""Takes postings back: intent first, all legs of a line in one call, undone when read back so.

What was heard is said by `contract_undo`, what comes next by `undo_recovery`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from mmrecon.errors import OutsideUnreachable, SafetyRefusal
from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract_replies import Heard, Meaning
from mmrecon.fineract.contract_undo import (
    build_undo,
    is_batchable,
    understand_undo,
    understand_undo_batch,
    undo_address,
    undo_body,
)
from mmrecon.model.posting import PostingState
from mmrecon.model.undo import ApprovedUndo
from mmrecon.posting.context import PostingContext
from mmrecon.posting.look_up import Sight
from mmrecon.posting.plan import account_of
from mmrecon.posting.recovery import Shown
from mmrecon.posting.undo_consequences import Looked, look_at, sight_of
from mmrecon.posting.undo_reads import read_all, read_histories
from mmrecon.posting.undo_recovery import (
    UndoSituation,
    UndoStep,
    heard_of_line,
    next_undo_step,
)
from mmrecon.store.database import reading, transaction
from mmrecon.store.posting_lines import known_on_accounts
from mmrecon.store.posting_reads import legs_beside, postings_of
from mmrecon.store.postings import Change, Exchange, change_states, record_exchanges
from mmrecon.store.undos import give_up, mark_undone

_STANDING: Final = frozenset({PostingState.POSTED, PostingState.VERIFIED})
_UNSETTLED: Final = (
    PostingState.APPROVED,
    PostingState.SENDING,
    PostingState.DEFERRED,
    PostingState.PENDING_IN_CORE,
    PostingState.UNKNOWN,
)
_VALID: Final = timedelta(days=30)
_STARTS_AT_MOST: Final = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one line: `undone`, `given_up` (why: a code), `waits` or `unknown`."""

    undos: Sequence[ApprovedUndo]
    ended: str
    why: str = ""
    said: str = ""


UNDONE: Final = "undone"
GIVEN_UP: Final = "given_up"
WAITS: Final = "waits"
UNKNOWN: Final = "unknown"


class Undoer:
    """Takes lines back one after the other: one client, one call at a time."""

    def __init__(self, context: PostingContext, client: FineractClient) -> None:
        self._context = context
        self._client = client
        self._patience = context.patience()

    def take_back(self, undos: Sequence[ApprovedUndo]) -> Outcome:
        """Take back all legs of one line, or find out first what became of an earlier try.

        A Fineract that goes away is waited for; what never left is checked again before it goes.

        Raises:
            OutsideUnreachable: Fineract stays away, or does not let the user do it.
            SafetyRefusal: an answer names another account than was asked.
        """
        undos = self._as_now(undos)
        began = [one for one in undos if one.posting.state is PostingState.UNDOING]
        if began:
            left = self._settle_reversed(began)
            if not left:
                return Outcome(undos, UNDONE)
            return self._send(left, doubt=True)
        for _ in range(_STARTS_AT_MOST - 1):
            with suppress(_NeverLeftError):
                return self._begin(self._as_now(undos))
        return self._begin(self._as_now(undos))

    def _begin(self, undos: Sequence[ApprovedUndo]) -> Outcome:
        """Check, write the intent down, send.

        Raises:
            _NeverLeftError: the request did not leave, so everything is as it was.
        """
        held = self._held(undos)
        if held is not None:
            return held
        self._context.point("undo_checked")
        self._intend(undos)
        self._context.point("undo_intended")
        return self._send(self._as_now(undos), doubt=False)

    def _as_now(self, undos: Sequence[ApprovedUndo]) -> list[ApprovedUndo]:
        with reading(self._context.engine) as connection:
            found = postings_of(connection, [one.posting.posting_id for one in undos])
        now = {posting.posting_id: posting for posting in found}
        return [replace(one, posting=now[one.posting.posting_id]) for one in undos]

    def _held(self, undos: Sequence[ApprovedUndo]) -> Outcome | None:
        """Why nothing of the line goes now: it waits, or is given up for a reason."""
        postings = [one.posting for one in undos]
        with reading(self._context.engine) as connection:
            unsettled = legs_beside(connection, postings, (*_UNSETTLED, *_STANDING))
            known = known_on_accounts(connection, {posting.account_id for posting in postings})
        ids = {posting.posting_id for posting in postings}
        if any(account_of(posting) in known.open_accounts for posting in postings):
            return Outcome(undos, WAITS)
        if any(posting.state not in _STANDING for posting in postings):
            return self.give_up(undos, "undo_reversed_already")
        if any(leg.posting_id not in ids for leg in unsettled):
            return self.give_up(undos, "undo_not_settled")
        approved_at = min(datetime.fromisoformat(one.approved_at_utc) for one in undos)
        if self._context.clock() - approved_at > _VALID:
            return self.give_up(undos, "undo_too_old")
        seen = self._patience.read(partial(read_all, self._client, postings))
        looked = look_at([postings], seen)
        code = _differs(undos, looked)
        return self.give_up(undos, code) if code else None

    def _intend(self, undos: Sequence[ApprovedUndo]) -> None:
        """`undoing` stands in the store before the request leaves."""
        changes = [
            Change(one.posting.posting_id, _STANDING, PostingState.UNDOING, one.batch_id)
            for one in undos
        ]
        self._change(changes)

    def _send(self, undos: Sequence[ApprovedUndo], *, doubt: bool) -> Outcome:
        """Send until the legs read back as reversed, or it is known that they stand."""
        sendings = 0
        left = list(undos)
        while not self._context.stop.is_set():
            ids = self._standing_ids(left)
            if ids is None:
                break
            sendings += 1
            heard = self._exchange(left, ids, doubt=doubt)
            now = UndoSituation(heard, not _together(left), sendings, doubt)
            decision = next_undo_step(now)
            if decision.step is UndoStep.READ:
                self._context.pause(decision.pause_s)
                left = self._settle_reversed(left)
                if not left:
                    return Outcome(undos, UNDONE)
                decision = next_undo_step(replace(now, shown=self._shown(left)))
            ended = self._end(undos, left, decision.step, heard, doubt=doubt)
            if ended is not None:
                return ended
            doubt = True
        return Outcome(undos, UNKNOWN)

    def _end(
        self,
        undos: Sequence[ApprovedUndo],
        left: Sequence[ApprovedUndo],
        step: UndoStep,
        heard: Heard,
        *,
        doubt: bool,
    ) -> Outcome | None:
        """What a step ends with; None: it is sent again."""
        if step is UndoStep.SEND_AGAIN:
            return None
        if step is UndoStep.GIVE_UP:
            self._back_to_posted(left, heard.code)
            return self.give_up(left, "undo_refused", heard.code)
        if step is UndoStep.LATER or (step is UndoStep.STOP and not doubt):
            self._back_to_posted(left, heard.code)
        if heard.meaning is Meaning.NOT_SENT and not doubt:
            raise _NeverLeftError(*_unreachable(self._client.base_url))
        _raise_what_stops(step, heard, self._client.base_url)
        return Outcome(undos, WAITS if step is UndoStep.LATER else UNKNOWN)

    def _standing_ids(self, undos: Sequence[ApprovedUndo]) -> list[str] | None:
        """Transactions as they are numbered now; None when one is not as it was posted."""
        sights = self._sights(undos)
        if any(sight.shown is not Shown.THERE for sight in sights):
            return None
        return [sight.transaction_id for sight in sights]

    def _exchange(self, undos: Sequence[ApprovedUndo], ids: Sequence[str], *, doubt: bool) -> Heard:
        """One request for all legs, and what was heard of it, kept; in doubt it is waited for."""
        sent_at_utc = self._context.at_utc()
        postings = [one.posting for one in undos]
        if _together(undos):
            items = [
                build_undo(one, number, place)
                for place, (one, number) in enumerate(zip(undos, ids, strict=True), 1)
            ]
            send_all = partial(self._client.batch, items, enclosing=True)
            answer = self._patience.write(send_all) if doubt else send_all()
            self._context.point("undo_heard")
            heards = understand_undo_batch(postings, answer)
        else:
            (one,) = undos
            path, body = undo_address(one.posting, ids[0]), undo_body(one)
            send = partial(self._client.post, path, body, idempotency_key=one.idempotency_key)
            reply = self._patience.write(send) if doubt else send()
            self._context.point("undo_heard")
            heards = [understand_undo(one.posting, reply)]
        self._record(undos, heards, ids, sent_at_utc)
        self._context.point("undo_recorded")
        return heard_of_line(heards)

    def _record(
        self,
        undos: Sequence[ApprovedUndo],
        heards: Sequence[Heard],
        ids: Sequence[str],
        sent_at_utc: str,
    ) -> None:
        exchanges = [
            Exchange(
                posting_id=one.posting.posting_id,
                sent_at_utc=sent_at_utc,
                heard_at_utc=self._context.at_utc(),
                idempotency_key=one.idempotency_key,
                status=heard.status or None,
                meaning="undo_heard" if heard.meaning is Meaning.POSTED else heard.meaning.value,
                code=heard.code,
                transaction_id=number,
            )
            for one, heard, number in zip(undos, heards, ids, strict=True)
        ]
        with transaction(self._context.engine) as connection:
            record_exchanges(connection, exchanges)

    def _settle_reversed(self, undos: Sequence[ApprovedUndo]) -> list[ApprovedUndo]:
        """What reads back as reversed is undone; gives what does not."""
        shown = [sight.shown for sight in self._sights(undos)]
        done = [one for one, seen in zip(undos, shown, strict=True) if seen is Shown.REVERSED]
        if done:
            with transaction(self._context.engine) as connection:
                mark_undone(
                    connection,
                    [(one.posting, one.batch_id) for one in done],
                    at_utc=self._context.at_utc(),
                    run_id=self._context.run_id,
                )
            self._context.point("undo_settled")
        return [one for one in undos if one not in done]

    def _shown(self, undos: Sequence[ApprovedUndo]) -> Shown:
        """All of them stand as they were posted, or not."""
        there = all(sight.shown is Shown.THERE for sight in self._sights(undos))
        return Shown.THERE if there else Shown.ELSEWHERE

    def _sights(self, undos: Sequence[ApprovedUndo]) -> list[Sight]:
        postings = [one.posting for one in undos]
        histories = self._patience.read(partial(read_histories, self._client, postings))
        return [sight_of(posting, histories[account_of(posting)]) for posting in postings]

    def _back_to_posted(self, undos: Sequence[ApprovedUndo], code: str) -> None:
        changes = [
            Change(one.posting.posting_id, {PostingState.UNDOING}, PostingState.POSTED, code)
            for one in undos
        ]
        self._change(changes)

    def give_up(self, undos: Sequence[ApprovedUndo], code: str, said: str = "") -> Outcome:
        """The correction ends here; what is posted stays posted."""
        keys = [(one.posting, one.idempotency_key) for one in undos]
        with transaction(self._context.engine) as connection:
            at_utc, run_id = self._context.at_utc(), self._context.run_id
            give_up(connection, keys, code, at_utc=at_utc, run_id=run_id)
        return Outcome(undos, GIVEN_UP, code, said)

    def _change(self, changes: Sequence[Change]) -> None:
        with transaction(self._context.engine) as connection:
            at_utc, run_id = self._context.at_utc(), self._context.run_id
            change_states(connection, changes, at_utc=at_utc, run_id=run_id)


def _together(undos: Sequence[ApprovedUndo]) -> bool:
    return all(is_batchable(one.posting) for one in undos)


def _differs(undos: Sequence[ApprovedUndo], looked: Sequence[Looked]) -> str:
    """What stands against it now, or is more than people were shown; empty when nothing."""
    found = [one for leg in looked for one in leg.consequences]
    blocks = [one.code for one in found if one.blocks and one.code != "undo_sibling"]
    if blocks:
        return blocks[0]
    signed = {shown.key for one in undos for shown in one.shown}
    return "" if {one.key for one in found} <= signed else "undo_changed_since"


_STOPS: Final = {
    Meaning.LOGIN_REFUSED: (
        "Fineract refuses the user name or the password",
        "Check `fineract.username` and the password's variable or file.",
    ),
    Meaning.NOT_AUTHORISED: (
        "Fineract does not let this user take transactions back",
        "Its role lacks UNDOTRANSACTION_SAVINGSACCOUNT, ADJUST_LOAN or DISBURSALUNDO_LOAN.",
    ),
    Meaning.NOT_SUPPORTED: (
        "this Fineract cannot take transactions back in batches",
        "mmrecon posts to Fineract 1.9 and later, and not to a read-only instance.",
    ),
}


def _unreachable(base_url: str) -> tuple[str, str]:
    return f"Fineract at {base_url} cannot be reached", "Run this again when it answers."


class _NeverLeftError(OutsideUnreachable):
    """The request certainly never left; the line stands as it was posted."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint=hint, code="fineract_stopped")


def _raise_what_stops(step: UndoStep, heard: Heard, base_url: str) -> None:
    if step is UndoStep.ALARM:
        raise SafetyRefusal(
            "Fineract answered a correction with another account than was asked",
            hint="Post nothing more. Look at the postings that are `undoing` in Fineract itself.",
            code="other_account_answered",
        )
    if step is UndoStep.STOP:
        message, hint = _STOPS.get(heard.meaning, _unreachable(base_url))
        raise OutsideUnreachable(message, hint=hint, code="fineract_stopped")
