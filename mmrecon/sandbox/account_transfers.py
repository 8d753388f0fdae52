"""Money moved between accounts: savings to savings, savings to loan (fineract-api.md 9)."""

from __future__ import annotations

from datetime import date

from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.clients import require_active_owner
from mmrecon.sandbox.clock import now, today
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.loan_ledger import ACTIVE as LOAN_ACTIVE
from mmrecon.sandbox.loan_ledger import CLOSED, OVERPAID, REPAYMENT, loan_or_404, settle
from mmrecon.sandbox.organisation import COMMON, currencies_by_code, currency
from mmrecon.sandbox.paging import Listing
from mmrecon.sandbox.refusals import FieldError, UnknownToSandboxError, invalid, not_found
from mmrecon.sandbox.routing import Route, reads, writes
from mmrecon.sandbox.savings_ledger import (
    DEPOSIT,
    WITHDRAWAL,
    account_or_404,
    add_transaction,
    first_breach,
    insufficient,
    rebuild,
)
from mmrecon.sandbox.savings_transactions import refuse_by_state
from mmrecon.sandbox.values import Json, compact, date_parts, iso, number, rounded

LOAN, SAVINGS = 1, 2
BODY = {
    *COMMON,
    *("fromOfficeId", "fromClientId", "fromAccountType", "fromAccountId", "toOfficeId"),
    *("toClientId", "toAccountType", "toAccountId", "transferDate", "transferAmount"),
    *("transferDescription", "fromGroupId", "toGroupId"),
}


def post_transfer(call: Call) -> Command:
    """``POST /accounttransfers``: both accounts are held."""
    body = call.body() if call.text.strip() else {}
    locks = tuple(
        ("loan" if str(body.get(f"{end}AccountType")) == "1" else "savings", int(account))
        for end in ("from", "to")
        if (account := body.get(f"{end}AccountId")) is not None and str(account).isdigit()
    )
    return Command("CREATE", "ACCOUNTTRANSFER", Subject(), locks)


def _create_transfer(call: Call) -> Outcome:
    session = call.session
    fields = Fields(call.body(), "accounttransfer")
    fields.only(BODY)
    from_kind = fields.integer("fromAccountType", required=True)
    to_kind = fields.integer("toAccountType", required=True)
    from_id = fields.integer("fromAccountId", required=True) or 0
    to_id = fields.integer("toAccountId", required=True) or 0
    day = fields.date("transferDate", required=True) or date.min
    asked = fields.positive_amount("transferAmount")
    said = fields.text("transferDescription", required=True, longest=200)
    fields.finish()
    if from_kind != SAVINGS or to_kind not in (LOAN, SAVINGS):
        raise UnknownToSandboxError(f"transfers from type {from_kind} to type {to_kind}")
    source = account_or_404(session, from_id)
    amount = rounded(asked, source["currency_digits"])
    paid = _move_out(call, source, day, amount)
    details = {"from_savings_account_id": from_id, "from_office_id": source["office_id"]}
    details |= {"from_client_id": source["client_id"], "transfer_type": 1}
    if to_kind == SAVINGS:
        target = account_or_404(session, to_id)
        received = {"to_savings_transaction_id": _move_in(call, target, day, amount)}
        details["to_savings_account_id"] = to_id
    else:
        target = loan_or_404(session, to_id)
        received = {"to_loan_transaction_id": _repay(call, target, day, amount)}
        details["to_loan_account_id"] = to_id
    _refuse_other_currency(source, target)
    details |= {"to_office_id": target["office_id"], "to_client_id": target["client_id"]}
    row = {
        "account_transfer_details_id": session.insert("m_account_transfer_details", details),
        "from_savings_transaction_id": paid,
        **received,
        "transaction_date": iso(day),
        "currency_code": source["currency_code"],
        "currency_digits": source["currency_digits"],
        "amount": amount,
        "description": said,
    }
    transfer_id = session.insert("m_account_transfer_transaction", row)
    return {"savingsId": from_id, "resourceId": transfer_id}


def _refuse_other_currency(source: Row, target: Row) -> None:
    if source["currency_code"] != target["currency_code"]:
        raise UnknownToSandboxError("transfers between currencies")


def _movement(call: Call, account: Row, kind: int, day: date, amount: int) -> int:
    session = call.session
    if account["accounting_type"] != 1:
        raise UnknownToSandboxError("transfers of products with accounting")
    require_active_owner(session, account)
    refuse_by_state(session, account, kind, day)
    row = {
        "transaction_date": iso(day),
        "amount": amount,
        "submitted_on_date": iso(today(session)),
        "appuser_id": call.user.user_id,
    }
    return add_transaction(session, account, kind, row)


def _move_out(call: Call, account: Row, day: date, amount: int) -> int:
    transaction_id = _movement(call, account, WITHDRAWAL, day, amount)
    breach = first_breach(call.session, account, iso(day))
    if breach is not None:
        raise insufficient(amount, breach)
    rebuild(call.session, account["id"], iso(day))
    return transaction_id


def _move_in(call: Call, account: Row, day: date, amount: int) -> int:
    transaction_id = _movement(call, account, DEPOSIT, day, amount)
    rebuild(call.session, account["id"], iso(day))
    return transaction_id


def _repay(call: Call, loan: Row, day: date, amount: int) -> int:
    session = call.session
    if loan["accounting_type"] != 1:
        raise UnknownToSandboxError("transfers of products with accounting")
    if loan["loan_status_id"] not in (LOAN_ACTIVE, CLOSED, OVERPAID):
        code = "error.msg.loan.must.be.active.fully.paid.or.overpaid"
        raise invalid(FieldError(code, "Loan must be Active, Fully Paid or Overpaid", "id"))
    row = {
        "loan_id": loan["id"],
        "office_id": loan["office_id"],
        "transaction_type_enum": REPAYMENT,
        "transaction_date": iso(day),
        "amount": amount,
        "submitted_on_date": iso(today(session)),
        "created_by": call.user.user_id,
        "created_on_utc": now(),
    }
    transaction_id = session.insert("m_loan_transaction", row)
    settle(session, loan["id"], call.user.user_id)
    return transaction_id


COLUMNS = "t.*, d.from_savings_account_id, d.to_savings_account_id, d.to_loan_account_id"
SOURCE = (
    "m_account_transfer_transaction t "
    "join m_account_transfer_details d on d.id = t.account_transfer_details_id"
)


def get_transfer(call: Call, transfer_id: int) -> Json:
    """``GET /accounttransfers/{id}``."""
    listing = Listing(COLUMNS, SOURCE)
    listing.where("t.id = ?", transfer_id)
    rows = listing.rows(call.session)
    if not rows:
        said = f"Account transfer with identifier {transfer_id} does not exist"
        raise not_found("error.msg.accounttransfer.id.invalid", said, transfer_id)
    return _transfer(call.session, rows[0])


def _transfer(session: Session, row: Row) -> Json:
    known = currencies_by_code(session)
    return compact(
        {
            "id": row["id"],
            "reversed": bool(row["is_reversed"]),
            "currency": currency(known[row["currency_code"]]),
            "transferAmount": number(row["amount"]),
            "transferDate": date_parts(row["transaction_date"]),
            "transferDescription": row["description"],
        }
    )


ROUTES: list[Route] = [
    reads("/accounttransfers/<int:transfer_id>", get_transfer, "ACCOUNTTRANSFER"),
    writes("POST", "/accounttransfers", post_transfer),
]
HANDLERS: dict[tuple[str, str], Handler] = {("CREATE", "ACCOUNTTRANSFER"): _create_transfer}
