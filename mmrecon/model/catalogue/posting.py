"""Codes of the posting stage."""

from __future__ import annotations

from typing import Final

from mmrecon.model.issue import CodeText, Severity

_DECIDE: Final = "Decide about the line again in the newest workbook."
_LOOK: Final = "Look at {account} in Fineract again, and name the transaction that you see there."


def _review(code: str, sentence: str, next_step: str = _DECIDE) -> CodeText:
    return CodeText(code, Severity.WORK, sentence, next_step)


def _resolve(code: str, sentence: str, next_step: str = _LOOK) -> CodeText:
    return CodeText(code, Severity.WORK, sentence, next_step)


CODES: Final[tuple[CodeText, ...]] = (
    _review("refused_by_fineract", "Fineract refused leg {leg}: {code}"),
    _review(
        "period_closed",
        "leg {leg}: the books of {day} are closed for account {account_no}",
        "Ask the accountant to open that day, or answer with another value date and why.",
    ),
    _review(
        "holiday",
        "leg {leg}: {day} is a holiday of the office of loan {account_no}",
        "Allow transactions on holidays in Fineract, or answer with another value date and why.",
    ),
    _review(
        "non_working_day",
        "leg {leg}: {day} is no working day, and loan {account_no} takes nothing then",
        "Allow transactions on such days in Fineract, or answer with another value date and why.",
    ),
    _review(
        "before_activation",
        "leg {leg}: account {account_no} was opened only after {day}",
        "Choose an account that was open then, or answer with another value date and why.",
    ),
    _review("account_gone", "leg {leg}: Fineract has no account {account_no} any more"),
    _review("account_number_changed", "leg {leg}: account {account_no} has another number now"),
    _review("owner_changed", "leg {leg}: account {account_no} belongs to another client now"),
    _review("currency_changed", "leg {leg}: account {account_no} has another currency now"),
    _review("account_not_open", "leg {leg}: account {account_no} is not open any more"),
    _review("account_blocked_now", "leg {leg}: account {account_no} is blocked now"),
    _review(
        "amount_would_be_rounded",
        "leg {leg}: Fineract would round the amount on account {account_no}",
    ),
    _review(
        "loan_owes_less",
        "the loan {account_no} owes only {left}",
        "Answer “split” or “different account” in the newest workbook.",
    ),
    _review("too_little_left", "the account {account_no} has only {left} for it (leg {leg})"),
    _review("approval_too_old", "leg {leg} for account {account_no} was approved 30 days ago"),
    _review(
        "file_withdrawn",
        "every file that showed the line was withdrawn before leg {leg} was sent",
        "Nothing; if a right file shows the line again, decide about it anew.",
    ),
    _review("line_changed", "the line itself is no longer what was approved (leg {leg})"),
    _review("line_contradicted", "two files contradict each other about the line (leg {leg})"),
    _review(
        "reversal_seen_since", "the provider took the money back after the approval (leg {leg})"
    ),
    _review(
        "posted_elsewhere",
        "already in Fineract: {account_kind} {account_id}, transaction {transaction_id}, {day}",
        "Sign the link: mmrecon submit --as NAME; another person approves or rejects it.",
    ),
    _review(
        "probably_posted",
        "perhaps already in Fineract: {account_kind} {account_id}, transaction "
        "{transaction_id}, {day}",
        "Look at that transaction; link it, or approve the line again, with a Reason, if it is "
        "other money.",
    ),
    _review(
        "posted_by_mmrecon",
        "mmrecon itself posted it already, in batch {batch_id}: {account_kind} {account_id}, "
        "transaction {transaction_id}, {day}",
        "Answer the row “already posted” with that transaction; if it is on the wrong account, "
        "undo it in Fineract first, then post the row again.",
    ),
    _review("too_many_legs", "the line has {legs} legs, more than `posting.legs_per_line`"),
    _review(
        "configuration_changed", "an approved change of the configuration rules it out: {code}"
    ),
    _review(
        "reversed_outside",
        "somebody reversed in Fineract what was posted (leg {leg})",
        "Ask who reversed it and why, then decide about the line again.",
    ),
    _review(
        "rejected_in_fineract",
        "leg {leg} was rejected inside Fineract by the person who checks there",
    ),
    _review(
        "resolved_not_posted",
        "two people signed that leg {leg} was not posted ({batch_id})",
    ),
    CodeText(
        "posting_unknown",
        Severity.ATTENTION,
        "{count} posting(s) (has|have) no clear answer from Fineract: {postings}",
        "Run `mmrecon post` again. What stays unknown: look at its account in Fineract, then "
        "`mmrecon post resolve POSTING --posted TRANSACTION`, or `--not-posted --reason TEXT`.",
    ),
    CodeText(
        "posting_pending",
        Severity.WORK,
        "{count} posting(s) (waits|wait) for a second person inside Fineract: {postings}",
        "Approve or reject them in Fineract's own inbox. What is in no inbox any more: "
        "`mmrecon post resolve POSTING --not-posted --reason TEXT`.",
    ),
    CodeText(
        "posting_deferred",
        Severity.NOTICE,
        "{count} posting(s) (waits|wait) for (its|their) day or for the close of business to end",
        "Nothing: a later run sends them. To give one up: `mmrecon post resolve POSTING "
        "--not-posted --reason TEXT`.",
    ),
    _resolve(
        "resolve_transaction_missing",
        "{account} has no transaction {transaction_id} that is a payment",
    ),
    _resolve("resolve_transaction_reversed", "transaction {transaction_id} was reversed"),
    _resolve(
        "resolve_transaction_differs",
        "transaction {transaction_id} has another amount, date or direction than posting "
        "{posting_id}",
    ),
    _resolve(
        "resolve_transaction_taken",
        "transaction {transaction_id} belongs to another posting or link already",
    ),
    _resolve(
        "resolve_stands",
        "transaction {transaction_id} on {account} carries the receipt of posting {posting_id}",
        "Say so: `mmrecon post resolve {posting_id} --posted {transaction_id} --as NAME`.",
    ),
    _resolve(
        "resolve_waits_in_inbox",
        "a command on {account} still waits in Fineract's inbox; it may be posting {posting_id}",
        "Reject it there first, or approve it and run `mmrecon post`.",
    ),
    _resolve(
        "resolve_unclear",
        "Fineract shows several transactions, or one of another loan, that posting {posting_id} "
        "may be",
        "Look at {account} in Fineract; say which one it is with --posted TRANSACTION.",
    ),
    CodeText(
        "posting_held_up",
        Severity.NOTICE,
        "{count} posting(s) (waits|wait) because another one on the same account is unknown",
        "Nothing, once the unknown one is cleared.",
    ),
    CodeText(
        "day_contradicted",
        Severity.ATTENTION,
        "{count} approved posting(s) of {day} (is|are) not sent: the day's evidence contradicts "
        "itself",
        "See `mmrecon prove` for what does not add up, and get a right statement of that day; if "
        "there is none, two people sign: `mmrecon submit --override WALLET:{day} --reason TEXT`.",
    ),
    CodeText(
        "day_overridden",
        Severity.NOTICE,
        "{count} posting(s) of {day} (goes|go) although the day's evidence contradicts itself: two "
        "people signed that in {batch_id}",
        "Nothing; the day's proof goes on naming it.",
    ),
    CodeText(
        "shadow_not_sent",
        Severity.NOTICE,
        "{count} posting(s) (was|were) approved in shadow and (is|are) never sent",
        "Nothing; the wallet only rehearses.",
    ),
    CodeText(
        "journal_not_searched",
        Severity.NOTICE,
        "only the target accounts were searched for money that is posted already",
        "Install the reports (`mmrecon ledger report install`), or name the wallet's GL accounts "
        "in `gl_account_ids`, to search its books too.",
    ),
    CodeText(
        "days_not_read",
        Severity.NOTICE,
        "closed books, holidays or non-working days could not all be read; a line of such a day is "
        "tried, and comes back refused",
        "Give the role of mmrecon's user {permissions}.",
    ),
    CodeText(
        "posting_sent_back",
        Severity.WORK,
        "{count} posting(s) (was|were) refused or withdrawn and (is|are) back in review",
        "`mmrecon workbook` shows each with its reason.",
    ),
    CodeText(
        "posting_not_found",
        Severity.ATTENTION,
        "posting {posting_id} does not read back from Fineract",
        "Look at its account in Fineract: was it deleted, or is this another server?",
    ),
    CodeText(
        "posting_differs",
        Severity.ATTENTION,
        "posting {posting_id} reads back with another amount, date or receipt",
        "Look at the transaction in Fineract: somebody changed it.",
    ),
    CodeText(
        "receipt_twice",
        Severity.ATTENTION,
        "receipt {receipt} stands in Fineract twice: {account}, transaction {transaction_id}, "
        "{whose}; and {other_account}, transaction {other_transaction_id}, {amount} of {day}, made "
        "{made_by}",
        "Keep the right one. `mmrecon undo {receipt} --reason TEXT` takes transaction "
        "{transaction_id} back; transaction {other_transaction_id} is undone in Fineract itself "
        "({other_account}). Then run `mmrecon verify`.",
    ),
    CodeText(
        "linked_receipt_twice",
        Severity.ATTENTION,
        "receipt {receipt} stands in Fineract twice: {account}, transaction {transaction_id}, "
        "{whose}; and {other_account}, transaction {other_transaction_id}, {amount} of {day}, made "
        "{made_by}",
        "Undo the wrong one in Fineract itself, then run `mmrecon verify`. If that is transaction "
        "{transaction_id}, the line comes back to be decided anew.",
    ),
    CodeText(
        "books_not_searched",
        Severity.NOTICE,
        "only the accounts of our postings were searched for receipts that stand twice",
        "Install the reports (`mmrecon ledger report install`), or name the wallet's GL accounts "
        "in `gl_account_ids`, to search its books too.",
    ),
    CodeText(
        "link_not_found",
        Severity.ATTENTION,
        "linked transaction {transaction_id} of {account_kind} {account_id} is not in Fineract",
        "Look at the account: the line that names it may not be posted at all.",
    ),
    CodeText(
        "link_reversed",
        Severity.ATTENTION,
        "linked transaction {transaction_id} of {account_kind} {account_id} was reversed",
        "The line that names it is back in review: ask who reversed it and why, then decide it.",
    ),
    CodeText(
        "link_exceeds",
        Severity.ATTENTION,
        "linked transaction {transaction_id} of {account_kind} {account_id} is smaller than what "
        "lines claim of it",
        "Compare the lines with that transaction in Fineract.",
    ),
    _review(
        "link_reversed_since",
        "what it was linked to was reversed in Fineract: {account_kind} {account_id}, transaction "
        "{transaction_id}",
        "Ask who reversed it and why, then decide about the line again.",
    ),
    _review(
        "unclear_after_restore",
        "the store was put back, and leg {leg} stands in Fineract reversed, twice, or without its "
        "other legs",
        "Look at the account in Fineract: link what stands there, or approve the line again.",
    ),
    CodeText(
        "read_anew",
        Severity.NOTICE,
        "this store was put back: of what was approved {found} stand in Fineract and {absent} do "
        "not; {unclear} are unclear, {questions} other line(s) may be posted already",
        "Nothing for those found; the rest is in the newest workbook. Approvals and revocations "
        "since the backup are gone: make them again.",
    ),
    CodeText(
        "other_poster",
        Severity.ATTENTION,
        "another mmrecon, or a copy of this one, posts to this wallet ({count} batch(es) or rows "
        "that this store never sent, such as {batch_id}); nothing of the wallet was sent",
        "Find that other mmrecon, or the other copy of this one, and stop it; then run "
        "`mmrecon post --other-stopped`.",
    ),
    CodeText(
        "posting_reversed_outside",
        Severity.ATTENTION,
        "posting {posting_id} was reversed in Fineract by somebody else",
        "Its line is back in review: ask who reversed it and why.",
    ),
)
