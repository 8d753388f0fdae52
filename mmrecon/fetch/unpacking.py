"""What is inside a packed file, by its content: `.gz`, `.zip`, or the plain file itself.

A workbook (.xlsx, .ods) is a zip too, and stays one plain file.
"""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Final

from mmrecon.config import ReadingLimits
from mmrecon.fetch.naming import is_passed_over, shown_name
from mmrecon.model.issue import Issue

_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_WORKBOOK_PARTS: Final = frozenset({"[Content_Types].xml", "mimetype"})
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError)
_ENCRYPTED_FLAG: Final = 0x1
_CHUNK_BYTES: Final = 1 << 20
_DRIVE: Final = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Member:
    """One file with its whole content; a member of `a.zip` is called `a.zip/b.csv`."""

    name: str
    content: bytes


class _TooLargeError(Exception):
    """More bytes than allowed come out."""


def members(content: bytes, name: str, limits: ReadingLimits) -> tuple[list[Member], list[Issue]]:
    """The files in a delivered file; a plain file is its own only member."""
    if len(content) > limits.file_bytes:
        arguments = {"size_bytes": len(content), "limit_bytes": limits.file_bytes}
        return [], [Issue("file_too_large", file=name, arguments=arguments)]
    if content.startswith(_GZIP):
        return _from_gzip(content, name, limits)
    if content.startswith(_ZIP):
        return _from_zip(content, name, limits)
    return [Member(name, content)], []


def _from_gzip(
    content: bytes, name: str, limits: ReadingLimits
) -> tuple[list[Member], list[Issue]]:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            unpacked = _read(stream, limits.unpacked_bytes)
    except _TooLargeError:
        return [], [_too_large(name, limits)]
    except _DAMAGED:
        return [], [Issue("archive_damaged", file=name)]
    if _is_packed(unpacked):
        return [], [Issue("archive_nested", file=name)]
    return [Member(name, unpacked)], []


def _from_zip(content: bytes, name: str, limits: ReadingLimits) -> tuple[list[Member], list[Issue]]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except _DAMAGED:
        return [], [Issue("archive_damaged", file=name)]
    with archive:
        if _is_workbook(archive):
            return [Member(name, content)], []
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(entries) > limits.members:
            arguments = {"members": len(entries), "limit": limits.members}
            return [], [Issue("archive_too_many_members", file=name, arguments=arguments)]
        return _read_entries(archive, entries, name, limits)


def _read_entries(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], name: str, limits: ReadingLimits
) -> tuple[list[Member], list[Issue]]:
    found: list[Member] = []
    issues: list[Issue] = []
    wanted = [entry for entry in entries if not _is_litter(entry.filename)]
    times = Counter(entry.filename for entry in wanted)
    room = limits.unpacked_bytes
    for entry in wanted:
        shown = f"{name}/{shown_name(entry.filename)}"
        if _points_elsewhere(entry) or times[entry.filename] > 1:
            issues.append(Issue("archive_member_name", file=shown))
            continue
        try:
            result = _read_entry(archive, entry, shown, room)
        except _TooLargeError:
            return [], [_too_large(name, limits)]
        if isinstance(result, Issue):
            issues.append(result)
        else:
            room -= len(result.content)
            found.append(result)
    if len(wanted) < len(entries):
        skipped = {"members": len(entries) - len(wanted)}
        issues.append(Issue("archive_members_skipped", file=name, arguments=skipped))
    if not wanted:
        issues.append(Issue("archive_empty", file=name))
    return found, issues


def _read_entry(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, shown: str, room: int
) -> Member | Issue:
    if entry.flag_bits & _ENCRYPTED_FLAG:
        return Issue("archive_encrypted", file=shown)
    try:
        with archive.open(entry) as stream:
            content = _read(stream, room)
    except _DAMAGED:
        return Issue("archive_damaged", file=shown)
    if _is_packed(content):
        return Issue("archive_nested", file=shown)
    return Member(shown, content)


def _read(stream: IO[bytes] | gzip.GzipFile, room: int) -> bytes:
    chunks: list[bytes] = []
    while chunk := stream.read(min(_CHUNK_BYTES, room + 1)):
        room -= len(chunk)
        if room < 0:
            raise _TooLargeError
        chunks.append(chunk)
    return b"".join(chunks)


def _is_packed(content: bytes) -> bool:
    if content.startswith(_GZIP):
        return True
    if not content.startswith(_ZIP):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return not _is_workbook(archive)
    except _DAMAGED:
        return True


def _is_workbook(archive: zipfile.ZipFile) -> bool:
    return not _WORKBOOK_PARTS.isdisjoint(archive.namelist())


def _is_litter(path: str) -> bool:
    parts = PurePosixPath(path.replace("\\", "/")).parts
    return "__MACOSX" in parts or (".." not in parts and is_passed_over(parts[-1] if parts else ""))


def _points_elsewhere(entry: zipfile.ZipInfo) -> bool:
    """Absolute, upwards, with a drive or a backslash, a NUL cut off, or a link."""
    path = entry.filename
    is_link = (entry.external_attr >> 16) & 0o170000 == 0o120000
    return (
        is_link
        or path.startswith("/")
        or ".." in PurePosixPath(path).parts
        or "\\" in path
        or _DRIVE.match(path) is not None
        or path != entry.orig_filename
    )


def _too_large(name: str, limits: ReadingLimits) -> Issue:
    arguments = {"limit_bytes": limits.unpacked_bytes}
    return Issue("archive_too_large", file=name, arguments=arguments)
