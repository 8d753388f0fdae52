"""mmrecon's own marks in Fineract: the note of each posting names its batch and row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from mmrecon.config import WalletSettings
from mmrecon.fineract.contract_reads import Transaction
from mmrecon.fineract.contract_requests import MARK

_NOTE: Final = re.compile(rf"{MARK} ((\S+)/\d+)")


def marked(booked: Iterable[Transaction], wallet: WalletSettings) -> dict[str, list[Transaction]]:
    """Transactions of a wallet's payment type that some mmrecon made, by `batch/row` as noted."""
    kind = wallet.payment_type and wallet.payment_type.id
    found: dict[str, list[Transaction]] = {}
    for transaction in booked:
        if transaction.payment_type_id == kind:
            for match in _notes(transaction):
                found.setdefault(match.group(1), []).append(transaction)
    return found


def batches_named(transaction: Transaction) -> set[str]:
    """The batches that mmrecon's notes on a transaction name; nothing of what others made."""
    return {match.group(2) for match in _notes(transaction)}


def _notes(transaction: Transaction) -> Iterator[re.Match[str]]:
    matches = (_NOTE.fullmatch(note.strip()) for note in transaction.notes)
    return (match for match in matches if match is not None)
