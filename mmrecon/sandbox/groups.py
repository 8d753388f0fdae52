"""Groups, and the accounts of groups (fineract-api.md 6.2)."""

from __future__ import annotations

import sqlite3
from datetime import date

from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.clients import client_or_404
from mmrecon.sandbox.clock import today
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.enums import option
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.organisation import COMMON, currencies_by_code, office_or_404
from mmrecon.sandbox.paging import Listing
from mmrecon.sandbox.refusals import (
    FieldError,
    UnknownToSandboxError,
    integrity,
    invalid,
    not_found,
)
from mmrecon.sandbox.routing import Route, command_query, reads, writes
from mmrecon.sandbox.savings_view import LINE_COLUMNS, LINE_SOURCE, savings_account_line
from mmrecon.sandbox.values import Json, compact, date_parts, iso

PENDING, ACTIVE = 100, 300
STATUS = {100: ("pending", "Pending"), 300: ("active", "Active"), 600: ("closed", "Closed")}
COLUMNS = "g.*, o.name as office_name"
SOURCE = "m_group g join m_office o on o.id = g.office_id"


def group_or_404(session: Session, group_id: int) -> Row:
    """A group with its office.

    Raises:
        RefusalError: 404.
    """
    listing = Listing(COLUMNS, SOURCE)
    listing.where("g.id = ?", group_id)
    rows = listing.rows(session)
    if not rows:
        said = f"Group with identifier {group_id} does not exist"
        raise not_found("error.msg.group.id.invalid", said, group_id)
    return rows[0]


def _group(row: Row) -> Json:
    return compact(
        {
            "id": row["id"],
            "accountNo": row["account_no"],
            "name": row["display_name"],
            "externalId": row["external_id"],
            "status": option(row["status_enum"], "groupingStatusType", STATUS),
            "active": row["status_enum"] == ACTIVE,
            "activationDate": date_parts(row["activation_date"]),
            "officeId": row["office_id"],
            "officeName": row["office_name"],
            "hierarchy": row["hierarchy"],
            "groupLevel": str(row["level_id"]),
        }
    )


def list_groups(call: Call) -> list[Json] | Json:
    """``GET /groups``: a page only with ``paged=true``."""
    listing = Listing(COLUMNS, SOURCE)
    listing.where("o.hierarchy like ?", call.user.hierarchy + "%")
    listing.where_given(call, "officeId", "g.office_id = cast(? as integer)")
    listing.where_given(call, "externalId", "g.external_id = ?")
    if call.query.get("name"):
        listing.where("g.display_name like ?", f"%{call.query['name']}%")
    listing.order_by(call, {"id": "g.id", "name": "g.display_name"}, "g.display_name, g.id")
    if not call.flag("paged"):
        return [_group(row) for row in listing.rows(call.session)]
    total, rows = listing.page(call)
    return {"totalFilteredRecords": total, "pageItems": [_group(row) for row in rows]}


def get_group(call: Call, group_id: int) -> Json:
    """``GET /groups/{id}``; with ``associations=clientMembers`` its members."""
    shown = _group(group_or_404(call.session, group_id))
    if set(call.query.get("associations", "").split(",")) & {"clientMembers", "all"}:
        sql = """
            select c.id, c.account_no, c.display_name from m_client c
            join m_group_client gc on gc.client_id = c.id where gc.group_id = ? order by c.id
        """
        shown["clientMembers"] = [
            {"id": row["id"], "accountNo": row["account_no"], "displayName": row["display_name"]}
            for row in call.session.all(sql, (group_id,))
        ]
    return shown


def get_accounts(call: Call, group_id: int) -> Json:
    """``GET /groups/{id}/accounts``: the group's own savings, and those of its members."""
    group_or_404(call.session, group_id)
    known = currencies_by_code(call.session)
    order = "s.status_enum, s.account_no"
    own = Listing(LINE_COLUMNS, LINE_SOURCE, ["s.group_id = ?"], [group_id], order)
    member = "s.client_id in (select client_id from m_group_client where group_id = ?)"
    members = Listing(LINE_COLUMNS, LINE_SOURCE, [member], [group_id], order)

    def lines(listing: Listing) -> list[Json] | None:
        rows = listing.rows(call.session)
        return [savings_account_line(call.session, row, known) for row in rows] or None

    return compact({"savingsAccounts": lines(own), "memberSavingsAccounts": lines(members)})


GROUP_FIELDS = {
    *COMMON,
    *("name", "officeId", "externalId", "active", "activationDate", "submittedOnDate"),
    *("clientMembers", "staffId", "centerId"),
}


def post_group(call: Call) -> Command:
    """``POST /groups``."""
    del call
    return Command("CREATE", "GROUP")


WORDS = {
    "activate": "ACTIVATE",
    "associateclients": "ASSOCIATECLIENTS",
    "disassociateclients": "DISASSOCIATECLIENTS",
}


def command_group(call: Call, group_id: int) -> Command:
    """``POST /groups/{id}?command=``."""
    action = WORDS.get(command_query(call) or "")
    if action is None:
        raise UnknownToSandboxError(f"group command {call.query.get('command')}")
    return Command(action, "GROUP", Subject(group_id=group_id, resource_id=group_id))


def _create_group(call: Call) -> Outcome:
    session = call.session
    fields = Fields(call.body(), "group")
    fields.only(GROUP_FIELDS)
    name = fields.text("name", required=True, longest=100)
    active = fields.boolean("active")
    activation = fields.date("activationDate", required=active)
    submitted = fields.date("submittedOnDate") or activation or today(session)
    office_id = fields.integer("officeId", required=True)
    external_id = fields.text("externalId", longest=100)
    fields.finish()
    office = office_or_404(session, office_id)
    taken = "select 1 from m_group where external_id = ?"
    if external_id is not None and session.value(taken, (external_id,)):
        said = f"Group with externalId `{external_id}` already exists"
        code = "error.msg.group.duplicate.externalId"
        raise integrity(code, said, "externalId", (external_id,))
    row = {
        "display_name": name,
        "office_id": office["id"],
        "external_id": external_id,
        "level_id": 2,
        "status_enum": ACTIVE if active else PENDING,
        "activation_date": None if activation is None else iso(activation),
        "submittedon_date": iso(submitted),
    }
    group_id = session.insert("m_group", row)
    session.update(
        "m_group", group_id, {"account_no": f"{group_id:09}", "hierarchy": f".{group_id}."}
    )
    _add_members(session, group_id, fields.body.get("clientMembers") or [])
    return {"officeId": office["id"], "groupId": group_id, "resourceId": group_id}


def _add_members(session: Session, group_id: int, clients: list[int | str]) -> None:
    for client in clients:
        client_or_404(session, int(client))
        try:
            session.insert("m_group_client", {"group_id": group_id, "client_id": int(client)})
        except sqlite3.IntegrityError as taken:
            code = "error.msg.group.client.already.exists"
            raise integrity(code, "The client is in the group already", "id") from taken


def _outcome(row: Row, changes: Json) -> Outcome:
    outcome = {"officeId": row["office_id"], "groupId": row["id"], "resourceId": row["id"]}
    return {**outcome, "changes": changes}


def _activate_group(call: Call) -> Outcome:
    row = group_or_404(call.session, call.subject.group_id or 0)
    fields = Fields(call.body(), "group")
    fields.only({*COMMON, "activationDate"})
    day = fields.date("activationDate", required=True) or date.min
    fields.finish()
    if row["status_enum"] == ACTIVE:
        code = "error.msg.group.already.active"
        raise invalid(FieldError(code, "Cannot activate group. Group is already active."))
    columns = {"status_enum": ACTIVE, "activation_date": iso(day)}
    call.session.update("m_group", row["id"], columns)
    return _outcome(row, {"activationDate": fields.body["activationDate"]})


def _associate(call: Call) -> Outcome:
    row = group_or_404(call.session, call.subject.group_id or 0)
    clients = call.body().get("clientMembers") or []
    _add_members(call.session, row["id"], clients)
    return _outcome(row, {"clientMembers": clients})


def _disassociate(call: Call) -> Outcome:
    row = group_or_404(call.session, call.subject.group_id or 0)
    clients = call.body().get("clientMembers") or []
    sql = "delete from m_group_client where group_id = ? and client_id = ?"
    for client in clients:
        call.session.run(sql, (row["id"], int(client)))
    return _outcome(row, {"clientMembers": clients})


ROUTES: list[Route] = [
    reads("/groups", list_groups, "GROUP"),
    reads("/groups/<int:group_id>", get_group, "GROUP"),
    reads("/groups/<int:group_id>/accounts", get_accounts, "GROUP"),
    writes("POST", "/groups", post_group),
    writes("POST", "/groups/<int:group_id>", command_group),
]
HANDLERS: dict[tuple[str, str], Handler] = {
    ("CREATE", "GROUP"): _create_group,
    ("ACTIVATE", "GROUP"): _activate_group,
    ("ASSOCIATECLIENTS", "GROUP"): _associate,
    ("DISASSOCIATECLIENTS", "GROUP"): _disassociate,
}
