"""Accepted answers become batches: `postings`, `choices` and `links` (DESIGN 7.1).

A row is one leg, in the form of docs/architecture.md, "What a batch row holds".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mmrecon.approval.accepted import Accepted
from mmrecon.approval.proposals import WalletPart
from mmrecon.model.approval import Batch, BatchKind, CanonicalRow, Decision
from mmrecon.model.match import Leg
from mmrecon.model.posting import Purpose

_ACTS: Final[Mapping[Decision, str]] = {
    Decision.APPROVE: "post",
    Decision.DIFFERENT_ACCOUNT: "post",
    Decision.SPLIT: "post",
    Decision.HOLD_UNTIL: "hold",
    Decision.SUSPENSE: "suspense",
    Decision.NOT_OURS: "not_ours",
    Decision.ALREADY_POSTED: "link",
    Decision.DONE_BY_HAND: "by_hand",
    Decision.LEAVE: "by_hand",
}
_ORDER: Final = (BatchKind.POSTINGS, BatchKind.CHOICES, BatchKind.LINKS)

Attempts = Mapping[tuple[str, str, int], int | None]
"""(source, purpose, leg) that was posted before → its next attempt; None while one is live."""


@dataclass(frozen=True, slots=True)
class Server:
    """The Fineract that rows are approved for."""

    tenant: str
    base_url: str
    office_name: str
    office_opened_on: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch and, beside each row, the line and item the store knows it by (never signed)."""

    batch: Batch
    places: Sequence[tuple[int, int | None]]


def prepare(
    accepted: Iterable[Accepted],
    server: Server,
    wallets: Mapping[str, WalletPart],
    attempts: Attempts,
    new_id: Callable[[BatchKind], str],
) -> list[Prepared]:
    """Batches of all accepted answers, at most one of each kind."""
    sorted_out: dict[BatchKind, list[Accepted]] = {}
    for answer in accepted:
        sorted_out.setdefault(_kind(answer), []).append(answer)
    return [
        _batch(new_id(kind), kind, sorted_out[kind], server, wallets, attempts)
        for kind in _ORDER
        if kind in sorted_out
    ]


def source_of(answer: Accepted) -> tuple[str, Purpose]:
    """Whose money an answer occupies: the item's for what settles one, else the line's."""
    of_item = answer.item_key and answer.decision not in _OF_THE_LINE
    return (answer.item_key, Purpose.PAY) if of_item else (answer.line, Purpose.POST)


_OF_THE_LINE: Final = frozenset({Decision.NOT_OURS, Decision.HOLD_UNTIL, Decision.SUSPENSE})


def _kind(answer: Accepted) -> BatchKind:
    if answer.decision is Decision.ALREADY_POSTED:
        return BatchKind.LINKS
    return BatchKind.POSTINGS if answer.unchanged else BatchKind.CHOICES


def _batch(
    batch_id: str,
    kind: BatchKind,
    answers: Sequence[Accepted],
    server: Server,
    wallets: Mapping[str, WalletPart],
    attempts: Attempts,
) -> Prepared:
    rows: list[CanonicalRow] = []
    places: list[tuple[int, int | None]] = []
    totals: dict[str, int] = {}
    for answer in answers:
        for row in _rows(answer, server, wallets[answer.wallet], attempts):
            rows.append(row)
            places.append((answer.line_id, answer.item_id if row["purpose"] == "pay" else None))
        totals[answer.currency] = totals.get(answer.currency, 0) + answer.left_minor
    return Prepared(Batch(batch_id, kind, rows, totals), places)


def _rows(
    answer: Accepted, server: Server, wallet: WalletPart, attempts: Attempts
) -> Iterator[CanonicalRow]:
    row = _common(answer, server, wallet)
    if answer.legs:
        free = _free_legs(str(row["source"]), str(row["purpose"]), attempts)
        for leg in answer.legs:
            number, attempt = next(free)
            yield {**row, **_leg_facts(leg, wallet), "leg": number, "attempt": attempt}
    else:
        yield row


def _common(answer: Accepted, server: Server, wallet: WalletPart) -> dict[str, object]:
    """A row without legs; the `posted_minor` of a link is its whole transaction's amount."""
    source, purpose = source_of(answer)
    waits = answer.decision in (Decision.HOLD_UNTIL, Decision.SUSPENSE)
    target = answer.target
    return {
        "act": _ACTS[answer.decision],
        "decision": answer.decision.value,
        "wallet": [wallet.provider, wallet.account],
        "tenant": server.tenant,
        "server": {
            "base_url": server.base_url,
            "office_name": server.office_name,
            "office_opened_on": server.office_opened_on,
        },
        "source": source,
        "purpose": "" if waits else purpose.value,
        "leg": 0 if waits else 1,
        "attempt": 0,
        "command": "",
        "account_kind": target.account_kind if target else "",
        "account_id": target.account_id if target else None,
        "account_no": target.account_no if target else "",
        "client_id": target.client_id if target else None,
        "amount_minor": answer.left_minor,
        "posted_minor": answer.transaction_minor,
        "currency": answer.currency,
        "value_date": answer.other_value_date or answer.value_date,
        "paid_on": answer.value_date if answer.other_value_date else "",
        "date_reason": answer.date_reason,
        "payment_type_id": None,
        "receipt": answer.receipt,
        "line": answer.line,
        "reason": answer.reason,
        "until": answer.until,
        "transaction_id": answer.transaction_id,
        "paper_reference": answer.paper_reference,
    }


def _leg_facts(leg: Leg, wallet: WalletPart) -> dict[str, object]:
    return {
        "command": leg.command,
        "account_kind": leg.account_kind,
        "account_id": leg.account_id,
        "account_no": leg.account_no,
        "client_id": leg.client_id,
        "amount_minor": leg.amount_minor,
        "posted_minor": leg.posted_minor,
        "payment_type_id": wallet.payment_type_id,
    }


def _free_legs(source: str, purpose: str, attempts: Attempts) -> Iterator[tuple[int, int]]:
    """Leg numbers that no live posting has, each with its next attempt."""
    number = 0
    while True:
        number += 1
        attempt = attempts.get((source, purpose, number), 1)
        if attempt is not None:
            yield number, attempt
