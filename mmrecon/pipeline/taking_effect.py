"""From an approved batch to postings, links and holds."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from mmrecon.errors import Defect
from mmrecon.model.approval import BatchKind
from mmrecon.model.override import SEND_CONTRADICTED_DAY
from mmrecon.model.resolution import RESOLUTIONS
from mmrecon.model.undo import CLOSE_REVERSAL, UNDO
from mmrecon.model.withdrawal import withdrawn_files
from mmrecon.pipeline.approved import MONEY_KINDS
from mmrecon.pipeline.run import Run
from mmrecon.pipeline.taking_out import ReadAgain, take_out
from mmrecon.store import batches, journal
from mmrecon.store.batches import StoredBatch
from mmrecon.store.effects import take_effect
from mmrecon.store.postings import ApprovedRow, RefusedRow
from mmrecon.store.resolutions import resolve
from mmrecon.store.reversals import SignedRow, hold_reversals
from mmrecon.store.schema import WALLET


def do_what_it_says(
    connection: Connection,
    run: Run,
    stored: StoredBatch,
    accepted: Sequence[int],
    others: dict[str, list[ReadAgain]],
) -> list[RefusedRow]:
    """What the accepted rows say takes effect, in the transaction that keeps the signature.

    `others` are the files that a withdrawn one shares lines with, read once more.

    Raises:
        UsageError: what a withdrawal would do has changed since it was signed.
        SafetyRefusal: a row names another line, item or wallet than the store has for it.
    """
    if _only_read(stored):
        hold_reversals(connection, _closings(stored, accepted), at_utc=run.at_utc())
    if stored.batch.kind in {BatchKind.PEOPLE, BatchKind.CONFIGURATION} or _only_read(stored):
        return []  # these are read from the signed rows, whenever they are asked for
    if withdrawn_files(stored.batch.rows):
        take_out(connection, run, stored, accepted, others)
        return []
    if _only_resolutions(stored):
        refused = resolve(
            connection,
            [(number, stored.batch.rows[number - 1]) for number in accepted],
            stored.batch.batch_id,
            at_utc=run.at_utc(),
            run_id=run.run_id,
        )
    elif stored.batch.kind in MONEY_KINDS:
        rows = _approved_rows(connection, run, stored, accepted)
        refused = take_effect(connection, rows, at_utc=run.at_utc(), run_id=run.run_id)
    else:
        raise Defect(f"no approval of a batch of kind {stored.batch.kind.value} is known")
    payload = {"batch_id": stored.batch.batch_id}
    entries = [
        journal.Entry("approved_row_refused", payload | {"row": row.row_number, "code": row.code})
        for row in refused
    ]
    journal.append(connection, entries, at_utc=run.at_utc(), run_id=run.run_id)
    return refused


def _only_read(stored: StoredBatch) -> bool:
    """Overrides and corrections change nothing by themselves."""
    return stored.batch.kind is BatchKind.CORRECTIONS and all(
        row.get("act") in {SEND_CONTRADICTED_DAY, UNDO, CLOSE_REVERSAL} for row in stored.batch.rows
    )


def _closings(stored: StoredBatch, accepted: Sequence[int]) -> list[SignedRow]:
    """The reversals that a correction answers."""
    rows = [
        SignedRow(
            stored.batch.batch_id, number, stored.places[number - 1].line_id,
            stored.batch.rows[number - 1],
        )
        for number in accepted
    ]  # fmt: skip
    return [one for one in rows if one.row.get("act") == CLOSE_REVERSAL]


def _only_resolutions(stored: StoredBatch) -> bool:
    return stored.batch.kind is BatchKind.CORRECTIONS and all(
        row.get("act") in RESOLUTIONS for row in stored.batch.rows
    )


def _approved_rows(
    connection: Connection, run: Run, stored: StoredBatch, accepted: Sequence[int]
) -> list[ApprovedRow]:
    known = connection.execute(select(WALLET.c.provider, WALLET.c.account, WALLET.c.wallet_id))
    wallet_ids = {(row.provider, row.account): row.wallet_id for row in known}
    modes = {(found.provider, found.account): found.mode for found in run.settings.wallets}
    made = []
    for number in accepted:
        facts = stored.batch.rows[number - 1]
        wallet = tuple(facts["wallet"]) if isinstance(facts["wallet"], list) else ()
        if wallet not in wallet_ids:
            raise batches.altered(stored.batch.batch_id, f"row {number} names an unknown wallet")
        place = stored.places[number - 1]
        made.append(
            ApprovedRow(
                batch_id=stored.batch.batch_id,
                row_number=number,
                wallet_id=wallet_ids[wallet],
                line_id=place.line_id,
                item_id=place.item_id,
                shadow=modes[wallet] == "shadow",
                facts=facts,
            )
        )
    return made
