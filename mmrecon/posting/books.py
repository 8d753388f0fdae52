"""What stands in Fineract of a wallet: by the report of mmrecon, else by the wallet's GL accounts.

The report sees every account and payment type, but no entry made by hand; these are read from the
GL accounts beside it. Without the report only the GL accounts are seen (DESIGN section 5).
"""

from __future__ import annotations

from collections.abc import Mapping

from mmrecon.config import WalletSettings
from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract_reads import Transaction, understand_journal
from mmrecon.fineract.contract_requests import BY_HAND, booking_parameters, journal_parameters
from mmrecon.fineract.payments import can_read_payments, read_payments
from mmrecon.fineract.reports import ReportMissingError
from mmrecon.model.money import digits_of


def read_books(
    client: FineractClient, wallet: WalletSettings, first: str, last: str, today: str
) -> list[Transaction]:
    """What stands of the wallet by value date in a period, or was booked since its start.

    Raises:
        OutsideUnreachable: Fineract does not answer, or does not let this user read.
    """
    try:
        payments = _reported(client, wallet, first, last, today)
    except ReportMissingError:
        return _journalled(client, wallet, first, last, today, {})
    by_hand = _journalled(client, wallet, first, last, today, BY_HAND)
    return [*payments, *by_hand]


def sees_books(client: FineractClient, wallet: WalletSettings, day: str) -> bool:
    """Whether anything but the target accounts can be searched for this wallet.

    Raises:
        OutsideUnreachable: Fineract does not answer.
    """
    return bool(wallet.gl_account_ids) or can_read_payments(client, day)


def _reported(
    client: FineractClient, wallet: WalletSettings, first: str, last: str, today: str
) -> list[Transaction]:
    found: dict[tuple[str, str], Transaction] = {}
    for until, by_booking in ((last, False), (max(today, last), True)):
        days = (first, until)
        for page in read_payments(client, wallet.currency, days, by_booking=by_booking):
            found |= {(one.account_kind, one.transaction_id): one for one in page}
    return [one for one in found.values() if not one.reversed]


def _journalled(
    client: FineractClient,
    wallet: WalletSettings,
    first: str,
    last: str,
    today: str,
    only: Mapping[str, str],
) -> list[Transaction]:
    rows = [
        row
        for gl_account_id in wallet.gl_account_ids
        for parameters in (
            journal_parameters(gl_account_id, first, last),
            booking_parameters(gl_account_id, first, max(today, last)),
        )
        for page in client.pages("journalentries", {**parameters, **only})
        for row in page
    ]
    return understand_journal(rows, digits_of(wallet.currency))
