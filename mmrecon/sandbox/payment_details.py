"""Payment details: one row per transaction that names a payment type (fineract-api.md 3.3)."""

from __future__ import annotations

from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.payment_types import payment_type_or_404
from mmrecon.sandbox.values import Json

COLUMNS = {
    "accountNumber": "account_number",
    "checkNumber": "check_number",
    "routingCode": "routing_code",
    "receiptNumber": "receipt_number",
    "bankNumber": "bank_number",
}
NAMES = frozenset(COLUMNS) | {"paymentTypeId"}
SELECTED = (
    "pd.payment_type_id, pd.account_number, pd.check_number, pd.routing_code, pd.receipt_number, "
    "pd.bank_number, pt.value as payment_type_name, pt.is_system_defined"
)
JOINED = (
    "left join m_payment_detail pd on pd.id = t.payment_detail_id "
    "left join m_payment_type pt on pt.id = pd.payment_type_id"
)


def read(fields: Fields, *, required: bool = False) -> Json:
    """The payment fields of a body, checked; empty where there is no payment type."""
    payment_type_id = fields.integer("paymentTypeId", required=required)
    details = {name: fields.text(name, longest=50) for name in COLUMNS}
    if payment_type_id is None:
        return {}
    return {"paymentTypeId": payment_type_id, **details}


def store(session: Session, details: Json) -> int | None:
    """Keep payment details; gives their id.

    Raises:
        RefusalError: 404 for an unknown payment type.
    """
    if not details:
        return None
    payment_type_or_404(session, details["paymentTypeId"])
    row = {column: details[name] or "" for name, column in COLUMNS.items()}
    row["payment_type_id"] = details["paymentTypeId"]
    return session.insert("m_payment_detail", row)


def changes(details: Json) -> Json:
    """The payment fields that ``changes`` repeats: those that are not empty."""
    given = {name: details[name] for name in COLUMNS if details.get(name)}
    if details:
        given["paymentTypeId"] = details["paymentTypeId"]
    return given


def shown(row: Row, row_id: int) -> Json | None:
    """Payment details as the API writes them; their id is that of what they belong to."""
    if row["payment_type_id"] is None:
        return None
    details = {name: row[column] or "" for name, column in COLUMNS.items()}
    kind = {
        "id": row["payment_type_id"],
        "name": row["payment_type_name"],
        "isSystemDefined": bool(row["is_system_defined"]),
    }
    return {"id": row_id, "paymentType": kind, **details}
