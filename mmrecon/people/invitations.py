"""One-time codes: given out once, kept only as a salted hash, good for some days."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from mmrecon.errors import SafetyRefusal
from mmrecon.model.approval import Role
from mmrecon.model.clock import iso_utc
from mmrecon.model.enrolment import Invitation

DEFAULT_DAYS: Final = 7
_LETTERS: Final = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
_GROUPS: Final = 5
_GROUP_LETTERS: Final = 4


def invite(
    name: str, roles: Iterable[Role], *, founder: bool, now_utc: datetime, days: int, by: str
) -> tuple[Invitation, str]:
    """An invitation and its code (98 bits, so that a plain salted hash keeps it)."""
    groups = [
        "".join(secrets.choice(_LETTERS) for _ in range(_GROUP_LETTERS)) for _ in range(_GROUPS)
    ]
    code = "-".join(groups)
    salt = secrets.token_hex(16)
    invitation = Invitation(
        name=name,
        roles=frozenset(roles),
        code_salt=salt,
        code_hash=_hash(code, salt),
        expires_at_utc=iso_utc(now_utc + timedelta(days=days)),
        invited_by=by,
        founder=founder,
    )
    return invitation, code


def check_code(invitation: Invitation | None, code: str, now_utc: datetime) -> Invitation:
    """The invitation, if the code is its own and still good.

    Raises:
        SafetyRefusal: nobody was invited, the code is wrong, was used, or has expired.
    """
    if invitation is None:
        raise _refused("nobody of this name has been invited", "not_invited")
    if not hmac.compare_digest(invitation.code_hash, _hash(code, invitation.code_salt)):
        raise _refused("the code is not the one that was given out last", "code_wrong")
    if invitation.used_at_utc:
        raise _refused("the code was used already", "code_used")
    if datetime.fromisoformat(invitation.expires_at_utc) <= now_utc:
        raise _refused("the code has expired", "code_expired")
    return invitation


def _hash(code: str, salt: str) -> str:
    plain = "".join(sign for sign in code.upper() if sign.isalnum())
    return hashlib.sha256(f"{salt}:{plain}".encode()).hexdigest()


def _refused(message: str, code: str) -> SafetyRefusal:
    return SafetyRefusal(
        message, hint="`mmrecon people invite NAME` gives out a new code.", code=code
    )
