"""Codes of the proof stage: what a day's proof lists, and what stands against it."""

from __future__ import annotations

from typing import Final

from mmrecon.model.issue import CodeText, Severity

_BOOK = "Book it by hand in Fineract with the receipts as reference, or close the lines."
_LOOK = "Look at the receipt with `mmrecon explain RECEIPT` before anything else is posted."

CODES: Final[tuple[CodeText, ...]] = (
    CodeText(
        "charges_to_book",
        Severity.WORK,
        "to book by hand: charges, {amount} ({lines})",
        _BOOK,
    ),
    CodeText(
        "transfers_to_book",
        Severity.WORK,
        "to book by hand: transfers whose other side is not here, {amount} ({lines})",
        _BOOK,
    ),
    CodeText(
        "settlement_to_book",
        Severity.WORK,
        "to book by hand: settled with the bank, {amount} ({lines})",
        _BOOK,
    ),
    CodeText(
        "funding_to_book",
        Severity.WORK,
        "to book by hand: funding, {amount} ({lines})",
        _BOOK,
    ),
    CodeText(
        "reversals_to_decide",
        Severity.WORK,
        "awaiting a decision: reversals, {amount} ({lines})",
        "Look at each with its original in the workbook.",
    ),
    CodeText(
        "unknown_lines",
        Severity.WORK,
        "lines of a kind nobody has described: {amount} ({lines})",
        "Say in the workbook what they are.",
    ),
    CodeText(
        "awaiting_decision",
        Severity.WORK,
        "awaiting a decision: {amount} ({lines})",
        "Decide in the workbook.",
    ),
    CodeText(
        "closed_as_not_ours",
        Severity.NOTICE,
        "not ours, as two people signed: {amount} ({lines})",
        "Nothing in mmrecon; give the money back as your rules say.",
    ),
    CodeText(
        "closed_by_hand",
        Severity.NOTICE,
        "done by hand, as two people signed: {amount} ({lines})",
        "Nothing: the paper reference stands in `mmrecon explain`.",
    ),
    CodeText(
        "in_suspense",
        Severity.WORK,
        "in suspense: {amount} ({lines})",
        "Find the owner; `mmrecon explain` shows what was tried.",
    ),
    CodeText(
        "held_back",
        Severity.WORK,
        "held back by decision: {amount} ({lines})",
        "They come back on the day that was chosen.",
    ),
    CodeText(
        "awaiting_approval",
        Severity.WORK,
        "awaiting a second person: {amount} ({lines})",
        "Another person runs `mmrecon approve`.",
    ),
    CodeText(
        "awaiting_sending",
        Severity.WORK,
        "approved and not sent yet: {amount} ({lines})",
        "Run `mmrecon post`.",
    ),
    CodeText(
        "approved_in_shadow",
        Severity.NOTICE,
        "approved in shadow; never sent: {amount} ({lines})",
        "Nothing; the wallet only rehearses.",
    ),
    CodeText(
        "fate_unknown",
        Severity.ATTENTION,
        "sent, and nobody knows yet whether it stands: {amount} ({lines})",
        "Run `mmrecon post`: recovery comes first and sends nothing twice.",
    ),
    CodeText(
        "rows_refused",
        Severity.ATTENTION,
        "rows of the statement that could not be read: {count}",
        "See `mmrecon status`; import a corrected file.",
    ),
    CodeText(
        "refused_money_unknown",
        Severity.ATTENTION,
        "the money of {count} row(s) that could not be read is not known from them",
        "See `mmrecon status` for the rows; import a corrected file. The day balances when it is "
        "read.",
    ),
    CodeText(
        "no_statement",
        Severity.NOTICE,
        "no statement of this day has been read",
        "Fetch or import it; until then nobody can say whether the day is complete.",
    ),
    CodeText(
        "day_not_complete",
        Severity.NOTICE,
        "the statements do not cover the whole day",
        "Wait for the full day's file, or import it; the lines that are here go on.",
    ),
    CodeText(
        "not_provable_yet",
        Severity.NOTICE,
        "neither balances nor totals prove yet that the day is complete",
        "The next day's statement may prove it.",
    ),
    CodeText(
        "fineract_not_read",
        Severity.NOTICE,
        "Fineract was not read: {why}",
        "Run `mmrecon prove` again when it can be reached.",
    ),
    CodeText(
        "posted_by_others",
        Severity.WORK,
        "in Fineract by somebody else, not linked yet: {amount} ({transactions})",
        "Sign what was found: mmrecon submit --as NAME; or answer the line as already posted, with "
        "that transaction.",
    ),
    CodeText(
        "not_on_a_statement_yet",
        Severity.WORK,
        "in Fineract, not on a statement yet (the day is not complete): {amount} ({transactions})",
        "The full day's statement will tell.",
    ),
    CodeText(
        "found_while_unknown",
        Severity.ATTENTION,
        "in Fineract, and mmrecon does not know yet that it stands: {amount} ({transactions})",
        "Run `mmrecon post`: recovery comes first.",
    ),
    CodeText(
        "links_not_seen",
        Severity.WORK,
        "linked, without this wallet's payment type: {amount} ({transactions})",
        "Run `mmrecon verify`; it reads linked transactions back.",
    ),
    CodeText(
        "booked_by_hand",
        Severity.NOTICE,
        "journal entries made by hand on the wallet's account: {amount} ({transactions})",
        "Compare them with what was to be booked by hand.",
    ),
    CodeText(
        "posted_on_another_day",
        Severity.NOTICE,
        "posted under a later value date that two people signed: {amount} ({transactions})",
        "Nothing to do; `mmrecon explain RECEIPT` says why.",
    ),
    CodeText(
        "paid_on_another_day",
        Severity.NOTICE,
        "paid on an earlier day, posted under this value date: {amount} ({transactions})",
        "Nothing to do; `mmrecon explain RECEIPT` says why.",
    ),
    CodeText(
        "linked_in_part",
        Severity.WORK,
        "transactions of others linked only in part: {amount} left ({transactions})",
        "Link the other lines they stand for.",
    ),
    CodeText(
        "statement_contradicted",
        Severity.ATTENTION,
        "the statement contradicts itself",
        "See `mmrecon status`; ask the provider for the file again.",
    ),
    CodeText(
        "override_signed",
        Severity.NOTICE,
        "two people signed that the day is sent although it is contradicted: {batch_id}, by "
        "{people}",
        "Nothing; `mmrecon approve {batch_id}` shows what they signed.",
    ),
    CodeText(
        "sum_is_not_closing",
        Severity.ATTENTION,
        "opening and movements do not make the closing balance: {amount} apart",
        "A row is missing or doubled; ask the provider for the file again.",
    ),
    CodeText(
        "chain_broken",
        Severity.ATTENTION,
        "the balances after each line do not follow from one another ({count} breaks)",
        "A row is missing or doubled; ask the provider for the file again.",
    ),
    CodeText(
        "opening_is_not_closing_before",
        Severity.ATTENTION,
        "the day opens {amount} away from where the day before closed",
        "Something is missing between the two days; ask the provider for both files again.",
    ),
    CodeText(
        "missing_in_fineract",
        Severity.ATTENTION,
        "posted by mmrecon, and not in Fineract: {amount} ({transactions})",
        _LOOK,
    ),
    CodeText(
        "missing_in_mmrecon",
        Severity.ATTENTION,
        "in Fineract for this wallet, and on no statement: {amount} ({transactions})",
        "Ask who booked it in Fineract, and for which money.",
    ),
    CodeText(
        "twice_in_fineract",
        Severity.ATTENTION,
        "in Fineract a second time: {amount} ({transactions})",
        _LOOK,
    ),
    CodeText(
        "amount_differs",
        Severity.ATTENTION,
        "another amount in Fineract than mmrecon posted: {amount} apart ({transactions})",
        _LOOK,
    ),
    CodeText(
        "date_differs",
        Severity.ATTENTION,
        "another value date in Fineract than mmrecon posted: {amount} ({transactions})",
        _LOOK,
    ),
    CodeText(
        "seen_on_accounts_only",
        Severity.NOTICE,
        "no general-ledger account is configured: only accounts mmrecon posted to were read",
        "Add `gl_account_ids` to the wallet, so that postings to other accounts are seen too.",
    ),
)
