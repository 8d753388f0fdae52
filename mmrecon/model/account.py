"""Clients and accounts as the ledger snapshot holds them (DESIGN section 8, `ledger load`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from mmrecon.model.frame import FrameSchema, Integer, OptionalInteger, Text


class AccountKind(StrEnum):
    """An account number alone names no account: kind and number together do."""

    SAVINGS = "savings"
    LOAN = "loan"


class ClientFrame(FrameSchema):
    """Clients; several phones or ids in one cell are separated by `;`."""

    key = ("client_id",)

    client_id: Integer
    client_account_no: Text
    client_external_id: Text
    client_name: Text
    client_status: Text
    office_name: Text
    mobile_no: Text
    other_phones: Text
    national_ids: Text
    group_code: Text


class AccountFrame(FrameSchema):
    """Savings accounts and loans of any status. Money is in minor units of `currency`.

    `client_id` is missing for accounts of groups. `balance_minor` is the available savings
    balance; the loan columns are missing for savings and the other way round. `due_now_minor` holds
    what is overdue too; `net_disbursal_minor` is what the client is paid of an approved loan.
    """

    key = ("account_kind", "account_id")

    client_id: OptionalInteger
    account_kind: Text
    account_id: Integer
    account_no: Text
    account_external_id: Text
    product_code: Text
    product_name: Text
    account_status: Text
    account_sub_status: Text
    currency: Text
    balance_minor: OptionalInteger
    approved_principal_minor: OptionalInteger
    net_disbursal_minor: OptionalInteger
    outstanding_minor: OptionalInteger
    overdue_minor: OptionalInteger
    due_now_minor: OptionalInteger
    next_due_date: Text


@dataclass(frozen=True)
class LedgerSnapshot:
    """Clients and accounts as of a moment; `source` is `fineract` or `file`."""

    snapshot_id: int
    taken_at_utc: str
    source: str
    digest: str
    clients: pd.DataFrame
    accounts: pd.DataFrame
