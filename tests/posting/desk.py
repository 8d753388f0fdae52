"""A store with a wallet, lines and approved postings, as after an approval."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from mmrecon.config import PostingLimits
from mmrecon.fineract.client import FineractClient
from mmrecon.model.clock import system_clock
from mmrecon.model.keys import canonical_json, line_source
from mmrecon.model.posting import Command, Posting, PostingState
from mmrecon.posting.context import PostingContext
from mmrecon.posting.plan import make_plan
from mmrecon.posting.workers import recover, send_all
from mmrecon.store import journal
from mmrecon.store.database import reading, transaction
from mmrecon.store.occupied import left_of_items, left_of_lines
from mmrecon.store.posting_lines import PostedLine, lines_of
from mmrecon.store.posting_reads import postings_in
from mmrecon.store.postings import ApprovedRow, insert_approved
from mmrecon.store.review_reasons import open_reasons
from mmrecon.store.schema import BATCH, BATCH_ROW, EXCHANGE, ITEM, LINE, POSTING, WALLET
from tests.posting.branch import Account, Branch, days_ago

RUN = "run-1"
_COMMANDS = {
    "deposit": Command.SAVINGS_DEPOSIT,
    "withdrawal": Command.SAVINGS_WITHDRAWAL,
    "repayment": Command.LOAN_REPAYMENT,
    "disbursement": Command.LOAN_DISBURSEMENT,
}


@dataclass(frozen=True)
class Leg:
    account: Account
    minor: int
    what: str = "deposit"


@dataclass
class Desk:
    """Approves lines; each `approve` is one batch of one line."""

    engine: Engine
    branch: Branch
    waits: list[float] = field(default_factory=list)
    limits: PostingLimits = field(default_factory=PostingLimits)
    lines: int = 0
    mark: str = field(default_factory=lambda: secrets.token_hex(3).upper())

    def open(self) -> None:
        with transaction(self.engine) as connection:
            wallet = {"wallet_id": 1, "provider": "mpesa_ke", "account": "600100"}
            connection.execute(
                insert(WALLET),
                wallet | {"name": "pay", "currency": "KES", "zone": "Africa/Nairobi"},
            )

    def line(self, amount_minor: int, *, sign: int = 1, day: str = "", **changes: Any) -> int:
        self.lines += 1
        facts = {
            "line_id": self.lines, "wallet_id": 1, "receipt": f"SKL{self.lines:03d}{self.mark}",
            "sign": sign, "amount_minor": amount_minor, "currency": "KES", "n": 1, "generation": 0,
            "repeats": 1, "line_class": "collection" if sign > 0 else "payout",
            "completed_at_utc_s": self.lines, "value_date": day or days_ago(1),
            "first_statement_id": 1, "first_row": self.lines,
        }  # fmt: skip
        with transaction(self.engine) as connection:
            connection.execute(insert(LINE), facts | changes)
        return self.lines

    def receipt(self, line_id: int) -> str:
        with reading(self.engine) as connection:
            return lines_of(connection, [line_id])[line_id].receipt

    def approve(
        self,
        line_id: int,
        *legs: Leg,
        kind: str = "postings",
        attempt: int = 1,
        first_leg: int = 1,
    ) -> str:
        with transaction(self.engine) as connection:
            line = lines_of(connection, [line_id])[line_id]
            batch_id = f"{kind}-{line_id}-{attempt}"
            source = line_source(
                "mpesa_ke", "600100", "", line.receipt, line.sign, line.amount_minor, 1, 0
            )
            item_id = None if line.sign > 0 else _asked_for(connection, line_id, legs[0])
            facts = [
                self._facts(line, source, leg, number, attempt) | _of_item(item_id)
                for number, leg in enumerate(legs, first_leg)
            ]
            connection.execute(
                insert(BATCH),
                {"batch_id": batch_id, "kind": kind, "state": "approved", "row_count": len(legs)},
            )
            for number, row in enumerate(facts, 1):
                stored: dict[str, Any] = {"batch_id": batch_id, "row_number": number}
                stored |= {"line_id": line_id, "item_id": item_id}
                connection.execute(insert(BATCH_ROW), stored | {"row_json": canonical_json(row)})
            rows = [
                ApprovedRow(batch_id, number, 1, line_id, item_id, shadow=False, facts=row)
                for number, row in enumerate(facts, 1)
            ]
            context = self.context()
            refused = insert_approved(connection, rows, at_utc=context.at_utc(), run_id=RUN)
        assert refused == []
        return batch_id

    def deposit(self, account: Account, minor: int) -> int:
        """One line of one deposit, approved."""
        line_id = self.line(minor)
        self.approve(line_id, Leg(account, minor))
        return line_id

    def context(self, **changes: Any) -> PostingContext:
        settings: dict[str, Any] = {"wait": self.waits.append} | changes
        return PostingContext(self.engine, system_clock, RUN, self.limits, **settings)

    def run(self, context: PostingContext | None = None, **plan: Any) -> PostingContext:
        """Recovery, then everything that is approved, as `post` does it."""
        context = context or self.context()
        run_posting(context, plan.get("client", self.branch.client), plan.get("loose", ()))
        return context

    def _facts(
        self, line: PostedLine, source: str, leg: Leg, number: int, attempt: int
    ) -> dict[str, Any]:
        return {
            "act": "post", "decision": "approve", "wallet": ["mpesa_ke", "600100"],
            "tenant": "default", "source": source, "purpose": "post", "leg": number,
            "attempt": attempt, "command": _COMMANDS[leg.what].value,
            "account_kind": leg.account.kind, "account_id": leg.account.account_id,
            "account_no": leg.account.account_no, "client_id": leg.account.client_id,
            "amount_minor": leg.minor, "posted_minor": leg.minor, "currency": "KES",
            "value_date": line.value_date, "payment_type_id": self.branch.payment_type_id,
            "receipt": line.receipt, "line": source, "reason": "", "until": "",
            "transaction_id": "", "paper_reference": "",
            "server": {
                "base_url": self.branch.server.base_url, "office_name": "Head Office",
                "office_opened_on": "2009-01-01",
            },
        }  # fmt: skip

    def postings(self) -> list[Posting]:
        with reading(self.engine) as connection:
            return postings_in(connection, list(PostingState))

    def states(self) -> list[str]:
        return [posting.state.value for posting in self.postings()]

    def reasons(self, line_id: int) -> list[str]:
        with reading(self.engine) as connection:
            return [reason.code for reason in open_reasons(connection, [line_id])]

    def left(self, line_id: int) -> int:
        """What is left of a line."""
        with reading(self.engine) as connection:
            return int(left_of_lines(connection, [line_id])[line_id])

    def left_of_item(self, item_id: int) -> int:
        """What is left of an item."""
        with reading(self.engine) as connection:
            return int(left_of_items(connection, [item_id])[item_id])

    def set_state(self, line_id: int, state: str) -> None:
        """As an earlier run left it."""
        with transaction(self.engine) as connection:
            connection.execute(
                update(POSTING).where(POSTING.c.line_id == line_id).values(state=state)
            )

    def heard(self) -> list[str]:
        with reading(self.engine) as connection:
            query = select(EXCHANGE.c.meaning).order_by(EXCHANGE.c.exchange_id)
            return list(connection.execute(query).scalars())

    def check_oracles(self, *accounts: Account) -> None:
        """Ledger = approved and posted, exactly once; no key twice; the journal's chain holds."""
        with reading(self.engine) as connection:
            keys = select(func.count(), func.count(POSTING.c.idempotency_key.distinct()))
            count, distinct = connection.execute(keys.select_from(POSTING)).one()
            assert count == distinct
            journal.verify(connection)
        posted = [p for p in self.postings() if p.state in {"posted", "verified"}]
        for account in accounts:
            mine = [p for p in posted if p.account_id == account.account_id]
            mine = [p for p in mine if p.account_kind == account.kind]
            ours = [row for row in self.branch.ledger(account) if row.receipt.startswith("SKL")]
            standing = [row for row in ours if not row.reversed]
            assert sorted(int(row.amount * 100) for row in standing) == sorted(
                posting.posted_minor for posting in mine
            )
            assert {str(row.transaction_id) for row in standing} == {
                posting.transaction_id for posting in mine
            }


def _asked_for(connection: Connection, line_id: int, leg: Leg) -> int:
    """The item that a payout line settles; there from its first approval on."""
    known = connection.execute(select(ITEM.c.item_id).where(ITEM.c.item_id == line_id)).first()
    if known is None:
        facts = {
            "item_id": line_id, "item_key": f"item-{line_id}", "state": "open",
            "account_kind": leg.account.kind, "account_id": leg.account.account_id,
            "amount_minor": leg.minor, "posted_minor": leg.minor, "currency": "KES",
        }  # fmt: skip
        connection.execute(insert(ITEM), facts)
    return line_id


def _of_item(item_id: int | None) -> dict[str, Any]:
    return {} if item_id is None else {"source": f"item-{item_id}", "purpose": "pay"}


def run_posting(
    context: PostingContext, client: FineractClient, loose: Collection[Command] = ()
) -> None:
    """Recovery, then everything that is approved, as `post` does it."""
    recover(context, client)
    with reading(context.engine) as connection:
        due = postings_in(connection, [PostingState.APPROVED, PostingState.DEFERRED])
        lines = lines_of(connection, {posting.line_id or 0 for posting in due})
    completed_at = {line_id: line.completed_at_utc_s for line_id, line in lines.items()}
    send_all(context, client.another, make_plan(due, completed_at, context.limits, loose))
