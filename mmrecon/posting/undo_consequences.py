"""What taking postings back does to their accounts, and why it cannot be done: pure.

Facts: fineract-api.md 3.2 (replay), 4.2 and 5.1 (refusals), 4.4 and 5.3 (closed books).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from mmrecon.fineract.contract_reads import ACTIVE, APPROVED, Transaction
from mmrecon.fineract.contract_undo import Entry, History, is_batchable
from mmrecon.model.money import to_text
from mmrecon.model.posting import Command, Posting, Purpose
from mmrecon.model.undo import Consequence
from mmrecon.posting.look_up import Sight, is_same
from mmrecon.posting.plan import Account, account_of
from mmrecon.posting.recovery import Shown

_CLOSED: Final = 600
_OVERPAID: Final = 700
_NOT_PAID_OUT: Final = frozenset({APPROVED, 100, 400, 500})
_REPAYABLE: Final = frozenset({ACTIVE, _CLOSED, _OVERPAID})
_CHANGES_THE_LOAN: Final = frozenset({6, 16, 18, 20, 27, 29, 30})
"""Write-off, refunds, charge-off, re-age, re-amortise (fineract-api.md 5.1)."""
_OF_THE_DISBURSEMENT: Final = frozenset({1, 5, 10})
_FEE: Final = 4


@dataclass(frozen=True, slots=True)
class Books:
    """Up to which day the books of a transaction's office are closed; `seen`: it could be read."""

    closing: date | None = None
    seen: bool = True


@dataclass(frozen=True, slots=True)
class Looked:
    """One posting, its transaction as it is numbered now, and what taking it back does."""

    posting: Posting
    transaction_id: str
    consequences: tuple[Consequence, ...]

    @property
    def possible(self) -> bool:
        """Whether nothing stands against it."""
        return not any(one.blocks for one in self.consequences)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read: accounts, and the closed books of each posting by its id."""

    histories: Mapping[Account, History | None]
    books: Mapping[int, Books] = field(default_factory=dict)


def look_at(lines: Sequence[Sequence[Posting]], seen: Seen) -> list[Looked]:
    """What becomes of each posting when lines are taken back in this order, whole or not at all."""
    gone: dict[Account, set[str]] = {}
    looked: list[Looked] = []
    for legs in lines:
        going = {account: set(ids) for account, ids in gone.items()}
        of_line = [_look(leg, legs, seen, going) for leg in legs]
        if all(one.possible for one in of_line):
            gone = going
        else:
            of_line = [_with_sibling(one) for one in of_line]
        looked += of_line
    return looked


def sight_of(posting: Posting, history: History | None) -> Sight:
    """Whether a posting stands, as it was posted; a loan's by external id."""
    if history is None:
        return Sight(Shown.ABSENT)
    standing = (entry.payment for entry in history.entries if entry.payment is not None)
    there = next((one for one in standing if _is_it(posting, one)), None)
    if there is not None:
        shown = Shown.THERE if is_same(posting, there) else Shown.ELSEWHERE
        return Sight(shown, there.transaction_id)
    if any(_is_it(posting, one) for one in history.reversed_payments):
        return Sight(Shown.REVERSED)
    disbursal = posting.command is Command.LOAN_DISBURSEMENT
    unsaid = disbursal and history.facts.status in _NOT_PAID_OUT
    return Sight(Shown.REVERSED if unsaid else Shown.ABSENT)


def account_name(posting: Posting) -> str:
    """The account as a person is told it."""
    return f"{posting.account_kind} {posting.account_no}"


def _is_it(posting: Posting, transaction: Transaction) -> bool:
    if posting.account_kind == "loan":
        return transaction.external_id == posting.external_id
    return transaction.transaction_id == posting.transaction_id


def _look(
    posting: Posting, legs: Sequence[Posting], seen: Seen, going: dict[Account, set[str]]
) -> Looked:
    """One leg; its transaction joins those that are `going` on its account."""
    history = seen.histories.get(account_of(posting))
    sight = sight_of(posting, history)
    code = _NOT_THERE.get(sight.shown, "")
    if code or history is None:
        arguments: dict[str, str | int] = {"leg": posting.leg, "account": account_name(posting)}
        return Looked(posting, sight.transaction_id, (Consequence(code, arguments),))
    before = frozenset(going.get(account_of(posting), ()))
    found = [*_of_line(posting, legs), *_of_books(posting, seen.books.get(posting.posting_id))]
    by_command = {
        Command.LOAN_REPAYMENT: _of_repayment,
        Command.LOAN_DISBURSEMENT: _of_disbursement,
    }
    of_account = by_command.get(posting.command, _of_savings)
    found += of_account(posting, history, sight.transaction_id, before)
    going.setdefault(account_of(posting), set()).add(sight.transaction_id)
    return Looked(posting, sight.transaction_id, tuple(found))


_NOT_THERE: Final[Mapping[Shown, str]] = {
    Shown.ABSENT: "undo_not_found",
    Shown.ELSEWHERE: "undo_differs",
    Shown.REVERSED: "undo_reversed_already",
}


def _of_line(posting: Posting, legs: Sequence[Posting]) -> Iterator[Consequence]:
    if len(legs) > 1 and not all(is_batchable(leg) for leg in legs):
        yield Consequence("undo_not_with_legs")
    if posting.purpose is Purpose.PAY and posting.command is Command.SAVINGS_WITHDRAWAL:
        yield Consequence("undo_request_reopens", {"account": account_name(posting)})


def _of_books(posting: Posting, books: Books | None) -> Iterator[Consequence]:
    if books is None:
        return
    if not books.seen:
        yield Consequence("undo_closure_unseen", {"day": posting.value_date})
    elif books.closing is not None and posting.value_date <= books.closing.isoformat():
        arguments = {
            "account": account_name(posting),
            "closing": books.closing.isoformat(),
            "day": posting.value_date,
        }
        yield Consequence("undo_period_closed", arguments)


def _of_savings(
    posting: Posting, history: History, transaction_id: str, gone: Collection[str]
) -> Iterator[Consequence]:
    if history.facts.status != ACTIVE:
        yield _not_open(posting, history)
        return
    taken = {*gone, transaction_id}
    fee = next((one for one in history.entries if _is_fee_of(one, transaction_id)), None)
    if fee is not None:
        taken.add(fee.transaction_id)
        yield _told("undo_fee_too", posting, fee)
    short_minor = history.floor_minor - _lowest(history, taken, transaction_id)
    if short_minor > 0 and posting.command is Command.SAVINGS_DEPOSIT:
        arguments = {
            "account": account_name(posting),
            "amount": to_text(posting.posted_minor, posting.currency),
            "short": to_text(short_minor, posting.currency),
        }
        yield Consequence("undo_money_spent", arguments)


def _is_fee_of(entry: Entry, transaction_id: str) -> bool:
    """A withdrawal's fee is the next row, and is undone with it (fineract-api.md 4.2)."""
    return entry.type_id == _FEE and int(entry.transaction_id) == int(transaction_id) + 1


def _lowest(history: History, taken: Collection[str], transaction_id: str) -> int:
    """The lowest balance from the transaction on, without those that are taken back."""
    balance_minor, lowest_minor = 0, None
    for entry in history.entries:
        since = lowest_minor is not None or entry.transaction_id == transaction_id
        if entry.transaction_id not in taken:
            balance_minor += entry.moved_minor
        if since:
            lowest_minor = min(
                balance_minor, balance_minor if lowest_minor is None else lowest_minor
            )
    return balance_minor if lowest_minor is None else lowest_minor


def _of_repayment(
    posting: Posting, history: History, transaction_id: str, gone: Collection[str]
) -> Iterator[Consequence]:
    if history.facts.status not in _REPAYABLE:
        yield _not_open(posting, history)
        return
    later = _later(history, transaction_id, gone)
    if any(entry.type_id in _CHANGES_THE_LOAN for entry in later):
        yield Consequence("undo_refunded_since", {"account": account_name(posting)})
    code = "undo_replays" if history.with_interest else "undo_recomputes"
    for entry in later:
        if entry.payment is not None and entry.payment.sign > 0:
            yield _told(code, posting, entry)
    gone_minor = sum(one.amount_minor for one in history.entries if one.transaction_id in gone)
    closed = history.facts.status in {_CLOSED, _OVERPAID}
    if closed and posting.posted_minor > history.overpaid_minor - gone_minor:
        yield Consequence("undo_reopens", {"account": account_name(posting)})


def _of_disbursement(
    posting: Posting, history: History, transaction_id: str, gone: Collection[str]
) -> Iterator[Consequence]:
    if history.facts.status != ACTIVE:
        yield _not_open(posting, history)
        return
    arguments: dict[str, str | int] = {"account": account_name(posting)}
    others = [one for one in history.entries if one.transaction_id not in {*gone, transaction_id}]
    if any(one.type_id == 1 for one in others):
        yield Consequence("undo_several_tranches", arguments)
    count = sum(one.type_id not in _OF_THE_DISBURSEMENT for one in others)
    if count:
        yield Consequence("undo_repaid_since", arguments | {"count": count})
    yield Consequence("undo_unsays_disbursal", arguments)


def _later(history: History, transaction_id: str, gone: Collection[str]) -> list[Entry]:
    ids = [entry.transaction_id for entry in history.entries]
    after = history.entries[ids.index(transaction_id) + 1 :]
    return [entry for entry in after if entry.transaction_id not in gone]


def _not_open(posting: Posting, history: History) -> Consequence:
    status = history.facts.status
    arguments: dict[str, str | int] = {"account": account_name(posting), "status": status}
    return Consequence("undo_account_not_open", arguments)


def _told(code: str, posting: Posting, entry: Entry) -> Consequence:
    amount = to_text(entry.amount_minor, posting.currency)
    arguments = {"account": account_name(posting), "amount": amount, "day": entry.day.isoformat()}
    return Consequence(code, arguments)


def _with_sibling(one: Looked) -> Looked:
    if not one.possible:
        return one
    sibling = Consequence("undo_sibling")
    return Looked(one.posting, one.transaction_id, (*one.consequences, sibling))
