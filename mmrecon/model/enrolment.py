"""Invitations, keys as they were made, and the names people go by."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from mmrecon.model.approval import Role

_NAME = re.compile(r"\w[\w .'\-]{0,59}")

FOUNDER_ROLES = frozenset({Role.PREPARER, Role.APPROVER})
"""What the two founders may do from the start (DESIGN 7.1)."""


def clean_name(text: str) -> str:
    """A person's name in one spelling: composed letters, single spaces.

    Raises:
        ValueError: it is empty, too long, or has other signs than letters, digits, . ' - _.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not _NAME.fullmatch(name):
        raise ValueError("a name has 1 to 60 letters, digits, spaces, or one of . ' - _")
    return name


def name_key(name: str) -> str:
    """What makes two names the same person: letter case and the kind of spaces do not count."""
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time code that was given out; only its salted hash is kept."""

    name: str
    roles: frozenset[Role]
    code_salt: str
    code_hash: str
    expires_at_utc: str
    invited_by: str
    founder: bool
    used_at_utc: str = ""
    invitation_id: int = 0


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A public key as it was made. By itself it gives no right to anything."""

    fingerprint: str
    name: str
    roles: frozenset[Role]
    public_key: str
    enrolled_at_utc: str
    founder: bool
    revoked_at_utc: str = ""
    revoked_by: str = ""


@dataclass(frozen=True, slots=True)
class Founder:
    """One of the two people everything starts from, as the file `founders` names them."""

    name: str
    fingerprint: str
