"""What Fineract shows of postings that are to be taken back: accounts whole, closed books."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final

from mmrecon.errors import OutsideUnreachable
from mmrecon.fineract.client import FineractClient, successful
from mmrecon.fineract.contract import as_integer, as_list, as_object, as_text
from mmrecon.fineract.contract_undo import (
    UNDO_PERMISSIONS,
    History,
    newest_closing,
    understand_history,
)
from mmrecon.model.posting import Command, Posting
from mmrecon.posting.plan import Account, account_of
from mmrecon.posting.preflight import MAKER_CHECKER
from mmrecon.posting.undo_consequences import Books, Seen, sight_of

_UNAUTHORISED: Final = "fineract_not_authorised"


def read_all(client: FineractClient, postings: Sequence[Posting]) -> Seen:
    """Accounts and closed books of some postings.

    Raises:
        OutsideUnreachable: Fineract does not answer, or does not let this user read.
    """
    histories = read_histories(client, postings)
    closings: dict[int, Books] = {}
    books = {}
    for posting in postings:
        sight = sight_of(posting, histories[account_of(posting)])
        if sight.transaction_id:
            office_id = _office_of(client, posting, sight.transaction_id)
            if office_id is not None and office_id not in closings:
                closings[office_id] = _read_books(client, office_id)
            books[posting.posting_id] = closings.get(office_id or 0, Books())
    return Seen(histories, books)


def read_histories(
    client: FineractClient, postings: Sequence[Posting]
) -> dict[Account, History | None]:
    """Each account with everything on it, read once; None where Fineract has none.

    Raises:
        OutsideUnreachable: Fineract does not answer, or does not let this user read.
    """
    wanted = dict.fromkeys(account_of(posting) for posting in postings)
    return {account: _read_history(client, *account) for account in wanted}


def needs_checker(client: FineractClient, commands: Collection[Command]) -> frozenset[Command]:
    """Commands whose undo waits for a second person inside Fineract (fineract-api.md 8).

    Raises:
        OutsideUnreachable: Fineract does not answer, or does not let this user read.
    """
    switch = as_object(client.get(f"configurations/name/{MAKER_CHECKER}"))
    if switch.get("enabled") is not True:
        return frozenset()
    rows = as_list(client.get("permissions", {"makerCheckerable": "true"}))
    flagged = {as_text(row.get("code")) for row in rows if row.get("selected") is True}
    return frozenset(command for command in commands if UNDO_PERMISSIONS[command] in flagged)


def _read_history(client: FineractClient, account_kind: str, account_id: int) -> History | None:
    plural = "loans" if account_kind == "loan" else "savingsaccounts"
    path = f"{plural}/{account_id}"
    reply = client.ask(path, {"associations": "transactions"})
    if reply.status == 404:
        return None
    return understand_history(account_kind, as_object(successful(reply, path).json()))


def _office_of(client: FineractClient, posting: Posting, transaction_id: str) -> int | None:
    """The office in whose books a transaction stands; None where its product keeps none."""
    prefix = "L" if posting.account_kind == "loan" else "S"
    found = client.get(
        "journalentries",
        {
            "transactionId": f"{prefix}{transaction_id}", "limit": 1, "offset": 0,
            "orderBy": "id", "sortOrder": "ASC",
        },
    )  # fmt: skip
    rows = as_list(as_object(found).get("pageItems"))
    return as_integer(rows[0].get("officeId")) if rows else None


def _read_books(client: FineractClient, office_id: int) -> Books:
    try:
        closing: date | None = newest_closing(
            as_list(client.get("glclosures", {"officeId": office_id}))
        )
    except OutsideUnreachable as error:
        if error.code != _UNAUTHORISED:
            raise
        return Books(seen=False)
    return Books(closing)
