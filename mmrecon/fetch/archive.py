"""The archive: every file that ever came in, unchanged, write-once, addressed by its hash.

A file is written under a temporary name in its own folder, synced, renamed, and the folder synced:
whenever the process is killed, a name in the archive holds all of its bytes or does not exist.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mmrecon.errors import SafetyRefusal

_FOLDER: Final = "archive"
_PART: Final = ".part"
_ABANDONED_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Archived:
    """Where a file's bytes lie; `archived_as` is relative to the state folder."""

    sha256: str
    archived_as: str
    size_bytes: int


def put(state_folder: Path, content: bytes) -> Archived:
    """Keep bytes; durable when this returns, and a no-op for bytes that are kept already.

    Raises:
        SafetyRefusal: what the archive holds under that hash is something else.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    path = _path(state_folder, sha256)
    if path.exists():
        _check(path.read_bytes(), sha256)
    else:
        _make_folder(path.parent)
        _write(path, content)
    _sync_folder(path.parent)
    return Archived(sha256, str(path.relative_to(state_folder)), len(content))


def get(state_folder: Path, sha256: str) -> bytes:
    """The bytes of a hash.

    Raises:
        SafetyRefusal: they are gone, or are not the bytes that came in.
    """
    try:
        content = _path(state_folder, sha256).read_bytes()
    except FileNotFoundError as error:
        raise _refusal(sha256, "is gone from the archive", "archive_file_missing") from error
    _check(content, sha256)
    return content


def _path(state_folder: Path, sha256: str) -> Path:
    return state_folder / _FOLDER / sha256[:2] / sha256


def _check(content: bytes, sha256: str) -> None:
    if hashlib.sha256(content).hexdigest() != sha256:
        raise _refusal(sha256, "was changed in the archive", "archive_altered")


def _refusal(sha256: str, what: str, code: str) -> SafetyRefusal:
    return SafetyRefusal(
        f"the file {sha256[:12]}… {what}",
        hint="Find out who was on this server, and restore the file from a backup.",
        code=code,
    )


def _make_folder(folder: Path) -> None:
    """The folder and its parents, each durable in the one above."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(folder.parent)


def _write(path: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=_PART)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            _remove_abandoned(path.parent, os.fstat(stream.fileno()).st_mtime)
            stream.write(content)
            stream.flush()
            os.fchmod(stream.fileno(), 0o400)
            os.fsync(stream.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _remove_abandoned(folder: Path, now_s: float) -> None:
    """Temporary files of a process that was killed."""
    for part in folder.glob(f".*{_PART}"):
        if now_s - part.stat().st_mtime > _ABANDONED_S:
            part.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
