"""Answers against Fineract itself: what is said to be posted is there, what is posted anew is not.

“Already posted” names a transaction that must stand and be large enough. Money that mmrecon itself
posted before, and this store does not know of, is not posted again while it stands (DESIGN 5).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from mmrecon.approval.accepted import Accepted, Decided, Refused
from mmrecon.errors import OutsideUnreachable, UsageError
from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract_reads import Transaction
from mmrecon.model.approval import Decision
from mmrecon.model.found import FoundMoney
from mmrecon.model.issue import Issue
from mmrecon.model.money import to_text
from mmrecon.pipeline.run import Run
from mmrecon.posting.look_up import read_transaction
from mmrecon.store.database import reading
from mmrecon.store.occupied import is_own_transaction, linked_of_transaction


def read_back(run: Run, decided: Decided) -> Decided:
    """The same decisions, each link with the amount that Fineract tells; wrong ones are refused.

    No transaction is open while Fineract is asked. One that cannot be asked costs these answers
    only.
    """
    if not any(_is_asked(one) for one in decided.accepted):
        return decided
    accepted: list[Accepted] = []
    refused: list[Refused] = []
    with ExitStack() as opened:
        check = _Check(run, _Reader(run, opened))
        for answer in decided.accepted:
            told = check.told(answer) if _is_asked(answer) else answer
            if isinstance(told, Issue):
                refused.append(Refused(answer.row_id, _placed(decided, answer, told)))
            else:
                accepted.append(told)
    return replace(decided, accepted=accepted, refused=[*decided.refused, *refused])


def _is_asked(answer: Accepted) -> bool:
    """Few: a person typed each, or mmrecon itself posted it before a store was put back."""
    return answer.decision is Decision.ALREADY_POSTED or bool(answer.found)


class _Reader:
    """Reads transactions one by one; after the first silence Fineract is not asked again."""

    def __init__(self, run: Run, opened: ExitStack) -> None:
        self._run = run
        self._opened = opened
        self._client: FineractClient | None = None
        self._silence: Issue | None = None

    def read(
        self, kind: str, account_id: int, transaction_id: str, currency: str
    ) -> Transaction | Issue | None:
        """The transaction, None where there is none, an issue where nobody answers."""
        if self._silence is None:
            try:
                if self._client is None:
                    self._client = self._opened.enter_context(_client(self._run))
                return read_transaction(self._client, kind, account_id, transaction_id, currency)
            except (OutsideUnreachable, UsageError) as error:
                self._silence = Issue("answer_not_read_back", arguments={"why": str(error)})
        return self._silence


@contextmanager
def _client(run: Run) -> Iterator[FineractClient]:
    client = run.connect()
    try:
        yield client
    finally:
        client.close()


@dataclass
class _Check:
    """Answers one after the other; `claimed` is what those before take of each transaction."""

    run: Run
    reader: _Reader
    claimed: Counter[tuple[str, str]] = field(default_factory=Counter)

    def told(self, answer: Accepted) -> Accepted | Issue:
        """The answer as Fineract bears it out, or what is wrong with it."""
        if answer.decision is not Decision.ALREADY_POSTED:
            faults = (self._still_there(one, answer.currency) for one in answer.found)
            return next(filter(None, faults), answer)
        assert answer.target is not None
        kind, account_id = answer.target.account_kind, answer.target.account_id
        found = self.reader.read(kind, account_id, answer.transaction_id, answer.currency)
        if isinstance(found, Issue):
            return found
        code, arguments = self._fault(answer, found)
        if code or found is None:
            return Issue(code, arguments=arguments)
        self.claimed[_key(answer)] += answer.left_minor
        return replace(answer, transaction_minor=found.amount_minor)

    def _still_there(self, one: FoundMoney, currency: str) -> Issue | None:
        """Why a line is not posted anew: what mmrecon posted for it stands, and is nobody else's.

        Reversed it is no money any more; linked whole by two people it is other lines' money.
        """
        found = self.reader.read(one.account_kind, one.account_id, one.transaction_id, currency)
        if found is None or isinstance(found, Issue):
            return found
        with reading(self.run.engine) as connection:
            linked = linked_of_transaction(connection, one.account_kind, one.transaction_id)
        if found.reversed or linked >= found.amount_minor:
            return None
        return Issue("answer_posted_by_mmrecon", arguments=one.arguments())

    def _fault(
        self, answer: Accepted, found: Transaction | None
    ) -> tuple[str, dict[str, str | int]]:
        """What is wrong with a link: a code and its arguments, no code for nothing."""
        arguments = _named(answer)
        if found is None:
            return "answer_transaction_missing", arguments
        if found.reversed:
            return "answer_transaction_reversed", arguments
        if found.sign != answer.sign:
            return "answer_transaction_direction", arguments
        key = _key(answer)
        with reading(self.run.engine) as connection:
            own = is_own_transaction(connection, *key)
            taken_minor = linked_of_transaction(connection, *key) + self.claimed[key]
        left_minor = found.amount_minor - taken_minor
        arguments |= {"left": to_text(max(left_minor, 0), answer.currency)}
        arguments |= {"needed": to_text(answer.left_minor, answer.currency)}
        code = "answer_transaction_too_small" if left_minor < answer.left_minor else ""
        return "answer_transaction_own" if own else code, arguments


def _key(answer: Accepted) -> tuple[str, str]:
    kind = answer.target.account_kind if answer.target else ""
    return kind, answer.transaction_id


def _named(answer: Accepted) -> dict[str, str | int]:
    target = answer.target
    account = f"{target.account_kind}:{target.account_no}" if target else ""
    return {"transaction_id": answer.transaction_id, "account": account}


def _placed(decided: Decided, answer: Accepted, issue: Issue) -> Issue:
    """The issue with the sheet and row that the answer stands in."""
    typed = decided.answers[answer.row_id]
    return replace(issue, file=typed.sheet, row=typed.row, receipt=answer.receipt)
