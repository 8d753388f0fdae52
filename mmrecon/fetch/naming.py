"""Names as they are shown and stored: whatever a server or an archive says, harmless."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

_UNFINISHED: Final = (".part", ".tmp", ".filepart", ".partial", ".crdownload")
_LONGEST_BYTES: Final = 255
"""No file system that servers use has longer names."""


def shown_name(name: str) -> str:
    """A name without control, direction or other invisible characters; different stays different.

    A backslash is doubled, so that no name can pretend to be another one's escape.
    """
    return "".join(
        character if character.isprintable() and character != "\\" else _escaped(character)
        for character in name
    )


def is_impossible(name: str) -> bool:
    """Whether a listing lies: no file of a folder can have this name."""
    is_too_long = len(name.encode("utf-8", "surrogateescape")) > _LONGEST_BYTES
    return is_too_long or name in {"", ".", ".."} or "/" in name or "\0" in name


def short_name(name: str) -> str:
    """A name that lies about its length, as it is shown."""
    shown = shown_name(name[:_LONGEST_BYTES])
    return shown if len(name) <= _LONGEST_BYTES else f"{shown}…"


def is_passed_over(name: str) -> bool:
    """Hidden files, locks of spreadsheet programs, and uploads that have not ended."""
    return name.startswith((".", "~$")) or name.lower().endswith(_UNFINISHED)


def is_wanted(name: str, pattern: str) -> bool:
    """Whether a file is one that the source's pattern asks for."""
    return not is_passed_over(name) and fnmatchcase(name, pattern)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
