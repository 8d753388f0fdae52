"""Clients: created, changed, listed, and their accounts (fineract-api.md 6)."""

from __future__ import annotations

import sqlite3
from datetime import date

from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.clock import now, setting, today
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.enums import CLIENT_STATUS, client_status, option
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.loan_view import loan_account_line
from mmrecon.sandbox.organisation import COMMON, currencies_by_code, office_or_404
from mmrecon.sandbox.paging import Listing, office_subtree
from mmrecon.sandbox.refusals import (
    FieldError,
    UnknownToSandboxError,
    integrity,
    invalid,
    not_found,
    rule_violated,
)
from mmrecon.sandbox.routing import Route, command_query, reads, writes
from mmrecon.sandbox.savings_view import savings_account_line
from mmrecon.sandbox.timeline import new_external_id, person
from mmrecon.sandbox.values import Json, compact, date_parts, iso

PENDING, ACTIVE, CLOSED = 100, 300, 600
TRIMS = (
    "id accountNo externalId status active activationDate firstname middlename lastname fullname "
    "displayName mobileNo officeId officeName transferToOfficeId transferToOfficeName hierarchy "
    "imageId imagePresent staffId staffName allowedOffices staffOptions savingsProductOptions "
    "dateOfBirth gender clientType clientClassification timeline isStaff legalForm "
    "clientNonPersonDetails savingsAccountId emailAddress loanAccounts savingsAccounts shareAccounts"
)
_EMPTY_CODE = {"active": False, "mandatory": False}
COLUMNS = "c.*, o.name as office_name, o.hierarchy"
SOURCE = "m_client c join m_office o on o.id = c.office_id"


def client_or_404(session: Session, client_id: int) -> Row:
    """A client with its office, for commands.

    Raises:
        Refusal: 404.
    """
    sql = " ".join(("select", COLUMNS, "from", SOURCE, "where c.id = ?"))
    row = session.one(sql, (client_id,))
    if row is None:
        said = f"Client with identifier {client_id} does not exist"
        raise not_found("error.msg.client.id.invalid", said, client_id)
    return row


def require_active_client(session: Session, client_id: int | None) -> None:
    """403 where the client of an account is not active."""
    if client_id is None:
        return
    row = session.row("m_client", client_id)
    if row is None or row["status_enum"] != ACTIVE:
        said = f"The Client with id: {client_id} is not active"
        raise rule_violated("error.msg.client.not.active.exception", said, client_id)


def _visible_client(call: Call, client_id: int) -> Row:
    sql = " ".join(("select", COLUMNS, "from", SOURCE, "where c.id = ? and o.hierarchy like ?"))
    row = call.session.one(sql, (client_id, call.user.hierarchy + "%"))
    if row is None:
        said = f"Client not found with valuer {client_id}."
        code = "error.msg.client.not.found.with.client.id"
        raise not_found(code, said, str(client_id))
    return row


def _id_of_external(call: Call, external_id: str) -> int:
    sql = "select id from m_client where external_id = ?"
    found = call.session.value(sql, (external_id,))
    if found is None:
        said = "Client with identifier null does not exist"
        raise not_found("error.msg.client.id.invalid", said, None)
    return int(found)


def _client(session: Session, row: Row) -> Json:
    return compact(
        {
            "id": row["id"],
            "accountNo": row["account_no"],
            "externalId": row["external_id"],
            "status": client_status(row["status_enum"]),
            "active": row["status_enum"] == ACTIVE,
            "activationDate": date_parts(row["activation_date"]),
            "firstname": row["firstname"],
            "middlename": row["middlename"],
            "lastname": row["lastname"],
            "fullname": row["fullname"],
            "displayName": row["display_name"],
            "mobileNo": row["mobile_no"],
            "emailAddress": row["email_address"],
            "dateOfBirth": date_parts(row["date_of_birth"]),
            "isStaff": bool(row["is_staff"]),
            "officeId": row["office_id"],
            "officeName": row["office_name"],
            "savingsAccountId": row["default_savings_account"],
            "legalForm": option(
                row["legal_form_enum"] or 1,
                "legalFormType",
                {1: ("person", "Person"), 2: ("entity", "Entity")},
            ),
        }
    ) | {"timeline": _timeline(session, row)}


def _timeline(session: Session, row: Row) -> Json:
    return compact(
        {
            "submittedOnDate": date_parts(row["submittedon_date"]),
            **person(session, "submittedBy", row["created_by"]),
            "activatedOnDate": date_parts(row["activation_date"]),
            **person(session, "activatedBy", row["activatedon_userid"]),
            "closedOnDate": date_parts(row["closedon_date"]),
            **person(session, "closedBy", row["closedon_userid"]),
        }
    )


def list_clients(call: Call) -> Json:
    """``GET /clients``."""
    listing = Listing(COLUMNS, SOURCE)
    condition, values = office_subtree(call, "c.office_id")
    listing.where(condition, *values)
    listing.where_given(call, "officeId", "c.office_id = cast(? as integer)")
    if call.query.get("externalId"):
        listing.where("c.external_id like ?", call.query["externalId"])
    if call.query.get("displayName"):
        listing.where("c.display_name like ?", f"%{call.query['displayName']}%")
    for name, column in (("firstName", "c.firstname"), ("lastName", "c.lastname")):
        if call.query.get(name):
            listing.where(f"{column} like ?", call.query[name])
    if call.query.get("status"):
        numbers = {tail: number for number, (tail, _) in CLIENT_STATUS.items()}
        listing.where("c.status_enum = ?", numbers.get(call.query["status"].lower(), 0))
    if call.query.get("underHierarchy"):
        listing.where("o.hierarchy like ?", call.query["underHierarchy"] + "%")
    columns = {"id": "c.id", "accountNo": "c.account_no", "displayName": "c.display_name"}
    columns |= {"officeId": "c.office_id", "officeName": "o.name", "externalId": "c.external_id"}
    listing.order_by(call, columns, "c.display_name, c.id")
    total, rows = listing.page(call)
    return {"totalFilteredRecords": total, "pageItems": [_listed(call.session, r) for r in rows]}


def _listed(session: Session, row: Row) -> Json:
    empty = {name: _EMPTY_CODE for name in ("subStatus", "gender", "clientType")}
    details = {"constitution": _EMPTY_CODE, "mainBusinessLine": _EMPTY_CODE}
    return {
        **_client(session, row),
        **empty,
        "clientClassification": _EMPTY_CODE,
        "clientNonPersonDetails": details,
    }


def get_client(call: Call, client_id: int) -> Json:
    """``GET /clients/{id}``."""
    row = _visible_client(call, client_id)
    sql = """
        select g.id, g.display_name from m_group g join m_group_client gc on gc.group_id = g.id
        where gc.client_id = ?
    """
    groups = [{"id": g["id"], "name": g["display_name"]} for g in call.session.all(sql, (client_id,))]
    return {
        **_client(call.session, row),
        # a real 1.10.1 answers the id under this name
        "savingsProductName": str(row["id"]),
        "clientCollateralManagements": [],
        "groups": groups,
    }


def get_client_by_external_id(call: Call, external_id: str) -> Json:
    """``GET /clients/external-id/{x}``."""
    return get_client(call, _id_of_external(call, external_id))


def get_accounts(call: Call, client_id: int) -> Json:
    """``GET /clients/{id}/accounts``."""
    _visible_client(call, client_id)
    session = call.session
    known = currencies_by_code(session)
    sql = """
        select l.*, p.name as product_name, p.short_name from m_loan l
        join m_product_loan p on p.id = l.product_id
        where l.client_id = ? order by l.loan_status_id, l.account_no
    """
    loans = [loan_account_line(session, r, known) for r in session.all(sql, (client_id,))]
    sql = """
        select s.*, p.name as product_name, p.short_name from m_savings_account s
        join m_savings_product p on p.id = s.product_id
        where s.client_id = ? order by s.status_enum, s.account_no
    """
    savings = [savings_account_line(session, r, known) for r in session.all(sql, (client_id,))]
    return compact(
        {
            "loanAccounts": loans or None,
            "groupLoanIndividualMonitoringAccounts": [],
            "savingsAccounts": savings or None,
            "guarantorAccounts": [],
        }
    )


def get_accounts_by_external_id(call: Call, external_id: str) -> Json:
    """``GET /clients/external-id/{x}/accounts``."""
    return get_accounts(call, _id_of_external(call, external_id))


CLIENT_FIELDS = set(
    "firstname middlename lastname fullname officeId legalFormId active activationDate "
    "submittedOnDate externalId mobileNo accountNo emailAddress dateOfBirth genderId clientTypeId "
    "clientClassificationId staffId groupId isStaff savingsProductId".split()
)


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
    action = COMMANDS.get(command_query(call) or "")
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
        sql = " ".join(("select id from m_client where", column, "= ?"))
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
    return _outcome(session, client_id, {**changes, "activationDate": fields.body["activationDate"]})


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
    reads("/clients", list_clients, "CLIENT", TRIMS),
    reads("/clients/<int:client_id>", get_client, "CLIENT"),
    reads("/clients/external-id/<external_id>", get_client_by_external_id, "CLIENT"),
    reads("/clients/<int:client_id>/accounts", get_accounts, "CLIENT", TRIMS),
    reads("/clients/external-id/<external_id>/accounts", get_accounts_by_external_id, "CLIENT", TRIMS),
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
