"""Repayments and the like, and their correction (fineract-api.md 5.1, 5.3)."""

from __future__ import annotations

from datetime import date

from mmrecon.sandbox import payment_details
from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject, decimal_as_written
from mmrecon.sandbox.clients import require_active_owner
from mmrecon.sandbox.clock import now, setting, today
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.days import is_holiday, is_working_day
from mmrecon.sandbox.dialects import external_id_taken, external_id_too_long
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.loan_disbursal import add_note
from mmrecon.sandbox.loan_ledger import (
    ACTIVE,
    CLOSED,
    CREDIT_REFUND,
    OVERPAID,
    PAYMENTS,
    RECOVERY,
    REPAYMENT,
    WRITE_OFF,
    WRITTEN_OFF,
    book_transaction,
    loan_or_404,
    settle,
    unknown_transaction,
)
from mmrecon.sandbox.loan_view import TRANSACTION_COLUMNS, TRANSACTION_SOURCE, transaction
from mmrecon.sandbox.loans import TEXT_LIMIT, id_of_external
from mmrecon.sandbox.organisation import COMMON, currencies_by_code
from mmrecon.sandbox.paging import Listing
from mmrecon.sandbox.refusals import (
    FieldError,
    RefusalError,
    UnknownToSandboxError,
    invalid,
    not_found,
    rule_violated,
    unsupported_query,
)
from mmrecon.sandbox.routing import Route, command_query, reads, writes
from mmrecon.sandbox.timeline import new_external_id
from mmrecon.sandbox.values import Json, iso, rounded

# command word: action, transaction type, what error codes call it
KINDS = {
    "repayment": ("REPAYMENT", REPAYMENT, "repayment"),
    "merchantissuedrefund": ("MERCHANTISSUEDREFUND", 21, "merchantIssuedRefund"),
    "payoutrefund": ("PAYOUTREFUND", 22, "payoutRefund"),
    "goodwillcredit": ("GOODWILLCREDIT", 23, "goodwillCredit"),
    "downpayment": ("DOWNPAYMENT", 28, "downPayment"),
    "recoverypayment": ("RECOVERYPAYMENT", RECOVERY, "recoveryPayment"),
    "creditbalancerefund": ("CREDITBALANCEREFUND", CREDIT_REFUND, "creditBalanceRefund"),
    "writeoff": ("WRITEOFF", WRITE_OFF, "writeoff"),
    "undowriteoff": ("UNDOWRITEOFF", WRITE_OFF, "undowriteoff"),
}
UNKNOWN_COMMANDS = {
    "chargerefund",
    "refundbycash",
    "waiveinterest",
    "close",
    "close-rescheduled",
    "foreclosure",
    "charge-off",
    "undo-charge-off",
    "reage",
    "undoreage",
    "reamortize",
    "undoreamortize",
}
BODY = {
    *COMMON,
    *payment_details.NAMES,
    *("transactionDate", "transactionAmount", "externalId", "note", "loanId"),
}


# reading


def _find(call: Call, loan_id: int, transaction_id: int) -> Row:
    loan_or_404(call.session, loan_id)
    listing = Listing(TRANSACTION_COLUMNS, TRANSACTION_SOURCE)
    listing.where("t.loan_id = ?", loan_id)
    listing.where("t.id = ?", transaction_id)
    rows = listing.rows(call.session)
    if not rows:
        raise unknown_transaction(transaction_id)
    return rows[0]


def transaction_of_external(session: Session, external_id: str) -> int:
    """The transaction with an external id, on whatever loan.

    Raises:
        RefusalError: 404.
    """
    sql = "select id from m_loan_transaction where external_id = ?"
    found = session.value(sql, (external_id,))
    if found is None:
        said = f"Transaction with external identifier {external_id} does not exist"
        raise not_found("error.msg.loan.transaction.external.id.invalid", said, external_id)
    return int(found)


def get_transaction(call: Call, loan_id: int, transaction_id: int) -> Json:
    """``GET /loans/{id}/transactions/{tx}``: a replaced one still answers."""
    row = _find(call, loan_id, transaction_id)
    return transaction(call.session, row, currencies_by_code(call.session))


def get_by_transaction(call: Call, loan_id: int, transaction_external_id: str) -> Json:
    """``GET /loans/{id}/transactions/external-id/{t}``."""
    loan_or_404(call.session, loan_id)
    found = transaction_of_external(call.session, transaction_external_id)
    return get_transaction(call, loan_id, found)


def get_by_loan(call: Call, external_id: str, transaction_id: int) -> Json:
    """``GET /loans/external-id/{x}/transactions/{tx}``."""
    return get_transaction(call, id_of_external(call.session, external_id), transaction_id)


def get_by_both(call: Call, external_id: str, transaction_external_id: str) -> Json:
    """``GET /loans/external-id/{x}/transactions/external-id/{t}``."""
    loan_id = id_of_external(call.session, external_id)
    return get_by_transaction(call, loan_id, transaction_external_id)


# commands


def post_transaction(call: Call, loan_id: int) -> Command:
    """``POST /loans/{id}/transactions?command=``."""
    word = command_query(call)
    if word in UNKNOWN_COMMANDS:
        raise UnknownToSandboxError(f"loan transaction command {word}")
    if word not in KINDS:
        raise unsupported_query("command", call.query.get("command"), [])
    return Command(KINDS[word][0], "LOAN", Subject(loan_id=loan_id))


def post_by_loan(call: Call, external_id: str) -> Command:
    """``POST /loans/external-id/{x}/transactions?command=``."""
    return post_transaction(call, id_of_external(call.session, external_id))


def adjust_transaction(call: Call, loan_id: int, transaction_id: int) -> Command:
    """``POST /loans/{id}/transactions/{tx}``: the command word does not matter."""
    if command_query(call) == "chargeback":
        raise UnknownToSandboxError("loan transaction command chargeback")
    return Command("ADJUST", "LOAN", Subject(loan_id=loan_id, resource_id=transaction_id))


def adjust_by_transaction(call: Call, loan_id: int, transaction_external_id: str) -> Command:
    """``POST /loans/{id}/transactions/external-id/{t}``."""
    found = transaction_of_external(call.session, transaction_external_id)
    return adjust_transaction(call, loan_id, found)


def adjust_by_loan(call: Call, external_id: str, transaction_id: int) -> Command:
    """``POST /loans/external-id/{x}/transactions/{tx}``."""
    return adjust_transaction(call, id_of_external(call.session, external_id), transaction_id)


def adjust_by_both(call: Call, external_id: str, transaction_external_id: str) -> Command:
    """``POST /loans/external-id/{x}/transactions/external-id/{t}``."""
    loan_id = id_of_external(call.session, external_id)
    return adjust_by_transaction(call, loan_id, transaction_external_id)


class _Request:
    """A payment as its body asks for it."""

    def __init__(self, body: Json) -> None:
        fields = Fields(body, "loan.transaction")
        fields.only(BODY)
        day = fields.date("transactionDate", required=True)
        self.amount = fields.positive_amount("transactionAmount")
        self.details = payment_details.read(fields)
        self.external_id = fields.text("externalId") or None
        self.note = fields.text("note", longest=1000)
        fields.finish()
        self.day = day or date.min
        self.body = body

    def changes(self) -> Json:
        """What the answer repeats."""
        changes = {
            "transactionDate": self.body["transactionDate"],
            "transactionAmount": decimal_as_written(self.body["transactionAmount"]),
        }
        names = ("locale", "dateFormat")
        changes |= {name: self.body[name] for name in names if name in self.body}
        changes |= payment_details.changes(self.details)
        changes |= {"note": self.note} if self.note else {}
        return changes | ({"externalId": self.external_id} if self.external_id else {})


def _posting(word: str) -> Handler:
    """A handler that posts one kind of payment."""
    _, kind, name = KINDS[word]

    def handler(call: Call) -> Outcome:
        session = call.session
        request = _Request(call.body())
        loan = loan_or_404(session, call.subject.loan_id or 0)
        require_active_owner(session, loan)
        detail_id = payment_details.store(session, request.details)
        _refuse_by_state(session, loan, kind, request)
        refuse_by_day(session, loan, kind, request.day)
        amount = rounded(request.amount, loan["currency_digits"])
        external_id = _checked_external_id(call, request.external_id, name)
        row = new_row(call, loan, kind, request.day, amount)
        row |= {"payment_detail_id": detail_id, "external_id": external_id}
        transaction_id = session.insert("m_loan_transaction", row)
        add_note(session, loan["id"], transaction_id, request.note)
        _settle(call, loan, kind, transaction_id, amount)
        return {
            "commandId": call.command_id,
            "officeId": loan["office_id"],
            "clientId": loan["client_id"],
            "groupId": loan["group_id"],
            # a real 1.10.1 leaves the loan out of the answer to a refund
            "loanId": None if kind == CREDIT_REFUND else loan["id"],
            "resourceId": transaction_id,
            "changes": request.changes(),
            "resourceExternalId": external_id,
        }

    return handler


def new_row(call: Call, loan: Row, kind: int, day: date, amount: int) -> Json:
    """A transaction of a loan, before anything is known of its portions."""
    return {
        "loan_id": loan["id"],
        "office_id": loan["office_id"],
        "transaction_type_enum": kind,
        "transaction_date": iso(day),
        "amount": amount,
        "submitted_on_date": iso(today(call.session)),
        "created_by": call.user.user_id,
        "created_on_utc": now(),
    }


def _settle(call: Call, loan: Row, kind: int, transaction_id: int, amount: int) -> None:
    session = call.session
    if kind == RECOVERY:
        recovered = (loan["total_recovered_derived"] or 0) + amount
        session.update("m_loan", loan["id"], {"total_recovered_derived": recovered})
    settle(session, loan["id"], call.user.user_id)
    if kind not in PAYMENTS:
        book_transaction(session, loan, transaction_id, call.user.user_id)


def state_error(code: str, said: str) -> RefusalError:
    """400: the state of the loan does not allow it."""
    return invalid(FieldError(code, said, "id"))


def _refuse_by_state(session: Session, loan: Row, kind: int, request: _Request) -> None:
    status = loan["loan_status_id"]
    if kind == RECOVERY:
        if status != WRITTEN_OFF:
            said = "Recovery repayments may only be made on loans which are written off"
            raise state_error("error.msg.loan.account.is.not.written.off", said)
        left = loan["total_writtenoff_derived"] - (loan["total_recovered_derived"] or 0)
        if request.amount > left:
            code = "error.msg.loan.transaction.cannot.be.greater.than.total.written.off"
            said = "The transaction amount cannot be greater than the total written off amount."
            raise rule_violated(code, said, request.amount)
    elif kind == CREDIT_REFUND:
        if status != OVERPAID:
            said = "Loan Credit Balance Refund is not allowed. Loan Account is not Overpaid."
            code = "error.msg.loan.credit.balance.refund.account.is.not.overpaid"
            raise state_error(code, said)
        if request.amount > loan["total_overpaid_derived"]:
            code = "error.msg.transactionAmount.invalid.must.be.>zero.and<=overpaidamount"
            raise state_error(
                code, "Transaction Amount must be above zero and at most what is overpaid."
            )
        if request.day > today(session):
            code = "error.msg.transaction.date.cannot.be.in.the.future"
            raise rule_violated(code, "Transaction Date cannot be in the future.", iso(request.day))
    elif status not in (ACTIVE, CLOSED, OVERPAID):
        said = "Loan must be Active, Fully Paid or Overpaid"
        raise state_error("error.msg.loan.must.be.active.fully.paid.or.overpaid", said)


def refuse_by_day(session: Session, loan: Row, kind: int, day: date) -> None:
    """403 for days on which a payment cannot be dated."""
    disbursed = loan["disbursedon_date"] or ""
    if iso(day) < disbursed:
        said = f"The transaction date cannot be before the loan disbursement date: {disbursed}"
        code = "error.msg.loan.transaction.cannot.be.before.disbursement.date"
        raise rule_violated(code, said, iso(day), disbursed)
    if day > today(session):
        said = "The transaction date cannot be in the future."
        raise rule_violated("error.msg.loan.transaction.cannot.be.a.future.date", said, iso(day))
    if kind == CREDIT_REFUND:
        return
    on_holiday = setting(session, "allow-transactions-on-holiday")
    if not on_holiday and is_holiday(session, loan["office_id"], day):
        said = "Repayment date cannot be on a holiday"
        raise rule_violated("error.msg.loan.application.repayment.date.on.holiday", said, iso(day))
    off_days = setting(session, "allow-transactions-on-non_workingday")
    if not off_days and not is_working_day(session, day):
        said = "Repayment date cannot be on a non working day"
        code = "error.msg.loan.application.repayment.date.on.non.working.day"
        raise rule_violated(code, said, iso(day))


def _checked_external_id(call: Call, external_id: str | None, name: str) -> str | None:
    """The external id, if it is free.

    Raises:
        RefusalError: where it is taken or too long, as the database has it.
    """
    session, dialect = call.session, call.world.database.dialect
    if external_id is None:
        made_up = setting(session, "enable-auto-generated-external-id")
        return new_external_id() if made_up else None
    if len(external_id) > TEXT_LIMIT:
        raise external_id_too_long(dialect, name, external_id)
    if session.value("select 1 from m_loan_transaction where external_id = ?", (external_id,)):
        raise external_id_taken(dialect, name, external_id)
    return external_id


_ONE = "/loans/<int:loan_id>/transactions"
_EXTERNAL = "/loans/external-id/<external_id>/transactions"
ROUTES: list[Route] = [
    reads(f"{_ONE}/<int:transaction_id>", get_transaction, "LOAN"),
    reads(f"{_ONE}/external-id/<transaction_external_id>", get_by_transaction, "LOAN"),
    reads(f"{_EXTERNAL}/<int:transaction_id>", get_by_loan, "LOAN"),
    reads(f"{_EXTERNAL}/external-id/<transaction_external_id>", get_by_both, "LOAN"),
    writes("POST", _ONE, post_transaction),
    writes("POST", _EXTERNAL, post_by_loan),
    writes("POST", f"{_ONE}/<int:transaction_id>", adjust_transaction),
    writes("POST", f"{_ONE}/external-id/<transaction_external_id>", adjust_by_transaction),
    writes("POST", f"{_EXTERNAL}/<int:transaction_id>", adjust_by_loan),
    writes("POST", f"{_EXTERNAL}/external-id/<transaction_external_id>", adjust_by_both),
]
HANDLERS: dict[tuple[str, str], Handler] = {
    (KINDS[word][0], "LOAN"): _posting(word)
    for word in KINDS
    if word not in ("writeoff", "undowriteoff")
}
