"""Why a whole statement file is not read: code, sentence, next step."""

from __future__ import annotations

from typing import Final

FILES: Final = (
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
        "Export it with all columns; `mmrecon formats new FILE` drafts a layout for any other.",
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
