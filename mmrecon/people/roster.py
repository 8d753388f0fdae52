"""Who may do what: a replay of the signed people batches, starting from the founders.

Rows of a `people` batch: `enrol` {name, roles, fingerprint, public_key}, which two people sign,
and `revoke` {name, fingerprint}, which acts with one signature.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mmrecon.errors import SafetyRefusal
from mmrecon.model.approval import Act, CanonicalRow, Person, Role, Signature, SignedBatch
from mmrecon.model.enrolment import FOUNDER_ROLES, Enrolment, Founder, name_key
from mmrecon.people.keys import fingerprint_of
from mmrecon.people.signing import verify

ENROL: Final = "enrol"
REVOKE: Final = "revoke"

ROLES_OF_ACT: Final[Mapping[Act, frozenset[Role]]] = {
    Act.PREPARE: frozenset({Role.PREPARER}),
    Act.APPROVE: frozenset({Role.APPROVER}),
    Act.SECOND: frozenset({Role.SECOND_APPROVER}),
    Act.REJECT: frozenset({Role.PREPARER, Role.APPROVER, Role.SECOND_APPROVER}),
}
"""Any one of these roles is enough for an act."""


@dataclass(frozen=True, slots=True)
class Membership:
    """A person's rights, from one place in the order of signatures to another (None: still)."""

    person: Person
    since_order: int
    until_order: int | None = None

    def holds_at(self, order: int) -> bool:
        """Whether a signature at this place counts; 0 means one that is made now."""
        if order == 0:
            return self.until_order is None
        return self.since_order < order and (self.until_order is None or order < self.until_order)


@dataclass(frozen=True, slots=True)
class Signatories:
    """Who prepared, approved and, where needed, approved a second time."""

    preparer: Person
    approver: Person
    second: Person | None


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody who ever had rights, in the order they got them."""

    memberships: tuple[Membership, ...]

    def people(self) -> dict[str, Person]:
        """Who has rights now, by name."""
        return {found.person.name: found.person for found in self.memberships if found.holds_at(0)}

    def person(self, name: str) -> Person:
        """The person of a name who has rights now.

        Raises:
            SafetyRefusal: nobody of that name has, or has any more.
        """
        for person in self.people().values():
            if name_key(person.name) == name_key(name):
                return person
        raise SafetyRefusal(
            "nobody of this name has a key that two people approved",
            hint="`mmrecon people list` shows who has, and whose key still waits.",
            code="not_enrolled",
        )

    def signer(self, signature: Signature) -> Person | None:
        """Whose signature it is; None when that key had no rights at that time.

        Raises:
            SafetyRefusal: nobody ever had such a key.
        """
        known = [m for m in self.memberships if m.person.fingerprint == signature.fingerprint]
        if not known:
            raise SafetyRefusal(
                f"batch {signature.batch_id}: signed with a key that nobody approved",
                hint="Somebody changed the database. Post nothing; compare with the last backup.",
                code="signature_forged",
            )
        holding = (found.person for found in known if found.holds_at(signature.order))
        return next(holding, None)


def may(person: Person, act: Act) -> bool:
    """Whether a person's roles allow an act."""
    return bool(person.roles & ROLES_OF_ACT[act])


def same_person(one: Person, other: Person) -> bool:
    """Whether two signatories are one person, by key or by name."""
    return one.fingerprint == other.fingerprint or name_key(one.name) == name_key(other.name)


def signers(roster: Roster, signed: SignedBatch) -> dict[Act, Person]:
    """Whose signatures count, by act; each is checked, and all are different people's.

    Raises:
        SafetyRefusal: a forged signature, a key nobody approved, or one person twice.
    """
    people: dict[Act, Person] = {}
    for act in (Act.PREPARE, Act.APPROVE, Act.SECOND):
        signature = signed.of(act)
        person = None if signature is None else roster.signer(signature)
        if signature is not None and person is not None:
            verify(signature, person, signed)
            if may(person, act):
                people[act] = person
    refuse_same_person(signed.batch.batch_id, list(people.values()))
    return people


def signatories(
    roster: Roster, signed: SignedBatch, *, second_needed: bool = False
) -> Signatories | None:
    """Who prepared and approved a batch; None when an act is missing or does not count.

    Raises:
        SafetyRefusal: as `signers`.
    """
    people = signers(roster, signed)
    preparer, approver = people.get(Act.PREPARE), people.get(Act.APPROVE)
    second = people.get(Act.SECOND)
    if preparer is None or approver is None or (second_needed and second is None):
        return None
    return Signatories(preparer, approver, second)


def refuse_same_person(batch_id: str, people: Sequence[Person]) -> None:
    """Each signatory must be another person.

    Raises:
        SafetyRefusal: two of them are one, by key or by name.
    """
    for place, person in enumerate(people):
        if any(same_person(person, other) for other in people[:place]):
            raise SafetyRefusal(
                f"batch {batch_id}: the same person may not sign twice",
                hint="Somebody else with the right role has to approve it.",
                code="same_person",
            )


def replay(
    founders: Sequence[Founder], enrolments: Sequence[Enrolment], signed: Iterable[SignedBatch]
) -> Roster:
    """The roster that the founders and the signed people batches yield.

    Raises:
        SafetyRefusal: the founders are not those who enrolled, or a batch is forged (it is named).
    """
    roster = _founding(founders, enrolments)
    deciding = [(order, batch) for batch in signed if (order := _deciding_order(batch)) is not None]
    for order, batch in sorted(deciding, key=lambda pair: pair[0]):
        roster = _applied(roster, batch, order)
    return roster


def _founding(founders: Sequence[Founder], enrolments: Sequence[Enrolment]) -> Roster:
    enrolled = {found.fingerprint: found for found in enrolments if found.founder}
    if enrolled.keys() != {founder.fingerprint for founder in founders}:
        raise _founders_changed()
    return Roster(tuple(_founder(founder, enrolled[founder.fingerprint]) for founder in founders))


def _founder(founder: Founder, enrolment: Enrolment) -> Membership:
    if name_key(founder.name) != name_key(enrolment.name) or not _is_key_of(
        enrolment.public_key, founder.fingerprint
    ):
        raise _founders_changed()
    key = (founder.fingerprint, enrolment.public_key)
    return Membership(Person(founder.name, FOUNDER_ROLES, *key, founder=True), since_order=0)


def _deciding_order(signed: SignedBatch) -> int | None:
    """Where in the order of signatures a people batch takes effect; None: not, or not yet."""
    if signed.of(Act.REJECT) is not None:
        return None
    deciding = signed.of(Act.PREPARE if _is_revocation(signed) else Act.APPROVE)
    return None if deciding is None else deciding.order


def _is_revocation(signed: SignedBatch) -> bool:
    return all(row.get("act") == REVOKE for row in signed.batch.rows)


def _applied(roster: Roster, signed: SignedBatch, order: int) -> Roster:
    if _is_revocation(signed):
        return _revoked(roster, signed, order)
    if signatories(roster, signed) is None:
        return roster
    approval = signed.of(Act.APPROVE)
    rejected = () if approval is None else approval.rejected_rows
    for number, row in enumerate(signed.batch.rows, start=1):
        if number not in rejected:
            roster = _enrolled(roster, _person(signed.batch.batch_id, row), order)
    return roster


def _revoked(roster: Roster, signed: SignedBatch, order: int) -> Roster:
    signature = signed.of(Act.PREPARE)
    person = None if signature is None else roster.signer(signature)
    if signature is None or person is None:
        return roster
    verify(signature, person, signed)
    names = {name_key(str(row["name"])) for row in signed.batch.rows}
    return _ended(roster, names, order)


def _enrolled(roster: Roster, person: Person, order: int) -> Roster:
    """A new key of a name takes the place of the older one."""
    ended = _ended(roster, {name_key(person.name)}, order)
    return Roster((*ended.memberships, Membership(person, since_order=order)))


def _ended(roster: Roster, names: set[str], order: int) -> Roster:
    def end(membership: Membership) -> Membership:
        concerned = name_key(membership.person.name) in names and membership.holds_at(0)
        return replace(membership, until_order=order) if concerned else membership

    return Roster(tuple(map(end, roster.memberships)))


def _person(batch_id: str, row: CanonicalRow) -> Person:
    try:
        roles = frozenset(Role(str(role)) for role in _texts(row["roles"]))
        person = Person(str(row["name"]), roles, str(row["fingerprint"]), str(row["public_key"]))
    except (KeyError, TypeError, ValueError) as error:
        raise _not_a_key(batch_id) from error
    if row.get("act") != ENROL or not _is_key_of(person.public_key, person.fingerprint):
        raise _not_a_key(batch_id)
    return person


def _texts(value: object) -> list[str]:
    if not isinstance(value, list | tuple):
        raise TypeError("not a list")
    return [str(entry) for entry in value]


def _is_key_of(public_key: str, fingerprint: str) -> bool:
    try:
        return fingerprint_of(public_key) == fingerprint
    except ValueError:
        return False


def _not_a_key(batch_id: str) -> SafetyRefusal:
    return SafetyRefusal(
        f"batch {batch_id}: a row of it enrols no key",
        hint="Somebody changed the database. Post nothing; compare with the last backup.",
        code="people_row_wrong",
    )


def _founders_changed() -> SafetyRefusal:
    return SafetyRefusal(
        "the file `founders` names other keys than those of the two founders who enrolled",
        hint="Put the file, or the database, back as it was. Nothing is posted until then.",
        code="founders_changed",
    )
