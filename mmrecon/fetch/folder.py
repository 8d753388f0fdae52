"""Statement files from a folder on this machine; links are listed, and never followed."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from mmrecon.errors import OutsideUnreachable
from mmrecon.fetch.source import NotRead, RemoteFile


class Folder:
    """A `Source` over one folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def label(self) -> str:
        """The source's name in the store."""
        return f"folder:{self._path}"

    def listing(self) -> list[RemoteFile]:
        """Every regular file and link of the folder.

        Raises:
            OutsideUnreachable: the folder is not there, or may not be read.
        """
        try:
            with os.scandir(self._path) as entries:
                facts = [
                    (entry.name, entry.stat(follow_symlinks=False))
                    for entry in entries
                    if entry.is_file(follow_symlinks=False) or entry.is_symlink()
                ]
        except OSError as error:
            raise OutsideUnreachable(
                f"the folder {self._path} cannot be read: {error.strerror}",
                hint="Check that it is mounted, and that mmrecon's user may read it.",
                code="folder_unreachable",
            ) from error
        return [_as_listed(name, fact) for name, fact in facts]

    def read(self, file: RemoteFile) -> bytes | NotRead:
        """The whole content, or why it is not to be had."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            descriptor = os.open(self._path / file.name, flags)
            with os.fdopen(descriptor, "rb") as stream:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    return NotRead.CHANGED
                content = stream.read(file.size_bytes + 1)
                after = _as_listed(file.name, os.fstat(descriptor))
        except FileNotFoundError:
            return NotRead.GONE
        except PermissionError:
            return NotRead.DENIED
        except OSError as error:
            return NotRead.CHANGED if error.errno == errno.ELOOP else NotRead.FAILED
        is_whole = after == file and len(content) == file.size_bytes
        return content if is_whole else NotRead.CHANGED

    def delete(self, file: RemoteFile) -> bool:
        """Nothing is ever deleted from a folder."""
        del file
        return False


def _as_listed(name: str, facts: os.stat_result) -> RemoteFile:
    return RemoteFile(
        name,
        facts.st_size,
        int(facts.st_mtime),
        int(facts.st_ctime),
        is_link=stat.S_ISLNK(facts.st_mode),
    )
