"""Undo: what is sent, and what recorded answers mean (fineract-api.md 4.2, 5.1, 5.2)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mmrecon.fineract.contract import BatchReply, ItemReply, Reply
from mmrecon.fineract.contract_replies import Meaning
from mmrecon.fineract.contract_undo import (
    build_undo,
    newest_closing,
    understand_history,
    understand_undo,
    understand_undo_batch,
    undo_address,
    undo_body,
)
from mmrecon.model.keys import PostingFacts
from mmrecon.model.posting import Command, Posting, PostingState, Purpose
from mmrecon.model.undo import ApprovedUndo

_KINDS = {Command.SAVINGS_DEPOSIT: "savings", Command.SAVINGS_WITHDRAWAL: "savings"}


def posting(command: Command) -> Posting:
    return Posting(
        posting_id=1, batch_id="postings-1", batch_row=1, wallet_id=1, source="s", line_id=1,
        item_id=None, purpose=Purpose.POST, leg=1, attempt=1, resend=0, command=command,
        account_kind=_KINDS.get(command, "loan"), account_id=461, account_no="000000461",
        client_id=7, amount_minor=25_000, posted_minor=25_000, currency="KES",
        value_date="2026-11-23", payment_type_id=3, receipt="SGU1", idempotency_key="k" * 50,
        external_id="mm-1", shadow=False, state=PostingState.POSTED, transaction_id="818",
        approved_at_utc="2026-11-23T08:00:00+00:00", sent_at_utc="", reason="",
    )  # fmt: skip


def correction(command: Command, attempt: int = 1) -> ApprovedUndo:
    one = posting(command)
    facts = PostingFacts(
        "default", f"undo_{command.value}", one.account_kind, 461, "s", "correct", 1, 25_000,
        "2026-11-23", attempt,
    )  # fmt: skip
    return ApprovedUndo(one, "corrections-1", 2, facts, "wrong client", "2026-11-23", ())


def reply(status: int, body: Any) -> Reply:
    return Reply(status, {}, json.dumps(body))


@pytest.mark.parametrize(
    ("command", "address", "body"),
    [
        (
            Command.SAVINGS_DEPOSIT,
            "savingsaccounts/461/transactions/818?command=undo",
            {},
        ),
        (
            Command.LOAN_REPAYMENT,
            "loans/461/transactions/818?command=undo",
            {"transactionDate": "2026-11-23", "transactionAmount": 0},
        ),
        (
            Command.LOAN_DISBURSEMENT,
            "loans/461?command=undodisbursal",
            {"note": "mmrecon corrections-1/2"},
        ),
    ],
)
def test_each_command_is_taken_back_by_its_own_call(
    command: Command, address: str, body: dict[str, object]
) -> None:
    assert undo_address(posting(command), "818") == address
    assert undo_body(correction(command)).items() >= body.items()


def test_a_correction_has_a_key_of_its_own_and_a_new_one_for_each_attempt() -> None:
    one = correction(Command.LOAN_REPAYMENT)
    item = build_undo(one, "818", 1)
    again = correction(Command.LOAN_REPAYMENT, attempt=2)
    keys = {item.idempotency_key, again.idempotency_key, one.posting.idempotency_key}
    assert len(keys) == 3
    assert undo_body(one)["reversalExternalId"] not in {
        "mm-1", undo_body(again)["reversalExternalId"],
    }  # fmt: skip


def test_a_savings_account_answers_with_itself() -> None:
    """recordings/savings/undo: `resourceId` is the savings id, the second time too."""
    said = {"officeId": 48, "clientId": 486, "savingsId": 461, "resourceId": 461}
    assert understand_undo(posting(Command.SAVINGS_DEPOSIT), reply(200, said)).meaning is (
        Meaning.POSTED
    )


@pytest.mark.parametrize(
    ("body", "meaning"),
    [
        ({"loanId": 461, "resourceId": 818}, Meaning.POSTED),
        ({"loanId": 9, "resourceId": 818}, Meaning.OTHER_ACCOUNT),
        ({"resourceId": 818}, Meaning.UNKNOWN),
        ({"loanId": 461}, Meaning.UNKNOWN),
        ({"commandId": 77, "rollbackTransaction": True}, Meaning.PENDING),
        ([], Meaning.UNKNOWN),
    ],
)
def test_a_success_counts_only_for_the_account_that_was_asked(body: Any, meaning: Meaning) -> None:
    found = understand_undo(posting(Command.LOAN_REPAYMENT), reply(200, body))
    assert found.meaning is meaning


def test_a_refused_leg_rolls_its_siblings_back() -> None:
    """recordings/savings/undo-spent-money, inside an enclosing batch (fineract-api.md 7)."""
    code = "validation.msg.savingsaccount.undotransaction.results.in.balance.going.negative"
    body = {"httpStatusCode": "400", "errors": [{"userMessageGlobalisationCode": code}]}
    legs = [posting(Command.SAVINGS_DEPOSIT), posting(Command.LOAN_REPAYMENT)]
    answer = BatchReply(Reply(200), (ItemReply(1, reply(400, body)),))
    heards = understand_undo_batch(legs, answer)
    assert [heard.meaning for heard in heards] == [Meaning.REFUSED, Meaning.ROLLED_BACK]
    assert heards[0].code == code


def test_reversed_rows_and_their_counter_rows_move_no_balance() -> None:
    def row(number: int, entry: str, **more: Any) -> dict[str, Any]:
        kind = {"id": 1 if entry == "CREDIT" else 2}
        facts = {"id": number, "entryType": entry, "amount": 100, "date": [2026, 11, number]}
        return facts | {"transactionType": kind} | more

    rows = [
        row(5, "DEBIT"), row(1, "CREDIT"), row(2, "CREDIT", reversed=True),
        row(3, "DEBIT", isReversal=True),
    ]  # fmt: skip
    body = {
        "id": 461, "accountNo": "000000461", "status": {"id": 300},
        "currency": {"code": "KES", "decimalPlaces": 2}, "transactions": rows,
    }  # fmt: skip
    history = understand_history("savings", body)
    assert history is not None
    assert [(e.transaction_id, e.moved_minor) for e in history.entries] == [
        ("1", 10_000), ("5", -10_000),
    ]  # fmt: skip
    assert [one.transaction_id for one in history.reversed_payments] == ["2"]


def test_the_newest_closing_counts_and_deleted_ones_do_not() -> None:
    rows: list[dict[str, Any]] = [
        {"closingDate": [2026, 10, 31]},
        {"closingDate": [2026, 11, 21]},
        {"closingDate": [2026, 12, 31], "deleted": True},
    ]
    assert str(newest_closing(rows)) == "2026-11-21"
    assert newest_closing([]) is None
