"""Material facts: what must still be so when an approved row is sent (DESIGN 7.1)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from mmrecon.fineract.contract_reads import ACTIVE, APPROVED, AccountFacts
from mmrecon.model.line import LineClass
from mmrecon.model.money import CURRENCY_DIGITS, to_text
from mmrecon.model.posting import Command, Posting
from mmrecon.store.posting_lines import PostedLine

_VALID: Final = timedelta(days=30)
_PAID_OR_COLLECTED: Final = frozenset({LineClass.COLLECTION.value, LineClass.PAYOUT.value})
_BLOCKING: Final[dict[Command, frozenset[str]]] = {
    Command.SAVINGS_DEPOSIT: frozenset({"block", "block_credit"}),
    Command.SAVINGS_WITHDRAWAL: frozenset({"block", "block_debit"}),
}


def changed_line(posting: Posting, line: PostedLine | None, now_utc: datetime) -> str:
    """What changed about the line itself since the approval; empty when nothing did."""
    if now_utc - datetime.fromisoformat(posting.approved_at_utc) > _VALID:
        return "approval_too_old"
    if posting.line_id is None:
        return ""
    if line is None or line.receipt != posting.receipt or line.line_class not in _PAID_OR_COLLECTED:
        return "line_changed"
    if line.conflict:
        return "line_contradicted"
    return "reversal_seen_since" if line.reversal_seen else ""


def changed_account(
    posting: Posting, account: AccountFacts | None, needed_minor: int, tolerance_minor: int
) -> str:
    """What changed about the account; `needed_minor` is what this call takes from it in all."""
    if account is None:
        return "account_gone"
    same = {
        "account_number_changed": account.account_no == posting.account_no,
        "owner_changed": account.client_id == posting.client_id,
        "currency_changed": account.currency == posting.currency
        and account.digits == CURRENCY_DIGITS[posting.currency],
        "account_not_open": account.status == _wanted_status(posting.command),
        "account_blocked_now": account.block not in _BLOCKING.get(posting.command, frozenset()),
        "amount_would_be_rounded": _fits(posting, account),
        _SHORT.get(posting.command, "too_little_left"): needed_minor
        <= _at_most(posting.command, account, tolerance_minor),
    }
    return next((code for code, holds in same.items() if not holds), "")


def left_of_account(posting: Posting, account: AccountFacts | None) -> str:
    """What the account has for such a posting, for people; empty where nothing limits it."""
    left_minor = _UNLIMITED if account is None else _at_most(posting.command, account, 0)
    return "" if left_minor == _UNLIMITED else to_text(left_minor, posting.currency)


def needed_of_account(posting: Posting, together: Iterable[Posting]) -> int:
    """Minor units that all legs of one call take from the posting's account by its command."""
    return sum(
        other.posted_minor
        for other in together
        if other.command is posting.command and other.account_id == posting.account_id
    )


def _wanted_status(command: Command) -> int:
    return APPROVED if command is Command.LOAN_DISBURSEMENT else ACTIVE


def _fits(posting: Posting, account: AccountFacts) -> bool:
    """Fineract rounds silently to multiples of the currency (fineract-api.md 4.4)."""
    step_minor: int = account.multiple * 10**account.digits
    return step_minor == 0 or posting.posted_minor % step_minor == 0


def _at_most(command: Command, account: AccountFacts, tolerance_minor: int) -> int:
    limits = {
        Command.LOAN_REPAYMENT: account.outstanding_minor + tolerance_minor,
        Command.LOAN_DISBURSEMENT: account.principal_minor,
        Command.SAVINGS_WITHDRAWAL: account.available_minor,
    }
    return limits.get(command, _UNLIMITED)


_SHORT: Final = {Command.LOAN_REPAYMENT: "loan_owes_less"}
_UNLIMITED: Final = 2**63
