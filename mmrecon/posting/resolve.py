"""Whether Fineract bears out what a person says of a posting; nothing is written.

Absence of evidence clears nothing by itself: it only does not contradict the person.
"""

from __future__ import annotations

from collections.abc import Sequence

from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract import as_integer, as_list
from mmrecon.fineract.contract_reads import normalised_receipt
from mmrecon.model.issue import Issue
from mmrecon.model.posting import Posting, PostingState
from mmrecon.posting.account_reads import read_accounts
from mmrecon.posting.already import strangers
from mmrecon.posting.look_up import is_same_money, look_up, read_transaction
from mmrecon.posting.plan import account_of
from mmrecon.posting.recovery import Shown
from mmrecon.store.posting_lines import Known


def claim_fault(
    client: FineractClient, posting: Posting, transaction_id: str, known: Known
) -> Issue | None:
    """What speaks against a claimed transaction being this posting; None when nothing does.

    It must be on the posting's account, with its direction, amount and date, stand, and belong
    to nothing else that mmrecon knows.

    Raises:
        OutsideUnreachable: Fineract does not answer, or does not let this user read.
    """
    found = read_transaction(
        client, posting.account_kind, posting.account_id, transaction_id, posting.currency
    )
    if found is None:
        code = "resolve_transaction_missing"
    elif found.reversed:
        code = "resolve_transaction_reversed"
    elif not is_same_money(posting, found):
        code = "resolve_transaction_differs"
    elif (found.account_kind, found.transaction_id) in known.transactions:
        code = "resolve_transaction_taken"
    else:
        return None
    return Issue(code, arguments=_named(posting) | {"transaction_id": transaction_id})


def absence_fault(client: FineractClient, posting: Posting, known: Known) -> Issue | None:
    """What speaks against nothing having been posted; None when nothing does.

    Raises:
        OutsideUnreachable: as `claim_fault`.
    """
    if posting.state is PostingState.PENDING_IN_CORE and waits_in_inbox(client, posting):
        return Issue("resolve_waits_in_inbox", arguments=_named(posting))
    sight = look_up(client, posting, known)
    if sight.shown is Shown.ELSEWHERE:
        return Issue("resolve_unclear", arguments=_named(posting))
    shown = sight.transaction_id or _by_receipt(client, posting, known)
    if not shown:
        return None
    return Issue("resolve_stands", arguments=_named(posting) | {"transaction_id": shown})


def waits_in_inbox(client: FineractClient, posting: Posting) -> bool:
    """Whether a command on its account waits for a checker (fineract-api.md 8).

    A user without rights there sees an empty inbox: that proves nothing, so it only ever forbids.

    Raises:
        OutsideUnreachable: as `claim_fault`.
    """
    name = "loanid" if posting.account_kind == "loan" else "savingsAccountId"
    waiting = as_list(client.get("makercheckers", {name: posting.account_id}))
    return any(as_integer(row.get("id")) is not None for row in waiting)


def _by_receipt(client: FineractClient, posting: Posting, known: Known) -> str:
    """A standing transaction of the account that carries the receipt, whatever else differs."""
    read = read_accounts(client, [posting])[account_of(posting)]
    receipt = normalised_receipt(posting.receipt)
    hits: Sequence[str] = [
        one.transaction_id
        for one in strangers(read.transactions, known)
        if receipt and receipt in one.receipts
    ]
    return next(iter(hits), "")


def _named(posting: Posting) -> dict[str, str | int]:
    account = f"{posting.account_kind}:{posting.account_no}"
    return {"posting_id": posting.posting_id, "account": account}
