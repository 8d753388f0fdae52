"""Codes of the fetch stage."""

from __future__ import annotations

from typing import Final

from mmrecon.model.issue import CodeText, Severity

CODES: Final[tuple[CodeText, ...]] = (
    CodeText(
        "file_still_growing",
        Severity.NOTICE,
        "the file is still being written ({size_bytes} bytes so far)",
        "Nothing: the next run takes it when it has been quiet for {quiet_s} seconds.",
    ),
    CodeText(
        "file_too_large",
        Severity.ATTENTION,
        "the file has {size_bytes} bytes, more than the {limit_bytes} that are allowed",
        "Ask the provider for smaller periods, or raise `reading.file_bytes`.",
    ),
    CodeText(
        "file_name_refused",
        Severity.ATTENTION,
        "the server lists a name that cannot be a file's name",
        "Ask whoever runs the server what put it there; nothing was read.",
    ),
    CodeText(
        "file_gone",
        Severity.NOTICE,
        "the file was listed, and gone when it was to be read",
        "Nothing if its owner took it away; else ask the owner where it lies now.",
    ),
    CodeText(
        "file_changed",
        Severity.NOTICE,
        "the file was replaced or went on growing while it was read",
        "Nothing: the next run takes it as it is then.",
    ),
    CodeText(
        "file_unreadable",
        Severity.ATTENTION,
        "mmrecon's user may not read the file",
        "Ask whoever runs the source to let that user read it; the next run tries again.",
    ),
    CodeText(
        "file_read_failed",
        Severity.ATTENTION,
        "the source could not give the whole file; nothing of it was kept",
        "Ask whoever runs the source to look at that file; the next run tries again.",
    ),
    CodeText(
        "file_is_link",
        Severity.NOTICE,
        "the name is a symbolic link, which is never followed",
        "Ask for the file itself in this folder, or set `path` to where the files lie.",
    ),
    CodeText(
        "file_not_deleted",
        Severity.ATTENTION,
        "the file is safe in the archive, but could not be deleted at its source",
        'Let mmrecon\'s user delete there, or set `after_fetch = "keep"`.',
    ),
    CodeText(
        "statement_missing",
        Severity.ATTENTION,
        "no statement of {days} day(s) ({listed}); expected by {hour} of the morning after",
        "Download what is missing from the portal and import it, or ask the provider; a day "
        "without statements belongs in `days_off`.",
    ),
    CodeText(
        "wallet_without_source",
        Severity.NOTICE,
        "the wallet has no source to fetch from",
        "Add one under `[[wallets.sources]]`, or take its files with `mmrecon import`.",
    ),
    CodeText(
        "archive_damaged",
        Severity.ATTENTION,
        "the packed file is damaged or not complete",
        "Download it again from where it came.",
    ),
    CodeText(
        "archive_empty",
        Severity.ATTENTION,
        "the packed file has nothing in it",
        "Download it again from where it came.",
    ),
    CodeText(
        "archive_encrypted",
        Severity.ATTENTION,
        "the packed file is protected by a password that mmrecon does not have",
        "Add its password to the file named in `reading.passwords_file`, or hand in what is "
        "inside.",
    ),
    CodeText(
        "archive_nested",
        Severity.ATTENTION,
        "packed files lie inside packed files, deeper than is allowed",
        "Unpack it yourself, or raise `reading.nesting`.",
    ),
    CodeText(
        "archive_too_large",
        Severity.ATTENTION,
        "unpacked it would be larger than the {limit_bytes} bytes that are allowed",
        "Make sure that it is a statement; then raise `reading.unpacked_bytes`.",
    ),
    CodeText(
        "archive_ratio",
        Severity.ATTENTION,
        "unpacked it would be more than {limit} times as large, as bombs are",
        "Make sure that it is a statement; then raise `reading.ratio`.",
    ),
    CodeText(
        "archive_too_many_members",
        Severity.ATTENTION,
        "it holds {members} files, more than the {limit} that are allowed",
        "Make sure that they are statements; then raise `reading.members`.",
    ),
    CodeText(
        "archive_member_name",
        Severity.ATTENTION,
        "a file inside has a name that points elsewhere or twice the same name",
        "Ask who packed it; rename the file and hand it in by itself.",
    ),
    CodeText(
        "archive_members_skipped",
        Severity.NOTICE,
        "{members} hidden files of a file manager inside were left out",
        "",
    ),
)
