"""What may be sent: approved batches, verified each time from the store's own rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from mmrecon.config import Settings
from mmrecon.errors import SafetyRefusal
from mmrecon.model.approval import Act, BatchKind, BatchState, CanonicalRow
from mmrecon.people.roster import Roster, Signatories, signatories
from mmrecon.people.rules import needs_second, whole_lines
from mmrecon.pipeline.configuration import (
    ApprovedConfiguration,
    approved_configurations,
    refuse_unapproved,
)
from mmrecon.store import batches
from mmrecon.store.batches import StoredBatch

MONEY_KINDS: Final = (BatchKind.POSTINGS, BatchKind.CHOICES, BatchKind.LINKS)
"""Kinds whose rows speak of money of lines and items."""


@dataclass(frozen=True, slots=True)
class VerifiedBatch:
    """An approved batch whose rows, digest, signatures and rights were all checked just now.

    `accepted` are the row numbers that nobody rejected. Of these, `shadow` were approved while
    their wallet was in shadow, and `outdated` (row → code) were approved under an older
    configuration that said something else; neither may be sent. `sendable` is what is left.
    """

    stored: StoredBatch
    people: Signatories
    approved_at_utc: str
    accepted: frozenset[int]
    shadow: frozenset[int]
    outdated: Mapping[int, str]

    @property
    def sendable(self) -> frozenset[int]:
        """Numbers of the rows that may be sent."""
        return self.accepted - self.shadow - self.outdated.keys()

    def row(self, number: int) -> CanonicalRow:
        """A row by its number, from 1."""
        return self.stored.batch.rows[number - 1]


def verified_batches(
    connection: Connection,
    roster: Roster,
    settings: Settings,
    batch_ids: Collection[str] | None = None,
) -> Iterator[VerifiedBatch]:
    """Approved batches of money (all, or those asked for), in the order they were prepared.

    One at a time: the rows of all of them may be many.

    Raises:
        SafetyRefusal: the configuration is not the approved one, a row, text or signature was
            altered, a signature is missing or does not count, one person signed twice.
    """
    history = approved_configurations(connection, roster)
    refuse_unapproved(history, settings)
    approved = batches.batch_ids(connection, MONEY_KINDS, [BatchState.APPROVED])
    unknown = set(batch_ids or ()) - set(approved)
    if unknown:
        raise batches.altered(min(unknown), "it is not among the approved batches")
    wanted = [found for found in approved if batch_ids is None or found in batch_ids]
    for batch_id in wanted:
        yield verify_batch(batches.load(connection, batch_id), roster, settings, history)


def verify_batch(
    stored: StoredBatch,
    roster: Roster,
    settings: Settings,
    history: Sequence[ApprovedConfiguration],
) -> VerifiedBatch:
    """One approved batch, verified.

    Raises:
        SafetyRefusal: as `verified_batches`.
    """
    approval = stored.signed.of(Act.APPROVE)
    rows = stored.batch.rows
    first = whole_lines(rows, () if approval is None else approval.rejected_rows)
    second_needed = needs_second(rows, first, settings.people)
    people = signatories(roster, stored.signed, second_needed=second_needed)
    if people is None or approval is None or stored.signed.of(Act.REJECT) is not None:
        raise _unsigned(stored, second=second_needed)
    second = stored.signed.of(Act.SECOND)
    rejected = whole_lines(rows, {*first, *(second.rejected_rows if second else ())})
    accepted = frozenset(range(1, len(rows) + 1)) - rejected
    in_force = _in_force(history, approval.order)
    return VerifiedBatch(
        stored=stored,
        people=people,
        approved_at_utc=(second or approval).signed_at_utc,
        accepted=accepted,
        shadow=frozenset(n for n in accepted if _in_shadow(rows[n - 1], in_force)),
        outdated=_outdated(stored, accepted, settings, changed=in_force is not history[-1]),
    )


def contradiction(row: CanonicalRow, settings: Settings) -> str:
    """How a row contradicts the configuration, as a code; empty when it does not."""
    wallet = next((w for w in settings.wallets if [w.provider, w.account] == row["wallet"]), None)
    if wallet is None:
        return "wallet_unknown"
    if row.get("act") != "post":
        return ""
    payment_type_id = wallet.payment_type and wallet.payment_type.id
    fineract, server = settings.fineract, row.get("server")
    base_url = server.get("base_url") if isinstance(server, Mapping) else None
    agreed = {
        "tenant_changed": fineract is not None and row.get("tenant") == fineract.tenant,
        "server_changed": fineract is not None and _same_url(base_url, fineract.base_url),
        "currency_changed": row.get("currency") == wallet.currency,
        "payment_type_changed": row.get("payment_type_id") == payment_type_id,
    }
    return next((code for code, holds in agreed.items() if not holds), "")


def _outdated(
    stored: StoredBatch, accepted: Collection[int], settings: Settings, *, changed: bool
) -> dict[int, str]:
    """Rows the present configuration contradicts; only an approved change since explains that."""
    found = {
        number: code
        for number in sorted(accepted)
        if (code := contradiction(stored.batch.rows[number - 1], settings))
    }
    if found and not changed:
        number, code = next(iter(found.items()))
        raise SafetyRefusal(
            f"batch {stored.batch.batch_id}: row {number} contradicts the approved "
            f"configuration ({code})",
            hint="Reject the batch, and submit its rows again under the present configuration.",
            code=code,
        )
    return found


def _in_force(history: Sequence[ApprovedConfiguration], order: int) -> ApprovedConfiguration | None:
    """The configuration that was approved last before a signature."""
    earlier = [found for found in history if found.order < order]
    return earlier[-1] if earlier else None


def _in_shadow(row: CanonicalRow, in_force: ApprovedConfiguration | None) -> bool:
    """Whether the row's wallet was in shadow then; without a configuration it counts as such."""
    if in_force is None:
        return True
    return any(
        [wallet["provider"], wallet["account"]] == row["wallet"] and wallet["mode"] == "shadow"
        for wallet in in_force.settings()["wallets"]
    )


def _same_url(one: object, other: str) -> bool:
    return str(one).rstrip("/") == other.rstrip("/")


def _unsigned(stored: StoredBatch, *, second: bool) -> SafetyRefusal:
    others = "an approver and a second approver" if second else "an approver"
    return SafetyRefusal(
        f"batch {stored.batch.batch_id} counts as approved but lacks the signatures of "
        f"a preparer and {others}",
        hint="Somebody changed the database, or a limit was lowered since. Nothing is posted.",
        code="signatures_missing",
    )
