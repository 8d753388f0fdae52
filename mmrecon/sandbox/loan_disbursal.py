"""Loans disbursed, and disbursals undone (fineract-api.md 5.2)."""

from __future__ import annotations

from datetime import date

from mmrecon.sandbox import payment_details
from mmrecon.sandbox.call import Call, Handler, Outcome
from mmrecon.sandbox.clients import require_active_owner
from mmrecon.sandbox.clock import now, today
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.enums import loan_status
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.loan_ledger import (
    ACCRUAL,
    ACTIVE,
    APPROVED,
    DISBURSEMENT,
    book_transaction,
    loan_or_404,
    settle,
)
from mmrecon.sandbox.loans import TEXT_LIMIT, loan_outcome, make_schedule, wrong_state
from mmrecon.sandbox.organisation import COMMON
from mmrecon.sandbox.refusals import (
    UnknownToSandboxError,
    integrity,
    rule_violated,
)
from mmrecon.sandbox.routing import Route
from mmrecon.sandbox.values import iso, number, rounded

DISBURSAL = {
    *COMMON,
    *payment_details.NAMES,
    *("actualDisbursementDate", "transactionAmount", "externalId", "note", "netDisbursalAmount"),
    *("adjustRepaymentDate", "fixedEmiAmount", "postDatedChecks"),
}


def _disburse(call: Call) -> Outcome:
    session = call.session
    row = loan_or_404(session, call.subject.loan_id or 0)
    fields = Fields(call.body(), "loan.disbursement")
    fields.only(DISBURSAL)
    if any(fields.given(name) for name in ("adjustRepaymentDate", "fixedEmiAmount")):
        raise UnknownToSandboxError("disbursal with another schedule")
    day = fields.date("actualDisbursementDate", required=True) or date.min
    asked = fields.amount("transactionAmount")
    external_id = fields.text("externalId")
    details = payment_details.read(fields)
    note = fields.text("note", longest=1000)
    fields.finish()
    require_active_owner(session, row)
    amount = row["approved_principal"] if asked is None else rounded(asked, row["currency_digits"])
    _refuse_disbursal(session, row, day, amount)
    detail_id = payment_details.store(session, details)
    _disburse_at(session, row, day, amount, call.user.user_id)
    transaction_id = _add_disbursement(call, row, day, amount, detail_id, external_id)
    add_note(session, row["id"], transaction_id, note)
    settle(session, row["id"], call.user.user_id)
    changes = payment_details.changes(details)
    changes |= {name: fields.body[name] for name in ("locale", "dateFormat") if name in fields.body}
    changes["actualDisbursementDate"] = fields.body["actualDisbursementDate"]
    changes["status"] = loan_status(ACTIVE)
    outcome = loan_outcome(row, changes)
    return {**outcome, "subResourceId": transaction_id, "subResourceExternalId": external_id}


def _refuse_disbursal(session: Session, row: Row, day: date, amount: int) -> None:
    if row["loan_status_id"] != APPROVED:
        code = "error.msg.loan.disbursal.account.is.not.approve.not.disbursed.state"
        said = (
            "Loan Disbursal is not allowed. Loan Account is not in approved and not disbursed "
            "state."
        )
        raise wrong_state(code, said)
    if day > today(session):
        said = (
            f"The date on which a loan with identifier : {row['account_no']} is disbursed "
            "cannot be in the future."
        )
        raise rule_violated("error.msg.loan.disbursal.cannot.be.a.future.date", said, iso(day))
    if iso(day) < row["approvedon_date"]:
        approved = row["approvedon_date"]
        said = (
            f"The date on which a loan is disbursed cannot be before its approval date: {approved}"
        )
        code = "error.msg.loan.disbursal.cannot.be.before.approval.date"
        raise rule_violated(code, said, iso(day), approved)
    first = row["expected_firstrepaymenton_date"]
    if first is not None and iso(day) > first:
        code = "error.msg.loan.disbursal.cannot.be.after.expected.first.repayment.date"
        raise rule_violated(code, "disbursed after the first repayment", iso(day), first)
    if amount > row["approved_principal"] or amount <= 0:
        code = (
            "error.msg.loan.disbursal.amount.can't.be.greater.than.maximum.applied.loan.amount."
            "calculation"
        )
        said = "Loan disbursal amount can't be greater than the approved amount"
        raise rule_violated(code, said, number(amount), number(row["approved_principal"]))


def _disburse_at(session: Session, row: Row, day: date, amount: int, user_id: int) -> None:
    counts = """
        select count(*), sum(product_id = ?) from m_loan
        where client_id = ? and disbursedon_date is not null and loan_status_id >= 300
    """
    before = session.one(counts, (row["product_id"], row["client_id"]))
    earlier, of_product = (0, 0) if before is None else (before[0], before[1] or 0)
    columns = {
        "loan_status_id": ACTIVE,
        "disbursedon_date": iso(day),
        "disbursedon_userid": user_id,
        "principal_amount": amount,
        "net_disbursal_amount": amount,
        "principal_disbursed_derived": amount,
        "loan_counter": earlier + 1,
        "loan_product_counter": of_product + 1,
    }
    session.update("m_loan", row["id"], columns)
    make_schedule(session, row["id"], amount, iso(day))


def _add_disbursement(
    call: Call, row: Row, day: date, amount: int, detail_id: int | None, external_id: str | None
) -> int:
    session = call.session
    taken = "select 1 from m_loan_transaction where external_id = ?"
    if external_id is not None and session.value(taken, (external_id,)):
        said = f"Disbursement: externalId `{external_id}` already exists"
        code = "error.msg.loan.disbursement.duplicate.externalId"
        raise integrity(code, said, "externalId", (external_id,))
    if external_id is not None and len(external_id) > TEXT_LIMIT:
        code = "error.msg.loan.disbursement.unknown.data.integrity.issue"
        raise integrity(code, "Unknown data integrity issue with resource: Disbursement")
    common = {
        "loan_id": row["id"],
        "office_id": row["office_id"],
        "transaction_date": iso(day),
        "submitted_on_date": iso(today(session)),
        "created_by": call.user.user_id,
        "created_on_utc": now(),
    }
    disbursement = {
        **common,
        "transaction_type_enum": DISBURSEMENT,
        "amount": amount,
        "payment_detail_id": detail_id,
        "external_id": external_id,
        "outstanding_loan_balance_derived": amount,
    }
    transaction_id = session.insert("m_loan_transaction", disbursement)
    sql = "select sum(interest_amount) from m_loan_repayment_schedule where loan_id = ?"
    interest = session.value(sql, (row["id"],))
    accrual = {**common, "transaction_type_enum": ACCRUAL, "amount": interest}
    session.insert("m_loan_transaction", {**accrual, "interest_portion_derived": interest})
    book_transaction(session, loan_or_404(session, row["id"]), transaction_id, call.user.user_id)
    return transaction_id


def add_note(session: Session, loan_id: int, transaction_id: int, text: str | None) -> None:
    """Keep the note of a transaction, if there is one."""
    if text:
        note = {"loan_id": loan_id, "loan_transaction_id": transaction_id, "note_type_enum": 300}
        session.insert("m_note", {**note, "note": text, "created_on_utc": now()})


def _undo_disbursal(call: Call) -> Outcome:
    session = call.session
    row = loan_or_404(session, call.subject.loan_id or 0)
    if row["loan_status_id"] != ACTIVE:
        code = "error.msg.loan.undo.disbursal.account.is.not.active"
        raise wrong_state(
            code, "Loan Account Undo disbursal is not allowed. Loan Account is not active."
        )
    sql = "select id from m_loan_transaction where loan_id = ? and not is_reversed"
    for (transaction_id,) in session.all(sql, (row["id"],)):
        book_transaction(session, row, transaction_id, call.user.user_id, mirrored=True)
        columns = {
            "is_reversed": True,
            "manually_adjusted_or_reversed": True,
            "reversed_on_date": iso(today(session)),
        }
        session.update("m_loan_transaction", transaction_id, columns)
    columns = {
        "loan_status_id": APPROVED,
        "disbursedon_date": None,
        "disbursedon_userid": None,
        "principal_amount": row["approved_principal"],
        "principal_disbursed_derived": 0,
        "loan_counter": None,
        "loan_product_counter": None,
    }
    session.update("m_loan", row["id"], columns)
    make_schedule(session, row["id"], row["approved_principal"], row["expected_disbursedon_date"])
    settle(session, row["id"], call.user.user_id)
    return loan_outcome(row, {"status": loan_status(APPROVED), "actualDisbursementDate": ""})


ROUTES: list[Route] = []
HANDLERS: dict[tuple[str, str], Handler] = {
    ("DISBURSE", "LOAN"): _disburse,
    ("DISBURSALUNDO", "LOAN"): _undo_disbursal,
}
