"""People: invited, enrolled, revoked; who they are follows from what was signed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from mmrecon.errors import SafetyRefusal, UsageError
from mmrecon.model.approval import (
    Act,
    Batch,
    BatchKind,
    BatchState,
    CanonicalRow,
    Person,
    Role,
    new_batch_id,
)
from mmrecon.model.enrolment import (
    FOUNDER_ROLES,
    Enrolment,
    Founder,
    clean_name,
    name_key,
)
from mmrecon.people import founders as founders_file
from mmrecon.people.invitations import check_code, invite
from mmrecon.people.keys import PublicKey, forget_key, make_key, unlock
from mmrecon.people.roster import ENROL, REVOKE, Roster, replay
from mmrecon.people.signing import sign
from mmrecon.pipeline.refusals import journalled
from mmrecon.pipeline.run import Run
from mmrecon.store import batches, journal
from mmrecon.store import people as store
from mmrecon.store.database import reading, transaction


@dataclass(frozen=True, slots=True)
class Signer:
    """A person who has just shown, by the passphrase, that it is they."""

    person: Person
    private_key: Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Invited:
    """A code to be handed over once."""

    name: str
    code: str
    expires_at_utc: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A key that was made; `founders_complete`: this was the second founder."""

    name: str
    fingerprint: str
    founder: bool
    founders_complete: bool


def keys_folder(run: Run) -> Path:
    """Where personal keys lie."""
    return run.state_folder / "keys"


def load_roster(connection: Connection, founders_path: Path) -> Roster:
    """Who may do what, from the founders and every signed people batch of the store.

    Raises:
        UsageError: the two founders have not both enrolled yet.
        SafetyRefusal: `founders`, a people batch or a signature is not as it was.
    """
    enrolments = store.enrolments(connection)
    ids = batches.batch_ids(connection, [BatchKind.PEOPLE], BatchState)
    begun = founders_of(enrolments) == founders_file.COUNT or _any_batch(connection)
    if not begun:
        raise UsageError(
            "nobody can sign yet: the two founders have not both enrolled",
            hint="Each of them: `mmrecon people enrol NAME`, with the code that `init` printed.",
            code="no_founders",
        )
    signed = [batches.load(connection, batch_id).signed for batch_id in ids]
    return replay(founders_file.read_founders(founders_path), enrolments, signed)


def unlock_signer(run: Run, name: str, passphrase: str) -> Signer:
    """The person of a name, known by their passphrase.

    Raises:
        SafetyRefusal: nobody of that name has rights, or the passphrase is wrong.
    """
    with reading(run.engine) as connection:
        person = load_roster(connection, run.founders_path).person(name)
    return Signer(person, unlock(keys_folder(run), person.fingerprint, passphrase))


def known_person(run: Run, name: str) -> Person:
    """Somebody who has rights now, before they are asked for their passphrase.

    Raises:
        UsageError: the two founders have not both enrolled yet.
        SafetyRefusal: nobody of that name has rights.
    """
    with journalled(run, name), reading(run.engine) as connection:
        return load_roster(connection, run.founders_path).person(name)


def opens_key(run: Run, person: Person, passphrase: str) -> bool:
    """Whether a passphrase is this person's; anything else that is wrong is told when they sign."""
    try:
        unlock(keys_folder(run), person.fingerprint, passphrase)
    except SafetyRefusal as refusal:
        return refusal.code != "wrong_passphrase"
    return True


def present_person(connection: Connection, run: Run, signer: Signer) -> Person:
    """The signer as the roster has them now, inside the transaction that takes the signature.

    Raises:
        SafetyRefusal: they were revoked, or have another key, in the meantime.
    """
    person = load_roster(connection, run.founders_path).person(signer.person.name)
    if person.fingerprint != signer.person.fingerprint:
        raise SafetyRefusal(
            "this key was replaced in the meantime",
            hint="Sign again with the new key.",
            code="key_replaced",
        )
    return person


def invite_person(
    run: Run, name: str, roles: Iterable[Role], *, founder: bool, days: int
) -> Invited:
    """Give out a one-time code for somebody's enrolment; by itself it gives no right.

    Raises:
        UsageError: the name is no name, no role is given, or the founders are complete.
    """
    name = _name(name)
    wanted = FOUNDER_ROLES if founder else frozenset(roles)
    if not wanted:
        raise UsageError("no role was given", hint="Add --role, once for each role.")
    with transaction(run.engine) as connection:
        name = _as_enrolled(connection, name)
        if founder and founders_of(store.enrolments(connection)) >= founders_file.COUNT:
            raise _founders_complete()
        invitation, code = invite(
            name, wanted, founder=founder, now_utc=run.now_utc(), days=days, by="mmrecon"
        )
        store.insert_invitation(connection, invitation)
        payload = {"name": name, "roles": words_of(wanted), "founder": founder}
        _record(connection, run, "person_invited", payload)
    return Invited(name, code, invitation.expires_at_utc)


def enrol_person(run: Run, name: str, code: str, passphrase: str) -> Enrolled:
    """Make a person's key with their one-time code; the second founder's completes `founders`.

    The name is kept as it was invited, however it is typed now.

    Raises:
        SafetyRefusal: the code is wrong, used or expired, or founders are there already.
        UsageError: the passphrase is too short.
    """
    name = _name(name)
    with journalled(run, name):
        now_utc = run.now_utc()
        with reading(run.engine) as connection:
            name = check_code(store.newest_invitation(connection, name), code, now_utc).name
        key = make_key(keys_folder(run), passphrase)
        kept = False
        try:
            enrolled = _keep_key(run, name, code, key, now_utc)
            kept = True
        finally:
            if not kept:
                forget_key(keys_folder(run), key.fingerprint)
    return enrolled


def revoke_person(run: Run, name: str, by: str, passphrase: str, reason: str) -> list[Enrolment]:
    """Take every right from a person at once; gives the keys that no longer count.

    Raises:
        UsageError: nobody of that name has a key.
        SafetyRefusal: who revokes is not enrolled, or the passphrase is wrong.
    """
    with journalled(run, by):
        signer = unlock_signer(run, by, passphrase)
        with transaction(run.engine) as connection:
            present_person(connection, run, signer)
            concerned = [
                found
                for found in store.enrolments(connection)
                if name_key(found.name) == name_key(name) and not found.revoked_at_utc
            ]
            if not concerned:
                raise UsageError("nobody of this name has a key", code="no_such_person")
            _revoke(connection, run, signer, concerned, reason)
    return concerned


def enrolment_rows(waiting: Iterable[Enrolment]) -> list[CanonicalRow]:
    """Rows of a people batch that gives rights to keys."""
    return [
        {
            "act": ENROL,
            "name": found.name,
            "roles": words_of(found.roles),
            "fingerprint": found.fingerprint,
            "public_key": found.public_key,
        }
        for found in waiting
    ]


def waiting_enrolments(connection: Connection) -> list[Enrolment]:
    """Keys that were made and that nobody has prepared for approval yet."""
    prepared: set[str] = set()
    for batch_id in batches.batch_ids(connection, [BatchKind.PEOPLE], BatchState):
        rows = batches.load(connection, batch_id).batch.rows
        prepared.update(str(row.get("fingerprint")) for row in rows)
    return [
        found
        for found in store.enrolments(connection)
        if not found.founder and not found.revoked_at_utc and found.fingerprint not in prepared
    ]


def _keep_key(run: Run, name: str, code: str, key: PublicKey, now_utc: datetime) -> Enrolled:
    with transaction(run.engine) as connection:
        invitation = check_code(store.newest_invitation(connection, name), code, now_utc)
        enrolments = store.enrolments(connection)
        if invitation.founder:
            _refuse_founder(enrolments, name)
        store.use_invitation(connection, invitation.invitation_id, at_utc=run.at_utc())
        enrolment = Enrolment(
            fingerprint=key.fingerprint,
            name=name,
            roles=invitation.roles,
            public_key=key.text,
            enrolled_at_utc=run.at_utc(),
            founder=invitation.founder,
        )
        store.insert_enrolment(connection, enrolment)
        payload = {"name": name, "fingerprint": key.fingerprint, "founder": invitation.founder}
        _record(connection, run, "key_enrolled", payload, name)
        complete = _complete_founders(connection, run) if invitation.founder else False
    return Enrolled(name, key.fingerprint, invitation.founder, complete)


def _complete_founders(connection: Connection, run: Run) -> bool:
    """Write `founders` when both have enrolled; the last act of the transaction."""
    found = [enrolment for enrolment in store.enrolments(connection) if enrolment.founder]
    if len(found) < founders_file.COUNT:
        return False
    founders = [Founder(enrolment.name, enrolment.fingerprint) for enrolment in found]
    fingerprints = {"fingerprints": [founder.fingerprint for founder in founders]}
    _record(connection, run, "founders_written", fingerprints)
    interrupted = _interrupted(connection, run, found)
    founders_file.write_founders(run.founders_path, founders, interrupted=interrupted)
    return True


def _interrupted(connection: Connection, run: Run, found: list[Enrolment]) -> bool:
    """Whether the file is left from an enrolment that was killed before its transaction ended."""
    if not run.founders_path.exists() or _any_batch(connection):
        return False
    there = {founder.fingerprint for founder in founders_file.read_founders(run.founders_path)}
    return bool(there & {enrolment.fingerprint for enrolment in found})


def _any_batch(connection: Connection) -> bool:
    return bool(batches.batch_ids(connection, BatchKind, BatchState))


def _refuse_founder(enrolments: list[Enrolment], name: str) -> None:
    if founders_of(enrolments) >= founders_file.COUNT:
        raise _founders_complete()
    if any(found.founder and name_key(found.name) == name_key(name) for found in enrolments):
        raise SafetyRefusal(
            "the two founders must be two people",
            hint="Invite somebody else as the second founder.",
            code="same_person",
        )


def _revoke(
    connection: Connection, run: Run, signer: Signer, concerned: list[Enrolment], reason: str
) -> None:
    rows = [
        {"act": REVOKE, "name": found.name, "fingerprint": found.fingerprint, "reason": reason}
        for found in concerned
    ]
    batch = Batch(new_batch_id(BatchKind.PEOPLE, run.now_utc()), BatchKind.PEOPLE, rows, {})
    at_utc = run.at_utc()
    batches.insert_batch(
        connection,
        batch,
        [batches.RowPlace()] * len(rows),
        sign(signer.private_key, batch, Act.PREPARE, (), at_utc),
        person=signer.person.name,
        settings_digest=run.settings.digest(),
        run_id=run.run_id,
        state=BatchState.APPROVED,
    )
    for found in concerned:  # few: the keys of one person
        by = signer.person.name
        store.mark_revoked(connection, found.fingerprint, at_utc=at_utc, by=by)
    payload = {"fingerprints": [found.fingerprint for found in concerned]}
    _record(connection, run, "person_revoked", payload, signer.person.name)


def founders_of(enrolments: Iterable[Enrolment]) -> int:
    """How many founders have enrolled."""
    return sum(found.founder for found in enrolments)


def _founders_complete() -> SafetyRefusal:
    return SafetyRefusal(
        "the two founders have enrolled; there is no third",
        hint="Invite people with --role; two people then approve their keys.",
        code="founders_exist",
    )


def _name(name: str) -> str:
    try:
        return clean_name(name)
    except ValueError as error:
        raise UsageError(str(error), code="name_wrong") from error


def _as_enrolled(connection: Connection, name: str) -> str:
    """A name as it stands with its newest key; as it was typed where there is none."""
    known = {name_key(found.name): found.name for found in store.enrolments(connection)}
    return known.get(name_key(name), name)


def words_of(roles: Iterable[Role]) -> list[str]:
    """Roles as words, in order."""
    return sorted(role.value for role in roles)


def _record(
    connection: Connection,
    run: Run,
    event: str,
    payload: Mapping[str, object],
    person: str = "mmrecon",
) -> None:
    entry = journal.Entry(event, payload, person)
    journal.append(connection, [entry], at_utc=run.at_utc(), run_id=run.run_id)
