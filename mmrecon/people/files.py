"""Small private files, never half written."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_new(path: Path, text: str, *, mode: int) -> None:
    """Write a new file whole or not at all; an existing one stays as it is.

    Raises:
        FileExistsError: there is one already.
    """
    draft = _draft(path, text, mode)
    try:
        os.link(draft, path)
    finally:
        draft.unlink()
    _flush_folder(path.parent)


def replace(path: Path, text: str, *, mode: int) -> None:
    """Put a file in place of another in one step."""
    _draft(path, text, mode).replace(path)
    _flush_folder(path.parent)


def _draft(path: Path, text: str, mode: int) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fchmod(stream.fileno(), mode)
        os.fsync(stream.fileno())
    return draft


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
