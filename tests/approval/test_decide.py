from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mmrecon.approval.accepted import Accepted, Answer, Decided
from mmrecon.approval.decide import Now, decide
from mmrecon.approval.proposals import OpenWork, propose
from mmrecon.approval.workbook_in import read
from mmrecon.model.approval import Decision
from mmrecon.model.catalogue import next_step_of, sentence_of
from mmrecon.model.found import found_in
from tests.approval import morning
from tests.approval.officer import Officer

SAVINGS = "mpesa-main · Regular savings"


@pytest.fixture
def officer(tmp_path: Path) -> Officer:
    return Officer(tmp_path / "mmrecon.xlsx")


def now(work: OpenWork | None = None, **changes: Any) -> Now:
    """How things stand when the workbook comes back: unchanged, unless told otherwise."""
    work = work or morning.work()
    facts: dict[str, Any] = {
        "proposals": propose(work), "states": {}, "accounts": work.accounts, "items": work.items,
        "wallets": work.wallets, "today": work.today, "taken": {},
    }  # fmt: skip
    return Now(**(facts | changes))


def hand_back(officer: Officer, present: Now | None = None) -> Decided:
    decided = decide(read(officer.save()), officer.issued, present or now())
    for refused in decided.refused:
        assert sentence_of(refused.issue)
        assert next_step_of(refused.issue)
    for issue in decided.issues:
        assert sentence_of(issue)
    return decided


def accepted(decided: Decided) -> dict[str, Accepted]:
    return {answer.row_id: answer for answer in decided.accepted}


def codes(decided: Decided) -> dict[str, str]:
    return {refused.row_id: refused.issue.code for refused in decided.refused}


def test_an_empty_workbook_decides_nothing(officer: Officer) -> None:
    decided = hand_back(officer)
    assert (list(decided.accepted), list(decided.refused), list(decided.issues)) == ([], [], [])


def test_a_ready_row_approved_one_by_one_is_unchanged(officer: Officer) -> None:
    officer.answer("R000001", "approve")
    answer = accepted(hand_back(officer))["R000001"]
    assert answer.unchanged
    assert answer.legs == (morning.leg(1, "savings", 11, 150_000),)


def test_approving_a_prefilled_row_is_a_choice(officer: Officer) -> None:
    officer.answer("R000004", "approve")
    assert not accepted(hand_back(officer))["R000004"].unchanged


def test_a_section_is_approved_by_count_and_total(officer: Officer) -> None:
    officer.approve_all(SAVINGS, 2, 3500)
    decided = hand_back(officer)
    assert set(accepted(decided)) == {"R000001", "R000002"}
    assert not decided.issues


def test_a_deleted_row_is_no_decision(officer: Officer) -> None:
    sheet, row = officer.place("R000001")
    sheet.delete_rows(row)
    officer.approve_all(SAVINGS, 1, 2000)
    decided = hand_back(officer)
    assert set(accepted(decided)) == {"R000002"}
    assert not decided.refused


def test_a_section_leaves_out_marked_rows(officer: Officer) -> None:
    officer.answer("R000001", "suspense")
    officer.approve_all(SAVINGS, 1, "2000.00")
    decided = accepted(hand_back(officer))
    assert decided["R000001"].decision is Decision.SUSPENSE
    assert decided["R000002"].decision is Decision.APPROVE


@pytest.mark.parametrize(
    ("count", "total", "word", "code"),
    [
        (1, 3500, "approve all", "section_differs"),
        (2, 3400, "approve all", "section_differs"),
        (2, None, "approve all", "section_figures_missing"),
        ("two", 3500, "approve all", "section_figures_missing"),
        (2, "3,500", "approve all", "section_figures_missing"),
        (2, 3500, "yes", "section_word_unknown"),
        ("=1+1", 3500, "approve all", "section_formula"),
    ],
)
def test_a_section_whose_figures_are_not_exactly_right_is_not_approved(
    officer: Officer, count: Any, total: Any, word: str, code: str
) -> None:
    officer.approve_all(SAVINGS, count, total, word)
    officer.answer("R000004", "approve")
    decided = hand_back(officer)
    assert [issue.code for issue in decided.issues] == [code]
    assert set(accepted(decided)) == {"R000004"}


def test_a_section_that_was_never_written_is_unknown(officer: Officer) -> None:
    sheet = officer.sheet("Approve all")
    sheet.cell(3, 1).value = "another section"
    for column, value in ((6, "approve all"), (7, "1"), (8, "1")):
        sheet.cell(3, column).value = value
    assert [issue.code for issue in hand_back(officer).issues] == ["section_unknown"]


def test_a_changed_row_is_refused_out_of_an_approved_section_and_the_others_are_kept(
    officer: Officer,
) -> None:
    officer.type("R000001", "Amount", 9_999)
    officer.approve_all(SAVINGS, 2, 3500)
    decided = hand_back(officer)
    assert set(accepted(decided)) == {"R000002"}
    assert codes(decided) == {"R000001": "answer_row_changed"}


def _other_workbooks_row(officer: Officer) -> None:
    sheet, row = officer.place("R000002")
    officer.type("R000002", "Decision", "approve")
    sheet.cell(row, 1).value = "R999999"


def _copied_key(officer: Officer) -> None:
    sheet, row = officer.place("R000002")
    _, other = officer.place("R000001")
    key = officer.column(sheet, "Key (leave as it is)")
    sheet.cell(row, key).value = sheet.cell(other, key).value
    officer.type("R000002", "Decision", "approve")


def _swapped_id(officer: Officer) -> None:
    sheet, row = officer.place("R000002")
    officer.type("R000002", "Decision", "approve")
    sheet.cell(row, 1).value = "R000004"


def _doubled(officer: Officer) -> None:
    sheet, row = officer.place("R000002")
    officer.type("R000002", "Decision", "approve")
    cells = [cell.value for cell in sheet[row]]
    cells[officer.column(sheet, "Decision") - 1] = "suspense"
    sheet.append(cells)


def _formula(officer: Officer) -> None:
    officer.type("R000002", "Decision", '=A1&"approve"')


def _other_receipt(officer: Officer) -> None:
    officer.answer("R000002", "approve")
    officer.type("R000002", "Receipt", "RCP9999999")


def _other_account(officer: Officer) -> None:
    officer.answer("R000002", "approve")
    officer.type("R000002", "Proposed account", "savings:000000021")


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (_other_workbooks_row, {"R999999": "answer_row_unknown"}),
        (_copied_key, {"R000002": "answer_key_changed"}),
        (_swapped_id, {"R000004": "answer_row_doubled"}),
        (_doubled, {"R000002": "answer_row_doubled"}),
        (_formula, {"R000002": "answer_formula"}),
        (_other_receipt, {"R000002": "answer_row_changed"}),
        (_other_account, {"R000002": "answer_row_changed"}),
    ],
)
def test_a_tampered_row_is_refused_and_the_others_are_kept(
    officer: Officer, tamper: Callable[[Officer], None], found: dict[str, str]
) -> None:
    officer.answer("R000001", "approve")
    tamper(officer)
    decided = hand_back(officer)
    assert codes(decided) == found
    assert set(accepted(decided)) == {"R000001"}


def test_a_row_that_stands_there_twice_alike_counts_once(officer: Officer) -> None:
    officer.answer("R000001", "approve")
    sheet, row = officer.place("R000001")
    sheet.append([cell.value for cell in sheet[row]])
    decided = hand_back(officer)
    assert (len(decided.accepted), len(decided.refused)) == (1, 0)


def test_rows_of_another_workbook_are_refused(officer: Officer, tmp_path: Path) -> None:
    officer.answer("R000001", "approve")
    other = Officer(tmp_path / "other.xlsx", workbook_id="W20260302-0000")
    decided = decide(read(officer.save()), other.issued, now())
    assert codes(decided)["R000001"] == "answer_row_changed"
    assert not decided.accepted


@pytest.mark.parametrize("word", ["Approve", " APPROVE ", "approve\n"])
def test_words_are_trimmed_and_case_folded(officer: Officer, word: str) -> None:
    officer.answer("R000001", word)
    assert set(accepted(hand_back(officer))) == {"R000001"}


@pytest.mark.parametrize("word", ["ok", "appove", "yes", "approve!", "1", "TRUE"])
def test_a_typing_error_is_refused_with_suggestions_and_never_guessed(
    officer: Officer, word: str
) -> None:
    officer.answer("R000001", word)
    decided = hand_back(officer)
    assert codes(decided) == {"R000001": "answer_decision_unknown"}
    assert '"approve"' in sentence_of(decided.refused[0].issue)


REFUSALS: list[tuple[str, str, dict[str, Any], str]] = [
    ("R000001", "", {"comment": "call her"}, "answer_without_decision"),
    ("R000001", "hold until", {}, "answer_needs_cell"),
    ("R000001", "hold until", {"hold_until": "next week"}, "answer_date_malformed"),
    ("R000001", "hold until", {"hold_until": "05/04/2026"}, "answer_date_ambiguous"),
    ("R000001", "hold until", {"hold_until": "2026-03-03"}, "answer_date_past"),
    ("R000001", "approve", {"split": "savings:1=1; loan:2=2"}, "answer_cell_not_expected"),
    ("R000005", "different account", {"reason": "client confirmed"}, "answer_needs_cell"),
    ("R000005", "different account", {"different_account": "loan:000000012"}, "answer_needs_cell"),
    ("R000005", "not ours", {"reason": "clint confirmed"}, "answer_reason_unknown"),
    ("R000005", "not ours", {"reason": "other, see comment"}, "answer_comment_needed"),
    ("R000005", "different account",
     {"different_account": "000000011", "reason": "client confirmed"}, "answer_account_malformed"),
    ("R000005", "different account",
     {"different_account": "savings:999", "reason": "client confirmed"}, "answer_account_unknown"),
    ("R000005", "different account",
     {"different_account": "savings:000000031", "reason": "client confirmed"},
     "answer_account_not_open"),
    ("R000005", "different account",
     {"different_account": "savings:000000021", "reason": "client confirmed"},
     "answer_account_currency"),
    ("R000005", "split", {"split": "savings:000000011=700", "reason": "group list"},
     "answer_split_malformed"),
    ("R000005", "split",
     {"split": "savings:000000011=300; loan:000000012=399.99", "reason": "group list"},
     "answer_split_sum"),
    ("R000008", "split",
     {"split": "savings:000000011=2000; loan:000000012=500", "reason": "group list"},
     "answer_payout_split"),
    ("R000009", "split",
     {"split": "savings:000000011=500; loan:000000012=100", "reason": "group list"},
     "answer_not_possible"),
    ("R000005", "approve", {}, "answer_not_possible"),
    ("R000009", "approve", {}, "answer_not_possible"),
    ("R000009", "different account",
     {"different_account": "savings:000000011", "reason": "client confirmed"},
     "answer_not_possible"),
    ("R000006", "approve", {}, "workbook_payment_type_missing"),
    ("R000001", "already posted", {"transaction_or_paper_reference": "T-1"},
     "answer_transaction_malformed"),
    ("R000005", "already posted", {"transaction_or_paper_reference": "4711"}, "answer_needs_cell"),
    ("R000005", "done by hand",
     {"transaction_or_paper_reference": "J", "reason": "paid at the counter"},
     "answer_paper_reference_short"),
    ("R000008", "different account",
     {"different_account": "loan:000000012", "reason": "client confirmed"},
     "answer_account_not_open"),
]  # fmt: skip


@pytest.mark.parametrize(("row_id", "decision", "cells", "code"), REFUSALS)
def test_an_answer_that_cannot_be_taken_is_refused_with_its_reason(
    officer: Officer, row_id: str, decision: str, cells: dict[str, Any], code: str
) -> None:
    officer.answer(row_id, decision or None, **cells)
    officer.answer("R000002", "approve")
    decided = hand_back(officer)
    assert codes(decided) == {row_id: code}
    assert set(accepted(decided)) == {"R000002"}


TELLER = {"account_kind": "savings", "account_id": 11, "transaction_id": "90"}
LOST = {"account_kind": "loan", "account_id": 99, "transaction_id": "91", "batch_id": "choices-1"}


@pytest.mark.parametrize(
    ("reasons", "code", "names"),
    [
        ([("probably_posted", TELLER)], "answer_found_already", "90 on savings:000000011"),
        ([("posted_elsewhere", TELLER), ("link_rejected", TELLER)], "answer_found_already", "90"),
        ([("unclear_after_restore", {"leg": 1})], "answer_found_unclear", "only in part"),
        (
            [("taken_back", {"batch_id": "corrections-1"}), ("posted_elsewhere", LOST)],
            "answer_posted_by_mmrecon",
            "choices-1: transaction 91 on loan:(id 99)",
        ),
    ],
)
def test_money_that_seems_to_be_in_fineract_is_posted_again_only_for_a_reason(
    tmp_path: Path, reasons: list[tuple[str, dict[str, Any]]], code: str, names: str
) -> None:
    work = morning.work(states={1: "review", 2: "review"}, found={1: found_in(reasons)})
    officer = Officer(tmp_path / "mmrecon.xlsx", proposals=propose(work))
    officer.answer("R000001", "approve")
    officer.answer("R000002", "approve")
    decided = hand_back(officer, now(work))
    assert codes(decided) == {"R000001": code}
    assert names in sentence_of(decided.refused[0].issue)
    assert "already posted" in next_step_of(decided.refused[0].issue)
    officer.answer("R000001", "approve", reason="client confirmed")
    taken = accepted(hand_back(officer, now(work)))
    assert set(taken) == {"R000001", "R000002"}
    assert [one.batch_id for one in taken["R000001"].found] == (
        ["choices-1"] if code == "answer_posted_by_mmrecon" else []
    )


def test_a_row_that_was_only_taken_back_is_approved_without_a_reason(tmp_path: Path) -> None:
    found = found_in([("taken_back", {"batch_id": "corrections-1", "leg": 1})])
    work = morning.work(states={1: "review"}, found={1: found})
    officer = Officer(tmp_path / "mmrecon.xlsx", proposals=propose(work))
    officer.answer("R000001", "approve")
    assert set(accepted(hand_back(officer, now(work)))) == {"R000001"}


def test_a_different_account_gets_the_whole_amount_by_its_own_command(officer: Officer) -> None:
    officer.answer(
        "R000005",
        "different account",
        different_account="LOAN:000000012",
        reason="Client confirmed",
    )
    answer = accepted(hand_back(officer))["R000005"]
    assert answer.legs == (morning.leg(1, "loan", 12, 70_000),)
    assert answer.reason == "client confirmed"


def test_a_split_makes_a_leg_for_each_part(officer: Officer) -> None:
    officer.answer(
        "R000005", "split", split="loan:000000012=400.00; savings:000000011=300",
        reason="other, see comment", comment="as agreed",
    )  # fmt: skip
    answer = accepted(hand_back(officer))["R000005"]
    assert answer.legs == (
        morning.leg(1, "loan", 12, 40_000),
        morning.leg(2, "savings", 11, 30_000),
    )
    assert answer.reason == "other, see comment: as agreed"


def test_a_split_of_what_is_left_adds_up_to_that(tmp_path: Path) -> None:
    work = morning.work(left={5: 50_000})
    officer = Officer(tmp_path / "mmrecon.xlsx", proposals=propose(work))
    officer.answer(
        "R000005", "split", split="loan:000000012=400; savings:000000011=100", reason="group list"
    )
    assert accepted(hand_back(officer, now(work)))["R000005"].left_minor == 50_000


def test_approving_a_proposal_that_is_not_what_is_left_is_refused(tmp_path: Path) -> None:
    work = morning.work(left={1: 100_000})
    officer = Officer(tmp_path / "mmrecon.xlsx", proposals=propose(work))
    officer.answer("R000001", "approve")
    assert codes(hand_back(officer, now(work))) == {"R000001": "answer_not_possible"}


def test_a_payout_keeps_the_item_it_settles(officer: Officer) -> None:
    officer.answer("R000008", "approve")
    answer = accepted(hand_back(officer))["R000008"]
    assert answer.item_id == 1
    assert answer.legs[0].command == "savings_withdrawal"


def test_a_payout_to_another_account_settles_the_item_of_that_account(officer: Officer) -> None:
    accounts = morning.ACCOUNTS.copy()
    accounts.loc[accounts["account_id"] == 12, "account_status"] = "approved"
    loan = morning.ITEMS.assign(
        item_id=2, item_key='["approved_loan",12,1]', kind="approved_loan", account_kind="loan",
        account_id=12, account_no="000000012", posted_minor=260_000,
    )  # fmt: skip
    items = pd.concat([morning.ITEMS, loan], ignore_index=True)
    officer.answer(
        "R000008",
        "different account",
        different_account="loan:000000012",
        reason="branch confirmed",
    )
    answer = accepted(hand_back(officer, now(accounts=accounts, items=items)))["R000008"]
    assert (answer.item_id, answer.item_key) == (2, '["approved_loan",12,1]')
    assert answer.legs[0].command == "loan_disbursement"
    assert (answer.legs[0].amount_minor, answer.legs[0].posted_minor) == (250_000, 260_000)


def test_a_loan_is_disbursed_only_for_an_item_of_that_amount(officer: Officer) -> None:
    accounts = morning.ACCOUNTS.copy()
    accounts.loc[accounts["account_id"] == 12, "account_status"] = "approved"
    officer.answer(
        "R000008",
        "different account",
        different_account="loan:000000012",
        reason="branch confirmed",
    )
    assert codes(hand_back(officer, now(accounts=accounts))) == {"R000008": "answer_no_item"}


@pytest.mark.parametrize("items", [morning.ITEMS.iloc[:0], morning.ITEMS.assign(left_minor=1)])
def test_savings_are_withdrawn_only_for_a_request_of_that_account_and_amount(
    officer: Officer, items: pd.DataFrame
) -> None:
    officer.answer(
        "R000008", "different account", different_account="savings:000000011",
        reason="branch confirmed",
    )  # fmt: skip
    decided = hand_back(officer, now(items=items))
    assert codes(decided) == {"R000008": "answer_no_item"}
    assert "mmrecon payouts requests FILE" in next_step_of(decided.refused[0].issue)


def test_a_payout_without_an_item_takes_no_approval_either(tmp_path: Path) -> None:
    without = [facts | {"item_id": None} for facts in morning.MATCHES]
    work = morning.work(matches=tuple(without))
    officer = Officer(tmp_path / "mmrecon.xlsx", proposals=propose(work))
    officer.answer("R000008", "approve")
    assert codes(hand_back(officer, now(work))) == {"R000008": "answer_no_item"}


def test_an_item_that_was_settled_meanwhile_takes_no_second_payout(officer: Officer) -> None:
    officer.answer("R000008", "approve")
    items = morning.ITEMS.assign(left_minor=0)
    assert codes(hand_back(officer, now(items=items))) == {"R000008": "answer_item_taken"}


def test_two_accounts_of_one_number_are_no_account(officer: Officer) -> None:
    twin = morning.ACCOUNTS[morning.ACCOUNTS["account_id"] == 11].assign(account_id=99)
    accounts = pd.concat([morning.ACCOUNTS, twin], ignore_index=True)
    officer.answer(
        "R000005", "different account", different_account="savings:000000011",
        reason="client confirmed",
    )  # fmt: skip
    assert codes(hand_back(officer, now(accounts=accounts))) == {
        "R000005": "answer_account_doubled"
    }


def test_an_account_blocked_since_the_workbook_refuses_its_row(officer: Officer) -> None:
    accounts = morning.ACCOUNTS.copy()
    accounts.loc[accounts["account_id"] == 11, "account_sub_status"] = "block_credit"
    officer.answer("R000001", "approve")
    assert codes(hand_back(officer, now(accounts=accounts))) == {
        "R000001": "answer_account_not_open"
    }


def test_hold_suspense_and_not_ours_need_no_account(officer: Officer) -> None:
    officer.answer("R000001", "hold until", hold_until="2026-03-09", comment="rings back")
    officer.answer("R000004", "suspense")
    officer.answer("R000005", "not ours", reason="another company's money")
    decided = accepted(hand_back(officer))
    assert decided["R000001"].until == "2026-03-09"
    assert decided["R000001"].reason == "rings back"
    assert not any(answer.legs for answer in decided.values())


def test_already_posted_names_the_transaction_and_its_account(officer: Officer) -> None:
    officer.answer("R000001", "already posted", transaction_or_paper_reference=4711)
    officer.answer(
        "R000005", "already posted", transaction_or_paper_reference="4712",
        different_account="loan:000000012",
    )  # fmt: skip
    decided = accepted(hand_back(officer))
    proposed, named = decided["R000001"], decided["R000005"]
    assert (proposed.transaction_id, named.transaction_id) == ("4711", "4712")
    assert proposed.target is not None
    assert named.target is not None
    assert (proposed.target.account_id, named.target.account_id) == (11, 12)


def test_done_by_hand_keeps_the_paper_reference(officer: Officer) -> None:
    officer.answer(
        "R000009", "done by hand", transaction_or_paper_reference="JV 2026/17",
        reason="booked in fineract by hand",
    )  # fmt: skip
    answer = accepted(hand_back(officer))["R000009"]
    assert answer.paper_reference == "JV 2026/17"


def _changed_match() -> OpenWork:
    matches = (
        morning.match(1, "ready", "A1", (morning.leg(1, "loan", 12, 150_000),)),
        *morning.MATCHES[1:],
    )
    return morning.work(matches=matches)


def _new_veto() -> OpenWork:
    matches = ({**morning.MATCHES[0], "state": "review", "vetoes": "reversal_seen"},)
    return morning.work(matches=(*matches, *morning.MATCHES[1:]))


def _found_since() -> OpenWork:
    found = found_in([("probably_posted", {"account_kind": "savings", "transaction_id": "9"})])
    return morning.work(found={1: found})


def _conflict_seen() -> OpenWork:
    lines = (morning.line(1, 150_000, conflict=True), *morning.LINES[1:])
    return morning.work(lines=lines)


@pytest.mark.parametrize(
    ("work", "code"),
    [
        (_changed_match, "answer_match_changed"),
        (_new_veto, "answer_match_changed"),
        (_found_since, "answer_match_changed"),
        (_conflict_seen, "answer_line_changed"),
        (lambda: morning.work(sent_back={1: "7"}), "answer_sent_back_since"),
        (lambda: morning.work(left={1: 100_000}), "answer_left_changed"),
    ],
)
def test_a_fact_that_changed_since_refuses_its_row_and_keeps_the_others(
    officer: Officer, work: Callable[[], OpenWork], code: str
) -> None:
    officer.answer("R000001", "approve")
    officer.answer("R000002", "approve")
    decided = hand_back(officer, now(work()))
    assert codes(decided) == {"R000001": code}
    assert set(accepted(decided)) == {"R000002"}


def test_a_balance_that_changed_since_refuses_nothing(officer: Officer) -> None:
    accounts = morning.ACCOUNTS.copy()
    accounts.loc[accounts["account_id"] == 11, "balance_minor"] = 1
    officer.answer("R000001", "approve")
    assert set(accepted(hand_back(officer, now(accounts=accounts)))) == {"R000001"}


def test_a_line_that_moved_on_takes_no_answer(officer: Officer) -> None:
    officer.answer("R000001", "approve")
    decided = hand_back(
        officer, now(morning.work(states={1: "submitted"}), states={1: "submitted"})
    )
    assert codes(decided) == {"R000001": "answer_line_moved_on"}
    assert "it is submitted" in sentence_of(decided.refused[0].issue)


def test_an_answer_that_was_taken_is_not_taken_again(officer: Officer) -> None:
    officer.answer("R000001", "approve")
    taken = {"R000001": Answer("", 0, "R000001", "approve")}
    decided = hand_back(officer, now(morning.work(states={1: "submitted"}), taken=taken))
    assert (list(decided.accepted), list(decided.refused), decided.repeated) == ([], [], 1)


def test_another_answer_on_a_row_that_was_taken_is_refused(officer: Officer) -> None:
    officer.answer("R000001", "suspense")
    taken = {"R000001": Answer("", 0, "R000001", "approve")}
    decided = hand_back(officer, now(morning.work(states={1: "submitted"}), taken=taken))
    assert codes(decided) == {"R000001": "answer_taken_differently"}


def test_a_sign_off_that_agrees_lets_everything_pass(officer: Officer) -> None:
    officer.answer("R000001", "approve")
    officer.sign_off("KES", 1, 1500)
    assert set(accepted(hand_back(officer))) == {"R000001"}


@pytest.mark.parametrize(
    ("count", "total", "code"),
    [
        (2, 1500, "sign_off_differs"),
        (1, 1501, "sign_off_differs"),
        ("one", 1, "sign_off_malformed"),
    ],
)
def test_a_sign_off_that_differs_takes_nothing(
    officer: Officer, count: Any, total: Any, code: str
) -> None:
    officer.answer("R000001", "approve")
    officer.sign_off("KES", count, total)
    decided = hand_back(officer)
    assert [issue.code for issue in decided.issues] == [code]
    assert not decided.accepted


def test_a_reversal_is_answered_undo_of_the_one_posting_it_can_be(officer: Officer) -> None:
    officer.answer("R000009", "undo", reason="reversed by the provider")
    (answer,) = hand_back(officer).accepted
    assert (answer.decision, answer.original) == (Decision.UNDO, "RCP0000001")


@pytest.mark.parametrize("standing", ["", "RCP0000001;RCP0000002"])
def test_an_undo_names_its_payment_where_that_is_not_clear(officer: Officer, standing: str) -> None:
    present = now(morning.work(takes_back={9: standing}))
    officer.answer("R000009", "undo", reason="reversed by the provider")
    assert codes(hand_back(officer, present)) == {"R000009": "answer_undo_of_what"}
    officer.answer("R000009", "undo", transaction_or_paper_reference="rcp0000002")
    assert accepted(hand_back(officer, present))["R000009"].original == "RCP0000002"


def test_a_posting_is_left_only_with_a_reason(officer: Officer) -> None:
    officer.answer("R000009", "leave the posting")
    assert codes(hand_back(officer)) == {"R000009": "answer_needs_cell"}
    officer.answer("R000009", "leave the posting", reason="recovered from the client")
    assert accepted(hand_back(officer))["R000009"].reason == "recovered from the client"


@pytest.mark.parametrize("decision", ["undo", "leave the posting"])
def test_what_is_no_reversal_has_no_posting_to_undo_or_leave(
    officer: Officer, decision: str
) -> None:
    officer.answer("R000001", decision, reason="reversed by the provider")
    assert codes(hand_back(officer)) == {"R000001": "answer_not_possible"}


OPENED_LATER = {"other_value_date": "2026-03-03", "why_that_date": "the account was opened later"}


@pytest.mark.parametrize(
    ("row_id", "decision", "cells"),
    [
        ("R000001", "approve", {}),
        ("R000001", "different account", {
            "different_account": "loan:000000012", "reason": "client confirmed",
        }),
    ],
)  # fmt: skip
def test_another_value_date_makes_it_a_choice_that_says_why(
    officer: Officer, row_id: str, decision: str, cells: dict[str, str]
) -> None:
    officer.answer(row_id, decision, **cells, **OPENED_LATER)
    (answer,) = hand_back(officer).accepted
    assert (answer.value_date, answer.other_value_date) == ("2026-03-02", "2026-03-03")
    assert (answer.date_reason, answer.unchanged) == ("before_activation", False)


@pytest.mark.parametrize(
    ("decision", "day", "why", "code"),
    [
        ("approve", "2026-03-03", "", "answer_needs_cell"),
        ("approve", "", "the books of that day are closed", "answer_needs_cell"),
        ("approve", "2026-03-03", "because", "answer_reason_unknown"),
        ("approve", "2026-03-02", "that day was a holiday", "answer_value_date_range"),
        ("approve", "2026-03-01", "that day was a holiday", "answer_value_date_range"),
        ("approve", "2026-03-04", "that day was no working day", "answer_value_date_range"),
        ("approve", "tomorrow", "that day was a holiday", "answer_date_malformed"),
        ("suspense", "2026-03-03", "that day was a holiday", "answer_cell_not_expected"),
    ],
)  # fmt: skip
def test_another_value_date_has_a_reason_and_lies_after_the_lines_day(
    officer: Officer, decision: str, day: str, why: str, code: str
) -> None:
    officer.answer("R000001", decision, other_value_date=day, why_that_date=why)
    assert codes(hand_back(officer)) == {"R000001": code}


def _to_the_loan(officer: Officer, row_id: str) -> None:
    officer.answer(
        row_id, "different account", different_account="loan:000000012", reason="client confirmed"
    )


def _owing(outstanding_minor: int) -> pd.DataFrame:
    accounts = morning.ACCOUNTS.copy()
    accounts.loc[accounts["account_id"] == 12, "outstanding_minor"] = outstanding_minor
    return accounts


def test_a_loan_is_paid_no_more_than_it_owes(officer: Officer) -> None:
    _to_the_loan(officer, "R000001")
    (refused,) = hand_back(officer, now(accounts=_owing(149_999))).refused
    assert ": the loan 000000012 owes only KES 1,499.99 " in sentence_of(refused.issue)
    assert "“split”" in next_step_of(refused.issue)
    assert set(accepted(hand_back(officer, now(accounts=_owing(150_000))))) == {"R000001"}


def test_approving_a_proposal_above_what_the_loan_owes_is_refused(tmp_path: Path) -> None:
    over = morning.match(
        4, "review", "B", (morning.leg(1, "loan", 12, 80_000),), vetoes="overpayment"
    )
    others = tuple(one for one in morning.MATCHES if one["line_id"] != 4)
    work = replace(morning.work(matches=(*others, over)), accounts=_owing(50_000))
    officer = Officer(tmp_path / "mmrecon.xlsx", proposals=propose(work))
    officer.answer("R000004", "approve")
    assert codes(hand_back(officer, now(work))) == {"R000004": "answer_loan_owes_less"}


def test_answers_to_one_loan_are_added_up(officer: Officer) -> None:
    _to_the_loan(officer, "R000001")
    _to_the_loan(officer, "R000002")
    decided = hand_back(officer, now(accounts=_owing(349_999)))
    assert codes(decided) == {"R000002": "answer_loan_owes_less"}
    assert set(accepted(decided)) == {"R000001"}
    assert not hand_back(officer, now(accounts=_owing(350_000))).refused


def test_a_tolerance_of_the_wallet_lets_a_loan_be_overpaid_a_little(officer: Officer) -> None:
    _to_the_loan(officer, "R000001")
    wallets = [replace(one, overpayment_tolerance_minor=50) for one in morning.WALLETS]
    accounts = _owing(149_950)
    assert not hand_back(officer, now(accounts=accounts, wallets=wallets)).refused


def test_a_payment_that_was_taken_back_is_posted_to_no_account(officer: Officer) -> None:
    officer.answer("R000001", "approve")
    _to_the_loan(officer, "R000002")
    officer.answer("R000004", "not ours", reason="another company's money")
    decided = hand_back(officer, now(reversed_lines=frozenset({1, 2, 4})))
    assert set(codes(decided).values()) == {"answer_payment_reversed"}
    assert set(accepted(decided)) == {"R000004"}
