"""Enrolment, roles and revocation, with real keys on a real store."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from mmrecon.errors import ExitCode, MmreconError, SafetyRefusal, UsageError
from mmrecon.model.approval import Act, Batch, BatchKind, Role, Signature
from mmrecon.model.keys import canonical_json
from mmrecon.people.signing import sign
from mmrecon.pipeline.approving import pending, prepare_pending
from mmrecon.pipeline.people import (
    load_roster,
    present_person,
    revoke_person,
    unlock_signer,
)
from mmrecon.pipeline.people_listing import list_people
from mmrecon.store import journal
from mmrecon.store.database import reading, transaction
from mmrecon.store.schema import BATCH, BATCH_ROW, ENROLMENT, JOURNAL, SIGNATURE
from tests.people.desk import ASHA, BENO, CARO, DAVI, Desk, flip, make_desk, secret


def roles(desk: Desk) -> dict[str, set[str]]:
    with reading(desk.engine) as connection:
        people = load_roster(connection, desk.run.founders_path).people()
    return {name: {role.value for role in person.roles} for name, person in people.items()}


def refused(desk: Desk) -> list[str]:
    """Codes of the refusals in the journal."""
    with reading(desk.engine) as connection:
        journal.verify(connection)
        query = select(JOURNAL.c.payload_json).where(JOURNAL.c.event == "refused")
        return [text.split('"code":"')[1].split('"')[0] for text in connection.scalars(query)]


def roster_code(desk: Desk) -> str:
    with reading(desk.engine) as connection, pytest.raises(SafetyRefusal) as refusal:
        load_roster(connection, desk.run.founders_path)
    assert refusal.value.exit_code is ExitCode.REFUSED
    return refusal.value.code


def states(desk: Desk) -> dict[str, str]:
    return {one.name: one.state for one in list_people(desk.run)}


def test_before_both_founders_enrolled_nobody_can_sign(desk: Desk) -> None:
    with pytest.raises(UsageError) as end:
        roles(desk)
    assert end.value.code == "no_founders"
    desk.enrol(ASHA, desk.invite(ASHA, founder=True))
    assert not desk.run.founders_path.exists()
    with pytest.raises(UsageError):
        pending(desk.run)


def test_the_second_founder_writes_both_fingerprints_once(desk: Desk) -> None:
    one = desk.enrol(ASHA, desk.invite(ASHA, founder=True))
    two = desk.enrol(BENO, desk.invite(BENO, founder=True))
    text = desk.run.founders_path.read_text()
    assert one in text
    assert two in text
    assert roles(desk) == {ASHA: {"preparer", "approver"}, BENO: {"preparer", "approver"}}


def test_there_is_no_third_founder(desk: Desk) -> None:
    codes = {name: desk.invite(name, founder=True) for name in (ASHA, BENO, CARO)}
    for name in (ASHA, BENO):
        desk.enrol(name, codes[name])
    with pytest.raises(SafetyRefusal) as refusal:
        desk.enrol(CARO, codes[CARO])
    assert refusal.value.code == "founders_exist"
    assert refused(desk) == ["founders_exist"]
    with pytest.raises(SafetyRefusal):
        desk.invite(DAVI, founder=True)
    assert len(list((desk.folder / "state" / "keys").iterdir())) == 2


def test_one_person_cannot_be_both_founders(desk: Desk) -> None:
    desk.enrol(ASHA, desk.invite(ASHA, founder=True))
    with pytest.raises(SafetyRefusal) as refusal:
        desk.enrol("asha  TEST", desk.invite("ASHA Test", founder=True))
    assert refusal.value.code == "same_person"


def test_a_code_works_once_and_the_latest_counts(desk: Desk) -> None:
    first, latest = desk.invite(CARO, Role.AUDITOR), desk.invite(CARO, Role.AUDITOR)
    for code, reason in ((first, "code_wrong"), (latest, ""), (latest, "code_used")):
        if not reason:
            desk.enrol(CARO, code)
            continue
        with pytest.raises(SafetyRefusal) as refusal:
            desk.enrol(CARO, code)
        assert refusal.value.code == reason
    late = desk.invite(DAVI, Role.AUDITOR)
    desk.now_utc += timedelta(days=8)
    with pytest.raises(SafetyRefusal) as refusal:
        desk.enrol(DAVI, late)
    assert refusal.value.code == "code_expired"
    assert refused(desk) == ["code_wrong", "code_used", "code_expired"]


def test_a_new_person_counts_after_two_signatures(desk: Desk) -> None:
    desk.open()
    fingerprint = desk.enrol(CARO, desk.invite(CARO, Role.APPROVER, Role.SECOND_APPROVER))
    assert CARO not in roles(desk)
    with pytest.raises(SafetyRefusal) as refusal:
        unlock_signer(desk.run, CARO, secret(CARO))
    assert refusal.value.code == "not_enrolled"
    assert [found.fingerprint for found in pending(desk.run).enrolments] == [fingerprint]
    prepared = prepare_pending(desk.run, ASHA, secret(ASHA))
    assert CARO not in roles(desk)
    assert pending(desk.run).is_empty
    desk.approve(prepared.batch_ids[0], BENO)
    assert roles(desk)[CARO] == {"approver", "second_approver"}
    assert unlock_signer(desk.run, "caro test", secret(CARO)).person.fingerprint == fingerprint
    assert states(desk) == {ASHA: "active", BENO: "active", CARO: "active"}


def test_who_prepared_a_new_key_cannot_approve_it(desk: Desk) -> None:
    desk.open()
    desk.enrol(CARO, desk.invite(CARO, Role.APPROVER))
    batch_id = prepare_pending(desk.run, ASHA, secret(ASHA)).batch_ids[0]
    with pytest.raises(SafetyRefusal) as refusal:
        desk.approve(batch_id, ASHA)
    assert refusal.value.code == "same_person"
    assert refused(desk) == ["same_person"]
    assert CARO not in roles(desk)


def test_a_rejected_key_gives_no_rights(desk: Desk) -> None:
    desk.open()
    for name in (CARO, DAVI):
        desk.enrol(name, desk.invite(name, Role.APPROVER))
    batch_id = prepare_pending(desk.run, ASHA, secret(ASHA)).batch_ids[0]
    with reading(desk.engine) as connection:
        names = list(
            connection.scalars(
                select(BATCH_ROW.c.row_json)
                .where(BATCH_ROW.c.batch_id == batch_id)
                .order_by(BATCH_ROW.c.row_number)
            )
        )
    rejected = 1 + next(place for place, text in enumerate(names) if DAVI in text)
    desk.approve(batch_id, BENO, {rejected: "not yet employed"})
    assert CARO in roles(desk)
    assert DAVI not in roles(desk)


def test_revoking_acts_at_once_with_one_signature(desk: Desk) -> None:
    desk.open()
    desk.join(CARO, Role.AUDITOR)
    desk.join(DAVI, Role.APPROVER)
    revoke_person(desk.run, DAVI, CARO, secret(CARO), "has left")
    assert roles(desk).keys() == {ASHA, BENO, CARO}
    assert states(desk)[DAVI] == "revoked"
    with pytest.raises(SafetyRefusal):
        unlock_signer(desk.run, DAVI, secret(DAVI))
    with reading(desk.engine) as connection:
        assert journal.verify(connection)[0] > 0
        events = set(connection.scalars(select(JOURNAL.c.event)))
    assert "person_revoked" in events


def test_somebody_who_was_revoked_revokes_nobody(desk: Desk) -> None:
    desk.open()
    desk.join(CARO, Role.AUDITOR)
    revoke_person(desk.run, CARO, ASHA, secret(ASHA), "has left")
    with pytest.raises(SafetyRefusal):
        revoke_person(desk.run, BENO, CARO, secret(CARO), "revenge")
    assert BENO in roles(desk)


def test_a_key_that_waits_can_be_stopped_too(desk: Desk) -> None:
    desk.open()
    desk.enrol(CARO, desk.invite(CARO, Role.APPROVER))
    revoke_person(desk.run, CARO, ASHA, secret(ASHA), "a mistake")
    assert pending(desk.run).is_empty
    with pytest.raises(UsageError):
        revoke_person(desk.run, "Nobody Test", ASHA, secret(ASHA), "a mistake")


def test_a_person_who_is_enrolled_again_has_only_the_new_key(desk: Desk) -> None:
    desk.open()
    old = desk.join(CARO, Role.APPROVER)
    new = desk.join(CARO, Role.AUDITOR)
    assert old != new
    assert roles(desk)[CARO] == {"auditor"}
    with reading(desk.engine) as connection:
        roster = load_roster(connection, desk.run.founders_path)
    assert roster.person(CARO).fingerprint == new


def test_what_was_signed_before_a_revocation_counts_and_later_does_not(desk: Desk) -> None:
    desk.open()
    desk.join(CARO, Role.PREPARER)
    signer = unlock_signer(desk.run, CARO, secret(CARO))
    desk.enrol(DAVI, desk.invite(DAVI, Role.AUDITOR))
    batch_id = prepare_pending(desk.run, CARO, secret(CARO)).batch_ids[0]
    revoke_person(desk.run, CARO, ASHA, secret(ASHA), "has left")
    desk.approve(batch_id, BENO)
    assert DAVI in roles(desk)
    batch = Batch("people-late", BatchKind.PEOPLE, [{"act": "revoke", "name": BENO}], {})
    late = sign(signer.private_key, batch, Act.PREPARE, (), "2020-01-01T00:00:00+00:00")
    plant(desk, batch, [columns(late)])
    assert BENO in roles(desk)


def columns(signature: Signature) -> dict[str, Any]:
    return {
        "batch_id": signature.batch_id, "digest": signature.digest, "act": signature.act.value,
        "rejected_rows_json": "[]", "fingerprint": signature.fingerprint,
        "signed_at_utc": signature.signed_at_utc, "signature": signature.signature,
    }  # fmt: skip


def plant(desk: Desk, batch: Batch, signatures: list[dict[str, Any]]) -> None:
    """Put a batch into the database behind mmrecon's back."""
    with transaction(desk.engine) as connection:
        connection.execute(
            BATCH.insert(),
            {
                "batch_id": batch.batch_id, "kind": batch.kind.value, "state": "approved",
                "canonical_text": batch.text(), "digest": batch.digest(), "totals_json": "{}",
                "row_count": len(batch.rows),
            },
        )  # fmt: skip
        for number, row in enumerate(batch.rows, start=1):
            connection.execute(
                BATCH_ROW.insert(),
                {
                    "batch_id": batch.batch_id, "row_number": number,
                    "row_json": canonical_json(dict(row)),
                },
            )  # fmt: skip
        for signature in signatures:
            connection.execute(SIGNATURE.insert(), signature)


def test_a_stranger_cannot_write_a_people_batch_into_the_database(desk: Desk) -> None:
    desk.open()
    other = make_desk(desk.folder / "elsewhere")
    other.found()
    stranger = unlock_signer(other.run, ASHA, secret(ASHA))
    other.engine.dispose()
    batch = Batch("people-forged", BatchKind.PEOPLE, [{"act": "revoke", "name": BENO}], {})
    forged = sign(stranger.private_key, batch, Act.PREPARE, (), "2026-11-24T06:00:00+00:00")
    plant(desk, batch, [columns(forged)])
    assert roster_code(desk) == "signature_forged"


def test_a_people_batch_marked_approved_without_signatures_gives_nothing(desk: Desk) -> None:
    desk.open()
    key = unlock_signer(desk.run, ASHA, secret(ASHA)).person
    row = {
        "act": "enrol", "name": DAVI, "roles": ["approver"], "fingerprint": key.fingerprint,
        "public_key": key.public_key,
    }  # fmt: skip
    plant(desk, Batch("people-bare", BatchKind.PEOPLE, [row], {}), [])
    assert roles(desk).keys() == {ASHA, BENO}


def test_an_altered_people_row_stops_everything_and_names_the_batch(desk: Desk) -> None:
    desk.open()
    desk.join(CARO, Role.AUDITOR)
    with transaction(desk.engine) as connection:
        batch_id = connection.scalar(select(BATCH.c.batch_id).where(BATCH.c.kind == "people"))
        text = connection.scalar(
            select(BATCH_ROW.c.row_json).where(BATCH_ROW.c.batch_id == batch_id)
        )
        assert text is not None
        connection.execute(
            update(BATCH_ROW)
            .where(BATCH_ROW.c.batch_id == batch_id)
            .values(row_json=text.replace("auditor", "approver"))
        )
    with reading(desk.engine) as connection, pytest.raises(SafetyRefusal) as refusal:
        load_roster(connection, desk.run.founders_path)
    assert str(batch_id) in str(refusal.value)
    assert "row 1" in str(refusal.value)


def test_a_flipped_signature_of_a_people_batch_is_seen(desk: Desk) -> None:
    desk.open()
    desk.join(CARO, Role.AUDITOR)
    with transaction(desk.engine) as connection:
        query = select(SIGNATURE).where(SIGNATURE.c.act == "approve")
        found = connection.execute(query.order_by(SIGNATURE.c.signature_id.desc())).first()
        assert found is not None
        connection.execute(
            update(SIGNATURE)
            .where(SIGNATURE.c.signature_id == found.signature_id)
            .values(signature=flip(found.signature))
        )
    assert roster_code(desk) == "signature_forged"


def test_the_roles_column_of_a_key_gives_nobody_a_role(desk: Desk) -> None:
    desk.open()
    desk.join(CARO, Role.AUDITOR)
    with transaction(desk.engine) as connection:
        connection.execute(
            update(ENROLMENT).where(ENROLMENT.c.name == CARO).values(roles_json='["approver"]')
        )
    assert roles(desk)[CARO] == {"auditor"}


def test_founders_that_are_missing_or_changed_stop_everything(desk: Desk) -> None:
    desk.open()
    path = desk.run.founders_path
    text = path.read_text()
    path.unlink()
    assert roster_code(desk) == "founders_missing"
    path.write_text(text.replace(ASHA, CARO))
    assert roster_code(desk) == "founders_changed"
    fingerprint = roster_fingerprint(text)
    path.write_text(text.replace(fingerprint, "0" * 64))
    assert roster_code(desk) == "founders_changed"
    path.write_text(text)
    assert ASHA in roles(desk)


def roster_fingerprint(text: str) -> str:
    return next(line for line in text.splitlines() if line.endswith(ASHA)).split(" ")[0]


def test_a_founder_exchanged_in_the_database_is_seen(desk: Desk) -> None:
    desk.open()
    with transaction(desk.engine) as connection:
        connection.execute(update(ENROLMENT).where(ENROLMENT.c.name == BENO).values(name=ASHA))
    assert roster_code(desk) == "founders_changed"
    with transaction(desk.engine) as connection:
        connection.execute(delete(ENROLMENT))
    assert roster_code(desk) == "founders_changed"


def test_an_enrolment_that_was_killed_after_writing_founders_is_finished(desk: Desk) -> None:
    desk.enrol(ASHA, desk.invite(ASHA, founder=True))
    with reading(desk.engine) as connection:
        fingerprint = connection.scalar(select(ENROLMENT.c.fingerprint))
    desk.run.founders_path.write_text(f"{fingerprint} {ASHA}\n{'0' * 64} {BENO}\n")
    desk.enrol(BENO, desk.invite(BENO, founder=True))
    assert roles(desk).keys() == {ASHA, BENO}


def test_founders_of_another_store_are_never_overwritten(desk: Desk) -> None:
    foreign = f"{'1' * 64} {CARO}\n{'0' * 64} {DAVI}\n"
    desk.run.founders_path.write_text(foreign)
    desk.enrol(ASHA, desk.invite(ASHA, founder=True))
    with pytest.raises(SafetyRefusal) as refusal:
        desk.enrol(BENO, desk.invite(BENO, founder=True))
    assert refusal.value.code == "founders_exist"
    assert desk.run.founders_path.read_text() == foreign
    assert states(desk)[BENO].startswith("invited")


def test_a_wrong_passphrase_is_refused_and_in_the_journal(desk: Desk) -> None:
    desk.open()
    with pytest.raises(SafetyRefusal) as refusal:
        prepare_pending(desk.run, ASHA, "something else entirely")
    assert refusal.value.code == "wrong_passphrase"
    assert refused(desk) == ["wrong_passphrase"]


def test_somebody_revoked_between_unlocking_and_signing_signs_nothing(desk: Desk) -> None:
    desk.open()
    desk.join(CARO, Role.PREPARER)
    signer = unlock_signer(desk.run, CARO, secret(CARO))
    revoke_person(desk.run, CARO, ASHA, secret(ASHA), "has left")
    with transaction(desk.engine) as connection, pytest.raises(SafetyRefusal):
        present_person(connection, desk.run, signer)
    desk.join(CARO, Role.PREPARER)
    with transaction(desk.engine) as connection, pytest.raises(SafetyRefusal) as refusal:
        present_person(connection, desk.run, signer)
    assert refusal.value.code == "key_replaced"


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\nb" * 30, "<script>", "a/b"])
def test_a_name_that_is_no_name_is_refused(desk: Desk, name: str) -> None:
    with pytest.raises(MmreconError):
        desk.invite(name, Role.AUDITOR)


def test_an_invitation_needs_a_role(desk: Desk) -> None:
    with pytest.raises(UsageError):
        desk.invite(CARO)
