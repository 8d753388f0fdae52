"""Clients' identity documents: read for each client, added one by one.

Not recorded; after the 1.11 API description and the 1.10.1 source, without marks of [R].
"""

from __future__ import annotations

import sqlite3

from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.clients import client_or_404
from mmrecon.sandbox.database import Row
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.refusals import integrity, not_found
from mmrecon.sandbox.routing import Route, reads, writes
from mmrecon.sandbox.values import Json, compact

ACTIVE = 200
FIELDS = {"documentTypeId", "documentKey", "description", "status", "locale"}
TRIMS = "id clientId documentType documentKey description status allowedDocumentTypes"
CODE_VALUES = """
    select v.* from m_code_value v join m_code c on c.id = v.code_id
    where c.code_name = 'Customer Identifier' order by v.order_position
"""


def list_identifiers(call: Call, client_id: int) -> list[Json]:
    """``GET /clients/{id}/identifiers``."""
    client_or_404(call.session, client_id)
    sql = """
        select i.*, v.code_value from m_client_identifier i
        join m_code_value v on v.id = i.document_type_id
        where i.client_id = ? order by i.id
    """
    return [_identifier(row) for row in call.session.all(sql, (client_id,))]


def get_template(call: Call, client_id: int) -> Json:
    """``GET /clients/{id}/identifiers/template``."""
    client_or_404(call.session, client_id)
    values = call.session.all(CODE_VALUES)
    return {
        "allowedDocumentTypes": [
            {"id": row["id"], "name": row["code_value"], "position": row["order_position"]}
            for row in values
        ]
    }


def _identifier(row: Row) -> Json:
    document_type = {"id": row["document_type_id"], "name": row["code_value"]}
    return compact(
        {
            "id": row["id"],
            "clientId": row["client_id"],
            "documentType": {**document_type, "active": False, "mandatory": False},
            "documentKey": row["document_key"],
            "description": row["description"],
            "status": "clientIdentifierStatusType.active",
        }
    )


def post_identifier(call: Call, client_id: int) -> Command:
    """``POST /clients/{id}/identifiers``."""
    del call
    return Command("CREATE", "CLIENTIDENTIFIER", Subject(client_id=client_id))


def _create_identifier(call: Call) -> Outcome:
    session = call.session
    client = client_or_404(session, call.subject.client_id or 0)
    fields = Fields({"locale": "en", **call.body()}, "clientIdentifier")
    fields.only(FIELDS)
    type_id = fields.integer("documentTypeId", required=True)
    key = fields.text("documentKey", required=True, longest=50)
    description = fields.text("description", longest=500)
    fields.finish()
    if all(row["id"] != type_id for row in session.all(CODE_VALUES)):
        said = f"Code value with identifier {type_id} does not exist"
        raise not_found("error.msg.codevalue.id.invalid", said, type_id)
    row = {
        "client_id": client["id"],
        "document_type_id": type_id,
        "document_key": key,
        "status": ACTIVE,
        "active": ACTIVE,
        "description": description,
    }
    try:
        identifier_id = session.insert("m_client_identifier", row)
    except sqlite3.IntegrityError as taken:
        said = f"Client identifier with key {key} already exists."
        raise integrity("error.msg.clientIdentifier.identityKey.duplicate", said) from taken
    return {
        "officeId": client["office_id"],
        "clientId": client["id"],
        "resourceId": identifier_id,
    }


ROUTES: list[Route] = [
    reads("/clients/<int:client_id>/identifiers", list_identifiers, "CLIENTIDENTIFIER", TRIMS),
    reads("/clients/<int:client_id>/identifiers/template", get_template, "CLIENTIDENTIFIER"),
    writes("POST", "/clients/<int:client_id>/identifiers", post_identifier),
]
HANDLERS: dict[tuple[str, str], Handler] = {
    ("CREATE", "CLIENTIDENTIFIER"): _create_identifier,
}
