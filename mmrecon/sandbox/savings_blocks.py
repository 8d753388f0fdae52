"""Savings accounts blocked, unblocked and closed."""

from __future__ import annotations

from datetime import date

from mmrecon.sandbox import payment_details
from mmrecon.sandbox.call import Call, Handler, Outcome
from mmrecon.sandbox.clock import today
from mmrecon.sandbox.enums import savings_status, savings_sub_status
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.organisation import COMMON
from mmrecon.sandbox.refusals import (
    FieldError,
    invalid,
)
from mmrecon.sandbox.routing import Route
from mmrecon.sandbox.savings import (
    ACTIVE,
    BLOCK,
    BLOCK_CREDIT,
    BLOCK_DEBIT,
    CLOSED,
    NONE,
    changed,
    date_error,
    require_status,
)
from mmrecon.sandbox.savings_ledger import account_or_404
from mmrecon.sandbox.savings_transactions import withdraw_all
from mmrecon.sandbox.values import iso


def _blocking(sub_status: int, *, on: bool) -> Handler:
    """A handler that sets or lifts a block."""

    def handler(call: Call) -> Outcome:
        row = account_or_404(call.session, call.subject.savings_id or 0)
        require_status(row, ACTIVE, "block" if on else "unblock", "active.state")
        reason = call.body().get("reasonForBlock") if call.text.strip() else None
        if not on and row["sub_status_enum"] != sub_status:
            code = "validation.msg.savingsaccount.unblock.not.in.block.state"
            raise invalid(FieldError(code, "Failed data validation due to: not.in.block.state."))
        now_at = sub_status if on else NONE
        columns = {"sub_status_enum": now_at, "reason_for_block": reason if on else None}
        call.session.update("m_savings_account", row["id"], columns)
        return changed(row, {"subStatus": savings_sub_status(now_at)})

    return handler


CLOSING = {
    *COMMON,
    *("closedOnDate", "note", "withdrawBalance", "postInterestValidationOnClosure"),
    *payment_details.NAMES,
}


def _close(call: Call) -> Outcome:
    session = call.session
    row = account_or_404(session, call.subject.savings_id or 0)
    fields = Fields(call.body(), "savingsaccount.close")
    fields.only(CLOSING)
    day = fields.date("closedOnDate", required=True) or date.min
    details = payment_details.read(fields)
    fields.finish()
    require_status(row, ACTIVE, "close", "active.state")
    if day > today(session):
        raise invalid(date_error("close.cannot.be.a.future.date", "closedOnDate"))
    balance = row["account_balance_derived"]
    if balance and fields.boolean("withdrawBalance"):
        withdraw_all(call, row, day, details)
    elif balance:
        code = "validation.msg.savingsaccount.close.results.in.balance.not.zero"
        said = "Failed data validation due to: results.in.balance.not.zero."
        raise invalid(FieldError(code, said))
    columns = {
        "status_enum": CLOSED,
        "closedon_date": iso(day),
        "closedon_userid": call.user.user_id,
    }
    session.update("m_savings_account", row["id"], columns)
    changes = {"status": savings_status(CLOSED), "locale": fields.body.get("locale")}
    changes |= {"dateFormat": fields.body.get("dateFormat")}
    return changed(row, {**changes, "closedOnDate": fields.body["closedOnDate"]})


ROUTES: list[Route] = []
HANDLERS: dict[tuple[str, str], Handler] = {
    ("CLOSE", "SAVINGSACCOUNT"): _close,
    ("BLOCK", "SAVINGSACCOUNT"): _blocking(BLOCK, on=True),
    ("UNBLOCK", "SAVINGSACCOUNT"): _blocking(BLOCK, on=False),
    ("BLOCKCREDIT", "SAVINGSACCOUNT"): _blocking(BLOCK_CREDIT, on=True),
    ("UNBLOCKCREDIT", "SAVINGSACCOUNT"): _blocking(BLOCK_CREDIT, on=False),
    ("BLOCKDEBIT", "SAVINGSACCOUNT"): _blocking(BLOCK_DEBIT, on=True),
    ("UNBLOCKDEBIT", "SAVINGSACCOUNT"): _blocking(BLOCK_DEBIT, on=False),
}
