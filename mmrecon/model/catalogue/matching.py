"""Codes of the matching stage: vetoes, rules and the sentences of explanations.

A veto demotes a line to review. A rule names the evidence that placed a line. Explanations are
stored as code and arguments and worded by `matching/explain.py`.
"""

from __future__ import annotations

from typing import Final

from mmrecon.model.issue import CodeText, Severity


def _text(code: str, sentence: str, next_step: str) -> CodeText:
    return CodeText(code, Severity.WORK, sentence, next_step)


VETOES: Final[tuple[CodeText, ...]] = (
    _text("account_closed", "the account is closed", "Choose the client's open account."),
    _text("account_blocked", "the account is blocked", "Ask who blocked it; hold the line."),
    _text("account_wrong_state", "the account takes no such money in its present state",
          "Choose another account, or have this one activated."),
    _text("account_dormant", "the account is dormant", "Ask the branch; then approve or choose."),
    _text("client_not_active", "the client is not active", "Ask the branch before approving."),
    _text("currency_differs", "the account has another currency than the wallet",
          "Choose an account in the wallet's currency."),
    _text("overpayment", "the loan would be paid more than is outstanding",
          "Split the line, or choose another account: more than it owes is not sent."),
    _text("double_payment", "the same money for the same client came minutes before",
          "Ask the client whether both were meant."),
    _text("receipt_conflict", "this receipt was seen with other facts",
          "Compare the two rows; ask the provider."),
    _text("receipt_repeats", "the receipt stands there more than once with the same amount",
          "Ask the provider whether there were two payments."),
    _text("known_elsewhere", "the receipt is known in another wallet too",
          "Find out which wallet's file is in the wrong place."),
    _text("reversal_seen", "a reversal of this payment was seen, or may have been",
          "Do not post before the reversal is clear."),
    _text("payer_is_another_client", "who paid is registered as another client than the one named",
          "Ask which client was meant; approve if one pays for the other."),
    _text("leading_zeros_doubtful",
          "the same number with other leading zeros belongs to another client",
          "Ask which of the two was meant."),
    _text("over_limit", "the amount is over the wallet's limit for one line",
          "Look at it with care; then approve."),
    _text("due_unknown", "what is due on the client's loan is not known",
          "Refresh the ledger, or split the line."),
    _text("reference_is_amount", "the reference is the amount that was paid",
          "Ask whether it was meant as an account."),
    _text("reference_is_year", "the reference looks like a year",
          "Ask whether it was meant as an account."),
    _text("reference_too_short", "the reference is too short to be sure of",
          "Ask whether it was meant as an account."),
    _text("reference_is_own_number", "the reference is the institution's own number",
          "Ask the payer for the account."),
    _text("several_owners", "the reference fits more than one client or register",
          "Choose the account that was meant."),
    _text("several_loans", "the client has several loans that the money could be for",
          "Choose the loan, or split."),
    _text("several_savings", "the client has several accounts that the money could be for",
          "Choose the account, or split."),
    _text("remainder_unplaced", "money would remain that no account of the client takes",
          "Choose where the rest goes, or split."),
    _text("product_disagrees", "the client has no account of the product that was typed",
          "Choose the account that was meant."),
    _text("group_code", "the reference names a group, not one client",
          "Split the line over the members."),
    _text("partly_used", "a part of the line is posted or linked already",
          "Look at what stands there; approve only the rest."),
    _text("snapshot_old", "the ledger snapshot is too old to be sure",
          "Refresh the ledger and match again."),
    _text("no_receipt", "the line has no receipt, so it cannot be posted",
          "Get the receipt from the provider."),
    _text("line_odd", "the line's direction contradicts its class", "Look at the statement."),
    _text("payout_phone_differs", "the money went to another phone than was asked for",
          "Stop further payouts to it; find out who changed the number."),
    _text("payout_amount_differs", "another amount was paid than was asked for",
          "Find out who changed the amount."),
    _text("item_named_twice", "more than one payout names this request",
          "Find out whether it was paid twice."),
    _text("item_not_open", "the request that is named is settled or gone",
          "Find out whether it was paid twice."),
    _text("balance_short", "the account does not bear the withdrawal",
          "Look at the account; correct it in Fineract first."),
    _text("before_request", "the payout is older than the request or outside its window",
          "Look for the request that was meant."),
)  # fmt: skip
"""In the order in which they are shown; a line's vetoes are named by these codes."""

RULES: Final[tuple[CodeText, ...]] = (
    _text("account_number", "the reference is the account's full number", ""),
    _text("account_external_id", "the reference is the account's external id", ""),
    _text("kind_and_number", "the reference says savings or loan, and the account's number", ""),
    _text("account_and_product", "the reference is the account's number and its product", ""),
    _text("member_and_product", "the reference is a client's number and a product", ""),
    _text("client_number", "the reference is the client's number", ""),
    _text("client_external_id", "the reference is the client's external id", ""),
    _text("national_id", "the reference is the client's national id", ""),
    _text("phone_reference", "the reference is the client's phone", ""),
    _text("payer_phone_and_name", "the payer's phone and name are the client's", ""),
    _text("item_echoed", "the payout names the request", ""),
    _text("item_phone_amount", "phone, amount and days fit one request", ""),
    _text("several", "several owners are possible", ""),
    _text("near", "something near the reference, or the payer, points to clients", ""),
    _text("nothing", "nothing points to a client", ""),
    _text("reversal", "the line takes another line back", ""),
    _text("no_owner_wanted", "such lines belong to no client", ""),
    _text("unknown_class", "nobody knows yet what such a line is", ""),
)
"""Every match names one of these."""

EVIDENCE: Final[tuple[CodeText, ...]] = (
    _text("reference_account", "the reference is this account's number or external id", ""),
    _text("reference_client", "the reference is this client's number or id", ""),
    _text("reference_phone", "the reference is this client's phone", ""),
    _text("payer_phone", "the payer's phone is this client's", ""),
    _text("payer_mask_and_name", "the payer's masked phone and name fit this client", ""),
    _text("zero_stripped", "the same number with other leading zeros", ""),
    _text("piece_of_reference", "a part of the reference is this number", ""),
    _text("look_alike", "the same number where letters look like digits", ""),
    _text("swapped", "the same number with two neighbours swapped", ""),
    _text("one_edit", "one digit away from the reference", ""),
    _text("reference_name", "the reference is a name like this client's", ""),
    _text("payer_name", "the payer's name is like this client's", ""),
    _text("product_typed", "an account of the product that was typed", ""),
    _text("payout_amount", "the amount that was asked for", ""),
    _text("payout_phone", "the phone that was asked for", ""),
    _text("linked_receipt", "the reversal names this payment's receipt", ""),
    _text("same_payment", "the amount and the payer of the reversal", ""),
)
"""What speaks for a candidate."""

PAYERS: Final = {
    "": "",
    "own_phone": "; the payer's phone is the owner's too",
    "own_mask_and_name": "; the payer's masked phone and name fit the owner",
    "another_client": "; but the payer is registered as another client",
}
"""What the payer adds to an explanation: suffix of the code to words."""

_COLLECTED: Final = {
    "names_account": "Reference {reference} is {target}",
    "names_client": "Reference {reference} is client {client}, whose money goes to {target}",
    "names_phone": "Reference {reference} is the phone of client {client}, who has {target}",
    "payer_known": "No usable reference; phone and name of the payer are those of client {client},"
    " who has {target}",
    "disagrees": "Reference {reference} does not lead to one account for certain; first of all it"
    " fits {target}",
    "points_to": "Reference {reference} names no account; {target} is only suggested",
    "names_nothing": "Reference {reference} and the payer lead to no client",
}

EXPLANATIONS: Final[tuple[CodeText, ...]] = (
    *(
        _text(f"{code}_{suffix}" if suffix else code, f"{sentence}{words}.", "")
        for code, sentence in _COLLECTED.items()
        for suffix, words in PAYERS.items()
    ),
    _text("settles_item", "The payout settles {target}.", ""),
    _text("payout_unclear", "The payout fits no request for certain; the nearest is {target}.", ""),
    _text("payout_unknown", "The payout fits no request.", ""),
    _text("takes_back", "The line takes back receipt {target}.", ""),
    _text("takes_back_unknown", "The line takes back a payment that is not known.", ""),
    _text("belongs_to_nobody", "A {line_class} line belongs to no client's account.", ""),
    _text("class_unknown", "Nobody has said yet what such a line is.", ""),
)

CODES: Final[tuple[CodeText, ...]] = (
    *VETOES,
    *RULES,
    *EVIDENCE,
    *EXPLANATIONS,
    CodeText(
        "no_snapshot",
        Severity.ATTENTION,
        "there is no ledger snapshot to match on",
        "Run `mmrecon ledger refresh`, or `mmrecon ledger load FILE`.",
    ),
)
