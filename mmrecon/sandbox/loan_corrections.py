"""Payments undone or replaced, loans written off (fineract-api.md 5.1)."""

from __future__ import annotations

from datetime import date

from mmrecon.sandbox.call import Call, Handler, Outcome, decimal_as_written
from mmrecon.sandbox.clock import today
from mmrecon.sandbox.database import Row
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.loan_disbursal import add_note
from mmrecon.sandbox.loan_ledger import (
    ACTIVE,
    CREDIT_REFUND,
    PAYMENTS,
    WRITE_OFF,
    WRITTEN_OFF,
    book_transaction,
    loan_or_404,
    settle,
    unknown_transaction,
)
from mmrecon.sandbox.loan_transactions import BODY, new_row, refuse_by_day, state_error
from mmrecon.sandbox.loans import TEXT_LIMIT
from mmrecon.sandbox.organisation import COMMON
from mmrecon.sandbox.refusals import (
    rule_violated,
)
from mmrecon.sandbox.routing import Route
from mmrecon.sandbox.values import Json, iso, rounded


def _adjust(call: Call) -> Outcome:
    """Undo (amount 0) or replace a payment; the replacement keeps no external id and no details."""
    session = call.session
    fields = Fields(call.body() if call.text.strip() else {}, "loan.transaction")
    fields.only({*BODY, "reversalExternalId"})
    day = fields.date("transactionDate", required=True)
    amount = fields.amount("transactionAmount", required=True)
    reversal_id = fields.text("reversalExternalId", longest=TEXT_LIMIT)
    note = fields.text("note", longest=1000)
    fields.finish()
    loan = loan_or_404(session, call.subject.loan_id or 0)
    row = session.row("m_loan_transaction", call.subject.resource_id or 0)
    if row is None or row["loan_id"] != loan["id"]:
        raise unknown_transaction(call.subject.resource_id or 0)
    adjustable = (*PAYMENTS, CREDIT_REFUND)
    if row["is_reversed"] or row["transaction_type_enum"] not in adjustable:
        raise rule_violated(
            "error.msg.loan.transaction.adjustment.is.only.allowed.to.repayment.or.waiver.or."
            "creditbalancerefund.transactions",
            "Only (non-reversed) transactions of type repayment, waiver or credit balance refund "
            "can be adjusted.",
        )
    refuse_by_day(session, loan, row["transaction_type_enum"], day or date.min)
    book_transaction(session, loan, row["id"], call.user.user_id, mirrored=True)
    columns = {
        "is_reversed": True,
        "manually_adjusted_or_reversed": True,
        "reversed_on_date": iso(today(session)),
        "reversal_external_id": reversal_id,
    }
    session.update("m_loan_transaction", row["id"], columns)
    resource_id, external_id = row["id"], row["external_id"]
    if amount:
        new = new_row(call, loan, row["transaction_type_enum"], day or date.min, 0)
        new["amount"] = rounded(amount, loan["currency_digits"])
        resource_id, external_id = session.insert("m_loan_transaction", new), None
    add_note(session, loan["id"], resource_id, note)
    settle(session, loan["id"], call.user.user_id)
    return {
        "officeId": loan["office_id"],
        "clientId": loan["client_id"],
        "groupId": loan["group_id"],
        "loanId": loan["id"],
        "resourceId": resource_id,
        "changes": _adjust_changes(fields, note),
        "resourceExternalId": external_id,
    }


def _adjust_changes(fields: Fields, note: str | None) -> Json:
    changes: Json = {
        "transactionDate": fields.body["transactionDate"],
        "transactionAmount": decimal_as_written(fields.body["transactionAmount"]),
        **{name: fields.body[name] for name in ("locale", "dateFormat") if name in fields.body},
    }
    return {**changes, "note": note} if note else changes


def _write_off(call: Call) -> Outcome:
    session = call.session
    fields = Fields(call.body(), "loan.transaction")
    fields.only({*COMMON, "transactionDate", "note", "writeoffReasonId"})
    day = fields.date("transactionDate", required=True) or date.min
    fields.finish()
    loan = loan_or_404(session, call.subject.loan_id or 0)
    if loan["loan_status_id"] != ACTIVE:
        raise state_error("error.msg.loan.account.is.not.active", "Loan is not active")
    refuse_by_day(session, loan, CREDIT_REFUND, day)
    principal = loan["principal_outstanding_derived"]
    interest = loan["interest_outstanding_derived"]
    row = new_row(call, loan, WRITE_OFF, day, principal + interest)
    row |= {"principal_portion_derived": principal, "interest_portion_derived": interest}
    transaction_id = session.insert("m_loan_transaction", row)
    columns = {
        "loan_status_id": WRITTEN_OFF,
        "writtenoffon_date": iso(day),
        "closedon_date": iso(day),
        "principal_writtenoff_derived": principal,
        "interest_writtenoff_derived": interest,
        "total_writtenoff_derived": principal + interest,
        "principal_outstanding_derived": 0,
        "interest_outstanding_derived": 0,
        "total_outstanding_derived": 0,
    }
    session.update("m_loan", loan["id"], columns)
    book_transaction(session, loan, transaction_id, call.user.user_id)
    return _simple_outcome(loan, transaction_id)


def _undo_write_off(call: Call) -> Outcome:
    session = call.session
    loan = loan_or_404(session, call.subject.loan_id or 0)
    if loan["loan_status_id"] != WRITTEN_OFF:
        said = "Loan is not written off"
        raise state_error("error.msg.loan.account.is.not.written.off", said)
    sql = """
        select id from m_loan_transaction
        where loan_id = ? and transaction_type_enum = 6 and not is_reversed
    """
    transaction_id = int(session.value(sql, (loan["id"],)))
    book_transaction(session, loan, transaction_id, call.user.user_id, mirrored=True)
    columns = {"is_reversed": True, "manually_adjusted_or_reversed": True}
    session.update("m_loan_transaction", transaction_id, columns)
    zero = (
        "principal_writtenoff_derived",
        "interest_writtenoff_derived",
        "total_writtenoff_derived",
    )
    reopened: Json = {"loan_status_id": ACTIVE, "writtenoffon_date": None, "closedon_date": None}
    session.update("m_loan", loan["id"], {**reopened, **dict.fromkeys(zero, 0)})
    settle(session, loan["id"], call.user.user_id)
    return _simple_outcome(loan, transaction_id)


def _simple_outcome(loan: Row, transaction_id: int) -> Outcome:
    return {
        "officeId": loan["office_id"],
        "clientId": loan["client_id"],
        "groupId": loan["group_id"],
        "loanId": loan["id"],
        "resourceId": transaction_id,
    }


ROUTES: list[Route] = []
HANDLERS: dict[tuple[str, str], Handler] = {
    ("ADJUST", "LOAN"): _adjust,
    ("WRITEOFF", "LOAN"): _write_off,
    ("UNDOWRITEOFF", "LOAN"): _undo_write_off,
}
