"""Codes of the statements stage: whole files, single rows, lines seen again, proofs."""

from __future__ import annotations

from typing import Final

from mmrecon.model.issue import CodeText, Severity

_FILES: Final = (
    ("empty_file", "the file is empty", "Download it again; an empty file is no quiet day."),
    (
        "pdf_file",
        "the file is a PDF",
        "Ask for the CSV or Excel export; docs/providers says where it is in each portal.",
    ),
    (
        "consumer_statement",
        "this is a private person's statement ({layout}), not an organisation's",
        "Export the organisation's own as CSV or Excel; docs/providers says where it is.",
    ),
    (
        "encrypted_workbook",
        "the workbook is protected by a password that mmrecon does not have",
        "Add it to the file named in `reading.passwords_file`, or save it without a password.",
    ),
    (
        "workbook_memory",
        "opening the workbook takes more memory or time than is allowed",
        "Make sure that it is a statement; save it as CSV, or ask for a shorter period.",
    ),
    (
        "archive_unknown",
        "the file is packed in a way that mmrecon does not open (7z, rar, bz2, xz)",
        "Unpack it, or pack it as .zip.",
    ),
    (
        "external_entities",
        "the file declares entities of its own, as attacks do and no portal does",
        "Find out where it came from; download it again from the portal.",
    ),
    (
        "markup_broken",
        "the XML of this spreadsheet makes no sense; it may have been cut off",
        "Download it again from the portal.",
    ),
    (
        "too_many_rows",
        "there are {rows} records, more than the {limit} that are allowed",
        "Ask for a shorter period, or raise `reading.rows`.",
    ),
    (
        "too_many_columns",
        "a record has {columns} cells, more than the {limit} that are allowed",
        "Check what this file is; a statement that wide needs a higher `reading.columns`.",
    ),
    (
        "cell_too_long",
        "a cell has {characters} characters, more than the {limit} that are allowed",
        "Check what this file is; it may be cut off, or raise `reading.cell_characters`.",
    ),
    (
        "sheet_full",
        "the sheet holds {rows} rows, all that it can: the rest was cut off",
        "Export the period in parts, or as CSV.",
    ),
    (
        "csv_quotes",
        "a quotation mark is not closed: from record {row} on, records run into each other",
        "Download it again from the portal, and do not edit it in between.",
    ),
    (
        "rows_above_header",
        "record {row} looks like a row, and the first whole header stands below it",
        "Download it again from the portal, and do not edit it in between.",
    ),
    (
        "csv_ragged",
        "more than {limit} records have another number of cells than the header's {width}",
        "Download it again from the portal, and do not edit it in between.",
    ),
    (
        "workbook_broken",
        "the workbook cannot be opened; it may have been cut off",
        "Download it again from the portal.",
    ),
    (
        "not_a_statement",
        "the bytes are neither text nor a workbook",
        "Check what this file is; hand in the portal's CSV or Excel export.",
    ),
    (
        "html_file",
        "this is a web page saved under a statement's name; the portal session may have expired",
        "Log in to the portal and download the statement again.",
    ),
    (
        "csv_broken",
        "the text stops making sense as CSV after record {row}",
        "Download it again from the portal, and do not open it in between.",
    ),
    (
        "json_broken",
        "document {document} of this JSON text is broken, or is no record",
        "Save the dump again, whole.",
    ),
    (
        "no_layout",
        "no layout claims it; nearest is {nearest}, which misses: {missing}; unknown: {unknown}",
        "Export it with all columns, or add a layout for it (docs/adding-a-layout.md).",
    ),
    (
        "no_layout_at_all",
        "no record in this file looks like the header of a statement",
        "Check what this file is; hand in the portal's CSV or Excel export.",
    ),
    (
        "two_layouts",
        "more than one layout claims this file: {layouts}",
        "Make the fingerprints of these layouts exclude each other.",
    ),
    (
        "columns_missing",
        "columns of layout {layout} are missing: {missing}; not known to it: {unknown}",
        "Export it again with all columns.",
    ),
    (
        "columns_doubled",
        "two columns of this file are the same one to layout {layout}: {doubled}",
        "Export it again, and do not edit it in between.",
    ),
    (
        "several_sheets",
        "{sheets} sheets of the workbook hold a statement",
        "Save each sheet as a file of its own.",
    ),
    (
        "no_rows",
        "there is a header of layout {layout} and nothing below it",
        "Download the period again; if it was really quiet, the next day's file will prove it.",
    ),
    (
        "two_wallets",
        "statements of several accounts are pasted together: {accounts}",
        "Hand in each account's own file.",
    ),
    (
        "wrong_wallet",
        "the statement is of account {account}, not of wallet {expected}",
        "Move it to its own wallet's folder, or name the right wallet.",
    ),
    (
        "wrong_provider",
        "the statement is {provider}'s, and wallet {expected} is of another provider",
        "Move it to its own wallet's folder, or name the right wallet.",
    ),
    (
        "wallet_unknown",
        "nothing in this file of layout {layout} says which wallet it belongs to",
        "Name the wallet: `mmrecon import FILE --wallet NAME`.",
    ),
    (
        "wallet_not_configured",
        "the statement is of account {account} at {provider}, which no wallet has",
        "Add the wallet to the configuration, or remove the file.",
    ),
    (
        "two_currencies",
        "the file mixes currencies: {currencies}",
        "Export each currency's account by itself.",
    ),
    (
        "currency_missing",
        "neither this file of layout {layout} nor a configuration says its currency",
        "Use a configuration that has the wallet.",
    ),
    ("currency_unknown", "the currency {currency} is not known", "Check the currency column."),
    (
        "wrong_currency",
        "the statement is in {currency}, the wallet in {expected}",
        "Check which account was exported, and the wallet's currency.",
    ),
    (
        "zone_missing",
        "neither this file of layout {layout} nor a configuration says its time zone",
        "Use a configuration that has the wallet.",
    ),
    (
        "dates_ambiguous",
        "day and month cannot be told apart in this file",
        "Export it again and hand it in without opening it in Excel.",
    ),
    (
        "dates_mixed",
        "some dates are day first and some month first, as after a re-save in Excel",
        "Export it again and hand it in without opening it in Excel.",
    ),
    (
        "marks_ambiguous",
        "amounts like 1{decimal}500 can be read in two ways, and nothing in the file decides",
        "Export it again and hand it in without opening it in Excel.",
    ),
    (
        "dates_unreadable",
        "no date in this file is written as layout {layout} writes it",
        "Export it again and hand it in without opening it in Excel.",
    ),
)

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
        "the line now has another {field} than row {stored_row} of {stored_file}",
        "Compare the two files; ask the provider which is true. The line waits for a person.",
    ),
    CodeText(
        "line_class_changed",
        Severity.ATTENTION,
        "the line is now {now}; row {stored_row} of {stored_file} said {before}",
        "Look at it with `mmrecon explain RECEIPT`; the line waits for a person.",
    ),
    CodeText(
        "receipt_other_amount",
        Severity.ATTENTION,
        "the receipt also stands with another amount, in row {stored_row} of {stored_file}",
        "Compare the two; ask the provider which is true. Both lines wait for a person.",
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
    *(CodeText(code, Severity.ATTENTION, sentence, step) for code, sentence, step in _FILES),
    *(CodeText(code, Severity.ATTENTION, sentence, _ROW_STEP) for code, sentence in _ROWS),
    *_PROOFS,
    *(CodeText(code, Severity.NOTICE, sentence, step) for code, sentence, step in _NOTICES),
    *_IDENTITY,
)
