"""Which test shows which row of issue 5's table "Bad input and faults"; each of them exists."""

from __future__ import annotations

from pathlib import Path

import pytest

_TESTS = Path(__file__).parents[1]

ROWS: dict[str, dict[str, tuple[str, ...]]] = {
    "no layout, two layouts, empty, HTML, encrypted, wrong wallet, columns missing": {
        "flow/test_bad_input.py": (
            "test_files_that_are_no_statement_are_set_aside_and_the_good_one_is_posted",
            "test_two_layouts_that_claim_a_file_set_it_aside",
        ),
    },
    "one bad cell, short row, fraction in UGX, receipt in scientific notation": {
        "flow/test_bad_input.py": (
            "test_bad_rows_are_counted_with_their_money_and_the_others_are_posted",
        ),
    },
    "header totals or balance chain contradict; an override that two people signed": {
        "flow/test_before_sending.py": (
            "test_contradicting_header_totals_send_nothing_of_that_day",
            "test_a_balance_chain_that_breaks_sends_nothing_of_that_day",
        ),
        "flow/test_overrides.py": (
            "test_a_contradicted_day_goes_when_two_people_signed_it",
            "test_an_override_that_one_person_put_there_sends_nothing",
        ),
    },
    "same file, renamed, overlapping, pasted, two layouts, another wallet's folder": {
        "flow/test_bad_input.py": (
            "test_whatever_comes_again_posts_nothing_new_and_says_what_was_first_seen_when",
        ),
    },
    "file quarantined or interrupted earlier": {
        "flow/test_bad_input.py": (
            "test_a_file_that_was_quarantined_is_read_again_when_the_reason_is_gone",
            "test_a_file_moved_to_the_right_wallets_folder_is_read_there",
        ),
        "flow/test_killed.py": ("test_a_day_killed_at_every_step_of_every_stage_is_finished_once",),
    },
    "configuration with an unknown key, a wrong type, two faults at once": {
        "flow/test_bad_input.py": (
            "test_all_faults_of_a_configuration_are_shown_at_once_and_nothing_is_touched",
        ),
    },
    "configuration, payment type or tenant changed; row altered in the database": {
        "flow/test_before_sending.py": (
            "test_a_changed_configuration_sends_nothing_and_says_what_differs",
            "test_a_changed_tenant_server_or_payment_type_sends_nothing",
            "test_a_payment_type_renamed_in_fineract_sends_nothing",
            "test_a_row_altered_in_the_database_sends_nothing",
            "test_a_batch_put_into_the_database_by_hand_sends_nothing",
        ),
    },
    "Fineract down, wrong password, HTML from a proxy, certificate not trusted": {
        "flow/test_outside.py": (
            "test_a_fineract_that_cannot_be_used_ends_with_3_and_the_next_run_goes_on",
            "test_a_proxys_page_or_an_untrusted_certificate_ends_with_3_and_keeps_the_snapshot",
            "test_a_fineract_that_is_lost_while_sending_is_asked_again_by_the_next_run",
            "test_one_wallets_source_that_is_away_stops_no_other",
        ),
    },
    "host key changed; workbook tampered with; same person prepares and approves": {
        "flow/test_outside.py": (
            "test_a_changed_host_key_fetches_nothing_there_and_is_in_the_journal",
            "test_a_tampered_workbook_is_refused_in_the_journal_and_its_other_rows_are_taken",
        ),
        "flow/test_before_sending.py": ("test_the_same_person_cannot_prepare_and_approve",),
    },
    "account closed, reversal, a teller's posting, a leg refused, after the approval": {
        "flow/test_before_sending.py": (
            "test_what_is_blocked_closed_or_disbursed_since_is_back_in_review_and_the_others_go",
            "test_a_reversal_seen_since_is_back_in_review",
            "test_money_that_a_teller_posted_with_its_receipt_is_a_link_to_confirm",
            "test_the_same_amount_without_a_receipt_is_a_question_for_a_person",
            "test_a_loan_that_was_paid_off_since_keeps_the_lines_other_leg_back_too",
            "test_a_leg_that_fineract_would_refuse_keeps_its_siblings_back",
            "test_a_leg_that_only_fineract_refuses_keeps_its_siblings_back",
        ),
    },
    "kill -9 in any stage": {
        "flow/test_killed.py": (
            "test_a_day_killed_at_every_step_of_every_stage_is_finished_once",
            "test_a_night_killed_again_and_again_is_finished_by_the_next",
        ),
        "posting/test_killed.py": (
            "test_a_process_killed_at_any_moment_loses_and_doubles_nothing",
        ),
        "pipeline/test_importing.py": (
            "test_killed_anywhere_the_next_import_finishes_and_nothing_is_half",
        ),
    },
}
"""By row, file and name."""


@pytest.mark.parametrize("row", ROWS)
def test_every_row_of_the_table_has_its_tests(row: str) -> None:
    for file, names in ROWS[row].items():
        text = (_TESTS / file).read_text(encoding="utf-8")
        assert [name for name in names if f"def {name}(" not in text] == []
