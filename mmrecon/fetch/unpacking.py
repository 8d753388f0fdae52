"""What is inside a packed file, by its content: `.gz`, `.zip`, or the plain file itself.

A workbook (.xlsx, .ods) is a zip too, and stays one plain file.
"""

from __future__ import annotations

import gzip
import io
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO, Final

from mmrecon.config import ReadingLimits
from mmrecon.fetch.locked_zip import read_locked
from mmrecon.fetch.naming import is_passed_over, shown_name
from mmrecon.model.issue import Issue

_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_WORKBOOK_PARTS: Final = frozenset({"[Content_Types].xml", "mimetype"})
_DAMAGED: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError,
    struct.error,
)  # fmt: skip

_ENCRYPTED_FLAG: Final = 0x1
_CHUNK_BYTES: Final = 1 << 20
_RATIO_FROM_BYTES: Final = 1 << 20
"""Below this size no ratio is a bomb."""
_DRIVE: Final = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Member:
    """One file with its whole content; a member of `a.zip` is called `a.zip/b.csv`."""

    name: str
    content: bytes


@dataclass
class _Unpacking:
    """One delivered file on its way: what may still come out of it, and what came out."""

    limits: ReadingLimits
    passwords: Sequence[str]
    room_bytes: int
    members: int = 0
    found: list[Member] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    def issue(self, code: str, name: str, **arguments: str | int) -> None:
        """Note something about a packed file or a member."""
        self.issues.append(Issue(code, file=name, arguments=arguments))


class _BombError(Exception):
    """More comes out than is allowed."""

    def __init__(self, code: str, **arguments: int) -> None:
        super().__init__(code)
        self.code = code
        self.arguments = arguments


def members(
    content: bytes, name: str, limits: ReadingLimits, passwords: Sequence[str] = ()
) -> tuple[list[Member], list[Issue]]:
    """The files in a delivered file; a plain file is its own only member."""
    if len(content) > limits.file_bytes:
        arguments = {"size_bytes": len(content), "limit_bytes": limits.file_bytes}
        return [], [Issue("file_too_large", file=name, arguments=arguments)]
    work = _Unpacking(limits, passwords, limits.unpacked_bytes)
    try:
        _unpack(work, content, name, 0)
    except _BombError as bomb:
        return [], [Issue(bomb.code, file=name, arguments=bomb.arguments)]
    return work.found, work.issues


def _unpack(work: _Unpacking, content: bytes, name: str, level: int) -> None:
    """Take a file apart; packed files inside it too, as deep as is allowed."""
    packed = _is_packed(content)
    if not packed:
        work.found.append(Member(name, content))
    elif level > work.limits.nesting:
        work.issue("archive_nested", name)
    elif content.startswith(_GZIP):
        _from_gzip(work, content, name, level)
    else:
        _from_zip(work, content, name, level)


def _from_gzip(work: _Unpacking, content: bytes, name: str, level: int) -> None:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            unpacked = _read(work, stream, len(content))
    except _DAMAGED:
        work.issue("archive_damaged", name)
        return
    _unpack(work, unpacked, name, level + 1)


def _from_zip(work: _Unpacking, content: bytes, name: str, level: int) -> None:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except _DAMAGED:
        work.issue("archive_damaged", name)
        return
    with archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        wanted = [entry for entry in entries if not _is_litter(entry.filename)]
        work.members += len(entries)
        if work.members > work.limits.members:
            raise _BombError(
                "archive_too_many_members", members=work.members, limit=work.limits.members
            )
        times = Counter(entry.filename for entry in wanted)
        for entry in wanted:
            shown = f"{name}/{shown_name(entry.filename)}"
            if _points_elsewhere(entry) or times[entry.filename] > 1:
                work.issue("archive_member_name", shown)
            else:
                _from_entry(work, archive, content, entry, shown, level)
    if len(wanted) < len(entries):
        work.issue("archive_members_skipped", name, members=len(entries) - len(wanted))
    if not wanted:
        work.issue("archive_empty", name)


def _from_entry(
    work: _Unpacking,
    archive: zipfile.ZipFile,
    content: bytes,
    entry: zipfile.ZipInfo,
    shown: str,
    level: int,
) -> None:
    def read(stream: IO[bytes]) -> bytes:
        return _read(work, stream, entry.compress_size)

    try:
        if entry.flag_bits & _ENCRYPTED_FLAG:
            unlocked = read_locked(content, entry, work.passwords, read)
            if unlocked is None:
                work.issue("archive_encrypted", shown)
                return
            unpacked = unlocked
        else:
            with archive.open(entry) as stream:
                unpacked = read(stream)
    except _DAMAGED:
        work.issue("archive_damaged", shown)
        return
    _unpack(work, unpacked, shown, level + 1)


def _read(work: _Unpacking, stream: IO[bytes] | gzip.GzipFile, packed_bytes: int) -> bytes:
    """All that a stream holds, within the room that is left and the ratio that is allowed."""
    chunks: list[bytes] = []
    size = 0
    most = max(packed_bytes * work.limits.ratio, _RATIO_FROM_BYTES)
    while chunk := stream.read(min(_CHUNK_BYTES, work.room_bytes - size + 1)):
        size += len(chunk)
        if size > work.room_bytes:
            raise _BombError("archive_too_large", limit_bytes=work.limits.unpacked_bytes)
        if size > most:
            raise _BombError("archive_ratio", limit=work.limits.ratio)
        chunks.append(chunk)
    work.room_bytes -= size
    return b"".join(chunks)


def _is_packed(content: bytes) -> bool:
    """Whether other files are in it; a workbook is no packed file, a broken zip is one."""
    if content.startswith(_GZIP):
        return True
    if not content.startswith(_ZIP):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _WORKBOOK_PARTS.isdisjoint(archive.namelist())
    except _DAMAGED:
        return b"xl/workbook" not in content


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
