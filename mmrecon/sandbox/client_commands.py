"""Clients created, changed, activated, closed."""

from __future__ import annotations

import sqlite3
from datetime import date

from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.client_transfers import transfer_command
from mmrecon.sandbox.clients import ACTIVE, CLOSED, PENDING, client_or_404
from mmrecon.sandbox.clock import now, setting, today
from mmrecon.sandbox.database import Session, spelled
from mmrecon.sandbox.enums import client_status
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.organisation import COMMON, office_or_404
from mmrecon.sandbox.refusals import (
    FieldError,
    UnknownToSandboxError,
    integrity,
    invalid,
    rule_violated,
)
from mmrecon.sandbox.routing import Route, command_query, writes
from mmrecon.sandbox.timeline import new_external_id
from mmrecon.sandbox.values import Json, iso

CLIENT_FIELDS = {
    "firstname",
    "middlename",
    "lastname",
    "fullname",
    "officeId",
    "legalFormId",
    "active",
    "activationDate",
    "submittedOnDate",
    "externalId",
    "mobileNo",
    "accountNo",
    "emailAddress",
    "dateOfBirth",
    "genderId",
    "clientTypeId",
    "clientClassificationId",
    "staffId",
    "groupId",
    "isStaff",
    "savingsProductId",
}


def post_client(call: Call) -> Command:
    """``POST /clients``."""
    del call
    return Command("CREATE", "CLIENT")


def put_client(call: Call, client_id: int) -> Command:
    """``PUT /clients/{id}``."""
    del call
    return Command("UPDATE", "CLIENT", Subject(client_id=client_id, resource_id=client_id))


COMMANDS = {"activate": "ACTIVATE", "close": "CLOSE", "reactivate": "REACTIVATE"}


def command_client(call: Call, client_id: int) -> Command:
    """``POST /clients/{id}?command=``."""
    word = command_query(call) or ""
    transfer = transfer_command(word, client_id)
    if transfer is not None:
        return transfer
    action = COMMANDS.get(word)
    if action is None:
        raise UnknownToSandboxError(f"client command {call.query.get('command')}")
    return Command(action, "CLIENT", Subject(client_id=client_id, resource_id=client_id))


def _create_client(call: Call) -> Outcome:
    session = call.session
    fields = Fields(call.body(), "client")
    fields.only({*COMMON, *CLIENT_FIELDS})
    office_id = fields.integer("officeId", required=True)
    active = fields.boolean("active")
    activation = fields.date("activationDate", required=active)
    submitted = fields.date("submittedOnDate") or activation or today(session)
    row = _names(fields) | _contacts(fields)
    row |= {
        "account_no": fields.text("accountNo", longest=20),
        "legal_form_enum": fields.integer("legalFormId"),
        "status_enum": ACTIVE if active else PENDING,
        "submittedon_date": iso(submitted),
        "created_by": call.user.user_id,
        "created_on_utc": now(),
        "is_staff": fields.boolean("isStaff"),
    }
    fields.finish()
    office = office_or_404(session, office_id)
    row["office_id"] = office["id"]
    if active and activation is not None:
        row |= _activation(session, call, activation, submitted, office["opening_date"])
    if row["external_id"] is None and setting(session, "enable-auto-generated-external-id"):
        row["external_id"] = new_external_id()
    return _insert_client(session, row, fields)


def _insert_client(session: Session, row: Json, fields: Fields) -> Outcome:
    _refuse_taken(session, row, None)
    try:
        client_id = session.insert("m_client", row)
        if row["account_no"] is None:
            session.update("m_client", client_id, {"account_no": f"{client_id:09}"})
    except sqlite3.IntegrityError as taken:
        message = (
            "Unknown data integrity issue with resource: ERROR: duplicate key value violates "
            'unique constraint "m_client_account_no_key"'
        )
        raise integrity("error.msg.client.unknown.data.integrity.issue", message) from taken
    group_id = fields.integer("groupId")
    if group_id is not None:
        session.insert("m_group_client", {"group_id": group_id, "client_id": client_id})
    return {
        "officeId": row["office_id"],
        "groupId": group_id,
        "clientId": client_id,
        "resourceId": client_id,
        "resourceExternalId": row["external_id"],
    }


def _names(fields: Fields) -> Json:
    fullname = fields.text("fullname", longest=160)
    person_named = fullname is None
    first = fields.text("firstname", required=person_named, longest=50)
    middle = fields.text("middlename", longest=50)
    last = fields.text("lastname", required=person_named, longest=50)
    display = fullname or " ".join(part for part in (first, middle, last) if part)
    return {
        "firstname": first,
        "middlename": middle,
        "lastname": last,
        "fullname": fullname,
        "display_name": display,
    }


def _contacts(fields: Fields) -> Json:
    born = fields.date("dateOfBirth")
    return {
        "external_id": fields.text("externalId", longest=100) or None,
        "mobile_no": fields.text("mobileNo", longest=50) or None,
        "email_address": fields.text("emailAddress", longest=150),
        "date_of_birth": None if born is None else iso(born),
    }


def _activation(session: Session, call: Call, day: date, submitted: date, opened: str) -> Json:
    if day > today(session):
        code = "error.msg.clients.activationDate.in.the.future"
        said = "Activation date cannot be in the future."
        raise invalid(FieldError(code, said, "activationDate", (iso(day),)))
    if day < submitted:
        code = "error.msg.clients.submittedOnDate.after.activation.date"
        said = "submitted date cannot be after the activation date"
        raise invalid(FieldError(code, said, "submittedOnDate", (iso(submitted),)))
    if iso(day) < opened:
        code = "error.msg.clients.activationDate.cannot.be.before.office.activation.date"
        raise invalid(FieldError(code, "Activation date is before the office opened"))
    return {
        "activation_date": iso(day),
        "office_joining_date": iso(day),
        "activatedon_userid": call.user.user_id,
    }


def _refuse_taken(session: Session, row: Json, client_id: int | None) -> None:
    for column, name in (("external_id", "externalId"), ("mobile_no", "mobileNo")):
        value = row.get(column)
        sql = spelled("select id from m_client where", column, "= ?")
        found = None if value is None else session.value(sql, (value,))
        if found is not None and found != client_id:
            said = f"Client with {name} `{value}` already exists"
            raise integrity(f"error.msg.client.duplicate.{name}", said, name, (value,))


def _update_client(call: Call) -> Outcome:
    client_id = call.subject.client_id or 0
    row = client_or_404(call.session, client_id)
    fields = Fields(call.body(), "client")
    fields.only({*COMMON, *CLIENT_FIELDS})
    given = {
        "firstname": "firstname",
        "middlename": "middlename",
        "lastname": "lastname",
        "fullname": "fullname",
        "externalId": "external_id",
        "mobileNo": "mobile_no",
        "emailAddress": "email_address",
    }
    changes: Json = {}
    columns: Json = {}
    for name, column in given.items():
        if fields.given(name) and fields.text(name, longest=160) != row[column]:
            changes[name] = columns[column] = fields.text(name)
    fields.finish()
    _refuse_taken(call.session, columns, client_id)
    merged = {**dict(row), **columns}
    parts = (merged["firstname"], merged["middlename"], merged["lastname"])
    columns["display_name"] = merged["fullname"] or " ".join(part for part in parts if part)
    call.session.update("m_client", client_id, columns)
    return _outcome(call.session, client_id, changes)


def _outcome(session: Session, client_id: int, changes: Json) -> Outcome:
    row = client_or_404(session, client_id)
    return {
        "officeId": row["office_id"],
        "clientId": client_id,
        "resourceId": client_id,
        "changes": changes,
        "resourceExternalId": row["external_id"],
    }


def _activate_client(call: Call) -> Outcome:
    session, client_id = call.session, call.subject.client_id or 0
    row = client_or_404(session, client_id)
    fields = Fields(call.body(), "client")
    fields.only({*COMMON, "activationDate"})
    day = fields.date("activationDate", required=True)
    fields.finish()
    if row["status_enum"] == ACTIVE or day is None:
        code = "error.msg.clients.already.active"
        raise invalid(FieldError(code, "Cannot activate client. Client is already active."))
    submitted = date.fromisoformat(row["submittedon_date"])
    opened = session.value("select opening_date from m_office where id = ?", (row["office_id"],))
    columns = _activation(session, call, day, submitted, opened)
    session.update("m_client", client_id, {**columns, "status_enum": ACTIVE})
    changes = {"status": client_status(ACTIVE), "locale": fields.body.get("locale")}
    changes |= {"dateFormat": fields.body.get("dateFormat")}
    return _outcome(
        session, client_id, {**changes, "activationDate": fields.body["activationDate"]}
    )


def _close_client(call: Call) -> Outcome:
    session, client_id = call.session, call.subject.client_id or 0
    client_or_404(session, client_id)
    fields = Fields(call.body(), "client")
    fields.only({*COMMON, "closureDate", "closureReasonId"})
    day = fields.date("closureDate", required=True)
    fields.finish()
    sql = "select 1 from m_savings_account where client_id = ? and status_enum in (100, 200, 300)"
    if session.value(sql, (client_id,)):
        code = "error.msg.clients.cannot.be.closed.with.active.savings"
        raise rule_violated(code, "Client cannot be closed: it has savings accounts", client_id)
    sql = "select 1 from m_loan where client_id = ? and loan_status_id in (100, 200, 300, 700)"
    if session.value(sql, (client_id,)):
        code = "error.msg.clients.cannot.be.closed.with.non.closed.loans"
        raise rule_violated(code, "Client cannot be closed: it has open loans", client_id)
    columns = {"status_enum": CLOSED, "closedon_date": iso(day or date.min)}
    session.update("m_client", client_id, {**columns, "closedon_userid": call.user.user_id})
    return _outcome(session, client_id, {})


def _reactivate_client(call: Call) -> Outcome:
    session, client_id = call.session, call.subject.client_id or 0
    row = client_or_404(session, client_id)
    if row["status_enum"] != CLOSED:
        code = "error.msg.clients.reactivated.status.not.closed"
        raise rule_violated(code, "only closed clients may be reactivated.", client_id)
    session.update("m_client", client_id, {"status_enum": PENDING, "closedon_date": None})
    return _outcome(session, client_id, {})


ROUTES: list[Route] = [
    writes("POST", "/clients", post_client),
    writes("PUT", "/clients/<int:client_id>", put_client),
    writes("POST", "/clients/<int:client_id>", command_client),
]
HANDLERS: dict[tuple[str, str], Handler] = {
    ("CREATE", "CLIENT"): _create_client,
    ("UPDATE", "CLIENT"): _update_client,
    ("ACTIVATE", "CLIENT"): _activate_client,
    ("CLOSE", "CLIENT"): _close_client,
    ("REACTIVATE", "CLIENT"): _reactivate_client,
}
