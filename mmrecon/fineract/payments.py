"""Payments of a period by the transactions report: savings and loans, by pages."""

from __future__ import annotations

from collections.abc import Iterator

from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract_reads import Transaction
from mmrecon.fineract.contract_reports import (
    LOAN_PAYMENTS,
    SAVINGS_PAYMENTS,
    understand_payments,
)
from mmrecon.fineract.report_sql import TRANSACTIONS
from mmrecon.fineract.reports import PAGE_ROWS, is_installed, report_rows
from mmrecon.model.money import digits_of

EVERY_TYPE = 0
"""Instead of a payment type's id: under every one."""


def read_payments(
    client: FineractClient,
    currency: str,
    days: tuple[str, str],
    *,
    by_booking: bool = False,
    payment_type_id: int = EVERY_TYPE,
    page_rows: int = PAGE_ROWS,
) -> Iterator[list[Transaction]]:
    """Pages of payments in one currency from a first to a last day (ISO), reversed ones marked.

    Days are value dates, or days of typing with `by_booking`.

    Raises:
        ReportMissingError: the report is not there for this user.
        OutsideUnreachable: Fineract does not answer.
    """
    for kind in (SAVINGS_PAYMENTS, LOAN_PAYMENTS):
        wanted = _parameters(kind, days, payment_type_id, by_booking=by_booking)
        for page in report_rows(client, TRANSACTIONS, wanted, page_rows=page_rows):
            yield understand_payments(page, currency, digits_of(currency))


def can_read_payments(client: FineractClient, day: str) -> bool:
    """Whether the report is there for this user.

    Raises:
        OutsideUnreachable: Fineract does not answer.
    """
    wanted = _parameters(SAVINGS_PAYMENTS, (day, day), EVERY_TYPE, by_booking=False)
    return is_installed(client, TRANSACTIONS, wanted)


def _parameters(
    kind: int, days: tuple[str, str], payment_type_id: int, *, by_booking: bool
) -> dict[str, str | int]:
    return {
        "kind": kind,
        "fromDate": days[0],
        "toDate": days[1],
        "byBooking": int(by_booking),
        "paymentType": payment_type_id,
    }
