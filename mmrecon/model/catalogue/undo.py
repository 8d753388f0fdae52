"""Codes of taking postings back: what it does, and why it cannot be done."""

from __future__ import annotations

from typing import Final

from mmrecon.model.issue import CodeText, Severity

_LOOK: Final = "Look at the account in Fineract with amount, date and receipt."
_BY_HAND: Final = (
    "Correct it in Fineract by hand, as your institution books such a case; "
    "`mmrecon verify` then frees the line."
)


def _told(code: str, sentence: str) -> CodeText:
    return CodeText(code, Severity.NOTICE, sentence, "Nothing: it is said before anybody signs.")


def _not_possible(code: str, sentence: str, next_step: str) -> CodeText:
    return CodeText(code, Severity.WORK, sentence, next_step)


CODES: Final[tuple[CodeText, ...]] = (
    _told(
        "undo_recomputes",
        "the payment of {amount} on {day} on {account} is spread anew over the instalments",
    ),
    _told(
        "undo_replays",
        "the payment of {amount} on {day} on {account} is replayed and gets another transaction "
        "number; its external id and receipt stay",
    ),
    _told("undo_reopens", "{account} is closed or overpaid now and is open again afterwards"),
    _told(
        "undo_unsays_disbursal",
        "{account} waits for its disbursement again, and the request is open again",
    ),
    _told("undo_request_reopens", "the request that {account} was paid for is open again"),
    _told("undo_fee_too", "the withdrawal fee of {amount} on {account} is taken back with it"),
    _told(
        "undo_closure_unseen",
        "closed periods could not be read (READ_GLCLOSURE); Fineract refuses if {day} is in one",
    ),
    _not_possible(
        "undo_not_settled",
        "leg {leg} is {state}: only what is posted can be taken back",
        "Run `mmrecon post` until nothing of the line is open; then undo it.",
    ),
    _not_possible(
        "undo_waits_already",
        "leg {leg} is in correction {batch_id} already",
        "Approve or reject that one: mmrecon approve {batch_id}; when approved, run mmrecon post.",
    ),
    _not_possible("undo_not_found", "leg {leg} does not read back from {account}", _LOOK),
    _not_possible(
        "undo_differs",
        "leg {leg} reads back from {account} with another amount, date or receipt",
        _LOOK,
    ),
    _not_possible(
        "undo_reversed_already",
        "leg {leg} was reversed on {account} by somebody else",
        "Run `mmrecon verify`: its line comes back to review.",
    ),
    _not_possible(
        "undo_account_not_open", "{account} is not open for corrections (status {status})", _BY_HAND
    ),
    _not_possible(
        "undo_money_spent",
        "{amount} on {account} was withdrawn since: the balance would be {short} too small",
        "Agree with the client how the money comes back. When it is on the account, undo again.",
    ),
    _not_possible(
        "undo_period_closed",
        "the books of {account} are closed up to {closing}; {day} lies before",
        "Have the accountant reopen the period, or correct it in the open one by hand.",
    ),
    _not_possible(
        "undo_repaid_since",
        "{account} has {count} later payment(s), which would vanish with the disbursement",
        "Take these back first; then the disbursement.",
    ),
    _not_possible(
        "undo_refunded_since",
        "an overpayment of {account} was refunded or the loan was changed after this payment",
        _BY_HAND,
    ),
    _not_possible(
        "undo_several_tranches",
        "{account} was paid out in several tranches; Fineract takes back all of them at once",
        _BY_HAND,
    ),
    _not_possible(
        "undo_not_with_legs",
        "a disbursement cannot be taken back in one call with other legs of its line",
        _BY_HAND,
    ),
    _not_possible(
        "undo_needs_checker",
        "Fineract wants a second person of its own for taking back {account}",
        _BY_HAND,
    ),
    _not_possible(
        "undo_sibling",
        "another leg of the line cannot be taken back; all legs are, or none",
        "See the other leg.",
    ),
    _not_possible(
        "undo_also_in_file",
        "the line stands in another file too: {file}",
        "If it is wrong all the same, undo it by its receipt.",
    ),
    CodeText(
        "taken_back",
        Severity.WORK,
        "was posted and taken back by correction {batch_id} (leg {leg})",
        "Next: `mmrecon match` and `mmrecon workbook`; decide about it there again.",
    ),
    CodeText(
        "undo_given_up",
        Severity.WORK,
        "nothing of the line was taken back (correction {batch_id}): {why}",
        "Look with `mmrecon undo RECEIPT` at what stands against it; what is posted stays posted.",
    ),
    CodeText(
        "undo_waits",
        Severity.NOTICE,
        "{count} posting(s) (is|are) to be taken back, and (waits|wait): something on "
        "their account is unknown, or the close of business runs there",
        "Nothing: a later run takes them back.",
    ),
    CodeText(
        "undo_unknown",
        Severity.ATTENTION,
        "{count} posting(s) (is|are) being taken back and (does|do) not read back as reversed yet",
        "Run `mmrecon post` again; what stays so is looked up in Fineract by a person.",
    ),
    CodeText(
        "undo_changed_since",
        Severity.WORK,
        "taking back does more now than was shown when people signed",
        "Look again with `mmrecon undo RECEIPT`, and sign it anew.",
    ),
    CodeText(
        "undo_too_old",
        Severity.WORK,
        "the correction was approved more than 30 days ago",
        "Look again with `mmrecon undo RECEIPT`, and sign it anew.",
    ),
    CodeText(
        "undo_refused",
        Severity.WORK,
        "Fineract refused to take it back: {code}",
        "Look at the account in Fineract; sign the correction anew when the cause is gone.",
    ),
)
