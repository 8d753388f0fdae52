"""What a source of files is: it lists, reads one whole, and deletes only when it is told to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as a source lists it.

    `name` is raw: it is shown and stored only as `naming.shown_name` says. `changed_utc_s` is the
    last change by the clock of this machine; None where only the other side's clock is known.
    """

    name: str
    size_bytes: int
    modified_utc_s: int
    changed_utc_s: int | None = None
    is_link: bool = False


class NotRead(Enum):
    """Why a listed file could not be read; the value is the issue's code."""

    GONE = "file_gone"
    CHANGED = "file_changed"
    DENIED = "file_unreadable"
    FAILED = "file_read_failed"


class Source(Protocol):
    """Where a wallet's files come from."""

    @property
    def label(self) -> str:
        """The source's name in the store; the same from run to run."""

    def listing(self) -> list[RemoteFile]:
        """Every regular file and link; OutsideUnreachable when it cannot be listed."""

    def read(self, file: RemoteFile) -> bytes | NotRead:
        """The whole content of the very file that was listed, or why it is not to be had."""

    def delete(self, file: RemoteFile) -> bool:
        """Delete that very file; False when it could not be, or is another one by now."""
