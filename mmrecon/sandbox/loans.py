"""Loans: applied for, approved, disbursed, read (fineract-api.md 5.2, 6.2)."""

from __future__ import annotations

import sqlite3
from datetime import date

from mmrecon.sandbox import loan_schedule
from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.clients import client_or_404, require_active_owner
from mmrecon.sandbox.clock import setting, today
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.dialects import Dialect
from mmrecon.sandbox.enums import loan_status
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.groups import group_or_404
from mmrecon.sandbox.loan_ledger import (
    APPROVED,
    loan_or_404,
)
from mmrecon.sandbox.loan_products import TERM_COLUMNS, annual_rate, product_or_404, strategy_name
from mmrecon.sandbox.loan_schedule import Terms, due_dates, schedule
from mmrecon.sandbox.loan_schedule_view import repayment_schedule
from mmrecon.sandbox.loan_view import (
    LOAN_COLUMNS,
    LOAN_SOURCE,
    TRANSACTION_COLUMNS,
    TRANSACTION_SOURCE,
    loan,
    single_loan,
    transaction,
)
from mmrecon.sandbox.organisation import COMMON, currencies_by_code
from mmrecon.sandbox.paging import Listing
from mmrecon.sandbox.refusals import (
    FieldError,
    RefusalError,
    UnknownToSandboxError,
    integrity,
    invalid,
    not_found,
    rule_violated,
)
from mmrecon.sandbox.routing import Route, command_query, reads, writes
from mmrecon.sandbox.timeline import new_external_id
from mmrecon.sandbox.values import Json, date_parts, iso, number

SUBMITTED, WITHDRAWN, REJECTED = 100, 400, 500
TEXT_LIMIT = 100


def id_of_external(session: Session, external_id: str) -> int:
    """The loan with an external id.

    Raises:
        RefusalError: 404.
    """
    found = session.value("select id from m_loan where external_id = ?", (external_id,))
    if found is None:
        said = f"Loan with external identifier {external_id} does not exist"
        raise not_found("error.msg.loan.external.id.invalid", said, external_id)
    return int(found)


# reading


def list_loans(call: Call) -> Json:
    """``GET /loans``."""
    listing = Listing(LOAN_COLUMNS, LOAN_SOURCE)
    if call.user.hierarchy != ".":
        sql = (
            "coalesce(c.office_id, g.office_id) in (select id from m_office where hierarchy like ?)"
        )
        listing.where(sql, call.user.hierarchy + "%")
    listing.where_given(call, "accountNo", "l.account_no = ?")
    listing.where_given(call, "externalId", "l.external_id = ?")
    listing.where_given(call, "status", "l.loan_status_id = cast(? as integer)")
    columns = {"id": "l.id", "accountNo": "l.account_no", "status": "l.loan_status_id"}
    listing.order_by(call, columns, "l.id")
    total, rows = listing.page(call)
    known = currencies_by_code(call.session)
    items = [loan(call.session, row, known) for row in rows]
    if call.world.database.dialect is Dialect.MARIADB:
        total = 0  # it counts the rows of another query
    return {"totalFilteredRecords": total, "pageItems": items}


def get_loan(call: Call, loan_id: int) -> Json:
    """``GET /loans/{id}`` with the associations that are asked for."""
    loan_or_404(call.session, loan_id)
    listing = Listing(LOAN_COLUMNS, LOAN_SOURCE)
    listing.where("l.id = ?", loan_id)
    row = listing.rows(call.session)[0]
    known = currencies_by_code(call.session)
    shown = single_loan(call.session, row, known)
    wanted = set(call.query.get("associations", "").split(","))
    wanted -= set(call.query.get("exclude", "").split(","))
    if wanted & {"repaymentSchedule", "all"}:
        shown["repaymentSchedule"] = repayment_schedule(call.session, row, shown["currency"])
    if wanted & {"transactions", "all"}:
        shown["transactions"] = _transactions(call.session, loan_id, known)
    return shown


def _transactions(session: Session, loan_id: int, known: dict[str, Row]) -> list[Json]:
    """All but those that a replay replaced."""
    listing = Listing(TRANSACTION_COLUMNS, TRANSACTION_SOURCE)
    listing.where("t.loan_id = ?", loan_id)
    listing.where("(not t.is_reversed or t.manually_adjusted_or_reversed)")
    listing.order = "t.transaction_date, t.id"
    return [transaction(session, row, known) for row in listing.rows(session)]


def get_loan_by_external_id(call: Call, external_id: str) -> Json:
    """``GET /loans/external-id/{x}``."""
    return get_loan(call, id_of_external(call.session, external_id))


# commands

APPLICATION = {
    *("clientId", "groupId", "productId", "loanType", "principal", "loanTermFrequency"),
    *("loanTermFrequencyType", "interestRatePerPeriod", "transactionProcessingStrategyCode"),
    *("expectedDisbursementDate", "submittedOnDate", "externalId", "accountNo", "loanOfficerId"),
    *("repaymentsStartingFromDate", "interestChargedFromDate", "linkAccountId", "charges"),
    *(
        "inArrearsTolerance",
        "graceOnArrearsAgeing",
        "loanPurposeId",
        "fundId",
        "maxOutstandingLoanBalance",
    ),
    *TERM_COLUMNS,
}


def post_loan(call: Call) -> Command:
    """``POST /loans``."""
    if call.query.get("command"):
        raise UnknownToSandboxError(f"loan application command {call.query['command']}")
    return Command("CREATE", "LOAN")


APPROVAL = {
    *COMMON,
    *("approvedOnDate", "approvedLoanAmount", "expectedDisbursementDate", "note"),
    *("netDisbursalAmount", "disbursementData"),
}
COMMANDS = {
    "approve": "APPROVE",
    "undoapproval": "APPROVALUNDO",
    "reject": "REJECT",
    "withdrawnbyapplicant": "WITHDRAW",
    "disburse": "DISBURSE",
    "undodisbursal": "DISBURSALUNDO",
}


def command_loan(call: Call, loan_id: int) -> Command:
    """``POST /loans/{id}?command=``."""
    action = COMMANDS.get(command_query(call) or "")
    if action is None:
        raise UnknownToSandboxError(f"loan command {call.query.get('command')}")
    return Command(action, "LOAN", Subject(loan_id=loan_id, resource_id=loan_id))


def command_loan_by_external_id(call: Call, external_id: str) -> Command:
    """``POST /loans/external-id/{x}?command=``."""
    return command_loan(call, id_of_external(call.session, external_id))


def _create_loan(call: Call) -> Outcome:
    session = call.session
    fields = Fields(call.body(), "loan")
    fields.only({*COMMON, *APPLICATION})
    if fields.body.get("charges"):
        raise UnknownToSandboxError("charges of loans")
    client_id, group_id = fields.integer("clientId"), fields.integer("groupId")
    product = product_or_404(session, fields.integer("productId", required=True) or 0)
    row = _application(fields, product)
    fields.finish()
    kind = LOAN_TYPES.get(str(fields.body.get("loanType")))
    if kind is None or (client_id is None and group_id is None):
        raise UnknownToSandboxError(f"loans of type {fields.body.get('loanType')}")
    owner = _owner(session, client_id, group_id)
    row |= {
        "client_id": client_id,
        "group_id": group_id,
        "product_id": product["id"],
        "loan_status_id": SUBMITTED,
        "loan_type_enum": kind,
        "submittedon_userid": call.user.user_id,
    }
    if row["external_id"] is None and setting(session, "enable-auto-generated-external-id"):
        row["external_id"] = new_external_id()
    loan_id = _insert_loan(session, row)
    make_schedule(session, loan_id, row["principal_amount"], row["expected_disbursedon_date"])
    return {
        "officeId": owner["office_id"],
        "groupId": group_id,
        "clientId": client_id,
        "loanId": loan_id,
        "resourceId": loan_id,
        "resourceExternalId": row["external_id"],
    }


LOAN_TYPES = {"individual": 1, "group": 2, "jlg": 3}


def _owner(session: Session, client_id: int | None, group_id: int | None) -> Row:
    owner = group_or_404(session, group_id or 0) if client_id is None else None
    require_active_owner(session, {"client_id": client_id, "group_id": group_id})
    return owner or client_or_404(session, client_id or 0)


def _application(fields: Fields, product: Row) -> Json:
    principal = fields.amount("principal", required=True) or 0
    least, most = product["min_principal_amount"], product["max_principal_amount"]
    if not (least or 0) <= principal <= (principal if most is None else most):
        raise UnknownToSandboxError("loans outside the limits of their product")
    submitted = fields.date("submittedOnDate", required=True) or date.min
    expected = fields.date("expectedDisbursementDate", required=True) or date.min
    rate = fields.amount("interestRatePerPeriod")
    rate = product["nominal_interest_rate_per_period"] if rate is None else rate
    code = fields.text("transactionProcessingStrategyCode", required=True)
    first = fields.date("repaymentsStartingFromDate")
    terms = {c: fields.integer(n) for n, c in TERM_COLUMNS.items()}
    copied = ("currency_code", "currency_digits", "currency_multiplesof", "days_in_month_enum")
    return {
        "account_no": fields.text("accountNo", longest=20),
        "external_id": fields.text("externalId", longest=TEXT_LIMIT),
        **{column: product[column] for column in (*copied, "days_in_year_enum")},
        **{c: product[c] if value is None else value for c, value in terms.items()},
        "principal_amount": principal,
        "principal_amount_proposed": principal,
        "approved_principal": principal,
        "net_disbursal_amount": principal,
        "nominal_interest_rate_per_period": rate,
        "interest_period_frequency_enum": product["interest_period_frequency_enum"],
        "annual_nominal_interest_rate": annual_rate(
            rate, product["interest_period_frequency_enum"]
        ),
        "term_frequency": fields.integer("loanTermFrequency", required=True),
        "term_period_frequency_enum": fields.integer("loanTermFrequencyType", required=True),
        "loan_transaction_strategy_code": code,
        "loan_transaction_strategy_name": strategy_name(code),
        "submittedon_date": iso(submitted),
        "expected_disbursedon_date": iso(expected),
        "expected_firstrepaymenton_date": None if first is None else iso(first),
    }


def _insert_loan(session: Session, row: Json) -> int:
    try:
        loan_id = session.insert("m_loan", row)
        if row["account_no"] is None:
            session.update("m_loan", loan_id, {"account_no": f"{loan_id:09}"})
    except sqlite3.IntegrityError as taken:
        code = "error.msg.unknown.data.integrity.issue"
        raise integrity(code, "Unknown data integrity issue with resource.") from taken
    return loan_id


def make_schedule(session: Session, loan_id: int, principal: int, start: str) -> None:
    """Make the schedule of a loan anew, over a principal and from a day."""
    row = loan_or_404(session, loan_id)
    terms = Terms.of(row, principal)
    begins = date.fromisoformat(start)
    given = row["expected_firstrepaymenton_date"]
    first = None if given is None else date.fromisoformat(given)
    dues = due_dates(session, terms, begins, first, row["office_id"])
    loan_schedule.store(session, loan_id, schedule(terms, begins, dues))
    session.update("m_loan", loan_id, {"expected_maturedon_date": iso(dues[-1])})


def wrong_state(code: str, said: str) -> RefusalError:
    """400: the loan is in another state."""
    return invalid(FieldError(code, said, "id"))


def loan_outcome(row: Row, changes: Json) -> Outcome:
    """The answer to a command on a loan."""
    return {
        "officeId": row["office_id"],
        "clientId": row["client_id"],
        "groupId": row["group_id"],
        "loanId": row["id"],
        "resourceId": row["id"],
        "changes": changes,
        "resourceExternalId": row["external_id"],
    }


def _approve(call: Call) -> Outcome:
    session = call.session
    row = loan_or_404(session, call.subject.loan_id or 0)
    fields = Fields(call.body(), "loanapplication")
    fields.only(APPROVAL)
    day = fields.date("approvedOnDate", required=True) or date.min
    amount = fields.amount("approvedLoanAmount")
    expected = fields.date("expectedDisbursementDate")
    fields.finish()
    approved = row["principal_amount"] if amount is None else amount
    _refuse_approval(session, row, day, approved)
    start = row["expected_disbursedon_date"] if expected is None else iso(expected)
    columns = {
        "loan_status_id": APPROVED,
        "approvedon_date": iso(day),
        "approvedon_userid": call.user.user_id,
        "approved_principal": approved,
        "principal_amount": approved,
        "net_disbursal_amount": approved,
        "expected_disbursedon_date": start,
    }
    session.update("m_loan", row["id"], columns)
    make_schedule(session, row["id"], approved, start)
    changes: Json = {"status": loan_status(APPROVED)}
    if amount is not None:
        changes |= {"approvedLoanAmount": number(amount), "principal": number(amount)}
    changes["netDisbursalAmount"] = number(approved)
    names = ("locale", "dateFormat", "approvedOnDate")
    changes |= {name: fields.body[name] for name in names if name in fields.body}
    if expected is not None:
        changes["expectedDisbursementDate"] = date_parts(iso(expected))
    return loan_outcome(row, changes)


def _refuse_approval(session: Session, row: Row, day: date, approved: int) -> None:
    if row["loan_status_id"] != SUBMITTED:
        code = "error.msg.loan.approval.account.is.not.submitted.and.pending.state"
        raise wrong_state(code, "Loan approval is not allowed in this state.")
    if iso(day) < row["submittedon_date"]:
        code = "error.msg.loan.approval.cannot.be.before.submittal.date"
        raise rule_violated(code, "approved before submitted", iso(day), row["submittedon_date"])
    if day > today(session):
        code = "error.msg.loan.approval.cannot.be.a.future.date"
        raise rule_violated(code, "The approval date cannot be in the future.", iso(day))
    if approved > row["principal_amount_proposed"]:
        code = "error.msg.loan.approval.amount.can't.be.greater.than.loan.amount.demanded"
        raise rule_violated(code, "approved amount above the amount asked for")


def _end_application(status: int, name: str, step: str) -> Handler:
    """A handler that rejects or withdraws an application."""

    def handler(call: Call) -> Outcome:
        row = loan_or_404(call.session, call.subject.loan_id or 0)
        fields = Fields(call.body(), "loanapplication")
        fields.only({*COMMON, name, "note"})
        day = fields.date(name, required=True) or date.min
        fields.finish()
        if row["loan_status_id"] != SUBMITTED:
            code = f"error.msg.loan.{step}.account.is.not.submitted.and.pending.state"
            raise wrong_state(code, "Loan is not in this state.")
        columns = {"loan_status_id": status, f"{step}on_date": iso(day), "closedon_date": iso(day)}
        columns[f"{step}on_userid"] = call.user.user_id
        call.session.update("m_loan", row["id"], columns)
        return loan_outcome(row, {"status": loan_status(status), name: fields.body[name]})

    return handler


def _undo_approval(call: Call) -> Outcome:
    row = loan_or_404(call.session, call.subject.loan_id or 0)
    if row["loan_status_id"] != APPROVED:
        code = "error.msg.loan.undo.approval.account.is.not.approved"
        raise wrong_state(code, "Loan Account Undo Approval is not allowed.")
    columns = {
        "loan_status_id": SUBMITTED,
        "approvedon_date": None,
        "approvedon_userid": None,
        "approved_principal": row["principal_amount_proposed"],
        "principal_amount": row["principal_amount_proposed"],
    }
    call.session.update("m_loan", row["id"], columns)
    return loan_outcome(row, {"status": loan_status(SUBMITTED), "approvedOnDate": ""})


ROUTES: list[Route] = [
    reads("/loans", list_loans, "LOAN"),
    reads("/loans/<int:loan_id>", get_loan, "LOAN"),
    reads("/loans/external-id/<external_id>", get_loan_by_external_id, "LOAN"),
    writes("POST", "/loans", post_loan),
    writes("POST", "/loans/<int:loan_id>", command_loan),
    writes("POST", "/loans/external-id/<external_id>", command_loan_by_external_id),
]
HANDLERS: dict[tuple[str, str], Handler] = {
    ("CREATE", "LOAN"): _create_loan,
    ("APPROVE", "LOAN"): _approve,
    ("APPROVALUNDO", "LOAN"): _undo_approval,
    ("REJECT", "LOAN"): _end_application(REJECTED, "rejectedOnDate", "rejected"),
    ("WITHDRAW", "LOAN"): _end_application(WITHDRAWN, "withdrawnOnDate", "withdrawn"),
}
