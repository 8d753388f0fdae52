"""The list of people: everybody with a key or an open code, and what they may do now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from mmrecon.errors import UsageError
from mmrecon.model.approval import Person
from mmrecon.model.enrolment import Enrolment, Invitation
from mmrecon.people import founders as founders_file
from mmrecon.pipeline.people import founders_of, load_roster, words_of
from mmrecon.pipeline.run import Run
from mmrecon.store import people as store
from mmrecon.store.database import reading


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list of people. `state`: active, revoked, waits, invited or code expired.

    `until_utc` is the end of an open code.
    """

    name: str
    roles: tuple[str, ...]
    state: str
    fingerprint: str
    since_utc: str
    founder: bool
    until_utc: str = ""


def list_people(run: Run) -> list[Listed]:
    """Everybody who has a key or an open code, with what they may do now."""
    with reading(run.engine) as connection:
        enrolments = store.enrolments(connection)
        invitations = store.newest_unused_invitations(connection)
        active = _active(connection, run)
    now_utc = run.now_utc()
    listed = [_listed(found, active) for found in enrolments]
    founded = founders_of(enrolments) >= founders_file.COUNT
    counting = [found for found in invitations if not (founded and found.founder)]
    return [*listed, *(_invited(found, now_utc) for found in counting)]


def _active(connection: Connection, run: Run) -> dict[str, Person]:
    try:
        people = load_roster(connection, run.founders_path).people()
    except UsageError:
        return {}
    return {person.fingerprint: person for person in people.values()}


def _listed(found: Enrolment, active: dict[str, Person]) -> Listed:
    person = active.get(found.fingerprint)
    if person is not None:
        state = "active"
    elif found.revoked_at_utc:
        state = "revoked"
    else:
        state = "waits"
    roles = words_of(found.roles if person is None else person.roles)
    return Listed(
        found.name, tuple(roles), state, found.fingerprint, found.enrolled_at_utc, found.founder
    )


def _invited(found: Invitation, now_utc: datetime) -> Listed:
    expired = datetime.fromisoformat(found.expires_at_utc) <= now_utc
    roles = tuple(words_of(found.roles))
    state = "code expired" if expired else "invited"
    return Listed(found.name, roles, state, "", "", found.founder, found.expires_at_utc)
