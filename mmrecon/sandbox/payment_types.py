"""Payment types: what money came in by."""

from __future__ import annotations

from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.refusals import (
    integrity,
    not_found,
)
from mmrecon.sandbox.routing import Route, reads, writes
from mmrecon.sandbox.values import Json, compact


def payment_type_or_404(session: Session, payment_type_id: int) -> Row:
    """A payment type.

    Raises:
        RefusalError: 404.
    """
    row = session.row("m_payment_type", payment_type_id)
    if row is None:
        said = f"PaymentType with {payment_type_id} does not exist"
        raise not_found("error.msg.payment.type.invalid", said, payment_type_id)
    return row


def _payment_type(row: Row) -> Json:
    return compact(
        {
            "id": row["id"],
            "name": row["value"],
            "description": row["description"],
            "isCashPayment": bool(row["is_cash_payment"]),
            "position": row["order_position"],
            "codeName": row["code_name"],
            "isSystemDefined": bool(row["is_system_defined"]),
        }
    )


def list_payment_types(call: Call) -> list[Json]:
    """``GET /paymenttypes``."""
    rows = call.session.all("select * from m_payment_type order by order_position, id")
    if call.flag("onlyWithCode"):
        rows = [row for row in rows if row["code_name"]]
    return [_payment_type(row) for row in rows]


def get_payment_type(call: Call, payment_type_id: int) -> Json:
    """``GET /paymenttypes/{id}``."""
    return _payment_type(payment_type_or_404(call.session, payment_type_id))


def post_payment_type(call: Call) -> Command:
    """``POST /paymenttypes``."""
    del call
    return Command("CREATE", "PAYMENTTYPE")


def put_payment_type(call: Call, payment_type_id: int) -> Command:
    """``PUT /paymenttypes/{id}``."""
    del call
    return Command("UPDATE", "PAYMENTTYPE", Subject(resource_id=payment_type_id))


def delete_payment_type(call: Call, payment_type_id: int) -> Command:
    """``DELETE /paymenttypes/{id}``."""
    del call
    return Command("DELETE", "PAYMENTTYPE", Subject(resource_id=payment_type_id))


PAYMENT_TYPE_FIELDS = {
    "name",
    "description",
    "isCashPayment",
    "position",
    "codeName",
    "isSystemDefined",
}


def _create_payment_type(call: Call) -> Outcome:
    fields = Fields({"locale": "en", **call.body()}, "paymenttype")
    fields.only({*PAYMENT_TYPE_FIELDS, "locale"})
    row = {
        "value": fields.text("name", required=True, longest=100),
        "description": fields.text("description", longest=500),
        "is_cash_payment": fields.boolean("isCashPayment"),
        "order_position": fields.integer("position"),
        "code_name": fields.text("codeName") or "",
        "is_system_defined": fields.boolean("isSystemDefined"),
    }
    fields.finish()
    return {"resourceId": call.session.insert("m_payment_type", row)}


def _update_payment_type(call: Call) -> Outcome:
    payment_type_id = call.subject.resource_id or 0
    payment_type_or_404(call.session, payment_type_id)
    fields = Fields({"locale": "en", **call.body()}, "paymenttype")
    fields.only({*PAYMENT_TYPE_FIELDS, "locale"})
    columns: Json = {}
    if fields.given("name"):
        columns["value"] = fields.text("name", required=True, longest=100)
    if fields.given("description"):
        columns["description"] = fields.text("description", longest=500)
    if fields.given("isCashPayment"):
        columns["is_cash_payment"] = fields.boolean("isCashPayment")
    if fields.given("position"):
        columns["order_position"] = fields.integer("position")
    fields.finish()
    if columns:
        call.session.update("m_payment_type", payment_type_id, columns)
    return {"resourceId": payment_type_id}


def _delete_payment_type(call: Call) -> Outcome:
    payment_type_id = call.subject.resource_id or 0
    payment_type_or_404(call.session, payment_type_id)
    used = "select 1 from m_payment_detail where payment_type_id = ? limit 1"
    if call.session.value(used, (payment_type_id,)):
        raise integrity("error.msg.payment.type.association.exist", "cannot.delete.payment.type")
    call.session.run("delete from m_payment_type where id = ?", (payment_type_id,))
    return {"resourceId": payment_type_id}


ROUTES: list[Route] = [
    reads("/paymenttypes", list_payment_types, "PAYMENTTYPE"),
    reads("/paymenttypes/<int:payment_type_id>", get_payment_type, "PAYMENTTYPE"),
    writes("POST", "/paymenttypes", post_payment_type),
    writes("PUT", "/paymenttypes/<int:payment_type_id>", put_payment_type),
    writes("DELETE", "/paymenttypes/<int:payment_type_id>", delete_payment_type),
]
HANDLERS: dict[tuple[str, str], Handler] = {
    ("CREATE", "PAYMENTTYPE"): _create_payment_type,
    ("UPDATE", "PAYMENTTYPE"): _update_payment_type,
    ("DELETE", "PAYMENTTYPE"): _delete_payment_type,
}
