"""Zip members under a password: the old cipher and WinZip's AES, by pyzipper."""

from __future__ import annotations

import importlib
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import IO, Final

_WRONG: Final = (
    RuntimeError, zlib.error, EOFError, OSError, NotImplementedError, ValueError, struct.error,
)  # fmt: skip


def read_locked(
    archive: bytes,
    entry: zipfile.ZipInfo,
    passwords: Sequence[str],
    read: Callable[[IO[bytes]], bytes],
) -> bytes | None:
    """A member's content under the first password that opens it; None where none does.

    The library is loaded here, for few files need it.
    """
    library = importlib.import_module("pyzipper")
    for password in passwords:
        try:
            with (
                closing(library.AESZipFile(io.BytesIO(archive))) as opened,
                opened.open(entry.filename, pwd=password.encode()) as stream,
            ):
                return read(stream)
        except (*_WRONG, library.BadZipFile):
            continue
    return None
