"""`mmrecon inspect`: what is in a file. Nothing is stored, and no database is loaded for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmrecon.config import ReadingLimits, Settings, WalletSettings
from mmrecon.errors import UsageError
from mmrecon.fetch.unpacking import Member, members
from mmrecon.model.issue import Issue
from mmrecon.secret import read_secret
from mmrecon.statements.layout import Layout, load_layouts
from mmrecon.statements.reading import Reading, read_member


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is in one file or member; `file` is the path as given."""

    file: str
    reading: Reading


def inspect(paths: Sequence[Path], settings: Settings | None) -> list[Inspection]:
    """Read files without storing anything; without settings no wallet or currency is wrong.

    A member of an archive that was not taken is an entry of its own, too.

    Raises:
        UsageError: a path is no readable file.
        SafetyRefusal, ConfigurationError: the file of passwords cannot be used.
    """
    limits = ReadingLimits() if settings is None else settings.reading
    layouts = load_layouts(None if settings is None else settings.formats_folder)
    wallets = () if settings is None else settings.wallets
    return look_into(paths, layouts, wallets, limits)


def look_into(
    paths: Sequence[Path],
    layouts: Sequence[Layout],
    wallets: Sequence[WalletSettings],
    limits: ReadingLimits,
    wallet_name: str = "",
) -> list[Inspection]:
    """Read files with these layouts; `wallet_name` is the wallet that somebody says they are of.

    Raises:
        UsageError, SafetyRefusal, ConfigurationError: as `inspect`.
    """
    passwords = statement_passwords(limits)

    def read(member: Member) -> Reading:
        content, name = member.content, member.name
        reading = read_member(content, name, layouts, wallets, wallet_name, limits, passwords)
        if reading.reason == "wallet_unknown":  # whose it is need not be known to look inside
            reading = read_member(content, name, layouts, limits=limits, passwords=passwords)
        return reading

    inspections = []
    for path in paths:
        found, issues = members(read_path(path, limits), str(path), limits, passwords)
        inspections += [Inspection(one.name, read(one)) for one in found]
        inspections += [_set_aside(issue) for issue in issues if not _is_told(issue, found)]
    return inspections


def _is_told(issue: Issue, found: Sequence[Member]) -> bool:
    """Hidden files of a file manager beside members that were read need no entry."""
    return issue.code == "archive_members_skipped" and bool(found)


def _set_aside(issue: Issue) -> Inspection:
    return Inspection(issue.file, Reading(issue.file, "quarantined", issue.code, issues=(issue,)))


def statement_passwords(limits: ReadingLimits) -> tuple[str, ...]:
    """The passwords of zip files and workbooks, one a line; none where no file is configured.

    Raises:
        SafetyRefusal, ConfigurationError: the file cannot be used as one of secrets.
    """
    if limits.passwords_file is None:
        return ()
    text = read_secret("", limits.passwords_file, "the passwords of statement files")
    return tuple(line for line in text.splitlines() if line)


def read_path(path: Path, limits: ReadingLimits) -> bytes:
    """The bytes of a file on disk.

    Raises:
        UsageError: it cannot be read, or is larger than the limit.
    """
    try:
        if path.stat().st_size > limits.file_bytes:
            raise UsageError(
                f"{path} has more than {limits.file_bytes} bytes",
                hint="Make sure that it is a statement; then raise `reading.file_bytes`.",
            )
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", hint="Check the path and its permissions."
        ) from error
