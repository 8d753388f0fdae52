"""Preparing and approving: the one door for everything that needs a second pair of eyes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from mmrecon.errors import SafetyRefusal, UsageError
from mmrecon.model.approval import (
    Act,
    Batch,
    BatchKind,
    BatchState,
    CanonicalRow,
    Person,
    new_batch_id,
)
from mmrecon.model.enrolment import Enrolment
from mmrecon.people.roster import Roster, may, refuse_same_person
from mmrecon.people.rules import needs_second, whole_lines
from mmrecon.people.signing import sign
from mmrecon.pipeline.approved import MONEY_KINDS, contradiction
from mmrecon.pipeline.configuration import (
    Difference,
    approved_configurations,
    configuration_row,
    differences,
    refuse_forbidden_changes,
    refuse_unapproved,
)
from mmrecon.pipeline.drafts import Draft
from mmrecon.pipeline.found_links import ask_again, link_drafts
from mmrecon.pipeline.people import (
    Signer,
    enrolment_rows,
    load_roster,
    present_person,
    unlock_signer,
    waiting_enrolments,
)
from mmrecon.pipeline.refusals import journalled
from mmrecon.pipeline.resolution_checks import undisturbed
from mmrecon.pipeline.run import Run
from mmrecon.pipeline.taking_effect import do_what_it_says
from mmrecon.pipeline.taking_out import ReadAgain, others_read_again
from mmrecon.pipeline.unapproved import configuration_waits
from mmrecon.pipeline.waiting import load_verified, next_act, still_waiting
from mmrecon.store import batches
from mmrecon.store.batches import RowPlace, StoredBatch
from mmrecon.store.database import reading, transaction
from mmrecon.store.found_links import FoundTransaction, found_transactions
from mmrecon.store.postings import RefusedRow

_VERBS: Final = {
    Act.PREPARE: "prepare",
    Act.APPROVE: "approve",
    Act.SECOND: "approve a second time",
    Act.REJECT: "reject",
}


@dataclass(frozen=True, slots=True)
class Pending:
    """What lacks a preparer, apart from workbooks.

    `configuration` are the changes against the approved one; None: nothing changed, or it waits
    for its approval already. `links` are lines whose money was found in Fineract exactly.
    """

    configuration: Sequence[Difference] | None
    enrolments: Sequence[Enrolment]
    links: Sequence[FoundTransaction]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to sign."""
        return self.configuration is None and not self.enrolments and not self.links


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was signed as its preparer, and now waits for another person."""

    batch_ids: Sequence[str]
    pending: Pending


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a batch. `refused` rows were approved but had no money left."""

    batch_id: str
    state: BatchState
    accepted_rows: int
    rejected_rows: Sequence[int]
    refused: Sequence[RefusedRow]

    @property
    def waits_for_second(self) -> bool:
        """Whether a second approver has to sign too."""
        return self.state is BatchState.PREPARED


def pending(run: Run) -> Pending:
    """What `submit` without a file would sign.

    Raises:
        SafetyRefusal: `live_from` moves back, or something signed was altered.
    """
    with journalled(run), reading(run.engine) as connection:
        return _pending(connection, run, load_roster(connection, run.founders_path))


def prepare_pending(run: Run, name: str, passphrase: str) -> Prepared:
    """Sign, as their preparer, a changed configuration, new keys and links that were found.

    Raises:
        SafetyRefusal: wrong person, role or passphrase, or `live_from` moves back.
    """
    with journalled(run, name):
        signer = unlock_signer(run, name, passphrase)
        with transaction(run.engine) as connection:
            roster = load_roster(connection, run.founders_path)
            found = _pending(connection, run, roster)
            drafts = [_draft(run, kind, rows) for kind, rows in _pending_rows(run, found)]
            drafts += link_drafts(connection, run, found.links)
            prepare(connection, run, signer, drafts)
    return Prepared([draft.batch.batch_id for draft in drafts], found)


def prepare(connection: Connection, run: Run, signer: Signer, drafts: Iterable[Draft]) -> None:
    """Sign batches as their preparer and keep them, inside the caller's write transaction.

    Raises:
        SafetyRefusal: the signer has not the role, or has no rights any more.
    """
    person = present_person(connection, run, signer)
    _refuse_without_role(person, Act.PREPARE)
    for draft in drafts:  # few: a batch of each kind
        batches.insert_batch(
            connection,
            draft.batch,
            draft.places,
            sign(signer.private_key, draft.batch, Act.PREPARE, (), run.at_utc()),
            person=person.name,
            settings_digest=run.settings.digest(),
            run_id=run.run_id,
        )


def approve(
    run: Run, batch_id: str, name: str, passphrase: str, rejected: Mapping[int, str]
) -> Decided:
    """Approve a batch as another person than its preparer; what it says takes effect with it.

    `rejected` maps row numbers to reasons; a rejected leg takes its whole line with it.

    Raises:
        SafetyRefusal: same person, wrong role or passphrase, altered rows, a configuration that
            is not the approved one.
        UsageError: no such batch or row, or it waits no longer.
    """
    with journalled(run, name):
        signer = unlock_signer(run, name, passphrase)
        with reading(run.engine) as connection:
            roster = load_roster(connection, run.founders_path)
            stored = still_waiting(load_verified(connection, roster, batch_id))
        _refuse_signer(roster, stored, signer.person, next_act(stored))
        whole = _rejected(stored, rejected)
        with (
            undisturbed(run, stored, whole),
            others_read_again(run, stored) as others,
            transaction(run.engine) as connection,
        ):
            present_person(connection, run, signer)
            _refuse_unfit(connection, run, stored, set(whole))
            return _sign_and_do(connection, run, stored, signer, whole, others)


def refuse_approver(run: Run, batch_id: str, name: str) -> None:
    """What stands against this person approving this batch, before they type a passphrase.

    Raises:
        SafetyRefusal: same person as a signatory, or no role for it; nobody of that name.
        UsageError: no such batch, or it waits no longer.
    """
    with journalled(run, name), reading(run.engine) as connection:
        roster = load_roster(connection, run.founders_path)
        stored = still_waiting(load_verified(connection, roster, batch_id))
        _refuse_signer(roster, stored, roster.person(name), next_act(stored))


def reject(run: Run, batch_id: str, name: str, passphrase: str, reason: str) -> Decided:
    """Send a whole batch back; one person is enough.

    Raises:
        SafetyRefusal: wrong role or passphrase, altered rows.
        UsageError: no reason, no such batch, or it waits no longer.
    """
    if not reason.strip():
        raise UsageError("a rejection has a reason", hint="Add --reason TEXT.")
    with journalled(run, name):
        signer = unlock_signer(run, name, passphrase)
        with reading(run.engine) as connection:
            stored = still_waiting(batches.load(connection, batch_id))
        with transaction(run.engine) as connection:
            person = present_person(connection, run, signer)
            _refuse_without_role(person, Act.REJECT)
            batches.record_decision(
                connection,
                stored.signed,
                sign(signer.private_key, stored.batch, Act.REJECT, (), run.at_utc()),
                person=person.name,
                state=BatchState.REJECTED,
                rejected={},
                reason=reason.strip(),
                run_id=run.run_id,
            )
            rows = range(1, len(stored.batch.rows) + 1)
            ask_again(connection, stored, rows, at_utc=run.at_utc())
    return Decided(batch_id, BatchState.REJECTED, 0, rows, ())


def _pending(connection: Connection, run: Run, roster: Roster) -> Pending:
    history = approved_configurations(connection, roster)
    present = configuration_row(run.settings)
    changed = not history or history[-1].row != present
    if changed:
        refuse_forbidden_changes(history, run.settings, run.now_utc())
    waits = configuration_waits(connection, present)
    approved = history[-1].row if history else None
    found = differences(approved, present) if changed and not waits else None
    return Pending(found, waiting_enrolments(connection), found_transactions(connection))


def _pending_rows(run: Run, found: Pending) -> Iterable[tuple[BatchKind, Sequence[CanonicalRow]]]:
    if found.configuration is not None:
        yield BatchKind.CONFIGURATION, [configuration_row(run.settings)]
    if found.enrolments:
        yield BatchKind.PEOPLE, enrolment_rows(found.enrolments)


def _draft(run: Run, kind: BatchKind, rows: Sequence[CanonicalRow]) -> Draft:
    batch = Batch(new_batch_id(kind, run.now_utc()), kind, rows, {})
    return Draft(batch, [RowPlace()] * len(rows))


def _rejected(stored: StoredBatch, reasons: Mapping[int, str]) -> dict[int, str]:
    """Rejected rows with their reasons, each with all legs of its line."""
    rows = stored.batch.rows
    unknown = [number for number in reasons if not 1 <= number <= len(rows)]
    if unknown:
        raise UsageError(f"batch {stored.batch.batch_id} has no row {unknown[0]}")
    if any(not reason.strip() for reason in reasons.values()):
        raise UsageError("a rejection has a reason", hint="--reject ROW:reason")
    whole = {
        fallen: reason
        for number, reason in reasons.items()
        for fallen in whole_lines(rows, [number])
    } | dict(reasons)
    if whole and len(whole.keys() | stored.rejected.keys()) == len(rows):
        raise UsageError(
            "every row would be rejected", hint="Reject the batch: --reject-batch --reason TEXT."
        )
    return whole


def _refuse_signer(roster: Roster, stored: StoredBatch, person: Person, act: Act) -> None:
    """Another person than everybody who signed before, with the role for this act."""
    earlier = [found for entry in stored.signed.signatures if (found := roster.signer(entry))]
    refuse_same_person(stored.batch.batch_id, [*earlier, person])
    _refuse_without_role(person, act)


def _refuse_without_role(person: Person, act: Act) -> None:
    if not may(person, act):
        raise SafetyRefusal(
            f"this person has no role that may {_VERBS[act]}",
            hint="`mmrecon people list` shows who has.",
            code="wrong_role",
        )


def _refuse_unfit(connection: Connection, run: Run, stored: StoredBatch, whole: set[int]) -> None:
    """What may not be approved whoever signs it."""
    history = approved_configurations(connection, load_roster(connection, run.founders_path))
    if stored.batch.kind is BatchKind.CONFIGURATION:
        _refuse_other_configuration(run, stored)
        refuse_forbidden_changes(history, run.settings, run.now_utc())
    elif stored.batch.kind in MONEY_KINDS:
        refuse_unapproved(history, run.settings)
        for number, row in enumerate(stored.batch.rows, start=1):
            code = "" if number in whole else contradiction(row, run.settings)
            if code:
                raise SafetyRefusal(
                    f"batch {stored.batch.batch_id}: row {number} contradicts the approved "
                    f"configuration ({code})",
                    hint="Reject that row with --reject; its line comes back to the preparer.",
                    code=code,
                )


def _refuse_other_configuration(run: Run, stored: StoredBatch) -> None:
    changed = differences(stored.batch.rows[0], configuration_row(run.settings))
    if changed or stored.batch.rows[0] != configuration_row(run.settings):
        listed = "\n".join(f"  {found.words()}" for found in changed)
        raise SafetyRefusal(
            f"config.toml was changed after this batch was prepared:\n{listed}",
            hint="Reject the batch; `mmrecon submit` prepares the present configuration.",
            code="configuration_changed",
        )


def _sign_and_do(
    connection: Connection,
    run: Run,
    stored: StoredBatch,
    signer: Signer,
    whole: Mapping[int, str],
    others: dict[str, list[ReadAgain]],
) -> Decided:
    act, rows = next_act(stored), stored.batch.rows
    waits = act is Act.APPROVE and needs_second(rows, whole, run.settings.people)
    state = BatchState.PREPARED if waits else BatchState.APPROVED
    signature = sign(signer.private_key, stored.batch, act, whole, run.at_utc())
    batches.record_decision(
        connection,
        stored.signed,
        signature,
        person=signer.person.name,
        state=state,
        rejected=whole,
        reason="",
        run_id=run.run_id,
    )
    rejected = whole.keys() | stored.rejected.keys()
    accepted = [number for number in range(1, len(rows) + 1) if number not in rejected]
    refused = [] if waits else do_what_it_says(connection, run, stored, accepted, others)
    back = {*rejected, *(row.row_number for row in refused)}
    ask_again(connection, stored, back, at_utc=run.at_utc())
    return Decided(stored.batch.batch_id, state, len(accepted), sorted(rejected), refused)
