"""General-ledger accounts, closures, and which accounts a product books to."""

from __future__ import annotations

from datetime import date

from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.clock import now, today
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.enums import GL_TYPE, GL_USAGE, option
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.organisation import COMMON, office_or_404
from mmrecon.sandbox.paging import Listing
from mmrecon.sandbox.refusals import integrity, not_found, rule_violated
from mmrecon.sandbox.routing import Route, reads, writes
from mmrecon.sandbox.values import Json, compact, date_parts, iso, number

LOAN, SAVINGS = 1, 2

# financial_account_type of acc_product_mapping, by the name in a product's body
SAVINGS_ACCOUNTS = {
    "savingsReferenceAccountId": (1, "savingsReferenceAccount"),
    "savingsControlAccountId": (2, "savingsControlAccount"),
    "interestOnSavingsAccountId": (3, "interestOnSavingsAccount"),
    "incomeFromFeeAccountId": (4, "incomeFromFeeAccount"),
    "incomeFromPenaltyAccountId": (5, "incomeFromPenaltyAccount"),
    "transfersInSuspenseAccountId": (10, "transfersInSuspenseAccount"),
    "overdraftPortfolioControlId": (11, "overdraftPortfolioControl"),
    "incomeFromInterestId": (12, "incomeFromInterest"),
    "writeOffAccountId": (13, "writeOffAccount"),
}
LOAN_ACCOUNTS = {
    "fundSourceAccountId": (1, "fundSourceAccount"),
    "loanPortfolioAccountId": (2, "loanPortfolioAccount"),
    "interestOnLoanAccountId": (3, "interestOnLoanAccount"),
    "incomeFromFeeAccountId": (4, "incomeFromFeeAccount"),
    "incomeFromPenaltyAccountId": (5, "incomeFromPenaltyAccount"),
    "writeOffAccountId": (6, "writeOffAccount"),
    "receivableInterestAccountId": (7, "receivableInterestAccount"),
    "receivableFeeAccountId": (8, "receivableFeeAccount"),
    "receivablePenaltyAccountId": (9, "receivablePenaltyAccount"),
    "transfersInSuspenseAccountId": (10, "transfersInSuspenseAccount"),
    "overpaymentLiabilityAccountId": (11, "overpaymentLiabilityAccount"),
    "incomeFromRecoveryAccountId": (12, "incomeFromRecoveryAccount"),
    "goodwillCreditAccountId": (13, "goodwillCreditAccount"),
}
FUND_SOURCE = 1


def gl_account_or_404(session: Session, account_id: int) -> Row:
    """A general-ledger account.

    Raises:
        RefusalError: 404.
    """
    row = session.row("acc_gl_account", account_id)
    if row is None:
        said = f"General Ledger account with identifier {account_id} does not exist "
        raise not_found("error.msg.glaccount.id.invalid", said, account_id)
    return row


def _gl_account(session: Session, row: Row, *, balance: bool) -> Json:
    account = {
        "id": row["id"],
        "name": row["name"],
        "parentId": row["parent_id"],
        "glCode": row["gl_code"],
        "disabled": bool(row["disabled"]),
        "manualEntriesAllowed": bool(row["manual_journal_entries_allowed"]),
        "type": option(row["classification_enum"], "accountType", GL_TYPE),
        "usage": option(row["account_usage"], "accountUsage", GL_USAGE),
        "description": row["description"],
        "nameDecorated": row["name"],
        "tagId": {"id": 0, "active": False, "mandatory": False},
    }
    if balance:
        account["organizationRunningBalance"] = number(_balance(session, row))
    return compact(account)


def _balance(session: Session, row: Row) -> int:
    """Debits less credits, or the other way round where credits add up."""
    sql = """
        select coalesce(sum(case type_enum when 2 then amount else -amount end), 0)
        from acc_gl_journal_entry where account_id = ?
    """
    debit = int(session.value(sql, (row["id"],)))
    return debit if row["classification_enum"] in (1, 5) else -debit


def list_gl_accounts(call: Call) -> list[Json]:
    """``GET /glaccounts``."""
    listing = Listing("*", "acc_gl_account", order="gl_code")
    listing.where_given(call, "type", "classification_enum = cast(? as integer)")
    listing.where_given(call, "usage", "account_usage = cast(? as integer)")
    for name, column in (
        ("manualEntriesAllowed", "manual_journal_entries_allowed"),
        ("disabled", "disabled"),
    ):
        if name in call.query:
            listing.where(f"{column} = ?", call.flag(name))
    if call.query.get("searchParam"):
        like = f"%{call.query['searchParam']}%"
        listing.where("(name like ? or gl_code like ?)", like, like)
    balance = call.flag("fetchRunningBalance")
    rows = listing.rows(call.session)
    return [_gl_account(call.session, row, balance=balance) for row in rows]


def get_gl_account(call: Call, account_id: int) -> Json:
    """``GET /glaccounts/{id}``."""
    row = gl_account_or_404(call.session, account_id)
    return _gl_account(call.session, row, balance=call.flag("fetchRunningBalance"))


def post_gl_account(call: Call) -> Command:
    """``POST /glaccounts``."""
    del call
    return Command("CREATE", "GLACCOUNT")


def put_gl_account(call: Call, account_id: int) -> Command:
    """``PUT /glaccounts/{id}``."""
    del call
    return Command("UPDATE", "GLACCOUNT", Subject(resource_id=account_id))


ACCOUNT_FIELDS = {
    "name",
    "parentId",
    "glCode",
    "disabled",
    "manualEntriesAllowed",
    "type",
    "usage",
    "description",
    "tagId",
    "locale",
}


def _create_gl_account(call: Call) -> Outcome:
    fields = Fields({"locale": "en", **call.body()}, "GLAccount")
    fields.only(ACCOUNT_FIELDS)
    row = {
        "name": fields.text("name", required=True, longest=200),
        "parent_id": fields.integer("parentId"),
        "gl_code": fields.text("glCode", required=True, longest=45),
        "classification_enum": fields.integer("type", required=True),
        "account_usage": fields.integer("usage", required=True),
        "manual_journal_entries_allowed": fields.boolean("manualEntriesAllowed", default=True),
        "description": fields.text("description", longest=500),
        "hierarchy": ".",
    }
    fields.finish()
    if call.session.value("select 1 from acc_gl_account where gl_code = ?", (row["gl_code"],)):
        said = f"General Ledger Account with GL code `{row['gl_code']}` already exists"
        code = "error.msg.glaccount.glcode.duplicate"
        raise integrity(code, said, "glCode", (row["gl_code"],))
    return {"resourceId": call.session.insert("acc_gl_account", row)}


def _update_gl_account(call: Call) -> Outcome:
    account_id = call.subject.resource_id or 0
    gl_account_or_404(call.session, account_id)
    fields = Fields({"locale": "en", **call.body()}, "GLAccount")
    fields.only(ACCOUNT_FIELDS)
    columns: Json = {}
    for name, column in (("name", "name"), ("glCode", "gl_code"), ("description", "description")):
        if fields.given(name):
            columns[column] = fields.text(name)
    if fields.given("disabled"):
        columns["disabled"] = fields.boolean("disabled")
    if fields.given("manualEntriesAllowed"):
        columns["manual_journal_entries_allowed"] = fields.boolean("manualEntriesAllowed")
    if columns:
        call.session.update("acc_gl_account", account_id, columns)
    return {
        "resourceId": account_id,
        "changes": {k: v for k, v in fields.body.items() if k != "locale"},
    }


# closures


def list_closures(call: Call) -> list[Json]:
    """``GET /glclosures?officeId=``."""
    source = "acc_gl_closure c join m_office o on o.id = c.office_id"
    columns = "c.*, o.name as office_name"
    listing = Listing(columns, source, ["not c.is_deleted"], order="c.closing_date desc")
    listing.where_given(call, "officeId", "c.office_id = cast(? as integer)")
    return [_closure(call.session, row) for row in listing.rows(call.session)]


def get_closure(call: Call, closure_id: int) -> Json:
    """``GET /glclosures/{id}``."""
    return _closure(call.session, _closure_or_404(call.session, closure_id))


def _closure_or_404(session: Session, closure_id: int) -> Row:
    sql = """
        select c.*, o.name as office_name from acc_gl_closure c
        join m_office o on o.id = c.office_id where c.id = ? and not c.is_deleted
    """
    row = session.one(sql, (closure_id,))
    if row is None:
        said = f"GL Closure with identifier {closure_id} does not exist "
        raise not_found("error.msg.glclosure.id.invalid", said, closure_id)
    return row


def _closure(session: Session, row: Row) -> Json:
    name = session.value("select username from m_appuser where id = ?", (row["createdby_id"],))
    return compact(
        {
            "id": row["id"],
            "officeId": row["office_id"],
            "officeName": row["office_name"],
            "closingDate": date_parts(row["closing_date"]),
            "deleted": False,
            "createdDate": date_parts(row["created_date"]),
            "lastUpdatedDate": date_parts(row["lastmodified_date"]),
            "createdByUserId": row["createdby_id"],
            "createdByUsername": name,
            "lastUpdatedByUserId": row["lastmodifiedby_id"],
            "lastUpdatedByUsername": name,
            "comments": row["comments"],
            "allowedOffices": [],
        }
    )


def post_closure(call: Call) -> Command:
    """``POST /glclosures``."""
    del call
    return Command("CREATE", "GLCLOSURE")


def delete_closure(call: Call, closure_id: int) -> Command:
    """``DELETE /glclosures/{id}``."""
    del call
    return Command("DELETE", "GLCLOSURE", Subject(resource_id=closure_id))


def _create_closure(call: Call) -> Outcome:
    fields = Fields(call.body(), "GLClosure")
    fields.only({*COMMON, "officeId", "closingDate", "comments"})
    office_id = fields.integer("officeId", required=True)
    closing = fields.date("closingDate", required=True)
    comments = fields.text("comments", longest=500)
    fields.finish()
    office_or_404(call.session, office_id)
    if closing is None or closing > today(call.session):
        code = "error.msg.glclosure.invalid.future.date"
        raise rule_violated(code, "Accounting closure cannot be made for a future date")
    row = {
        "office_id": office_id,
        "closing_date": iso(closing),
        "comments": comments,
        "createdby_id": call.user.user_id,
        "lastmodifiedby_id": call.user.user_id,
        "created_date": now(),
        "lastmodified_date": now(),
    }
    closure_id = call.session.insert("acc_gl_closure", row)
    return {"officeId": office_id, "resourceId": closure_id}


def _delete_closure(call: Call) -> Outcome:
    closure_id = call.subject.resource_id or 0
    row = _closure_or_404(call.session, closure_id)
    call.session.update("acc_gl_closure", closure_id, {"is_deleted": True})
    return {"officeId": row["office_id"], "resourceId": closure_id}


def refuse_closed_books(session: Session, office_id: int, day: date) -> None:
    """403 where an office's books are closed on or after a day."""
    sql = """
        select max(closing_date) from acc_gl_closure where office_id = ? and not is_deleted
    """
    closed = session.value(sql, (office_id,))
    if closed is not None and closed >= iso(day):
        raise rule_violated(
            "error.msg.glJournalEntry.invalid.accounting.closed",
            "Journal entry cannot be made prior to last account closing date for the branch",
            closed,
            None,
            None,
        )


# products


def set_mappings(session: Session, product_id: int, kind: int, fields: Fields) -> None:
    """Note which accounts a product books to."""
    names = LOAN_ACCOUNTS if kind == LOAN else SAVINGS_ACCOUNTS
    for name, (role, _) in names.items():
        account_id = fields.integer(name)
        if account_id is not None:
            _map(session, product_id, kind, role, account_id, None)
    for mapping in fields.body.get("paymentChannelToFundSourceMappings") or []:
        account_id = int(mapping["fundSourceAccountId"])
        _map(session, product_id, kind, FUND_SOURCE, account_id, int(mapping["paymentTypeId"]))


def _map(
    session: Session, product_id: int, kind: int, role: int, account_id: int, payment: int | None
) -> None:
    gl_account_or_404(session, account_id)
    row = {
        "gl_account_id": account_id,
        "product_id": product_id,
        "product_type": kind,
        "payment_type": payment,
        "financial_account_type": role,
    }
    session.insert("acc_product_mapping", row)


def mapped_account(
    session: Session, product_id: int, kind: int, role: int, payment: int | None = None
) -> int:
    """The account of a role; for money in or out the payment type's own, if it has one."""
    sql = """
        select gl_account_id from acc_product_mapping
        where product_id = ? and product_type = ? and financial_account_type = ?
          and (payment_type = ? or payment_type is null)
        order by payment_type is null
    """
    found = session.value(sql, (product_id, kind, role, payment))
    if found is None:
        said = f"Mapping for product of type {kind} with Id {product_id} does not exist"
        raise not_found("error.msg.productToAccountMapping.not.found", said, kind, product_id, role)
    return int(found)


def mappings(session: Session, product_id: int, kind: int) -> Json:
    """A product's accounts as the API writes them."""
    titles = dict((LOAN_ACCOUNTS if kind == LOAN else SAVINGS_ACCOUNTS).values())
    sql = """
        select m.*, g.name, g.gl_code, p.value as payment_name, p.is_system_defined
        from acc_product_mapping m join acc_gl_account g on g.id = m.gl_account_id
        left join m_payment_type p on p.id = m.payment_type
        where m.product_id = ? and m.product_type = ? order by m.id
    """
    accounts: Json = {}
    channels = []
    for row in session.all(sql, (product_id, kind)):
        account = {"id": row["gl_account_id"], "name": row["name"], "glCode": row["gl_code"]}
        if row["payment_type"] is None:
            accounts[titles[row["financial_account_type"]]] = account
        else:
            payment = {
                "id": row["payment_type"],
                "name": row["payment_name"],
                "isSystemDefined": bool(row["is_system_defined"]),
            }
            channels.append({"paymentType": payment, "fundSourceAccount": account})
    answer: Json = {"accountingMappings": accounts}
    if channels:
        answer["paymentChannelToFundSourceMappings"] = channels
    return answer


ROUTES: list[Route] = [
    reads("/glaccounts", list_gl_accounts, "GLACCOUNT"),
    reads("/glaccounts/<int:account_id>", get_gl_account, "GLACCOUNT"),
    writes("POST", "/glaccounts", post_gl_account),
    writes("PUT", "/glaccounts/<int:account_id>", put_gl_account),
    reads("/glclosures", list_closures, "GLCLOSURE"),
    reads("/glclosures/<int:closure_id>", get_closure, "GLCLOSURE"),
    writes("POST", "/glclosures", post_closure),
    writes("DELETE", "/glclosures/<int:closure_id>", delete_closure),
]
HANDLERS: dict[tuple[str, str], Handler] = {
    ("CREATE", "GLACCOUNT"): _create_gl_account,
    ("UPDATE", "GLACCOUNT"): _update_gl_account,
    ("CREATE", "GLCLOSURE"): _create_closure,
    ("DELETE", "GLCLOSURE"): _delete_closure,
}
