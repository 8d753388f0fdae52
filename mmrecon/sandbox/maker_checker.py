"""Commands that wait for a second person, and the audit of all commands (fineract-api.md 2, 8)."""

from __future__ import annotations

from dataclasses import replace

from mmrecon.sandbox.call import Call, Command, Handler, Subject
from mmrecon.sandbox.clock import now, setting
from mmrecon.sandbox.commands import Reply, Status, carry_out
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.dialects import Dialect
from mmrecon.sandbox.paging import Listing
from mmrecon.sandbox.refusals import (
    ContainerError,
    FieldError,
    invalid,
    not_authorised,
    not_found,
    unsupported_query,
)
from mmrecon.sandbox.routing import Route, acts, command_query, reads
from mmrecon.sandbox.values import Json, compact, dumps, epoch_ms

COLUMNS = (
    "x.*, m.username as maker_name, ck.username as checker_name, o.name as office_name, "
    "c.display_name as client_name, g.display_name as group_name, l.account_no as loan_no, "
    "s.account_no as savings_no"
)
SOURCE = (
    "m_portfolio_command_source x left join m_appuser m on m.id = x.maker_id "
    "left join m_appuser ck on ck.id = x.checker_id left join m_office o on o.id = x.office_id "
    "left join m_client c on c.id = x.client_id left join m_group g on g.id = x.group_id "
    "left join m_loan l on l.id = x.loan_id "
    "left join m_savings_account s on s.id = x.savings_account_id"
)
FILTERS = {
    "actionName": "x.action_name = ?",
    "entityName": "x.entity_name = ?",
    "resourceId": "x.resource_id = cast(? as integer)",
    "makerId": "x.maker_id = cast(? as integer)",
    "checkerId": "x.checker_id = cast(? as integer)",
    "processingResult": "x.status = cast(? as integer)",
    "officeId": "x.office_id = cast(? as integer)",
    "groupId": "x.group_id = cast(? as integer)",
    "clientId": "x.client_id = cast(? as integer)",
    "loanid": "x.loan_id = cast(? as integer)",
    "loanId": "x.loan_id = cast(? as integer)",
    "savingsAccountId": "x.savings_account_id = cast(? as integer)",
}


def _listing(call: Call) -> Listing:
    """The filters that the inbox and the audit share; by date: 500, or nothing on MariaDB."""
    names = ("makerDateTimeFrom", "makerDateTimeTo", "checkerDateTimeFrom", "checkerDateTimeTo")
    listing = Listing(COLUMNS, SOURCE)
    if any(call.query.get(name) for name in names):
        if call.world.database.dialect is Dialect.POSTGRESQL:
            raise ContainerError(500, said="date filters")
        listing.where("0")
    for name, condition in FILTERS.items():
        listing.where_given(call, name, condition)
    return listing


def _shown(row: Row, *, with_json: bool) -> Json:
    return compact(
        {
            "id": row["id"],
            "actionName": row["action_name"],
            "entityName": row["entity_name"],
            "resourceId": row["resource_id"],
            "subresourceId": row["subresource_id"],
            "maker": row["maker_name"],
            "madeOnDate": epoch_ms(row["made_on_date_utc"]),
            "checker": row["checker_name"],
            "commandAsJson": row["command_as_json"] if with_json else None,
            "officeName": row["office_name"],
            "groupName": row["group_name"],
            "clientName": row["client_name"],
            "loanAccountNo": row["loan_no"],
            "savingsAccountNo": row["savings_no"],
            "clientId": row["client_id"],
            "loanId": row["loan_id"],
            "url": row["api_get_url"],
        }
    )


def list_audits(call: Call) -> list[Json] | Json:
    """``GET /audits``: the total is the size of the page (PostgreSQL)."""
    listing = _listing(call)
    listing.order_by(call, {"id": "x.id", "madeOnDate": "x.id"}, "x.id desc")
    paged = call.flag("paged")
    limit = call.number("limit") if paged else 200
    rows = listing.rows(call.session, limit, call.number("offset") or 0)
    items = [_shown(row, with_json=call.flag("includeJson")) for row in rows]
    return {"totalFilteredRecords": len(items), "pageItems": items} if paged else items


def get_audit(call: Call, command_id: int) -> Json:
    """``GET /audits/{id}``."""
    listing = Listing(COLUMNS, SOURCE)
    listing.where("x.id = ?", command_id)
    rows = listing.rows(call.session)
    if not rows:
        said = f"Audit with identifier {command_id} does not exist"
        raise not_found("error.msg.command.id.invalid", said, command_id)
    return _shown(rows[0], with_json=True)


def list_waiting(call: Call) -> list[Json]:
    """``GET /makercheckers``: what the caller may check; nothing for anybody else."""
    listing = _listing(call)
    listing.where("x.status = ?", int(Status.AWAITING))
    listing.order = "x.id"
    with_json = call.flag("includeJson")
    return [
        _shown(row, with_json=with_json)
        for row in listing.rows(call.session)
        if call.user.may_check(f"{row['action_name']}_{row['entity_name']}")
    ]


def _waiting_or_404(session: Session, command_id: int) -> Row:
    row = session.row("m_portfolio_command_source", command_id)
    if row is None:
        said = f"Audit with identifier {command_id} does not exist"
        raise not_found("error.msg.command.id.invalid", said, command_id)
    if row["status"] != Status.AWAITING:
        said = f"Audit with identifier {command_id} is Not Awaiting Approval"
        raise not_found("error.msg.command.id.not.awaiting.approval", said, command_id)
    return row


def _command_of(row: Row) -> Command:
    subject = Subject(
        office_id=row["office_id"],
        group_id=row["group_id"],
        client_id=row["client_id"],
        loan_id=row["loan_id"],
        savings_id=row["savings_account_id"],
        resource_id=row["resource_id"],
        sub_resource_id=row["subresource_id"],
        product_id=row["product_id"],
        name=row["transaction_id"],
    )
    return Command(row["action_name"], row["entity_name"], subject)


def _checked(call: Call, command_id: int) -> tuple[Row, Command]:
    """A waiting command that the caller may check.

    Raises:
        RefusalError: 404 where it does not wait, 403 without the permission.
    """
    row = _waiting_or_404(call.session, command_id)
    command = _command_of(row)
    if not call.user.may_check(command.permission):
        said = f"User has no authority to be a checker for: {command.permission}"
        raise not_authorised(said)
    return row, command


def decide(call: Call, command_id: int) -> Reply:
    """``POST /makercheckers/{id}?command=approve|reject``."""
    word = command_query(call)
    if word not in ("approve", "reject"):
        raise unsupported_query("command", call.query.get("command"), [])
    row, command = _checked(call, command_id)
    if word == "reject":
        _close(call, command_id, {"status": int(Status.REJECTED)})
        return Reply(200, dumps({"commandId": command_id}))
    _refuse_own(call, row, command)
    inner = replace(
        call, path=row["api_get_url"], text=row["command_as_json"], query={}, command_id=command_id
    )
    try:
        return carry_out(inner, command, command_id, approved=True)
    finally:
        _close(call, command_id, {})


def _refuse_own(call: Call, row: Row, command: Command) -> None:
    own = row["maker_id"] == call.user.user_id
    if not own or call.user.is_checker_of_all():
        return
    if not setting(call.session, "enable-same-maker-checker"):
        name = command.permission
        said = f"The command {name} is not supported. Can not be checked by the same user."
        raise invalid(FieldError("error.msg.command.unsupported", said, name, (name,)))


def _close(call: Call, command_id: int, columns: Json) -> None:
    checked = {"checker_id": call.user.user_id, "checked_on_date_utc": now()}
    with call.world.database.transaction() as session:
        session.update("m_portfolio_command_source", command_id, {**checked, **columns})


def delete_waiting(call: Call, command_id: int) -> Reply:
    """``DELETE /makercheckers/{id}``: the key is free afterwards."""
    _checked(call, command_id)
    with call.world.database.transaction() as session:
        session.run("delete from m_portfolio_command_source where id = ?", (command_id,))
    return Reply(200, dumps({"commandId": command_id}))


ROUTES: list[Route] = [
    reads("/audits", list_audits, "AUDIT"),
    reads("/audits/<int:command_id>", get_audit, "AUDIT"),
    reads("/makercheckers", list_waiting),
    acts("POST", "/makercheckers/<int:command_id>", decide),
    acts("DELETE", "/makercheckers/<int:command_id>", delete_waiting),
]
HANDLERS: dict[tuple[str, str], Handler] = {}
