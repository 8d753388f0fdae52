"""The reports that mmrecon brings: SQL that PostgreSQL and MariaDB read alike (mariadb.md 1).

No `||`, no quoted names, no `::`; truth values as 0 and 1. Both are paged by key: `afterId` is the
last id of the page before, `n` the number of rows. They show only offices of the user's subtree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Report:
    """A stretchy report: its name in Fineract, what it is for, its columns and its SQL."""

    name: str
    description: str
    columns: tuple[str, ...]
    sql: str


_LEFT: Final = """(coalesce(p.principal_amount, 0) - coalesce(p.principal_completed_derived, 0)
      - coalesce(p.principal_writtenoff_derived, 0)
      + coalesce(p.interest_amount, 0) - coalesce(p.interest_completed_derived, 0)
      - coalesce(p.interest_writtenoff_derived, 0) - coalesce(p.interest_waived_derived, 0)
      + coalesce(p.fee_charges_amount, 0) - coalesce(p.fee_charges_completed_derived, 0)
      - coalesce(p.fee_charges_writtenoff_derived, 0) - coalesce(p.fee_charges_waived_derived, 0)
      + coalesce(p.penalty_charges_amount, 0) - coalesce(p.penalty_charges_completed_derived, 0)
      - coalesce(p.penalty_charges_writtenoff_derived, 0)
      - coalesce(p.penalty_charges_waived_derived, 0))"""

_OWNERS: Final = """left join m_client c on c.id = a.client_id
    left join m_group g on g.id = a.group_id
    join m_office o on o.id = coalesce(c.office_id, g.office_id)"""

_SUBTREE: Final = "o.hierarchy like '${currentUserHierarchy}%'"

_ACCOUNT_COLUMNS: Final[Mapping[str, str]] = {
    "kind": "0", "id": "0", "client_id": "0", "account_no": "''", "external_id": "''",
    "name": "''", "status": "0", "sub_status": "0", "office_name": "''", "mobile_no": "''",
    "product_code": "''", "product_name": "''", "deposit_type": "0", "currency": "''",
    "balance": "0.0", "approved_principal": "0.0", "net_disbursal": "0.0", "outstanding": "0.0",
    "overdue": "0.0", "due_now": "0.0", "next_due_date": "''",
}  # fmt: skip
"""Columns of the account report, each with what stands where a branch has nothing for it."""


def _branch(
    columns: Mapping[str, str], kind: int, given: Mapping[str, str], tables: str, condition: str
) -> str:
    """One kind of row: every column named, because MariaDB wants derived columns distinct."""
    chosen = {**columns, "kind": str(kind), **given}
    named = ",\n    ".join(f"{expression} as {name}" for name, expression in chosen.items())
    key = given["id"]
    return "\n    ".join(
        (
            "select * from (select",
            named,
            f"from {tables}",
            f"where ${{kind}} = {kind} and {key} > ${{afterId}} and {condition}",
            f"order by {key} limit ${{n}}) kind_{kind}",
        )
    )


_ACCOUNT: Final = {
    "id": "a.id", "client_id": "a.client_id", "account_no": "a.account_no",
    "external_id": "a.external_id", "product_code": "q.short_name", "product_name": "q.name",
    "currency": "a.currency_code",
}  # fmt: skip


def _due(value: str, condition: str) -> str:
    return "\n      ".join(
        (
            f"(select {value}",
            "from m_loan_repayment_schedule p",
            f"where p.loan_id = a.id and p.completed_derived = false and {condition})",
        )
    )


_BEFORE: Final = "p.duedate < '${today}'"
_UPTO: Final = "p.duedate <= '${today}'"
_AFTER: Final = f"p.duedate > '${{today}}' and {_LEFT} > 0"
_NEXT: Final = "concat('', min(p.duedate))"

_CLIENTS: Final = _branch(
    _ACCOUNT_COLUMNS,
    1,
    {
        "id": "c.id", "client_id": "c.id", "account_no": "c.account_no",
        "external_id": "c.external_id", "name": "c.display_name", "status": "c.status_enum",
        "office_name": "o.name", "mobile_no": "c.mobile_no",
    },
    "m_client c join m_office o on o.id = c.office_id",
    _SUBTREE,
)  # fmt: skip
_DOCUMENTS: Final = _branch(
    _ACCOUNT_COLUMNS,
    2,
    {"id": "i.id", "client_id": "i.client_id", "name": "i.document_key"},
    "m_client_identifier i join m_client c on c.id = i.client_id\n"
    "    join m_office o on o.id = c.office_id",
    _SUBTREE,
)
_SAVINGS: Final = _branch(
    _ACCOUNT_COLUMNS,
    3,
    _ACCOUNT
    | {
        "status": "a.status_enum", "sub_status": "a.sub_status_enum",
        "deposit_type": "a.deposit_type_enum",
        "balance": "a.account_balance_derived - coalesce(a.total_savings_amount_on_hold, 0)",
    },
    f"m_savings_account a join m_savings_product q on q.id = a.product_id\n    {_OWNERS}",
    _SUBTREE,
)  # fmt: skip
_LOANS: Final = _branch(
    _ACCOUNT_COLUMNS,
    4,
    _ACCOUNT
    | {
        "status": "a.loan_status_id",
        "approved_principal": "a.approved_principal",
        "net_disbursal": "a.net_disbursal_amount",
        "outstanding": "a.total_outstanding_derived",
        "overdue": f"coalesce({_due(f'sum({_LEFT})', _BEFORE)}, 0)",
        "due_now": f"coalesce({_due(f'sum({_LEFT})', _UPTO)}, 0)",
        "next_due_date": f"coalesce({_due(_NEXT, _AFTER)}, '')",
    },
    f"m_loan a join m_product_loan q on q.id = a.product_id\n    {_OWNERS}",
    _SUBTREE,
)

ACCOUNTS: Final = Report(
    "mmrecon_accounts",
    "Clients, their identity documents, savings accounts and loans, for mmrecon",
    tuple(_ACCOUNT_COLUMNS),
    f"{_CLIENTS}\nunion all\n{_DOCUMENTS}\nunion all\n{_SAVINGS}\nunion all\n{_LOANS}",
)
"""`kind`: 1 clients, 2 identity documents, 3 savings, 4 loans; `today` is an ISO date."""

_TRANSACTION_COLUMNS: Final[Mapping[str, str]] = {
    "kind": "0", "id": "t.id", "account_id": "a.id", "client_id": "a.client_id",
    "type": "t.transaction_type_enum", "amount": "t.amount",
    "transaction_date": "t.transaction_date", "submitted_on_date": "t.submitted_on_date",
    "reversed": "case when t.is_reversed = true then 1 else 0 end", "external_id": "''",
    "payment_type_id": "d.payment_type_id", "receipt_number": "d.receipt_number",
    "account_number": "d.account_number", "check_number": "d.check_number",
    "routing_code": "d.routing_code", "bank_number": "d.bank_number",
    "currency": "a.currency_code", "note": "''",
}  # fmt: skip

_PERIOD: Final = """(${paymentType} = 0 or d.payment_type_id = ${paymentType})
    and ((${byBooking} = 0 and t.transaction_date between '${fromDate}' and '${toDate}')
      or (${byBooking} = 1 and t.submitted_on_date between '${fromDate}' and '${toDate}'))"""


def _note(column: str) -> str:
    """The note that mmrecon writes; several notes of a transaction are one row all the same."""
    return "\n      ".join(
        (
            "(select max(n.note) from m_note n",
            f"where n.{column} = t.id and n.note like 'mmrecon %')",
        )
    )


def _payments(kind: int, tables: str, given: Mapping[str, str], condition: str) -> str:
    return _branch(
        _TRANSACTION_COLUMNS,
        kind,
        {"id": "t.id", **given},
        f"{tables}\n    {_OWNERS}\n    left join m_payment_detail d on d.id = t.payment_detail_id",
        f"{condition}\n    and {_PERIOD}\n    and {_SUBTREE}",
    )


TRANSACTIONS: Final = Report(
    "mmrecon_transactions",
    "Payments in and out of savings accounts and loans with their payment details, for mmrecon",
    tuple(_TRANSACTION_COLUMNS),
    "\nunion all\n".join(
        (
            _payments(
                1,
                "m_savings_account_transaction t\n"
                "    join m_savings_account a on a.id = t.savings_account_id",
                {"note": _note("savings_account_transaction_id")},
                "t.transaction_type_enum in (1, 2) and t.is_reversal = false",
            ),
            _payments(
                2,
                "m_loan_transaction t join m_loan a on a.id = t.loan_id",
                {"external_id": "t.external_id", "note": _note("loan_transaction_id")},
                "t.transaction_type_enum in (1, 2, 5, 8, 21, 22, 23, 28)",
            ),
        )
    ),
)
"""`kind`: 1 savings, 2 loans; `paymentType` 0: under every one; `byBooking` 1: by day of typing."""

REPORTS: Final = (ACCOUNTS, TRANSACTIONS)
