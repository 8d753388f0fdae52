from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mmrecon.approval.accepted import Accepted, Target
from mmrecon.approval.batches import Attempts, Prepared, Server, prepare
from mmrecon.model.approval import BatchKind, Decision
from mmrecon.model.keys import request_source
from tests.approval import morning

SERVER = Server("default", "https://fineract.example/api", "Head Office", "2009-01-01")
LINE = '["line","mpesa","600000","","RCP0000001",1,150000,1,0]'
ITEM = request_source("Head Office", "WR-1")
ANSWER = Accepted(
    row_id="R000001", line_id=1, wallet="mpesa-main", decision=Decision.APPROVE, unchanged=True,
    line=LINE, item_id=None, item_key="", currency="KES", value_date="2026-03-02",
    receipt="RCP0000001", sign=1, left_minor=150_000,
    legs=(morning.leg(1, "savings", 11, 150_000),),
)  # fmt: skip


def made(*answers: Accepted, attempts: Attempts | None = None) -> dict[BatchKind, Prepared]:
    wallets = {wallet.name: wallet for wallet in morning.WALLETS}
    batches = prepare(answers, SERVER, wallets, attempts or {}, lambda kind: f"{kind.value}-1")
    return {prepared.batch.kind: prepared for prepared in batches}


def only_row(kind: BatchKind, *answers: Accepted) -> Mapping[str, Any]:
    (row,) = made(*answers)[kind].batch.rows
    return row


def decided(decision: Decision, **facts: Any) -> Accepted:
    return replace(ANSWER, decision=decision, unchanged=False, legs=(), **facts)


def test_a_row_of_postings_holds_everything_that_will_be_sent() -> None:
    assert only_row(BatchKind.POSTINGS, ANSWER) == {
        "act": "post",
        "decision": "approve",
        "wallet": ["mpesa", "600000"],
        "tenant": "default",
        "server": {
            "base_url": "https://fineract.example/api",
            "office_name": "Head Office",
            "office_opened_on": "2009-01-01",
        },
        "source": LINE,
        "purpose": "post",
        "leg": 1,
        "attempt": 1,
        "command": "savings_deposit",
        "account_kind": "savings",
        "account_id": 11,
        "account_no": "000000011",
        "client_id": 1,
        "amount_minor": 150_000,
        "posted_minor": 150_000,
        "currency": "KES",
        "value_date": "2026-03-02",
        "payment_type_id": 7,
        "receipt": "RCP0000001",
        "line": LINE,
        "reason": "",
        "until": "",
        "transaction_id": "",
        "paper_reference": "",
        "paid_on": "",
        "date_reason": "",
    }


def test_ready_rows_unchanged_are_postings_every_other_answer_is_a_choice() -> None:
    batches = made(
        ANSWER,
        replace(ANSWER, unchanged=False),
        decided(Decision.HOLD_UNTIL, until="2026-03-09"),
        decided(Decision.SUSPENSE),
        decided(Decision.NOT_OURS),
        decided(Decision.DONE_BY_HAND, paper_reference="JV 17"),
        decided(Decision.ALREADY_POSTED, transaction_id="4711"),
    )
    counts = {kind: len(prepared.batch.rows) for kind, prepared in batches.items()}
    assert counts == {BatchKind.POSTINGS: 1, BatchKind.CHOICES: 5, BatchKind.LINKS: 1}
    acts = [row["act"] for row in batches[BatchKind.CHOICES].batch.rows]
    assert acts == ["post", "hold", "suspense", "not_ours", "by_hand"]


def test_totals_are_what_the_lines_have_left_per_currency() -> None:
    uganda = replace(ANSWER, wallet="mtn-uganda", currency="UGX", left_minor=50_000)
    batch = made(ANSWER, ANSWER, uganda)[BatchKind.POSTINGS].batch
    assert batch.totals == {"KES": 300_000, "UGX": 50_000}


def test_each_leg_is_a_row_and_they_share_their_line() -> None:
    legs = (morning.leg(1, "loan", 12, 100_000), morning.leg(2, "savings", 11, 50_000))
    prepared = made(replace(ANSWER, legs=legs))[BatchKind.POSTINGS]
    rows = prepared.batch.rows
    assert [(row["leg"], row["command"], row["amount_minor"]) for row in rows] == [
        (1, "loan_repayment", 100_000),
        (2, "savings_deposit", 50_000),
    ]
    assert {row["line"] for row in rows} == {LINE}
    assert prepared.places == [(1, None), (1, None)]


def test_a_payout_that_settles_an_item_pays_the_item() -> None:
    prepared = made(replace(ANSWER, item_id=4, item_key=ITEM))[BatchKind.POSTINGS]
    (row,) = prepared.batch.rows
    assert (row["source"], row["purpose"], row["line"]) == (ITEM, "pay", LINE)
    assert prepared.places == [(1, 4)]


def test_what_is_said_of_the_line_leaves_its_item_alone() -> None:
    facts: dict[str, Any] = {"item_id": 4, "item_key": ITEM}
    for decision in (Decision.NOT_OURS, Decision.SUSPENSE, Decision.HOLD_UNTIL):
        prepared = made(decided(decision, **facts))[BatchKind.CHOICES]
        assert prepared.batch.rows[0]["source"] == LINE
        assert prepared.places == [(1, None)]
    assert only_row(BatchKind.CHOICES, decided(Decision.DONE_BY_HAND, **facts))["source"] == ITEM


def test_a_wait_occupies_nothing() -> None:
    row = only_row(BatchKind.CHOICES, decided(Decision.HOLD_UNTIL, until="2026-03-09"))
    assert (row["purpose"], row["leg"], row["attempt"], row["until"]) == ("", 0, 0, "2026-03-09")


def test_a_link_names_the_transaction_and_its_account() -> None:
    target = Target("savings", 11, "000000011", 1)
    row = only_row(
        BatchKind.LINKS,
        decided(
            Decision.ALREADY_POSTED, transaction_id="4711", target=target, transaction_minor=200_000
        ),
    )
    assert (row["act"], row["transaction_id"], row["account_id"]) == ("link", "4711", 11)
    assert (row["amount_minor"], row["posted_minor"]) == (150_000, 200_000)


def test_a_new_approval_takes_the_next_attempt_and_leaves_live_legs_alone() -> None:
    legs = (morning.leg(1, "loan", 12, 100_000), morning.leg(2, "savings", 11, 50_000))
    attempts = {(LINE, "post", 1): None, (LINE, "post", 2): 3}
    rows = made(replace(ANSWER, legs=legs), attempts=attempts)[BatchKind.POSTINGS].batch.rows
    assert [(row["leg"], row["attempt"]) for row in rows] == [(2, 3), (3, 1)]


def test_nothing_accepted_makes_no_batch() -> None:
    assert made() == {}


def test_rows_are_canonical() -> None:
    prepared = made(ANSWER)[BatchKind.POSTINGS]
    assert prepared.batch.digest() == made(ANSWER)[BatchKind.POSTINGS].batch.digest()
