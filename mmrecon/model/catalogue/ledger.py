"""Codes of the ledger stage."""

from __future__ import annotations

from typing import Final

from mmrecon.model.issue import CodeText, Severity

CODES: Final[tuple[CodeText, ...]] = (
    CodeText(
        "ledger_columns_unknown",
        Severity.NOTICE,
        "columns that mmrecon does not know were left out: {columns}",
        "Nothing, if they are not needed; otherwise rename them as the documentation says.",
    ),
    CodeText(
        "ledger_columns_missing",
        Severity.ATTENTION,
        "required columns are missing: {columns}",
        "Export the file again with these columns; the snapshot before this one stays in force.",
    ),
    CodeText(
        "ledger_row_unusable",
        Severity.ATTENTION,
        "{field} is not usable: expected {expected}",
        "Correct the row and load the file again; the snapshot before this one stays in force.",
    ),
    CodeText(
        "ledger_money_unreadable",
        Severity.ATTENTION,
        "{field} is no amount of the account's currency; it counts as not known",
        "Correct the cell and load the file again.",
    ),
    CodeText(
        "ledger_status_unknown",
        Severity.NOTICE,
        "{accounts} account(s) or client(s) (has|have) statuses mmrecon does not know ({words}); "
        "they count as not open",
        "Use Fineract's own statuses, such as active or closed_obligations_met.",
    ),
    CodeText(
        "ledger_clients_differ",
        Severity.NOTICE,
        "{clients} client(s) (is|are) described differently on several rows; the first row counts, "
        "phones and ids of all rows are kept",
        "Export the file again from one moment.",
    ),
    CodeText(
        "ledger_empty",
        Severity.ATTENTION,
        "the file holds no client and no account",
        "Export the file again; the snapshot before this one stays in force.",
    ),
    CodeText(
        "ledger_shrunk",
        Severity.ATTENTION,
        "only {clients} client(s) and {accounts} account(s) came, after {clients_before} and "
        "{accounts_before} in the snapshot before; it was not taken, the one before stays in force",
        "Look whether Fineract still shows everything to mmrecon's user (its office, its "
        "permissions, the tenant), or export the file again. If it is really so few: the same "
        "`mmrecon ledger` command with --even-if-smaller.",
    ),
    CodeText(
        "ledger_identifiers_unreadable",
        Severity.ATTENTION,
        "the identity documents of {clients} client(s) could not be read",
        "Give the Fineract user the permission READ_CLIENTIDENTIFIER and refresh again.",
    ),
    CodeText(
        "ledger_due_unreadable",
        Severity.ATTENTION,
        "the due amounts of {loans} loan(s) could not be read; they count as not known",
        "Refresh again; if it stays so, look at these loans in Fineract.",
    ),
    CodeText(
        "request_row_unusable",
        Severity.ATTENTION,
        "{field} is not usable: expected {expected}",
        "Correct the row and import the file again; the other rows were taken.",
    ),
    CodeText(
        "request_changed",
        Severity.ATTENTION,
        "request {request_id} is known with other facts ({fields}); the first ones stay in force",
        "Give a changed request a new request_id, or have the first one withdrawn.",
    ),
    CodeText(
        "request_account_unknown",
        Severity.ATTENTION,
        "the account of request {request_id} is no savings account of the snapshot, or of several",
        "Correct account_no, or refresh the ledger if the account is new, and import again.",
    ),
    CodeText(
        "request_columns_missing",
        Severity.ATTENTION,
        "required columns are missing: {columns}",
        "Use the template: `mmrecon payouts requests --template FILE.xlsx`.",
    ),
)
