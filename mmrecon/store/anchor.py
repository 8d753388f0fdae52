"""The newest head of the journal, noted outside the database.

A database that was put back without `mmrecon restore` does not know its newest entries; the file
`anchor` beside the state folder does.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from mmrecon.errors import SafetyRefusal, UsageError
from mmrecon.store.schema import JOURNAL

_SHORT: Final = 16
_GROUP: Final = 4


@dataclass(frozen=True, slots=True)
class Head:
    """An entry of the journal: its sequence, and its hash or the beginning of it."""

    sequence: int
    hash: str

    def printed(self) -> str:
        """The short form, for paper: `1234:9f3a-11bc-0d2e-77aa`."""
        short = self.hash[:_SHORT]
        groups = (short[start : start + _GROUP] for start in range(0, len(short), _GROUP))
        return f"{self.sequence}:{'-'.join(groups)}"


def parse_head(text: str) -> Head:
    """A head as it was printed, short or whole.

    Raises:
        UsageError: it is no head.
    """
    sequence, _, digits = text.strip().partition(":")
    digits = digits.replace("-", "").replace(" ", "").lower()
    right = sequence.isascii() and sequence.isdigit() and set(digits) <= set("0123456789abcdef")
    if not right or not _SHORT <= len(digits) <= 64:
        raise UsageError(
            "this is no head of a journal",
            hint="Write it as `mmrecon journal verify` prints it: 1234:9f3a-11bc-0d2e-77aa.",
            code="head_malformed",
        )
    return Head(int(sequence), digits)


def contains(connection: Connection, head: Head) -> bool:
    """Whether the journal has that very entry; every journal has the empty beginning."""
    if head.sequence == 0:
        return True
    query = select(JOURNAL.c.hash).where(JOURNAL.c.sequence == head.sequence)
    found = connection.execute(query).scalar()
    return found is not None and found.startswith(head.hash)


def anchor_path(state_folder: Path) -> Path:
    """Where the head is noted: beside the state folder."""
    return state_folder.parent / "anchor"


def read_anchor(state_folder: Path) -> Head | None:
    """The head that was noted last for this state folder; None where none was.

    Raises:
        SafetyRefusal: the file is there and cannot be understood.
    """
    try:
        text = anchor_path(state_folder).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        noted = json.loads(text).get(state_folder.name)
        return None if noted is None else Head(int(noted["sequence"]), str(noted["hash"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SafetyRefusal(
            "the file `anchor` beside the state folder was changed",
            hint="Compare with the printed head (`mmrecon journal verify --head …`), then remove "
            "the file; the next run writes it anew.",
            code="anchor_changed",
        ) from error


def write_anchor(state_folder: Path, head: Head) -> bool:
    """Note a head; False where this user may not write beside the state folder."""
    path = anchor_path(state_folder)
    try:
        known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        known[state_folder.name] = {"sequence": head.sequence, "hash": head.hash}
        draft = path.with_name(f".anchor.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(json.dumps(known, sort_keys=True) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except PermissionError:
        return False
    return True
