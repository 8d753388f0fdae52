"""What taking back does to an account, decided from what was read: no network."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from mmrecon.fineract.contract_reads import AccountFacts, Transaction
from mmrecon.fineract.contract_undo import Entry, History
from mmrecon.model.posting import Command, Posting, PostingState, Purpose
from mmrecon.posting.recovery import Shown
from mmrecon.posting.undo_consequences import Books, Seen, look_at, sight_of

DEPOSIT = Posting(
    posting_id=1, batch_id="postings-1", batch_row=1, wallet_id=1, source="s", line_id=1,
    item_id=None, purpose=Purpose.POST, leg=1, attempt=1, resend=0,
    command=Command.SAVINGS_DEPOSIT, account_kind="savings", account_id=5, account_no="000000005",
    client_id=7, amount_minor=10_000, posted_minor=10_000, currency="KES", value_date="2026-11-02",
    payment_type_id=3, receipt="TFL1", idempotency_key="k", external_id="", shadow=False,
    state=PostingState.POSTED, transaction_id="2", approved_at_utc="", sent_at_utc="", reason="",
)  # fmt: skip
REPAYMENT = replace(
    DEPOSIT, posting_id=2, command=Command.LOAN_REPAYMENT, account_kind="loan", external_id="mm-1"
)
DISBURSEMENT = replace(REPAYMENT, posting_id=3, command=Command.LOAN_DISBURSEMENT)
WITHDRAWAL = replace(DEPOSIT, posting_id=4, command=Command.SAVINGS_WITHDRAWAL)


def entry(
    number: int, minor: int, type_id: int, sign: int, *, ours: Posting | None = None
) -> Entry:
    kind = "savings" if ours is None else ours.account_kind
    payment = Transaction(
        kind, 5, str(number), sign, abs(minor), date(2026, 11, number),
        receipt="TFL1" if ours else "", external_id=ours.external_id if ours else "",
    )  # fmt: skip
    return Entry(str(number), type_id, abs(minor), minor, date(2026, 11, number), payment)


def history(kind: str, *entries: Entry, status: int = 300, **more: int) -> History:
    facts = AccountFacts(kind, 5, "000000005", 7, status, "", "KES", 2, 0, 0, 0, 0)
    return History(
        facts, entries, (), more.get("floor_minor", 0), more.get("overpaid_minor", 0),
        bool(more.get("with_interest", 0)),
    )  # fmt: skip


def codes(posting: Posting, found: History | None, books: Books | None = None) -> list[str]:
    account = (posting.account_kind, posting.account_id)
    closed = {} if books is None else {posting.posting_id: books}
    looked = look_at([[posting]], Seen({account: found}, closed))
    return [one.code for leg in looked for one in leg.consequences]


MINE = entry(2, 10_000, 1, 1, ours=DEPOSIT)


@pytest.mark.parametrize(
    ("later", "floor_minor", "expected"),
    [
        ([], 0, []),
        ([entry(3, -10_000, 2, -1)], 0, ["undo_money_spent"]),
        ([entry(3, -10_001, 2, -1)], -10_001, []),
        ([entry(3, -4_000, 2, -1), entry(4, 4_000, 1, 1)], 0, ["undo_money_spent"]),
    ],
)
def test_spent_money_is_money_that_any_later_balance_lacks(
    later: list[Entry], floor_minor: int, expected: list[str]
) -> None:
    found = history("savings", MINE, *later, floor_minor=floor_minor)
    assert codes(DEPOSIT, found) == expected


def test_money_that_was_there_before_is_not_spent_money() -> None:
    found = history("savings", entry(1, 10_000, 1, 1), MINE, entry(3, -10_000, 2, -1))
    assert codes(DEPOSIT, found) == []


def test_lines_are_taken_back_one_after_the_other() -> None:
    """The second deposit can go, the first one then not any more; alone it could."""
    first = MINE
    second = replace(DEPOSIT, posting_id=9, line_id=2, transaction_id="4")
    newer = entry(4, 10_000, 1, 1, ours=second)
    found = history("savings", first, entry(3, -10_000, 2, -1), newer)
    second = replace(second, value_date="2026-11-04")
    seen = Seen({("savings", 5): found})
    together = look_at([[second], [DEPOSIT]], seen)
    assert [one.possible for one in together] == [True, False]


def test_a_withdrawal_fee_goes_with_it_and_the_request_opens() -> None:
    paid = replace(WITHDRAWAL, purpose=Purpose.PAY)
    mine = entry(2, -10_000, 2, -1, ours=paid)
    found = history("savings", entry(1, 20_000, 1, 1), mine, entry(3, -500, 4, -1))
    assert codes(paid, found) == ["undo_request_reopens", "undo_fee_too"]


def test_closed_books_are_told_and_unseen_ones_too() -> None:
    found = history("savings", MINE)
    assert codes(DEPOSIT, found, books=Books(date(2026, 11, 1))) == []
    assert codes(DEPOSIT, found, books=Books(date(2026, 11, 2))) == ["undo_period_closed"]
    assert codes(DEPOSIT, found, books=Books(seen=False)) == ["undo_closure_unseen"]


OURS = entry(2, 10_000, 2, 1, ours=REPAYMENT)
LATER = entry(3, 5_000, 2, 1)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (history("loan", OURS, LATER), ["undo_recomputes"]),
        (history("loan", OURS, LATER, with_interest=1), ["undo_replays"]),
        (history("loan", LATER, OURS), []),
        (history("loan", OURS, status=600), ["undo_reopens"]),
        (history("loan", OURS, status=700, overpaid_minor=9_999), ["undo_reopens"]),
        (history("loan", OURS, status=700, overpaid_minor=10_000), []),
        (history("loan", OURS, entry(3, 100, 20, 0)), ["undo_refunded_since"]),
        (history("loan", OURS, status=601), ["undo_account_not_open"]),
        (history("loan", LATER), ["undo_not_found"]),
        (None, ["undo_not_found"]),
    ],
)
def test_a_repayment(found: History | None, expected: list[str]) -> None:
    assert codes(REPAYMENT, found) == expected


GIVEN = entry(2, 10_000, 1, -1, ours=DISBURSEMENT)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (history("loan", GIVEN), ["undo_unsays_disbursal"]),
        (history("loan", GIVEN, entry(3, 1, 10, 0)), ["undo_unsays_disbursal"]),
        (history("loan", GIVEN, LATER), ["undo_repaid_since", "undo_unsays_disbursal"]),
        (
            history("loan", GIVEN, entry(3, 1, 1, -1)),
            ["undo_several_tranches", "undo_unsays_disbursal"],
        ),
        (history("loan", GIVEN, status=600), ["undo_account_not_open"]),
        (history("loan", status=200), ["undo_reversed_already"]),
    ],
)
def test_a_disbursement(found: History, expected: list[str]) -> None:
    assert codes(DISBURSEMENT, found) == expected


@pytest.mark.parametrize(
    "other",
    [
        replace(DEPOSIT, posted_minor=1),
        replace(DEPOSIT, value_date="2026-11-03"),
        replace(DEPOSIT, receipt="TFL2"),
        replace(DEPOSIT, command=Command.SAVINGS_WITHDRAWAL),
    ],
)
def test_what_reads_back_otherwise_is_not_taken_back(other: Posting) -> None:
    assert codes(other, history("savings", MINE)) == ["undo_differs"]


def test_a_disbursement_goes_in_no_call_with_other_legs() -> None:
    found = {("loan", 5): history("loan", GIVEN), ("savings", 5): history("savings", MINE)}
    looked = look_at([[DISBURSEMENT, DEPOSIT]], Seen(found))
    assert all("undo_not_with_legs" in [c.code for c in one.consequences] for one in looked)


def test_a_reversed_payment_is_seen_as_such() -> None:
    assert MINE.payment is not None
    found = replace(history("savings"), reversed_payments=(replace(MINE.payment, reversed=True),))
    assert sight_of(DEPOSIT, found).shown is Shown.REVERSED
