from __future__ import annotations

import json
from datetime import date
from typing import Any

from mmrecon.fineract.contract import as_list, as_object, parse_json
from mmrecon.fineract.contract_reads import (
    Transaction,
    missing_permissions,
    normalised_receipt,
    understand_account,
    understand_journal,
    understand_transactions,
)
from tests.fineract.recorded import recorded

READS = recorded("reads")
WALLET_GL = 406


def body(name: str) -> Any:
    return parse_json(READS[name]["text"])


def transactions(kind: str, name: str) -> list[Transaction]:
    account = as_object(body(name))
    return understand_transactions(kind, 1, account.get("transactions"), 2)


def test_a_savings_account_reads_with_its_material_facts() -> None:
    facts = understand_account("savings", as_object(body("savings")))
    assert facts is not None
    assert (facts.account_no, facts.status, facts.currency, facts.digits) == (
        "000000449", 300, "KES", 2,
    )  # fmt: skip
    assert facts.block == ""
    assert facts.available_minor == 100_025


def test_a_block_is_seen() -> None:
    facts = understand_account("savings", as_object(body("savings_blocked")))
    assert facts is not None
    assert facts.block == "block_debit"


def test_what_is_on_hold_is_not_available() -> None:
    facts = understand_account("savings", as_object(body("savings_held")))
    assert facts is not None
    assert facts.available_minor == 2_000


def test_a_loan_reads_with_what_is_outstanding_and_approved() -> None:
    facts = understand_account("loan", as_object(body("loan")))
    assert facts is not None
    assert (facts.status, facts.outstanding_minor, facts.principal_minor) == (300, 83_950, 100_000)


def test_nothing_is_no_account() -> None:
    assert understand_account("savings", {}) is None


def test_deposits_and_withdrawals_have_a_sign_and_their_receipts() -> None:
    found = {one.sign: one for one in transactions("savings", "savings")}
    assert found[1].amount_minor == 150_050
    assert found[-1].amount_minor == 50_025
    assert found[-1].receipt.startswith("SGM")
    assert normalised_receipt(found[-1].receipt) in found[-1].receipts
    assert found[1].day == date(2026, 11, 22) or found[1].day < found[-1].day


def test_the_counter_row_of_a_reversal_is_left_out_and_the_original_reads_reversed() -> None:
    found = transactions("savings", "savings_reversed")
    assert [(one.transaction_id, one.reversed) for one in found] == [("821", True)]


def test_replayed_repayments_carry_their_external_ids_under_new_ids() -> None:
    found = {one.external_id: one for one in transactions("loan", "loan_replayed") if one.sign > 0}
    assert sorted(found) == ["i1-d42cff4e", "i2-d42cff4e", "i3-d42cff4e"]
    assert not any(one.reversed for one in found.values())


def test_an_undone_repayment_reads_reversed() -> None:
    states = [one.reversed for one in transactions("loan", "loan_undone") if one.sign > 0]
    assert sorted(states) == [False, True, True]


def wallet_rows(name: str) -> list[Any]:
    rows = as_list(as_object(body(name)).get("pageItems"))
    return [row for row in rows if row["glAccountId"] == WALLET_GL]


def test_a_booked_deposit_is_one_transaction_of_the_wallet() -> None:
    (found,) = understand_journal(wallet_rows("journal_deposit"), 2)
    assert (found.account_kind, found.account_id, found.transaction_id) == ("savings", 366, "650")
    assert (found.sign, found.amount_minor) == (1, 7_700)
    assert "SGLAFD49310" in found.receipts


def test_a_booked_repayment_is_one_transaction_of_the_wallet() -> None:
    (found,) = understand_journal(wallet_rows("journal_repayment"), 2)
    assert (found.account_kind, found.account_id, found.transaction_id) == ("loan", 137, "443")


def test_what_was_undone_nets_to_nothing_in_the_journal() -> None:
    assert understand_journal(wallet_rows("journal_undone"), 2) == []


def test_rows_that_are_listed_twice_count_once() -> None:
    rows = wallet_rows("journal_deposit")
    assert understand_journal([*rows, *rows], 2) == understand_journal(rows, 2)


def test_receipts_are_compared_in_one_spelling() -> None:
    assert normalised_receipt(" sgl-1x2 y3 ") == "SGL1X2Y3"


def test_super_roles_lack_nothing_that_they_cover() -> None:
    needed = ["READ_LOAN", "REPAYMENT_LOAN"]
    assert missing_permissions(["ALL_FUNCTIONS"], needed) == []
    assert missing_permissions(["ALL_FUNCTIONS_READ"], needed) == ["REPAYMENT_LOAN"]
    assert missing_permissions(["READ_LOAN"], needed) == ["REPAYMENT_LOAN"]


def test_the_recorded_replies_name_their_recording() -> None:
    for entry in READS.values():
        assert entry["recording"]
        assert json.loads(entry["text"])
