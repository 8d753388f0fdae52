"""Codes of a balance chain that breaks: what is wrong, and the sentence for the provider."""

from __future__ import annotations

from typing import Final

from mmrecon.model.issue import CodeText, Severity

_UNOPENED: Final = "Download the period again and import it unopened; if it says the same, write: "

_CHAINS: Final = (
    (
        "chain_rows_missing",
        "rows that come to {gap} are missing between {before} and {after}",
        ("“Between {before} and {after} our statement lacks rows of {gap}. Please send it whole.”"),
    ),
    (
        "chain_missing_or_edited",
        (
            "rows of {gap} are missing between {before} and {after}, or this row was changed: it "
            "moves {amount}, the balances say {true}"
        ),
        (
            "“Between {before} and {after} the balance jumps by {gap}. Was receipt {named} {amount}"
            " or {true}, or are rows missing? Please send it whole.”"
        ),
    ),
    (
        "chain_amount_edited",
        "the amount was changed: the row moves {amount}; balances and totals say {true}",
        (
            "“Receipt {named} of {moment} stands with {amount}; your balances say {true}. Which is "
            "true?”"
        ),
    ),
    (
        "chain_balance_edited",
        "the balance of the row was changed: it is {balance}, and the rows around it say {true}",
        (
            "“Receipt {named} of {moment} stands with a balance of {balance}; the rows around it "
            "say {true}. Which is true?”"
        ),
    ),
    (
        "chain_row_doubled",
        "the row of {moment}, {amount}, stands there more than once",
        (
            "“Receipt {named} of {moment} ({amount}) stands more than once in our statement. Was it"
            " paid once?”"
        ),
    ),
    (
        "chain_rows_foreign",
        (
            "{rows} row(s) from {moment} on, {amount} together, (does|do) not belong: the balances "
            "go on without"
        ),
        (
            "“Receipt {named} of {moment} ({amount}) is in our statement, and your balances do not "
            "count it. Is it ours?”"
        ),
    ),
    (
        "chain_row_moved",
        (
            "{rows} row(s) from {moment} on (stands|stand) out of order: by the balances, between "
            "{before} and {after}"
        ),
        (
            "“Receipt {named} stands under {moment}; its balance belongs between {before} and "
            "{after}. When was it completed?”"
        ),
    ),
    (
        "chain_in_pieces",
        (
            "the balances follow each other nowhere for long: {breaks} breaks, as after sorting or "
            "filtering, or when statements were mixed"
        ),
        "“The running balance of our statement does not follow its rows. Please send it whole.”",
    ),
    (
        "more_chain_faults",
        "the balances break in {places} more place(s); the first are listed",
        "“The running balance of our statement breaks in many places. Please send it whole.”",
    ),
)

CHAINS: Final = tuple(
    CodeText(code, Severity.ATTENTION, sentence, _UNOPENED + letter)
    for code, sentence, letter in _CHAINS
)
