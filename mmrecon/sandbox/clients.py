"""Clients: created, changed, listed, and their accounts (fineract-api.md 6)."""

from __future__ import annotations

from mmrecon.sandbox.call import Call, Handler
from mmrecon.sandbox.database import Row, Session, spelled
from mmrecon.sandbox.enums import CLIENT_STATUS, client_status, option
from mmrecon.sandbox.loan_view import loan_account_line
from mmrecon.sandbox.organisation import currencies_by_code
from mmrecon.sandbox.paging import Listing, office_subtree
from mmrecon.sandbox.refusals import (
    not_found,
    rule_violated,
)
from mmrecon.sandbox.routing import Route, reads
from mmrecon.sandbox.savings_view import LINE_COLUMNS, LINE_SOURCE, savings_account_line
from mmrecon.sandbox.timeline import person
from mmrecon.sandbox.values import Json, compact, date_parts

PENDING, ACTIVE, CLOSED = 100, 300, 600
TRIMS = (
    "id accountNo externalId status active activationDate firstname middlename lastname fullname "
    "displayName mobileNo officeId officeName transferToOfficeId transferToOfficeName hierarchy "
    "imageId imagePresent staffId staffName allowedOffices staffOptions savingsProductOptions "
    "dateOfBirth gender clientType clientClassification timeline isStaff legalForm "
    "clientNonPersonDetails savingsAccountId emailAddress loanAccounts savingsAccounts "
    "shareAccounts"
)
_EMPTY_CODE = {"active": False, "mandatory": False}
COLUMNS = "c.*, o.name as office_name, o.hierarchy"
SOURCE = "m_client c join m_office o on o.id = c.office_id"


def client_or_404(session: Session, client_id: int) -> Row:
    """A client with its office, for commands.

    Raises:
        RefusalError: 404.
    """
    sql = spelled("select", COLUMNS, "from", SOURCE, "where c.id = ?")
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


def require_active_owner(session: Session, account: Row | Json) -> None:
    """403 where the client or the group that owns an account is not active."""
    require_active_client(session, account["client_id"])
    group_id = account["group_id"]
    if group_id is None:
        return
    status = session.value("select status_enum from m_group where id = ?", (group_id,))
    if status != ACTIVE:
        said = f"The Group with id: {group_id} is not active"
        raise rule_violated("error.msg.group.not.active.exception", said, group_id)


def _visible_client(call: Call, client_id: int) -> Row:
    sql = spelled("select", COLUMNS, "from", SOURCE, "where c.id = ? and o.hierarchy like ?")
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
    empty = dict.fromkeys(("subStatus", "gender", "clientType"), _EMPTY_CODE)
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
    groups = [
        {"id": g["id"], "name": g["display_name"]} for g in call.session.all(sql, (client_id,))
    ]
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
    listing = Listing(LINE_COLUMNS, LINE_SOURCE, order="s.status_enum, s.account_no")
    listing.where("s.client_id = ?", client_id)
    savings = [savings_account_line(session, row, known) for row in listing.rows(session)]
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


ROUTES: list[Route] = [
    reads("/clients", list_clients, "CLIENT", TRIMS),
    reads("/clients/<int:client_id>", get_client, "CLIENT"),
    reads("/clients/external-id/<external_id>", get_client_by_external_id, "CLIENT"),
    reads("/clients/<int:client_id>/accounts", get_accounts, "CLIENT", TRIMS),
    reads(
        "/clients/external-id/<external_id>/accounts", get_accounts_by_external_id, "CLIENT", TRIMS
    ),
]
HANDLERS: dict[tuple[str, str], Handler] = {}
