"""Invitations and keys, in and out. What somebody may do is never read from here."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, insert, select, update

from mmrecon.model.approval import Role
from mmrecon.model.enrolment import Enrolment, Invitation, name_key
from mmrecon.model.keys import canonical_json
from mmrecon.store.schema import ENROLMENT, INVITATION


def insert_invitation(connection: Connection, invitation: Invitation) -> None:
    """Keep an invitation; earlier ones of the same name stay, and no longer count."""
    connection.execute(
        insert(INVITATION).values(
            name=invitation.name,
            roles_json=_roles_json(invitation.roles),
            code_salt=invitation.code_salt,
            code_hash=invitation.code_hash,
            expires_at_utc=invitation.expires_at_utc,
            invited_by=invitation.invited_by,
            founder=invitation.founder,
        )
    )


def newest_invitation(connection: Connection, name: str) -> Invitation | None:
    """The invitation that was given out last under a name."""
    query = select(INVITATION).order_by(INVITATION.c.invitation_id.desc())
    for row in connection.execute(query):
        if name_key(row.name) == name_key(name):
            return _invitation(row)
    return None


def newest_unused_invitations(connection: Connection) -> list[Invitation]:
    """The newest invitation of each name, where it was not used: the only one whose code counts."""
    query = select(INVITATION).order_by(INVITATION.c.invitation_id)
    newest = {name_key(row.name): _invitation(row) for row in connection.execute(query)}
    return [found for found in newest.values() if not found.used_at_utc]


def use_invitation(connection: Connection, invitation_id: int, *, at_utc: str) -> bool:
    """Mark an invitation used; False when somebody used it in the meantime."""
    used = connection.execute(
        update(INVITATION)
        .where(INVITATION.c.invitation_id == invitation_id, INVITATION.c.used_at_utc == "")
        .values(used_at_utc=at_utc)
    )
    return used.rowcount == 1


def insert_enrolment(connection: Connection, enrolment: Enrolment) -> None:
    """Keep a public key as it was made."""
    connection.execute(
        insert(ENROLMENT).values(
            fingerprint=enrolment.fingerprint,
            name=enrolment.name,
            roles_json=_roles_json(enrolment.roles),
            public_key=enrolment.public_key,
            enrolled_at_utc=enrolment.enrolled_at_utc,
            founder=enrolment.founder,
        )
    )


def enrolments(connection: Connection) -> list[Enrolment]:
    """Every key ever made, oldest first."""
    query = select(ENROLMENT).order_by(ENROLMENT.c.enrolled_at_utc, ENROLMENT.c.fingerprint)
    return [_enrolment(row) for row in connection.execute(query)]


def mark_revoked(connection: Connection, fingerprint: str, *, at_utc: str, by: str) -> None:
    """Note beside a key that it was revoked; the signed batch is what counts."""
    connection.execute(
        update(ENROLMENT)
        .where(ENROLMENT.c.fingerprint == fingerprint)
        .values(revoked_at_utc=at_utc, revoked_by=by)
    )


def _roles_json(roles: frozenset[Role]) -> str:
    return canonical_json(sorted(role.value for role in roles))


def _roles(text: str) -> frozenset[Role]:
    return frozenset(Role(role) for role in json.loads(text))


def _invitation(row: Any) -> Invitation:
    return Invitation(
        name=row.name,
        roles=_roles(row.roles_json),
        code_salt=row.code_salt,
        code_hash=row.code_hash,
        expires_at_utc=row.expires_at_utc,
        invited_by=row.invited_by,
        founder=bool(row.founder),
        used_at_utc=row.used_at_utc,
        invitation_id=row.invitation_id,
    )


def _enrolment(row: Any) -> Enrolment:
    return Enrolment(
        fingerprint=row.fingerprint,
        name=row.name,
        roles=_roles(row.roles_json),
        public_key=row.public_key,
        enrolled_at_utc=row.enrolled_at_utc,
        founder=bool(row.founder),
        revoked_at_utc=row.revoked_at_utc,
        revoked_by=row.revoked_by,
    )
