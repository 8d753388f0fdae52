"""Postings in and out: amounts checked where they are created, states by compare-and-set only."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from mmrecon.errors import Defect
from mmrecon.model.approval import CanonicalRow
from mmrecon.model.keys import PostingFacts
from mmrecon.model.posting import (
    DEAD_STATES,
    TRANSITIONS,
    Command,
    Posting,
    PostingState,
    Purpose,
    SentHow,
)
from mmrecon.store import journal
from mmrecon.store.occupied import left_of_items, left_of_lines, left_to_allocate
from mmrecon.store.posting_states import Row, states_now, write_states
from mmrecon.store.schema import BATCH_ROW, EXCHANGE, POSTING

_FEW: Final = 500
_PAYOUTS: Final = frozenset({Command.SAVINGS_WITHDRAWAL, Command.LOAN_DISBURSEMENT})


@dataclass(frozen=True, slots=True)
class ApprovedRow:
    """A signed, not rejected batch row with what the store knows it by.

    `facts` are the row's canonical JSON (docs/architecture.md); line and item are only an index.
    """

    batch_id: str
    row_number: int
    wallet_id: int
    line_id: int | None
    item_id: int | None
    shadow: bool
    facts: CanonicalRow


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that makes no posting; the other rows of its line are refused with it.

    `code` is `no_money_left`, `attempt_not_next`, `amount_not_positive` or `payout_without_item`.
    """

    row_number: int
    code: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change of state to be made, if the posting is still in one of `from_states`."""

    posting_id: int
    from_states: Collection[PostingState]
    to: PostingState
    reason: str = ""
    transaction_id: str = ""
    sent_at_utc: str = ""
    envelope: str = ""
    sent_how: SentHow = SentHow.NOT_YET


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was heard of a posting once; no body, no personal data."""

    posting_id: int
    sent_at_utc: str
    heard_at_utc: str
    idempotency_key: str
    status: int | None
    meaning: str
    code: str
    transaction_id: str


def posting_facts(facts: Mapping[str, Any]) -> PostingFacts:
    """What makes a row's write unique; every key is derived from it.

    A correction is one of a transaction: a store that was put back counts its attempts anew, and
    must not be answered with what an earlier one did to another transaction of the same leg.
    """
    source = str(facts["source"])
    if facts["purpose"] == Purpose.CORRECT:
        source = f"{source} {facts['transaction_id']}"
    return PostingFacts(
        tenant=str(facts["tenant"]),
        command=str(facts["command"]),
        account_kind=str(facts["account_kind"]),
        account_id=int(facts["account_id"]),
        source=source,
        purpose=str(facts["purpose"]),
        leg=int(facts["leg"]),
        posted_minor=int(facts["posted_minor"]),
        value_date=str(facts["value_date"]),
        attempt=int(facts["attempt"]),
    )


def insert_approved(
    connection: Connection, rows: Sequence[ApprovedRow], *, at_utc: str, run_id: str
) -> list[RefusedRow]:
    """Make postings of approved rows whose `act` is `post`, inside the caller's transaction.

    All rows of one line are made or none; a refusal is a value that names the row. No source is
    ever over its amount afterwards, and an attempt is always the one after a dead one.
    """
    money = _MoneyLeft(connection, rows)
    attempts = next_attempts(connection, {str(row.facts["source"]) for row in rows})
    refused: list[RefusedRow] = []
    made: list[ApprovedRow] = []
    for legs in _by_line(rows):
        code = _fault(legs, attempts) or money.take(legs)
        if code:
            refused += [RefusedRow(row.row_number, code) for row in legs]
        else:
            made += legs
    if made:
        connection.execute(insert(POSTING), [_columns(row, at_utc) for row in made])
    _MoneyLeft(connection, made).must_not_be_negative()
    journal.append(connection, map(_made, made), at_utc=at_utc, run_id=run_id)
    return refused


def change_states(
    connection: Connection, changes: Sequence[Change], *, at_utc: str, run_id: str
) -> list[int]:
    """Make changes of state by compare-and-set, each journalled; gives the ids that changed.

    Raises:
        Defect: a change that no posting's life allows.
    """
    for change in changes:
        _check_transition(change)
    if not changes:
        return []
    states = states_now(connection, {change.posting_id for change in changes})
    made = []
    for change in changes:
        seen = states.get(change.posting_id)
        if seen is not None and seen in change.from_states:
            made.append((change, seen))
            states[change.posting_id] = change.to
    write_states(connection, [_values(change, seen, at_utc) for change, seen in made])
    entries = [journal.Entry("posting_state", _told(change)) for change, _ in made]
    journal.append(connection, entries, at_utc=at_utc, run_id=run_id)
    return [change.posting_id for change, _ in made]


def raise_resend(connection: Connection, posting: Posting, *, at_utc: str, run_id: str) -> bool:
    """A fresh key inside the same attempt (DESIGN 7.3; loans only); compare-and-set."""
    if posting.account_kind != "loan":
        raise Defect("only a loan's posting takes a fresh key by itself")
    row_json = connection.execute(
        select(BATCH_ROW.c.row_json).where(
            BATCH_ROW.c.batch_id == posting.batch_id, BATCH_ROW.c.row_number == posting.batch_row
        )
    ).scalar_one()
    key = posting_facts(json.loads(row_json)).idempotency_key(posting.resend + 1)
    statement = (
        update(POSTING)
        .where(POSTING.c.posting_id == posting.posting_id, POSTING.c.resend == posting.resend)
        .values(resend=posting.resend + 1, idempotency_key=key, changed_at_utc=at_utc)
    )
    if connection.execute(statement).rowcount != 1:
        return False
    payload = {"posting_id": posting.posting_id, "resend": posting.resend + 1}
    entry = journal.Entry("posting_resend", payload)
    journal.append(connection, [entry], at_utc=at_utc, run_id=run_id)
    return True


def renumber(
    connection: Connection, numbers: Mapping[int, tuple[str, str]], *, at_utc: str, run_id: str
) -> None:
    """Transactions that Fineract replayed under other ids: (before, now) by posting; journalled.

    The external id is what a loan's posting is known by (fineract-api.md 3.2); the number is what
    journal entries name.
    """
    entries = []
    for posting_id, (before, now) in numbers.items():  # few: a backdated payment or an undo
        statement = update(POSTING).where(
            POSTING.c.posting_id == posting_id, POSTING.c.transaction_id == before
        )
        if connection.execute(statement.values(transaction_id=now)).rowcount == 1:
            payload = {"posting_id": posting_id, "transaction_id": now, "before": before}
            entries.append(journal.Entry("posting_renumbered", payload))
    journal.append(connection, entries, at_utc=at_utc, run_id=run_id)


def record_exchanges(connection: Connection, exchanges: Sequence[Exchange]) -> None:
    """Keep what was heard."""
    if exchanges:
        connection.execute(
            _KEEP, [dict(zip(_HEARD, _heard(one), strict=True)) for one in exchanges]
        )


_KEEP: Final = insert(EXCHANGE)
_HEARD: Final = tuple(field.name for field in fields(Exchange))
_heard: Final = attrgetter(*_HEARD)


def _by_line(rows: Sequence[ApprovedRow]) -> list[list[ApprovedRow]]:
    groups: dict[str, list[ApprovedRow]] = {}
    for row in rows:
        if row.facts["act"] == "post":
            groups.setdefault(str(row.facts["line"] or row.facts["source"]), []).append(row)
    return list(groups.values())


_Leg = tuple[str, str, int]
_Account = tuple[str, str]


def next_attempts(connection: Connection, sources: Collection[str]) -> dict[_Leg, int | None]:
    """Next attempt by (source, purpose, leg), of all that was ever posted of some sources.

    It is None while the last attempt is still live; a leg that is not there begins with 1.
    """
    names = ("source", "purpose", "leg", "attempt", "state")
    query = select(*(POSTING.c[name] for name in names)).order_by(POSTING.c.attempt)
    if len(sources) <= _FEW:
        query = query.where(POSTING.c.source.in_(list(sources)))
    found: dict[_Leg, int | None] = {}
    for row in connection.execute(query):
        dead = PostingState(row.state) in DEAD_STATES
        found[row.source, row.purpose, row.leg] = row.attempt + 1 if dead else None
    return found


def _fault(legs: Sequence[ApprovedRow], attempts: Mapping[_Leg, int | None]) -> str:
    if any(_integer(leg, "amount_minor") <= 0 for leg in legs):
        return "amount_not_positive"
    if any(_integer(leg, "posted_minor") <= 0 for leg in legs):
        return "amount_not_positive"
    if any(leg.facts["command"] in _PAYOUTS and not _pays_an_item(leg) for leg in legs):
        return "payout_without_item"
    for leg in legs:
        key = (str(leg.facts["source"]), str(leg.facts["purpose"]), _integer(leg, "leg"))
        if attempts.get(key, 1) != leg.facts["attempt"]:
            return "attempt_not_next"
    return ""


def _pays_an_item(leg: ApprovedRow) -> bool:
    """The source of every withdrawal and disbursement is the item, never the line (DESIGN 5)."""
    of_line = leg.facts["source"] == leg.facts["line"]
    return leg.item_id is not None and leg.facts["purpose"] == Purpose.PAY and not of_line


class _MoneyLeft:
    """What is left of the lines, items and parked money that some rows draw on."""

    def __init__(self, connection: Connection, rows: Sequence[ApprovedRow]) -> None:
        lines = {row.line_id for row in rows if row.line_id is not None}
        items = {row.item_id for row in rows if row.item_id is not None}
        parked = {
            str(row.facts["source"]) for row in rows if row.facts["purpose"] == Purpose.ALLOCATE
        }
        lines_left = left_of_lines(connection, sorted(lines)).to_dict()
        items_left = left_of_items(connection, sorted(items)).to_dict()
        self._left: dict[_Account, int] = {
            **{("line", str(line_id)): left for line_id, left in lines_left.items()},
            **{("item", str(item_id)): left for item_id, left in items_left.items()},
            **{("park", source): left_to_allocate(connection, source) for source in parked},
        }

    def take(self, legs: Sequence[ApprovedRow]) -> str:
        """Occupy the money of all legs; the code that refuses them when it does not suffice."""
        after: dict[_Account, int] = {}
        for leg in legs:
            for account in _draws_on(leg):
                left = after.get(account, self._left.get(account, 0))
                after[account] = left - _integer(leg, "amount_minor")
        if any(left < 0 for left in after.values()):
            return "no_money_left"
        self._left.update(after)
        return ""

    def must_not_be_negative(self) -> None:
        """The same sums once more, after the rows were put in.

        Raises:
            Defect: the store would hold more than there is.
        """
        if any(left < 0 for left in self._left.values()):
            raise Defect("postings would exceed the amount of their line or item")


def _draws_on(leg: ApprovedRow) -> list[_Account]:
    """What a leg takes money from: its line, the item it pays, or the money parked before."""
    purpose = Purpose(str(leg.facts["purpose"]))
    if purpose is Purpose.ALLOCATE:
        return [("park", str(leg.facts["source"]))]
    drawn: list[_Account] = []
    if purpose in {Purpose.POST, Purpose.PARK, Purpose.PAY} and leg.line_id is not None:
        drawn.append(("line", str(leg.line_id)))
    if purpose is Purpose.PAY and leg.item_id is not None:
        drawn.append(("item", str(leg.item_id)))
    return drawn


def _columns(row: ApprovedRow, at_utc: str) -> dict[str, Any]:
    facts = row.facts
    unique = posting_facts(facts)
    copied = (
        "source", "purpose", "leg", "attempt", "command", "account_kind", "account_id",
        "account_no", "client_id", "amount_minor", "posted_minor", "currency", "value_date",
        "payment_type_id", "receipt",
    )  # fmt: skip
    return {name: facts[name] for name in copied} | {
        "paid_on": facts.get("paid_on") or "",
        "date_reason": facts.get("date_reason") or "",
        "batch_id": row.batch_id,
        "batch_row": row.row_number,
        "wallet_id": row.wallet_id,
        "line_id": row.line_id,
        "item_id": row.item_id,
        "resend": 0,
        "idempotency_key": unique.idempotency_key(0),
        "external_id": unique.external_id() if facts["account_kind"] == "loan" else "",
        "shadow": row.shadow,
        "state": PostingState.APPROVED.value,
        "approved_at_utc": at_utc,
        "changed_at_utc": at_utc,
    }


def _integer(row: ApprovedRow, name: str) -> int:
    value = row.facts[name]
    if not isinstance(value, int):
        raise Defect(f"a batch row's {name} is no integer")
    return value


def _made(row: ApprovedRow) -> journal.Entry:
    payload = {
        "batch_id": row.batch_id,
        "row": row.row_number,
        "to": PostingState.APPROVED.value,
        "amount_minor": row.facts["amount_minor"],
    }
    return journal.Entry("posting_made", payload)


def _told(change: Change) -> dict[str, object]:
    return {
        "posting_id": change.posting_id,
        "to": change.to.value,
        "reason": change.reason,
        "transaction_id": change.transaction_id,
    }


def _check_transition(change: Change) -> None:
    for state in change.from_states:
        if change.to not in TRANSITIONS[state]:
            raise Defect(f"no posting goes from {state} to {change.to}")


_OPTIONAL: Final = ("transaction_id", "sent_at_utc", "envelope", "sent_how")
"""Columns that a change sets only where it has something for them."""


def _values(change: Change, seen: PostingState, at_utc: str) -> Row:
    given = {name: str(value) for name in _OPTIONAL if (value := getattr(change, name))}
    return Row(
        change.posting_id,
        seen,
        given | {"state": change.to.value, "reason": change.reason, "changed_at_utc": at_utc},
    )
