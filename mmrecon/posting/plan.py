"""Which postings go together: whole lines in enclosing batches, each account in one worker.

DESIGN 7.3; fineract/measured.md a, c: 10 savings or 5 with a loan, no account in two calls at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from mmrecon.config import PostingLimits
from mmrecon.model.posting import Command, Posting, SentHow

Account = tuple[str, int]

_LOOK_BACK: Final = 50
"""A line goes at most so many envelopes before the newest one."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Postings that are sent in one call; whole lines, unless the call is loose."""

    postings: tuple[Posting, ...]
    sent_how: SentHow


@dataclass(frozen=True, slots=True)
class Plan:
    """One queue of envelopes for each worker, and lines that have too many legs to be sent."""

    queues: tuple[tuple[Envelope, ...], ...]
    too_long: tuple[Posting, ...] = ()

    def count(self) -> int:
        """How many postings the plan sends."""
        return sum(len(one.postings) for queue in self.queues for one in queue)


def account_of(posting: Posting) -> Account:
    """The account a posting goes to: kind and id together."""
    return posting.account_kind, posting.account_id


def line_of(posting: Posting) -> str:
    """What a posting's siblings share: the line it belongs to, else its source."""
    return f"line {posting.line_id}" if posting.line_id is not None else posting.source


def make_plan(
    postings: Sequence[Posting],
    completed_at: Mapping[int, int],
    limits: PostingLimits,
    loose: Collection[Command] = (),
) -> Plan:
    """Envelopes in the order they are to be sent; `completed_at` is epoch seconds by line_id.

    Commands in `loose` need a second person inside Fineract: their lines go item by item.
    """
    lines = _lines(postings, completed_at)
    fitting = [line for line in lines if len(line) <= limits.legs_per_line]
    queues: list[list[list[Posting]]] = [[] for _ in range(limits.workers)]
    for component in sorted(_components(fitting), key=len, reverse=True):
        min(queues, key=len).extend(component)
    order = {line_of(line[0]): place for place, line in enumerate(lines)}
    for queue in queues:
        queue.sort(key=lambda line: order[line_of(line[0])])
    return Plan(
        tuple(_envelopes(queue, limits, loose) for queue in queues if queue),
        tuple(leg for line in lines if len(line) > limits.legs_per_line for leg in line),
    )


def _lines(postings: Sequence[Posting], completed_at: Mapping[int, int]) -> list[list[Posting]]:
    """Legs by line, oldest line first."""
    lines: dict[str, list[Posting]] = {}
    for posting in postings:
        lines.setdefault(line_of(posting), []).append(posting)
    return sorted(
        (sorted(legs, key=lambda leg: (leg.source, leg.leg)) for legs in lines.values()),
        key=lambda legs: (completed_at.get(legs[0].line_id or 0, 0), legs[0].posting_id),
    )


def _components(lines: Sequence[list[Posting]]) -> list[list[list[Posting]]]:
    """Lines that share an account, however indirectly, stay together."""
    parent: dict[Account, Account] = {}

    def root(account: Account) -> Account:
        while parent.setdefault(account, account) != account:
            parent[account] = parent[parent[account]]
            account = parent[account]
        return account

    for line in lines:
        for leg in line[1:]:
            parent[root(account_of(leg))] = root(account_of(line[0]))
    components: dict[Account, list[list[Posting]]] = {}
    for line in lines:
        components.setdefault(root(account_of(line[0])), []).append(line)
    return list(components.values())


@dataclass(slots=True)
class _Open:
    """An envelope that is being filled."""

    limits: PostingLimits
    sent_how: SentHow
    postings: list[Posting] = field(default_factory=list)

    def takes(self, line: Sequence[Posting]) -> bool:
        together = [*self.postings, *line]
        has_loan = any(posting.account_kind == "loan" for posting in together)
        size = self.limits.loan_batch_size if has_loan else self.limits.savings_batch_size
        return self.sent_how is SentHow.CLOSED and len(together) <= size


def _envelopes(
    lines: Iterable[list[Posting]], limits: PostingLimits, loose: Collection[Command]
) -> tuple[Envelope, ...]:
    """First envelope with room after the last one that holds any of the line's accounts."""
    filled: list[_Open] = []
    last_of_account: dict[Account, int] = {}
    for line in lines:
        accounts = {account_of(leg) for leg in line}
        earliest = max((last_of_account.get(account, -1) + 1 for account in accounts), default=0)
        if any(leg.command in loose for leg in line):
            filled += [_Open(limits, SentHow.LOOSE, [leg]) for leg in line]
            place = len(filled) - 1
        else:
            place = _place(filled, line, max(earliest, len(filled) - _LOOK_BACK), limits)
            filled[place].postings.extend(line)
        last_of_account.update(dict.fromkeys(accounts, place))
    return tuple(Envelope(tuple(one.postings), one.sent_how) for one in filled)


def _place(
    filled: list[_Open], line: Sequence[Posting], earliest: int, limits: PostingLimits
) -> int:
    for place in range(earliest, len(filled)):
        if filled[place].takes(line):
            return place
    filled.append(_Open(limits, SentHow.CLOSED))
    return len(filled) - 1
