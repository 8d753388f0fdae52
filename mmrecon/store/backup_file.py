"""A backup: one tar with the database, keys, founders, configuration, and a list of digests.

Written under a temporary name, read back, then renamed: a name that stands is a backup that holds.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import sqlite3
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from mmrecon.errors import SafetyRefusal, UsageError
from mmrecon.store.database import SCHEMA_REVISION

DATABASE: Final = "state/mmrecon.db"
MANIFEST: Final = "manifest.json"
_FORMAT: Final = 1
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: facts for people, and (SHA-256, bytes) of each member by name."""

    facts: Mapping[str, Any]
    files: Mapping[str, tuple[str, int]]


def write(target: Path, members: Iterable[tuple[str, Path]], facts: Mapping[str, Any]) -> Manifest:
    """Write a backup of some files whole or not at all, readable by its owner only.

    Raises:
        UsageError: there is such a file already, or no folder for it.
        SafetyRefusal: what was written does not read back.
    """
    if target.exists() or not target.parent.is_dir():
        what = "there is a file already" if target.exists() else "there is no folder"
        raise UsageError(f"{what}: {target}", code="backup_target")
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            _write_tar(stream, members, facts)
            stream.flush()
            os.fsync(stream.fileno())
        manifest = check(part)
        os.link(part, target)
    except FileExistsError as error:
        raise UsageError(f"there is a file already: {target}", code="backup_target") from error
    finally:
        part.unlink(missing_ok=True)
    _sync(target.parent)
    return manifest


def check(path: Path) -> Manifest:
    """Read a backup through: every member is in its list with the digest it has.

    Raises:
        SafetyRefusal: it is no backup, is not whole, or was changed.
    """
    listed, found = b"", dict[str, tuple[str, int]]()
    with opened(path) as archive:
        for member in archive:
            if member.name == MANIFEST:
                listed = b"".join(_pieces(archive, member))
            elif member.isfile():
                found[member.name] = _digest(archive, member)
        _read_to_the_end(archive)
    manifest = _manifest(listed)
    if found != dict(manifest.files) or DATABASE not in found:
        differing = sorted(
            name for name in found.keys() | manifest.files.keys()
            if found.get(name) != manifest.files.get(name)
        )  # fmt: skip
        raise refused(f"does not hold what it says: {', '.join(differing[:5]) or DATABASE}")
    return manifest


def unpack(path: Path, folder: Path) -> Manifest:
    """Unpack a backup into an empty folder, after it was checked.

    Raises:
        SafetyRefusal: as `check`.
    """
    manifest = check(path)
    with opened(path) as archive:
        for member in archive:  # in the order of the file: seeking back would unpack it again
            if member.name in manifest.files:
                _unpack(archive, member, folder)
    return manifest


def check_database(path: Path) -> None:
    """SQLite's own check of a database file that nobody else has open.

    Raises:
        SafetyRefusal: it is damaged, or of a newer program.
    """
    try:
        with closing(sqlite3.connect(path)) as connection:
            (said,) = connection.execute("PRAGMA integrity_check").fetchone()
            (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.DatabaseError, TypeError) as error:
        raise refused("holds no database of mmrecon") from error
    if said != "ok":
        raise refused(f"holds a damaged database: {said}")
    if revision > SCHEMA_REVISION:
        raise refused(f"was made by a newer mmrecon (schema {revision})")


@contextmanager
def opened(path: Path) -> Iterator[tarfile.TarFile]:
    """A backup, opened for reading.

    Raises:
        UsageError: there is no such file.
        SafetyRefusal: it is no backup, or is cut off.
    """
    try:
        with tarfile.open(path, "r:gz") as archive:
            yield archive
    except FileNotFoundError as error:
        raise UsageError(f"there is no file {path}", code="no_such_backup") from error
    except (tarfile.TarError, EOFError, OSError) as error:
        raise refused("is no backup of mmrecon, or is cut off") from error


def _write_tar(
    stream: IO[bytes], members: Iterable[tuple[str, Path]], facts: Mapping[str, Any]
) -> None:
    files: dict[str, tuple[str, int]] = {}
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=6) as archive:
        for name, path in members:
            files[name] = _add(archive, name, path)
        listed = {name: {"sha256": digest, "bytes": size} for name, (digest, size) in files.items()}
        document = {"format": _FORMAT, **facts, "files": listed}
        text = (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()
        archive.addfile(_info(MANIFEST, len(text)), io.BytesIO(text))


def _add(archive: tarfile.TarFile, name: str, path: Path) -> tuple[str, int]:
    with path.open("rb") as source:
        size = os.fstat(source.fileno()).st_size
        hashing = _Hashing(source)
        archive.addfile(_info(name, size), hashing)
    return hashing.sha256.hexdigest(), size


class _Hashing(io.RawIOBase):
    """A file that is hashed while tar reads it."""

    def __init__(self, source: IO[bytes]) -> None:
        super().__init__()
        self._source = source
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        piece = self._source.read(size)
        self.sha256.update(piece)
        return piece


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


def _unpack(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    _safe(member.name)
    place = folder / member.name
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.writelines(_pieces(archive, member))
        stream.flush()
        os.fsync(stream.fileno())


def _digest(archive: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[str, int]:
    digest = hashlib.sha256()
    for piece in _pieces(archive, member):
        digest.update(piece)
    return digest.hexdigest(), member.size


def _pieces(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    source = archive.extractfile(member)
    assert source is not None
    while piece := source.read(_PIECE):
        yield piece


def _read_to_the_end(archive: tarfile.TarFile) -> None:
    """Only there gzip compares its own checksum and length."""
    while archive.fileobj.read(_PIECE):
        pass


def _manifest(listed: bytes) -> Manifest:
    try:
        document = json.loads(listed)
        files = {
            name: (str(told["sha256"]), int(told["bytes"]))
            for name, told in document.pop("files").items()
        }
        known = document["format"] == _FORMAT
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise refused("has no list of what it holds") from error
    if not known:
        raise refused("was made by another version of mmrecon")
    return Manifest(document, files)


def _safe(name: str) -> None:
    """A name stays inside the folder it is unpacked into."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise refused("names a file outside its folder")


def refused(what: str) -> SafetyRefusal:
    """A backup that does not hold; `what` goes on the sentence."""
    return SafetyRefusal(
        f"the backup {what}",
        hint="Use another one; nothing was changed.",
        code="backup_broken",
    )


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
