"""Identity documents of clients."""

from __future__ import annotations

from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.clients import client_or_404
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.refusals import RefusalError, not_found, rule_violated
from mmrecon.sandbox.routing import Route, reads, writes
from mmrecon.sandbox.values import Json, compact

ACTIVE, INACTIVE = 200, 100
STATUS = {
    ACTIVE: "clientIdentifierStatusType.active",
    INACTIVE: "clientIdentifierStatusType.inactive",
}
COLUMNS = """
    select i.*, v.code_value from m_client_identifier i
    join m_code_value v on v.id = i.document_type_id
"""


def list_identifiers(call: Call, client_id: int) -> list[Json]:
    """``GET /clients/{id}/identifiers``."""
    client_or_404(call.session, client_id)
    rows = call.session.all(COLUMNS + "where i.client_id = ? order by i.id", (client_id,))
    return [_identifier(row) for row in rows]


def get_identifier(call: Call, client_id: int, identifier_id: int) -> Json:
    """``GET /clients/{id}/identifiers/{identifier}``."""
    return _identifier(_identifier_or_404(call.session, client_id, identifier_id))


def _identifier_or_404(session: Session, client_id: int, identifier_id: int) -> Row:
    where = "where i.client_id = ? and i.id = ?"
    row = session.one(COLUMNS + where, (client_id, identifier_id))
    if row is None:
        said = f"Client Identifier with the primary key {identifier_id} does not exist"
        raise not_found("error.msg.clientIdentifier.id.invalid", said, identifier_id)
    return row


def _identifier(row: Row) -> Json:
    kind = {"id": row["document_type_id"], "name": row["code_value"]}
    return compact(
        {
            "id": row["id"],
            "clientId": row["client_id"],
            "documentType": {**kind, "active": False, "mandatory": False},
            "documentKey": row["document_key"],
            "description": row["description"],
            "status": STATUS[row["status"]],
        }
    )


def get_template(call: Call, client_id: int) -> Json:
    """``GET /clients/{id}/identifiers/template``."""
    client_or_404(call.session, client_id)
    sql = """
        select v.* from m_code_value v join m_code c on c.id = v.code_id
        where c.code_name = 'Customer Identifier' and v.is_active order by v.order_position, v.id
    """
    kinds = [
        {
            "id": row["id"],
            "name": row["code_value"],
            "position": row["order_position"],
            "active": bool(row["is_active"]),
            "mandatory": bool(row["is_mandatory"]),
        }
        for row in call.session.all(sql)
    ]
    return {"allowedDocumentTypes": kinds}


def post_identifier(call: Call, client_id: int) -> Command:
    """``POST /clients/{id}/identifiers``."""
    del call
    return Command("CREATE", "CLIENTIDENTIFIER", Subject(client_id=client_id))


def delete_identifier(call: Call, client_id: int, identifier_id: int) -> Command:
    """``DELETE /clients/{id}/identifiers/{identifier}``."""
    del call
    subject = Subject(client_id=client_id, resource_id=identifier_id)
    return Command("DELETE", "CLIENTIDENTIFIER", subject)


def _create_identifier(call: Call) -> Outcome:
    session = call.session
    client = client_or_404(session, call.subject.client_id or 0)
    fields = Fields({"locale": "en", **call.body()}, "clientIdentifier")
    fields.only({"documentTypeId", "documentKey", "description", "status", "locale"})
    kind = fields.integer("documentTypeId", required=True)
    key = fields.text("documentKey", required=True, longest=50)
    description = fields.text("description", longest=500)
    status = fields.text("status") or "Active"
    fields.finish()
    if session.value("select 1 from m_code_value where id = ?", (kind,)) is None:
        said = f"Code value with identifier {kind} does not exist"
        raise not_found("error.msg.codevalue.id.invalid", said, kind)
    active = status.lower() == "active"
    row = {
        "client_id": client["id"],
        "document_type_id": kind,
        "document_key": key,
        "description": description,
        "status": ACTIVE if active else INACTIVE,
        "active": ACTIVE if active else None,
    }
    _refuse_taken(session, row)
    identifier_id = session.insert("m_client_identifier", row)
    outcome = {"officeId": client["office_id"], "clientId": client["id"]}
    return {**outcome, "resourceId": identifier_id}


def _refuse_taken(session: Session, row: Json) -> None:
    sql = "select 1 from m_client_identifier where document_type_id = ? and document_key = ?"
    if session.value(sql, (row["document_type_id"], row["document_key"])):
        raise _duplicate("identityKey", "This identity is already registered")
    sql = """
        select 1 from m_client_identifier
        where client_id = ? and document_type_id = ? and active = ?
    """
    of_client = (row["client_id"], row["document_type_id"], ACTIVE)
    if row["active"] and session.value(sql, of_client):
        raise _duplicate("type", "The client has an active document of this type")


def _duplicate(what: str, said: str) -> RefusalError:
    return rule_violated(f"error.msg.clientIdentifier.{what}.duplicate", said)


def _delete_identifier(call: Call) -> Outcome:
    session, client_id = call.session, call.subject.client_id or 0
    client = client_or_404(session, client_id)
    identifier_id = call.subject.resource_id or 0
    _identifier_or_404(session, client_id, identifier_id)
    session.run("delete from m_client_identifier where id = ?", (identifier_id,))
    outcome = {"officeId": client["office_id"], "clientId": client_id}
    return {**outcome, "resourceId": identifier_id}


_ALL = "/clients/<int:client_id>/identifiers"
ROUTES: list[Route] = [
    reads(_ALL, list_identifiers, "CLIENTIDENTIFIER"),
    reads(f"{_ALL}/template", get_template, "CLIENTIDENTIFIER"),
    reads(f"{_ALL}/<int:identifier_id>", get_identifier, "CLIENTIDENTIFIER"),
    writes("POST", _ALL, post_identifier),
    writes("DELETE", f"{_ALL}/<int:identifier_id>", delete_identifier),
]
HANDLERS: dict[tuple[str, str], Handler] = {
    ("CREATE", "CLIENTIDENTIFIER"): _create_identifier,
    ("DELETE", "CLIENTIDENTIFIER"): _delete_identifier,
}
