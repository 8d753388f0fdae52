"""Whose money and whose account, beside the rows of a batch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from mmrecon.model.approval import CanonicalRow
from mmrecon.model.words import counted

if TYPE_CHECKING:
    from mmrecon.pipeline.parties import Parties
    from mmrecon.pipeline.waiting import Shown

_ACCOUNTS: Final = 20
_NOBODY: Final = "(not shown by the statement)"


def owner_words(parties: Parties) -> str:
    """`Amina Otieno, Head Office`; what is not known is left out."""
    return ", ".join(filter(None, (parties.owner, parties.office)))


def parties_lines(row: CanonicalRow, parties: Parties | None) -> list[str]:
    """Who paid or is paid, whose account it is, and whether it takes money of several payers."""
    if parties is None:
        return []
    lines = [f"   {'payee' if parties.is_payout else 'payer'}: {parties.party or _NOBODY}"]
    if row.get("account_id") is not None:
        owner = owner_words(parties) or "(not in the ledger snapshot)"
        lines.append(f"   account of: {owner}")
    if parties.payers > 1:
        lines.append(f"   NOTE: {_mark(parties.payers)}")
    return lines


def crowded_accounts(shown: Shown) -> list[str]:
    """Every account that takes money of several payers in this batch, the most payers first."""
    found = {
        (str(row["account_kind"]), str(row["account_no"])): parties
        for row, parties in _with_parties(shown)
        if parties.payers > 1
    }
    ranked = sorted(found.items(), key=lambda one: (-one[1].payers, one[0]))
    lines = [
        f"NOTE: {kind} {number}, {owner_words(parties) or 'owner unknown'}: {_mark(parties.payers)}"
        for (kind, number), parties in ranked[:_ACCOUNTS]
    ]
    more = len(ranked) - len(lines)
    rest = [f"… and {more:,} more such accounts; --json tells all."] if more else []
    return [*lines, *rest]


def _with_parties(shown: Shown) -> Iterable[tuple[CanonicalRow, Parties]]:
    rows = enumerate(shown.stored.batch.rows, start=1)
    return ((row, shown.parties[number]) for number, row in rows if number in shown.parties)


def _mark(payers: int) -> str:
    return f"this account receives from {counted(payers, 'payer')} in this batch"
