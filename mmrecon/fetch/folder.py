"""Statement files from a folder on this machine; links and everything but files are left alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mmrecon.errors import OutsideUnreachable
from mmrecon.fetch.source import RemoteFile


class Folder:
    """A `Source` over one folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def label(self) -> str:
        """The source's name in the store."""
        return f"folder:{self._path}"

    def listing(self) -> list[RemoteFile]:
        """Every regular file of the folder.

        Raises:
            OutsideUnreachable: the folder is not there, or may not be read.
        """
        try:
            with os.scandir(self._path) as entries:
                facts = [
                    (entry.name, entry.stat(follow_symlinks=False))
                    for entry in entries
                    if entry.is_file(follow_symlinks=False)
                ]
        except OSError as error:
            raise OutsideUnreachable(
                f"the folder {self._path} cannot be read: {error.strerror}",
                hint="Check that it is mounted, and that mmrecon's user may read it.",
                code="folder_unreachable",
            ) from error
        return [_as_listed(name, fact) for name, fact in facts]

    def read(self, file: RemoteFile) -> bytes | None:
        """The whole content; None when the file changed, went away or may not be read."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            descriptor = os.open(self._path / file.name, flags)
            with os.fdopen(descriptor, "rb") as stream:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    return None
                content = stream.read(file.size_bytes + 1)
                after = _as_listed(file.name, os.fstat(descriptor))
        except OSError:
            return None
        return content if after == file and len(content) == file.size_bytes else None

    def delete(self, file: RemoteFile) -> bool:
        """Nothing is ever deleted from a folder."""
        del file
        return False


def _as_listed(name: str, facts: os.stat_result) -> RemoteFile:
    return RemoteFile(name, facts.st_size, int(facts.st_mtime), int(facts.st_ctime))
