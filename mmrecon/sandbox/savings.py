"""Savings accounts: applied for, approved, activated, blocked, closed, read."""

from __future__ import annotations

import sqlite3
from datetime import date

from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.clients import client_or_404, require_active_client, require_active_owner
from mmrecon.sandbox.clock import setting, today
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.enums import savings_status
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.organisation import COMMON, currencies_by_code
from mmrecon.sandbox.paging import Listing
from mmrecon.sandbox.periods import later
from mmrecon.sandbox.refusals import (
    FieldError,
    UnknownToSandboxError,
    integrity,
    invalid,
    not_found,
    unsupported_query,
)
from mmrecon.sandbox.routing import Route, command_query, reads, writes
from mmrecon.sandbox.savings_ledger import account_or_404
from mmrecon.sandbox.savings_products import AMOUNTS, LOCK_IN, SWITCHES, TERMS, product_or_404
from mmrecon.sandbox.savings_view import (
    ACCOUNT_COLUMNS,
    ACCOUNT_SOURCE,
    TRANSACTION_COLUMNS,
    TRANSACTION_SOURCE,
    account,
    transaction,
)
from mmrecon.sandbox.timeline import new_external_id
from mmrecon.sandbox.values import Json, iso

SUBMITTED, APPROVED, ACTIVE, WITHDRAWN, REJECTED, CLOSED = 100, 200, 300, 400, 500, 600
NONE, BLOCK, BLOCK_CREDIT, BLOCK_DEBIT = 0, 400, 500, 600


def id_of_external(session: Session, external_id: str) -> int:
    """The account with an external id.

    Raises:
        RefusalError: 404.
    """
    sql = "select id from m_savings_account where external_id = ?"
    found = session.value(sql, (external_id,))
    if found is None:
        said = f"Savings account with external identifier {external_id} does not exist"
        raise not_found("error.msg.saving.account.id.invalid", said, external_id)
    return int(found)


def list_accounts(call: Call) -> Json:
    """``GET /savingsaccounts``: accounts of groups are not in it."""
    source = f"{ACCOUNT_SOURCE} join m_office o on o.id = c.office_id"
    listing = Listing(ACCOUNT_COLUMNS, source)
    listing.where("o.hierarchy like ?", call.user.hierarchy + "%")
    listing.where_given(call, "externalId", "s.external_id = ?")
    columns = {"id": "s.id", "accountNo": "s.account_no", "status": "s.status_enum"}
    listing.order_by(call, columns, "s.id")
    total, rows = listing.page(call)
    known = currencies_by_code(call.session)
    items = [account(call.session, row, known) for row in rows]
    return {"totalFilteredRecords": total, "pageItems": items}


def get_account(call: Call, account_id: int) -> Json:
    """``GET /savingsaccounts/{id}``, with ``associations=transactions`` its transactions."""
    status = call.query.get("chargeStatus", "all")
    if status not in ("all", "active", "inactive"):
        raise unsupported_query("status", status or None, ["all", "active", "inactive"])
    row = account_or_404(call.session, account_id)
    known = currencies_by_code(call.session)
    shown = account(call.session, row, known)
    wanted = set(call.query.get("associations", "").split(","))
    if wanted & {"transactions", "all"}:
        listing = Listing(TRANSACTION_COLUMNS, TRANSACTION_SOURCE)
        listing.where("t.savings_account_id = ?", account_id)
        listing.order = "t.transaction_date desc, t.created_on_utc desc, t.id desc"
        shown["transactions"] = [transaction(r, known) for r in listing.rows(call.session)]
    return shown


def get_account_by_external_id(call: Call, external_id: str) -> Json:
    """``GET /savingsaccounts/external-id/{x}``."""
    return get_account(call, id_of_external(call.session, external_id))


APPLICATION_FIELDS = {
    *COMMON,
    *("clientId", "groupId", "productId", "submittedOnDate", "externalId", "accountNo"),
    *("fieldOfficerId", "nominalAnnualInterestRate", "charges", "monthDayFormat"),
    *LOCK_IN,
    *TERMS,
    *AMOUNTS,
    *SWITCHES,
}


def post_account(call: Call) -> Command:
    """``POST /savingsaccounts``."""
    del call
    return Command("CREATE", "SAVINGSACCOUNT")


COMMANDS = {
    "approve": "APPROVE",
    "undoapproval": "APPROVALUNDO",
    "reject": "REJECT",
    "withdrawnbyapplicant": "WITHDRAW",
    "activate": "ACTIVATE",
    "close": "CLOSE",
    "block": "BLOCK",
    "unblock": "UNBLOCK",
    "blockcredit": "BLOCKCREDIT",
    "unblockcredit": "UNBLOCKCREDIT",
    "blockdebit": "BLOCKDEBIT",
    "unblockdebit": "UNBLOCKDEBIT",
}


def command_account(call: Call, account_id: int) -> Command:
    """``POST /savingsaccounts/{id}?command=``."""
    action = COMMANDS.get(command_query(call) or "")
    if action is None:
        raise UnknownToSandboxError(f"savings command {call.query.get('command')}")
    return Command(action, "SAVINGSACCOUNT", Subject(savings_id=account_id, resource_id=account_id))


def command_account_by_external_id(call: Call, external_id: str) -> Command:
    """``POST /savingsaccounts/external-id/{x}?command=``."""
    return command_account(call, id_of_external(call.session, external_id))


def delete_account(call: Call, account_id: int) -> Command:
    """``DELETE /savingsaccounts/{id}``: an application only."""
    del call
    subject = Subject(savings_id=account_id, resource_id=account_id)
    return Command("DELETE", "SAVINGSACCOUNT", subject)


def _create_account(call: Call) -> Outcome:
    session = call.session
    fields = Fields(call.body(), "savingsaccount")
    fields.only(APPLICATION_FIELDS)
    client_id, group_id = fields.integer("clientId"), fields.integer("groupId")
    product_id = fields.integer("productId", required=True)
    submitted = fields.date("submittedOnDate", required=True)
    external_id = fields.text("externalId", longest=100)
    account_no = fields.text("accountNo", longest=20)
    fields.finish()
    if client_id is None and group_id is None:
        fields.missing("clientId")
        fields.finish()
    product = product_or_404(session, product_id or 0)
    owner = _owner(session, client_id, group_id)
    if submitted is None or submitted > today(session):
        raise invalid(date_error("submittedOnDate.cannot.be.a.future.date", "submittedOnDate"))
    if external_id is None and setting(session, "enable-auto-generated-external-id"):
        external_id = new_external_id()
    row = _terms_of(product, fields)
    row |= {
        "account_no": account_no,
        "external_id": external_id,
        "client_id": client_id,
        "group_id": group_id,
        "product_id": product["id"],
        "status_enum": SUBMITTED,
        "account_type_enum": 1 if group_id is None else 2,
        "submittedon_date": iso(submitted),
        "submittedon_userid": call.user.user_id,
    }
    account_id = _insert_account(session, row)
    return _outcome(owner, client_id, group_id, account_id, external_id)


def _owner(session: Session, client_id: int | None, group_id: int | None) -> Row:
    if client_id is not None:
        owner = client_or_404(session, client_id)
        require_active_client(session, client_id)
        return owner
    found = session.row("m_group", group_id or 0)
    if found is None:
        said = f"Group with identifier {group_id} does not exist"
        raise not_found("error.msg.group.id.invalid", said, group_id)
    return found


def _terms_of(product: Row, fields: Fields) -> Json:
    columns = (*TERMS.values(), *AMOUNTS.values(), *SWITCHES.values())
    row: Json = {column: product[column] for column in columns}
    for column in ("currency_code", "currency_digits", "currency_multiplesof"):
        row[column] = product[column]
    row["nominal_annual_interest_rate"] = product["nominal_annual_interest_rate"]
    if fields.given("nominalAnnualInterestRate") and fields.amount("nominalAnnualInterestRate"):
        raise UnknownToSandboxError("savings that earn interest")
    for name, column in LOCK_IN.items():
        row[column] = fields.integer(name) if fields.given(name) else product[column]
    for name, column in AMOUNTS.items():
        if fields.given(name):
            row[column] = fields.amount(name)
    for name, column in SWITCHES.items():
        if fields.given(name):
            row[column] = fields.boolean(name)
    return row


def _insert_account(session: Session, row: Json) -> int:
    try:
        account_id = session.insert("m_savings_account", row)
        if row["account_no"] is None:
            session.update("m_savings_account", account_id, {"account_no": f"{account_id:09}"})
    except sqlite3.IntegrityError as taken:
        code = "error.msg.savingsaccount.unknown.data.integrity.issue"
        said = "Unknown data integrity issue with savings account."
        raise integrity(code, said) from taken
    return account_id


def _outcome(
    owner: Row,
    client_id: int | None,
    group_id: int | None,
    account_id: int,
    external_id: str | None,
) -> Outcome:
    return {
        "officeId": owner["office_id"],
        "groupId": group_id,
        "clientId": client_id,
        "savingsId": account_id,
        "resourceId": account_id,
        "resourceExternalId": external_id,
    }


def date_error(tail: str, parameter: str) -> FieldError:
    """An error about a date of the body."""
    code = f"validation.msg.savingsaccount.{tail}"
    return FieldError(code, f"Failed data validation due to: {tail}.", parameter)


def changed(row: Row, changes: Json) -> Outcome:
    """The answer to a command that changed an account."""
    return {
        "officeId": row["office_id"],
        "groupId": row["group_id"],
        "clientId": row["client_id"],
        "savingsId": row["id"],
        "resourceId": row["id"],
        "changes": changes,
    }


def require_status(row: Row, status: int, action: str, tail: str) -> None:
    """400 where the account is in another state."""
    if row["status_enum"] != status:
        code = f"validation.msg.savingsaccount.{action}.not.in.{tail}"
        said = f"Failed data validation due to: not.in.{tail}."
        raise invalid(FieldError(code, said))


def _step(
    call: Call, name: str, action: str, wanted: tuple[int, str], status: int, step: str
) -> Outcome:
    """A step of the life of an account on a day that the body gives."""
    session = call.session
    row = account_or_404(session, call.subject.savings_id or 0)
    fields = Fields(call.body(), f"savingsaccount.{action}")
    fields.only({*COMMON, name, "note"})
    day = fields.date(name, required=True) or date.min
    fields.finish()
    require_status(row, wanted[0], action, wanted[1])
    if day > today(session):
        raise invalid(date_error(f"{action}.cannot.be.a.future.date", name))
    if iso(day) < row["submittedon_date"]:
        raise invalid(date_error(f"{action}.cannot.be.before.submittal.date", name))
    if action == "activation" and iso(day) < row["approvedon_date"]:
        raise invalid(date_error("activation.cannot.be.before.approval.date", name))
    columns = {
        "status_enum": status,
        f"{step}on_date": iso(day),
        f"{step}on_userid": call.user.user_id,
    }
    session.update("m_savings_account", row["id"], columns)
    changes = {"status": savings_status(status), "locale": fields.body.get("locale")}
    changes |= {"dateFormat": fields.body.get("dateFormat"), name: fields.body[name]}
    return changed(row, changes)


def _approve(call: Call) -> Outcome:
    wanted = (SUBMITTED, "submittedandpendingapproval.state")
    return _step(call, "approvedOnDate", "approval", wanted, APPROVED, "approved")


def _activate(call: Call) -> Outcome:
    row = account_or_404(call.session, call.subject.savings_id or 0)
    require_active_owner(call.session, row)
    if row["min_required_opening_balance"]:
        raise UnknownToSandboxError("the opening deposit that activation makes")
    wanted = (APPROVED, "approved.state")
    outcome = _step(call, "activatedOnDate", "activation", wanted, ACTIVE, "activated")
    if row["lockin_period_frequency"]:
        activated = account_or_404(call.session, row["id"])["activatedon_date"]
        count, unit = row["lockin_period_frequency"], row["lockin_period_frequency_enum"]
        until = iso(later(date.fromisoformat(activated), count, unit))
        call.session.update("m_savings_account", row["id"], {"lockedin_until_date_derived": until})
    return outcome


def _reject(call: Call) -> Outcome:
    wanted = (SUBMITTED, "submittedandpendingapproval.state")
    return _step(call, "rejectedOnDate", "reject", wanted, REJECTED, "rejected")


def _withdraw(call: Call) -> Outcome:
    wanted = (SUBMITTED, "submittedandpendingapproval.state")
    return _step(call, "withdrawnOnDate", "withdraw", wanted, WITHDRAWN, "withdrawn")


def _undo_approval(call: Call) -> Outcome:
    row = account_or_404(call.session, call.subject.savings_id or 0)
    require_status(row, APPROVED, "undoApproval", "approved.state")
    columns = {"status_enum": SUBMITTED, "approvedon_date": None, "approvedon_userid": None}
    call.session.update("m_savings_account", row["id"], columns)
    return changed(row, {"status": savings_status(SUBMITTED), "approvedOnDate": ""})


def _delete_account(call: Call) -> Outcome:
    row = account_or_404(call.session, call.subject.savings_id or 0)
    require_status(row, SUBMITTED, "delete", "submittedandpendingapproval.state")
    call.session.run("delete from m_savings_account where id = ?", (row["id"],))
    outcome = changed(row, {})
    del outcome["changes"]
    return outcome


ROUTES: list[Route] = [
    reads("/savingsaccounts", list_accounts, "SAVINGSACCOUNT"),
    reads("/savingsaccounts/<int:account_id>", get_account, "SAVINGSACCOUNT"),
    reads(
        "/savingsaccounts/external-id/<external_id>", get_account_by_external_id, "SAVINGSACCOUNT"
    ),
    writes("POST", "/savingsaccounts", post_account),
    writes("POST", "/savingsaccounts/<int:account_id>", command_account),
    writes("POST", "/savingsaccounts/external-id/<external_id>", command_account_by_external_id),
    writes("DELETE", "/savingsaccounts/<int:account_id>", delete_account),
]
HANDLERS: dict[tuple[str, str], Handler] = {
    ("CREATE", "SAVINGSACCOUNT"): _create_account,
    ("DELETE", "SAVINGSACCOUNT"): _delete_account,
    ("APPROVE", "SAVINGSACCOUNT"): _approve,
    ("APPROVALUNDO", "SAVINGSACCOUNT"): _undo_approval,
    ("REJECT", "SAVINGSACCOUNT"): _reject,
    ("WITHDRAW", "SAVINGSACCOUNT"): _withdraw,
    ("ACTIVATE", "SAVINGSACCOUNT"): _activate,
}
