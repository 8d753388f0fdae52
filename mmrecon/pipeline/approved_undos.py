"""Corrections that two people signed, verified each time from the store's own rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from mmrecon.errors import SafetyRefusal
from mmrecon.model.approval import Act, BatchState, CanonicalRow
from mmrecon.model.posting import Posting, PostingState
from mmrecon.model.undo import ApprovedUndo, consequences_of
from mmrecon.people.roster import Roster, signatories
from mmrecon.people.rules import needs_second
from mmrecon.pipeline.approved_postings import sendable_postings
from mmrecon.pipeline.people import load_roster
from mmrecon.pipeline.run import Run
from mmrecon.posting.preflight import Fingerprint
from mmrecon.store import batches
from mmrecon.store.batches import StoredBatch
from mmrecon.store.postings import posting_facts
from mmrecon.store.undos import Correction, corrections, given_up, postings_signed_in

_AS_POSTED: Final = (
    "source", "leg", "account_kind", "account_id", "account_no", "client_id", "amount_minor",
    "posted_minor", "currency", "value_date", "payment_type_id", "receipt", "external_id",
)  # fmt: skip
_TO_DO: Final = frozenset({PostingState.POSTED, PostingState.VERIFIED, PostingState.UNDOING})


@dataclass(frozen=True, slots=True)
class Undoable:
    """Lines that are to be taken back, in the order they were signed, and the servers they name."""

    lines: tuple[tuple[ApprovedUndo, ...], ...] = ()
    servers: tuple[Fingerprint, ...] = ()

    def postings(self) -> list[Posting]:
        """All their postings."""
        return [one.posting for line in self.lines for one in line]


def undos_wait(connection: Connection) -> bool:
    """Whether anything is to be taken back, by the store's word alone; nothing is verified."""
    asked = _approved(connection)
    postings = postings_signed_in(connection, [one.posting for one in asked])
    left = [one for one in asked if one.posting in postings]
    left = [one for one in left if postings[one.posting].state in _TO_DO]
    ended = given_up(connection, [one.idempotency_key for one in left])
    return any(one.idempotency_key not in ended for one in left)


def approved_undos(connection: Connection, run: Run) -> Undoable:
    """What two people signed to be taken back, and neither was nor was given up.

    Raises:
        SafetyRefusal: a correction, a posting or a signature was altered, or the configuration is
            not the approved one.
    """
    asked = _approved(connection)
    if not asked:
        return Undoable()
    roster = load_roster(connection, run.founders_path)
    signed_in = postings_signed_in(connection, [one.posting for one in asked])
    batch_ids = dict.fromkeys(one.batch_id for one in asked)
    stored = {batch_id: batches.load(connection, batch_id) for batch_id in batch_ids}
    approved_at = {batch_id: _approved_at(roster, found, run) for batch_id, found in stored.items()}
    undos = [_undo(one, signed_in, approved_at[one.batch_id]) for one in asked]
    ended = given_up(connection, [one.idempotency_key for one in undos])
    open_ones = [
        one for one in undos
        if one.posting.state in _TO_DO and one.idempotency_key not in ended
    ]  # fmt: skip
    sendable = sendable_postings(connection, run, [one.posting for one in open_ones])
    return Undoable(_by_line(open_ones), sendable.servers)


def _approved(connection: Connection) -> list[Correction]:
    return [
        one
        for one in corrections(connection)
        if one.state is BatchState.APPROVED and not one.rejected
    ]


def _approved_at(roster: Roster, stored: StoredBatch, run: Run) -> str:
    """When the last signature that it needs was made."""
    rows = stored.batch.rows
    second = needs_second(rows, stored.rejected, run.settings.people)
    people = signatories(roster, stored.signed, second_needed=second)
    approval = stored.signed.of(Act.APPROVE)
    if people is None or approval is None or stored.signed.of(Act.REJECT) is not None:
        raise SafetyRefusal(
            f"batch {stored.batch.batch_id} counts as approved but lacks the signatures of a "
            "preparer and an approver",
            hint="Somebody changed the database. Nothing is posted, and nothing taken back.",
            code="signatures_missing",
        )
    return (stored.signed.of(Act.SECOND) or approval).signed_at_utc


def _undo(
    asked: Correction, signed_in: Mapping[tuple[str, int], Posting], approved_at_utc: str
) -> ApprovedUndo:
    posting = signed_in.get(asked.posting)
    differing = ["no posting"] if posting is None else _differing(posting, asked.row)
    if posting is None or differing:
        raise SafetyRefusal(
            f"row {asked.row_number} of correction {asked.batch_id} differs from what is to be "
            f"taken back: {', '.join(differing)}",
            hint="Somebody changed the database. Post nothing; compare with the last backup.",
            code="correction_altered",
        )
    return ApprovedUndo(
        posting=posting,
        batch_id=asked.batch_id,
        row_number=asked.row_number,
        facts=posting_facts(asked.row),
        reason=str(asked.row["reason"]),
        approved_at_utc=approved_at_utc,
        shown=tuple(consequences_of(asked.row)),
    )


def _differing(posting: Posting, row: CanonicalRow) -> list[str]:
    found = [name for name in _AS_POSTED if getattr(posting, name) != row.get(name)]
    if posting.account_kind == "savings" and posting.transaction_id != row.get("transaction_id"):
        found.append("transaction_id")  # a loan's is known by its external id: replays renumber it
    if row.get("command") != f"undo_{posting.command.value}":
        found.append("command")
    return found


def _by_line(undos: Sequence[ApprovedUndo]) -> tuple[tuple[ApprovedUndo, ...], ...]:
    """Legs of one line of one correction together; what was begun comes first."""
    lines: dict[tuple[str, int | None, str], list[ApprovedUndo]] = {}
    for one in undos:
        source = "" if one.posting.line_id is not None else one.posting.source
        lines.setdefault((one.batch_id, one.posting.line_id, source), []).append(one)
    return tuple(sorted(map(tuple, lines.values()), key=lambda line: not _begun(line)))


def _begun(line: Collection[ApprovedUndo]) -> bool:
    return any(one.posting.state is PostingState.UNDOING for one in line)
