"""Codes of `mmrecon formats`: what a draft of a layout lacks, and what its reading shows."""

from __future__ import annotations

from typing import Final

from mmrecon.model.issue import CodeText, Severity

CODES: Final[tuple[CodeText, ...]] = (
    CodeText(
        "layout_open",
        Severity.ATTENTION,
        "{questions} question(s) of the layout (is|are) still open, so nothing was read",
        "Answer each at its line: put the answer in the place of the question mark.",
    ),
    CodeText(
        "layout_guessed",
        Severity.WORK,
        "{guesses} guess(es) of the draft (is|are) not checked yet",
        "Compare each with the rows shown and the portal, then write CHECKED instead of GUESS.",
    ),
    CodeText(
        "layout_not_used",
        Severity.ATTENTION,
        "the layout {layout} reads this file, not {tried}",
        "Use that one; or put columns into `fingerprint.required` that only this export has.",
    ),
    CodeText(
        "layout_receipts_repeat",
        Severity.ATTENTION,
        "{repeated} of {lines} lines share receipt and direction with another line",
        "Look whether another column is the receipt: the provider's own id of one payment.",
    ),
    CodeText(
        "layout_parties_strange",
        Severity.WORK,
        "{lines} line(s) (has|have) a party that no `[[parties]]` pattern fits",
        "Add how such a party is written, or look whether another column holds it.",
    ),
    CodeText(
        "layout_references_empty",
        Severity.WORK,
        "no payment that came in has a reference",
        "Look whether another column holds what the payer typed as account.",
    ),
    CodeText(
        "layout_references_strange",
        Severity.ATTENTION,
        "the references of payments that came in {why}",
        "Look whether another column holds what the payer typed as account.",
    ),
    CodeText(
        "layout_balances_missing",
        Severity.WORK,
        "{lines} line(s) (has|have) no balance, though the layout names a column of balances",
        "Look whether another column holds the balance after each row.",
    ),
    CodeText(
        "layout_no_header",
        Severity.ATTENTION,
        "no row looks like the names of columns with payments below it, so no draft can be made",
        "Ask for an export as CSV or Excel with a row of column names and some payments below.",
    ),
    CodeText(
        "layout_without_wallet",
        Severity.NOTICE,
        "no wallet of the configuration has provider {provider}; read as nobody's file",
        "Add the wallet to config.toml before the first import, or correct the layout's provider.",
    ),
)
