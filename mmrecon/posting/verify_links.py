"""Reads back the transactions that people linked: there, not reversed, large enough."""

from __future__ import annotations

from dataclasses import dataclass

from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract_reads import Transaction
from mmrecon.posting.context import PostingContext
from mmrecon.posting.look_up import read_transaction
from mmrecon.store.database import reading, transaction
from mmrecon.store.links import LinkedTransaction, linked_transactions, withdraw_links


@dataclass(frozen=True, slots=True)
class ReadLink:
    """What the ledger says of a linked transaction; `code` is empty when all is well."""

    linked: LinkedTransaction
    code: str = ""


def verify_links(context: PostingContext, client: FineractClient) -> list[ReadLink]:
    """Read every linked transaction: `link_not_found`, `link_reversed` or `link_exceeds`.

    What was reversed is no money: its links are withdrawn, and their lines are in review again.

    Raises:
        OutsideUnreachable: Fineract does not answer, or does not let this user read.
    """
    with reading(context.engine) as connection:
        linked = linked_transactions(connection)
    reads = [ReadLink(one, _judge(one, _read(client, one))) for one in linked]
    with transaction(context.engine) as connection:
        for read in reads:
            if read.code == "link_reversed":
                at_utc, run_id = context.at_utc(), context.run_id
                withdraw_links(connection, read.linked, at_utc=at_utc, run_id=run_id)
    return reads


def _read(client: FineractClient, one: LinkedTransaction) -> Transaction | None:
    return read_transaction(
        client, one.account_kind, one.account_id, one.transaction_id, one.currency
    )


def _judge(one: LinkedTransaction, found: Transaction | None) -> str:
    if found is None:
        return "link_not_found"
    if found.reversed:
        return "link_reversed"
    return "link_exceeds" if one.linked_minor > found.amount_minor else ""
