"""Codes of the approval stage."""

from __future__ import annotations

from typing import Final

from mmrecon.model.issue import CodeText, Severity

_AGAIN: Final = "Look at the row in the newest workbook and answer it there."
_FIX: Final = "Correct the cell, save, and hand the workbook back again; the other rows are taken."


def _work(code: str, sentence: str, next_step: str = _FIX) -> CodeText:
    return CodeText(code, Severity.WORK, sentence, next_step)


CODES: Final[tuple[CodeText, ...]] = (
    CodeText(
        "workbook_unreadable",
        Severity.WORK,
        "the file is no workbook that can be read",
        "Save it as an Excel workbook (.xlsx) and hand it back again.",
    ),
    CodeText(
        "workbook_not_ours",
        Severity.WORK,
        "no workbook id stands in the file: mmrecon did not write it",
        "Hand back the workbook that `mmrecon workbook` wrote.",
    ),
    CodeText(
        "workbook_unknown",
        Severity.ATTENTION,
        "workbook {workbook_id} was not written here",
        "Hand back the workbook that `mmrecon workbook` wrote on this server.",
    ),
    _work(
        "workbook_columns_wrong",
        "sheet {sheet}: missing, or there twice: {columns}",
        "Put these columns back as they were, or answer in a fresh copy of the workbook.",
    ),
    CodeText(
        "workbook_old",
        Severity.NOTICE,
        "the workbook is older than its date; answers counted where nothing has changed since",
        "Next time answer in the newest workbook.",
    ),
    CodeText(
        "workbook_rows_hidden",
        Severity.NOTICE,
        "{count} rows were hidden when the workbook was saved; they counted like the others",
        "Clear the filter to see them.",
    ),
    _work(
        "workbook_payment_type_missing",
        "the wallet has no payment type, so nothing of it can be posted",
        "Set `payment_type` of the wallet in config.toml and have it approved.",
    ),
    CodeText(
        "answer_row_unknown",
        Severity.ATTENTION,
        "the row id does not stand in the workbook that was written",
        "Remove the row. Rows of another workbook are answered there.",
    ),
    CodeText(
        "answer_row_doubled",
        Severity.ATTENTION,
        "the row stands in the workbook more than once, with different answers",
        "Keep one of them and hand the workbook back again.",
    ),
    CodeText(
        "answer_row_changed",
        Severity.ATTENTION,
        "a cell that mmrecon wrote was changed: {columns}",
        "Undo the change, or answer the row in a fresh copy of the workbook.",
    ),
    CodeText(
        "answer_key_changed",
        Severity.ATTENTION,
        "the row's hidden key is not the one that was written",
        "Answer the row in a fresh copy of the workbook.",
    ),
    _work("answer_formula", "the cell {cell} holds a formula; type the answer itself"),
    _work("answer_without_decision", "{cell} is filled, but no decision is chosen"),
    _work("answer_decision_unknown", "the decision is none of the list; perhaps {suggestion}"),
    _work("answer_reason_unknown", "the reason is none of the list; perhaps {suggestion}"),
    _work("answer_needs_cell", "“{decision}” needs the cell {cell}"),
    _work("answer_cell_not_expected", "“{decision}” takes nothing from the cell {cell}"),
    _work("answer_comment_needed", "the reason “other, see comment” needs a comment"),
    _work(
        "answer_account_malformed",
        "{cell}: write kind and number, as savings:000000123 or loan:000000123",
    ),
    _work("answer_account_unknown", "the ledger has no account {account}"),
    _work("answer_account_doubled", "the ledger has more than one account {account}"),
    _work("answer_account_not_open", "the account {account} is {status}: it takes no such posting"),
    _work("answer_account_currency", "the account {account} is in {currency}, the wallet is not"),
    _work(
        "answer_split_malformed",
        "write the split as savings:000000123=500.00; loan:000000045=250, plain numbers only",
    ),
    _work("answer_split_sum", "the split adds up to {given}, the row has {expected}"),
    _work(
        "answer_date_malformed",
        "the date is none; write it as 2026-03-31, 31/03/2026 or 31 March 2026",
    ),
    _work(
        "answer_date_ambiguous",
        "the date may be {days}; write it in that way, the year first",
    ),
    _work("answer_date_past", "a row is held until a day after today and within a year"),
    _work(
        "answer_value_date_range",
        "another value date is a day after {day}, the line's own, and not after today",
    ),
    _work(
        "answer_transaction_malformed",
        "a transaction is named by its number in Fineract, digits only",
    ),
    _work(
        "answer_transaction_missing",
        "{account} has no payment with the number {transaction_id} in Fineract",
        "Look the transaction up in Fineract, correct number or account, and hand it back again.",
    ),
    _work(
        "answer_transaction_reversed",
        "transaction {transaction_id} of {account} was reversed in Fineract: it is no money",
        "Name the transaction that stands, or approve the line so that it is posted.",
    ),
    _work(
        "answer_transaction_direction",
        "transaction {transaction_id} of {account} moved money the other way than the line",
        "Look the transaction up in Fineract and correct its number.",
    ),
    _work(
        "answer_transaction_own",
        "transaction {transaction_id} of {account} was posted by mmrecon itself, for its own line",
        "Look the transaction up in Fineract; `mmrecon find` shows the line it belongs to.",
    ),
    _work(
        "answer_transaction_too_small",
        "transaction {transaction_id} of {account} has {left} left for links, the row {needed}",
        "Name another transaction, or decide otherwise: other lines are linked to this one.",
    ),
    _work(
        "answer_found_already",
        "the row came back because transaction {transaction_id} on {account} seems to be this "
        "money already",
        "Look at it in Fineract. If it is this money: “already posted”, with {transaction_id} and "
        "{account}. If it is other money: post the row, with a Reason.",
    ),
    _work(
        "answer_found_unclear",
        "the row came back because Fineract shows its money reversed, twice, or only in part",
        "Look at its accounts in Fineract. If the money stands there: “already posted”, with that "
        "transaction. If it does not: post the row, with a Reason.",
    ),
    _work(
        "answer_posted_by_mmrecon",
        "mmrecon itself posted this money already, in batch {batch_id}: transaction "
        "{transaction_id} on {account} stands in Fineract",
        "Answer “already posted”, with {transaction_id} and {account} (several parts: “done by "
        "hand”, with all their numbers). If it is on the wrong account, undo it in Fineract first.",
    ),
    _work(
        "answer_not_read_back",
        "the transaction could not be read in Fineract: {why}",
        "Hand the workbook back again when Fineract answers; the other rows are taken.",
    ),
    _work(
        "answer_undo_of_what",
        "{count} posted payments may be the one that this reversal takes back",
        "Write the receipt of that payment into “Transaction or paper reference”.",
    ),
    _work(
        "answer_undo_not_possible",
        "the posting of {original} cannot be taken back: {because}",
        "Do what it says, or answer otherwise: “leave the posting” or “done by hand”, and why.",
    ),
    _work(
        "answer_undo_amount",
        "the reversal is of {given}, the posting of {original} of {expected}",
        "Take the posting back with `mmrecon undo {original}`, post what is left of the payment, "
        "and answer this row “done by hand” then.",
    ),
    _work(
        "reversal_not_undone",
        "two people signed to take the posting back, and it was not done (batch {batch_id}: {why})",
        "Look at the account in Fineract and answer the row anew.",
    ),
    _work("answer_paper_reference_short", "the transaction or paper reference is too short"),
    _work("answer_not_possible", "“{decision}” is not possible here: {because}"),
    _work(
        "answer_no_item",
        "no one open request or approved loan of {account} has this amount; a payout settles one",
        "Import the withdrawal request first: mmrecon payouts requests FILE. A loan is approved in "
        "Fineract, then: mmrecon ledger refresh. Then answer the row again.",
    ),
    _work(
        "answer_payout_split",
        "a payout settles one request or one loan; it cannot be split",
        "Import the request of the whole amount first (mmrecon payouts requests FILE) and answer "
        "“different account”, or choose another decision.",
    ),
    _work(
        "answer_loan_owes_less",
        "the loan {account_no} owes only {left} by the last ledger refresh and the answers before "
        "this one; {given} would not be sent",
        "Answer “split”, with no more than that for the loan, or “different account”. If it owes "
        "more by now: mmrecon ledger refresh, then hand it back again.",
    ),
    _work(
        "answer_payment_reversed",
        "the provider took this payment back: it would not be sent to any account",
        "Answer “not ours” with a Reason: the row is closed and nothing is posted.",
    ),
    _work(
        "answer_item_taken",
        "the request or loan that this payout settles is taken or gone",
        _AGAIN,
    ),
    _work(
        "answer_line_changed", "the line itself has changed since the workbook was written", _AGAIN
    ),
    _work(
        "answer_match_changed", "the proposal has changed since the workbook was written", _AGAIN
    ),
    _work(
        "answer_sent_back_since",
        "the row came back to a person after the workbook was written, for a reason that the "
        "workbook does not show",
        "Read the reason in the newest workbook and answer the row there.",
    ),
    _work(
        "answer_left_changed", "the amount left has changed since the workbook was written", _AGAIN
    ),
    _work(
        "answer_line_moved_on",
        "the line no longer waits for an answer: it is {state}",
        "Nothing to do, unless it should stand otherwise; `mmrecon explain` tells its story.",
    ),
    _work(
        "answer_taken_differently",
        "the row was answered otherwise in an earlier return of this workbook",
        "If the later answer is right, have the batch rejected and answer the newest workbook.",
    ),
    _work(
        "link_rejected",
        "another person did not confirm that it is {account_kind} {account_id}, transaction "
        "{transaction_id}",
        "Look at that transaction: answer “already posted” with the right one, or approve the line "
        "if it is other money.",
    ),
    _work(
        "links_found",
        "found in Fineract: {count} line(s), {total}, posted by somebody else",
        "Sign the links: mmrecon submit --as NAME (without a file); another person approves them.",
    ),
    _work("section_unknown", "no such section stands in the workbook that was written"),
    _work("section_formula", "section {section}: a cell holds a formula; type the figures"),
    _work("section_word_unknown", "section {section}: write “approve all”, or nothing"),
    _work("section_figures_missing", "section {section}: type count and total as plain numbers"),
    _work(
        "section_differs",
        "section {section}: you approve {count} rows, {total}; unmarked rows that came back: "
        "{found_count} rows, {found_total}",
        "Count again, or mark the rows one by one; nothing of the section was taken.",
    ),
    _work(
        "sign_off_differs",
        "sign-off: you approve {count} rows, {total}; your answers say {found_count} rows, "
        "{found_total}",
        "Correct the sign-off or the answers; nothing of the workbook was taken.",
    ),
    CodeText(
        "configuration_differs",
        Severity.ATTENTION,
        "the configuration differs from the approved one ({paths}); nothing is sent until two "
        "people have signed it",
        "`mmrecon submit` shows it, `mmrecon submit --as NAME` signs it, and another person "
        "approves it; or put config.toml back as it was.",
    ),
    _work(
        "configuration_unsigned",
        "no configuration is approved yet; nothing is sent until two people have signed one",
        "`mmrecon submit` shows it, `mmrecon submit --as NAME` signs it, and another person "
        "approves it.",
    ),
    _work(
        "configuration_waits",
        "the present configuration waits for its approval; nothing is sent until then",
        "Another person looks at it and approves it: mmrecon approve {batch_id}",
    ),
    CodeText(
        "configuration_unverifiable",
        Severity.ATTENTION,
        "whether the configuration is approved cannot be told: {why}",
        "`mmrecon doctor` looks at it and names the remedy; nothing is sent until then.",
    ),
    _work("sign_off_malformed", "sign-off: count and total of {currency} are no plain numbers"),
)

TAMPERING: Final = frozenset(
    {
        "workbook_unknown",
        "answer_row_unknown",
        "answer_row_doubled",
        "answer_row_changed",
        "answer_key_changed",
    }
)
"""Codes of a workbook that somebody changed where nothing may be changed (exit 5)."""
