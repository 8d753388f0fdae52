"""Savings accounts blocked and unblocked."""

from __future__ import annotations

from mmrecon.sandbox.call import Call, Handler, Outcome
from mmrecon.sandbox.enums import savings_sub_status
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
    NONE,
    changed,
    require_status,
)
from mmrecon.sandbox.savings_ledger import account_or_404


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


ROUTES: list[Route] = []
HANDLERS: dict[tuple[str, str], Handler] = {
    ("BLOCK", "SAVINGSACCOUNT"): _blocking(BLOCK, on=True),
    ("UNBLOCK", "SAVINGSACCOUNT"): _blocking(BLOCK, on=False),
    ("BLOCKCREDIT", "SAVINGSACCOUNT"): _blocking(BLOCK_CREDIT, on=True),
    ("UNBLOCKCREDIT", "SAVINGSACCOUNT"): _blocking(BLOCK_CREDIT, on=False),
    ("BLOCKDEBIT", "SAVINGSACCOUNT"): _blocking(BLOCK_DEBIT, on=True),
    ("UNBLOCKDEBIT", "SAVINGSACCOUNT"): _blocking(BLOCK_DEBIT, on=False),
}
