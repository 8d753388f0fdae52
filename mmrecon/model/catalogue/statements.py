"""Codes of the statements stage: whole files, single rows, lines seen again, proofs."""

from __future__ import annotations

from typing import Final

from mmrecon.model.catalogue.chains import CHAINS
from mmrecon.model.catalogue.statement_files import FILES
from mmrecon.model.issue import CodeText, Severity

_ROW_STEP: Final = (
    "Export the period again, unopened, and import it; the row is taken then. Until then its money "
    "is counted as refused."
)

_ROWS: Final = (
    ("receipt_missing", "the row has no receipt"),
    ("receipt_scientific", "the receipt was turned into a scientific number, as Excel does"),
    ("receipt_damaged", "the receipt is not written as the provider writes it"),
    ("date_unreadable", "the {field} is not a moment written like {expected}"),
    ("status_unknown", "the status is none of: {expected}"),
    ("amount_both", "the row has money in and money out"),
    ("amount_missing", "a completed row has no amount"),
    ("fraction", "the column {field} has more decimals than {expected}"),
    ("amount_unreadable", "the column {field} holds no number"),
    ("direction_unknown", "nothing says whether the money of column {field} came or went"),
    ("sign_unexpected", "the column {field} holds {expected}, and this one is not"),
    ("row_short", "the row ends early; {expected} were expected"),
    ("row_long", "the row has too many cells; {expected} were expected"),
    ("more_rows_refused", "{rows} rows were refused; the first are listed"),
)

_PROOFS: Final = (
    CodeText(
        "proof_contradicted",
        Severity.ATTENTION,
        "the statement contradicts itself or its neighbours: {sentence}",
        "Download the period again; if it says the same, ask the provider. Nothing of it is sent.",
    ),
    CodeText(
        "proof_open",
        Severity.NOTICE,
        "not proved yet: {sentence}",
        "Import the full day, or the next one, when it is there.",
    ),
    CodeText(
        "receipts_not_there",
        Severity.ATTENTION,
        "the file has no column {column}, so its rows have no identity and cannot be posted",
        "Export the period again with that column.",
    ),
    CodeText(
        "status_not_there",
        Severity.WORK,
        "the file has no column {column}; whether a row was completed is not known, nor its class",
        "Export the period again with that column.",
    ),
    CodeText(
        "lines_outside_period",
        Severity.WORK,
        "{lines} line(s) are outside the period that the statement states; their own dates hold",
        "Check that this is the file that was meant, and how it was exported.",
    ),
    CodeText(
        "lines_after_report",
        Severity.ATTENTION,
        "{lines} line(s) are of a time after the statement was made",
        "Download the period again; if it says the same, ask the provider.",
    ),
    CodeText(
        "receipt_of_other_day",
        Severity.WORK,
        "the receipt's first letters say {encoded}, the row says {printed}; the others agree",
        "Compare the row with the portal; its date or its receipt may have been changed.",
    ),
    CodeText(
        "more_receipts_of_other_days",
        Severity.WORK,
        "{rows} more receipt(s) (is|are) of another day than (its|their) row",
        "Compare these days with the portal.",
    ),
    CodeText(
        "rows_at_limit",
        Severity.ATTENTION,
        "the file ends at {rows} rows exactly, as a page or a sheet does, and nothing proves it "
        "whole",
        "Export the period in parts, or all pages of it, and import them.",
    ),
    CodeText(
        "lines_unknown",
        Severity.WORK,
        "{lines} line(s) (is|are) of a kind that no rule knows: counted, not posted",
        "Look at them with `mmrecon lines`, and add a class rule to the layout.",
    ),
)

_NOTICES: Final = (
    ("decoded", "the text was in {encoding}", ""),
    ("read_slowly", "the text has odd rows and was read the slow way", ""),
    (
        "surplus_joined",
        "{rows} row(s) had unquoted delimiters; their surplus cells were put back into {column}",
        "",
    ),
    ("sheets_skipped", "{sheets} other sheet(s) (holds|hold) no statement", ""),
    (
        "rows_unwrapped",
        "every row was packed into one cell, as by a re-save; it was taken apart again",
        "Hand files in without opening them in Excel.",
    ),
    (
        "marks_proved",
        "amounts are grouped by {group} and have the decimal mark {decimal}; the column proves it",
        "Hand files in without opening them in Excel.",
    ),
    (
        "receipts_repaired",
        "{rows} receipt(s) (was|were) written as numbers by Excel, and (is|are) whole: put right",
        "Hand files in without opening them in Excel.",
    ),
    (
        "phones_repaired",
        "{rows} phone(s) (was|were) written as numbers by Excel, and (is|are) whole: put right",
        "Hand files in without opening them in Excel.",
    ),
    (
        "phones_scientific",
        "{rows} phone(s) lost: turned into scientific numbers, as Excel does",
        "Hand files in without opening them in Excel; such lines go by their reference alone.",
    ),
    (
        "references_scientific",
        "{rows} reference(s) lost: turned into scientific numbers, as Excel does",
        "Hand files in without opening them in Excel; such lines wait for a person.",
    ),
    (
        "dates_serial",
        "dates were written as Excel's day numbers, to the second: read as such",
        "Hand files in without opening them in Excel.",
    ),
    (
        "dates_swapped",
        "{rows} date(s) had day and month swapped by Excel; the others and {evidence} prove it",
        "Hand files in without opening them in Excel.",
    ),
    (
        "invisible_letters",
        "{cells} cell(s) held invisible letters beside what they say; set aside",
        "",
    ),
    (
        "columns_unknown",
        "{columns} column(s) not known to the layout, left out: {names}",
        "",
    ),
    (
        "rows_hidden",
        "{rows} row(s) of the workbook (is|are) hidden, as by a filter, and (was|were) read too",
        "Hand files in without opening them in Excel.",
    ),
    (
        "mojibake_repaired",
        "letters that were written in a wrong encoding once were put right",
        "",
    ),
    (
        "mojibake_left",
        "some letters were written in a wrong encoding once, and cannot be put right for sure",
        "Names may look odd; ask for the file as the portal wrote it.",
    ),
    (
        "dates_decided",
        "day and month were told apart by the period, the order of the rows or their balances",
        "Hand files in without opening them in Excel.",
    ),
    ("currency_assumed", "no currency is printed; taken as {currency}", ""),
    (
        "wallet_assumed",
        "no account is printed inside; the wallet is known by {evidence} only",
        "Check once that this is the right wallet's file.",
    ),
    (
        "seen_before",
        "the same file was first seen on {first_seen} as {first_name}; nothing new",
        "",
    ),
    (
        "rows_refused_before",
        "{rows} row(s) of it (was|were) refused then",
        "`mmrecon import --again FILE` reads it once more.",
    ),
    (
        "rows_look_alike",
        "{lines} line(s) (shares|share) receipt, direction and amount with another one",
        "Look at them with `mmrecon explain RECEIPT`; they are never posted by themselves.",
    ),
)

_IDENTITY: Final = (
    CodeText(
        "line_contradicts",
        Severity.ATTENTION,
        "the line now has another {field} than row {stored_row} of {stored_file}; there: {there}; "
        "here: {here}; it {became}",
        "Compare the two files; ask the provider which is true. The line waits for a person.",
    ),
    CodeText(
        "line_class_changed",
        Severity.ATTENTION,
        "the line is now {now}; row {stored_row} of {stored_file} said {before}; there: {there}; "
        "here: {here}; it {became}",
        "Look at it with `mmrecon explain RECEIPT`; the line waits for a person.",
    ),
    CodeText(
        "receipt_other_amount",
        Severity.ATTENTION,
        "the receipt also stands with another amount, in row {stored_row} of {stored_file}; there: "
        "{there}; here: {here}; the one there {became}",
        "Compare the two; ask the provider which is true. Both lines wait for a person.",
    ),
    CodeText(
        "withdrawn_file_had_other_facts",
        Severity.ATTENTION,
        "money was approved or posted for this line by facts of the file that was withdrawn; the "
        "files that are left say something else",
        "Look at it with `mmrecon explain RECEIPT`; if the posting is wrong, `mmrecon undo` it.",
    ),
    CodeText(
        "line_vanished",
        Severity.ATTENTION,
        "row {stored_row} of {stored_file} is not in this file, which covers its time; there: "
        "{there}; here: nothing; it {became}",
        "Compare the two files; ask the provider whether the payment stands. The line waits for a "
        "person; what was posted for it is taken back with `mmrecon undo`.",
    ),
    CodeText(
        "more_lines_vanished",
        Severity.ATTENTION,
        "{lines} more line(s) of earlier files (is|are) not in this file; the first are listed",
        "Find out how the file was exported: a filter, a page, another account.",
    ),
    CodeText(
        "receipt_known_elsewhere",
        Severity.ATTENTION,
        "{lines} receipt(s) of this file already (stands|stand) in wallet {other}, beginning with "
        "this one",
        "Check the folder, and that one account is not configured as two wallets.",
    ),
)

CODES: Final[tuple[CodeText, ...]] = (
    *(CodeText(code, Severity.ATTENTION, sentence, step) for code, sentence, step in FILES),
    *(CodeText(code, Severity.ATTENTION, sentence, _ROW_STEP) for code, sentence in _ROWS),
    *_PROOFS,
    *CHAINS,
    *(CodeText(code, Severity.NOTICE, sentence, step) for code, sentence, step in _NOTICES),
    *_IDENTITY,
)
