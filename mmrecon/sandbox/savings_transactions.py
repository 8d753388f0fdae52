"""Money in and out of savings accounts, and its correction (fineract-api.md 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mmrecon.sandbox import payment_details
from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.clients import require_active_owner
from mmrecon.sandbox.clock import now, today
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.organisation import COMMON, currencies_by_code
from mmrecon.sandbox.paging import Listing
from mmrecon.sandbox.refusals import (
    FieldError,
    UnknownToSandboxError,
    bad_json,
    invalid,
    rule_violated,
    unavailable,
    unsupported_query,
)
from mmrecon.sandbox.routing import Route, command_query, reads, writes
from mmrecon.sandbox.savings import (
    ACTIVE,
    BLOCK,
    BLOCK_CREDIT,
    BLOCK_DEBIT,
)
from mmrecon.sandbox.savings_ledger import (
    DEPOSIT,
    HOLD,
    RELEASE,
    WITHDRAWAL,
    account_or_404,
    add_transaction,
    book_transaction,
    first_breach,
    insufficient,
    lowest_allowed,
    on_hold,
    rebuild,
    transaction_or_404,
    unknown_transaction,
)
from mmrecon.sandbox.savings_view import TRANSACTION_COLUMNS, TRANSACTION_SOURCE, transaction
from mmrecon.sandbox.values import Json, iso, rounded

RESOURCE = "savingsaccount.transaction"
BODY = {
    *COMMON,
    *payment_details.NAMES,
    *("transactionDate", "transactionAmount", "note", "retailEntries", "childAccountId"),
}
NEW = {"deposit": "DEPOSIT", "withdrawal": "WITHDRAWAL", "holdamount": "HOLDAMOUNT"}
EXISTING = {
    "undo": "UNDOTRANSACTION",
    "reverse": "REVERSETRANSACTION",
    "modify": "ADJUSTTRANSACTION",
    "releaseamount": "RELEASEAMOUNT",
}
TRANSFERS = (12, 13, 14, 15)


def get_transaction(call: Call, account_id: int, transaction_id: int) -> Json:
    """``GET /savingsaccounts/{id}/transactions/{tx}``."""
    account_or_404(call.session, account_id)
    listing = Listing(TRANSACTION_COLUMNS, TRANSACTION_SOURCE)
    listing.where("t.savings_account_id = ?", account_id)
    listing.where("t.id = ?", transaction_id)
    rows = listing.rows(call.session)
    if not rows:
        raise unknown_transaction(account_id, transaction_id)
    return transaction(rows[0], currencies_by_code(call.session))


def post_transaction(call: Call, account_id: int) -> Command:
    """``POST /savingsaccounts/{id}/transactions?command=``."""
    given = call.query.get("command")
    action = NEW.get(command_query(call) or "")
    if action is None:
        if given and given.lower() in ("postinterestason", "gsimdeposit"):
            raise UnknownToSandboxError(f"savings transaction command {given}")
        raise unsupported_query("command", given, ["deposit", "withdrawal", "holdAmount"])
    if not call.text.strip():
        raise bad_json()
    return Command(action, "SAVINGSACCOUNT", Subject(savings_id=account_id))


def command_transaction(call: Call, account_id: int, transaction_id: int) -> Command:
    """``POST /savingsaccounts/{id}/transactions/{tx}?command=``."""
    given = call.query.get("command")
    action = EXISTING.get(command_query(call) or "")
    if action is None:
        raise unsupported_query("command", given, ["undo", "modify", "releaseAmount", "reverse"])
    subject = Subject(savings_id=account_id, resource_id=transaction_id)
    return Command(action, "SAVINGSACCOUNT", subject)


@dataclass(frozen=True)
class _Request:
    """A deposit or withdrawal as it is asked for."""

    day: date
    amount: int
    details: Json
    note: str | None = None

    @classmethod
    def of(cls, body: Json) -> _Request:
        """The request of a body, checked."""
        fields = Fields(body, RESOURCE)
        fields.only(BODY)
        day = fields.date("transactionDate", required=True)
        amount = fields.positive_amount("transactionAmount")
        details = payment_details.read(fields, required=True)
        note = fields.text("note")
        fields.finish()
        return cls(day or date.min, amount, details, note)


def _post(call: Call, kind: int) -> Outcome:
    session = call.session
    request = _Request.of(call.body())
    account = account_or_404(session, call.subject.savings_id or 0)
    require_active_owner(session, account)
    transaction_id = _add(call, account, kind, request)
    outcome = _outcome(account, transaction_id)
    return {**outcome, "changes": payment_details.changes(request.details)}


def _add(call: Call, account: Row, kind: int, request: _Request) -> int:
    session = call.session
    detail_id = payment_details.store(session, request.details)
    refuse_by_state(session, account, kind, request.day)
    amount = rounded(request.amount, account["currency_digits"])
    since = iso(request.day)
    row = {
        "payment_detail_id": detail_id,
        "transaction_date": since,
        "amount": amount,
        "submitted_on_date": iso(today(session)),
        "appuser_id": call.user.user_id,
    }
    transaction_id = add_transaction(session, account, kind, row)
    if kind == WITHDRAWAL:
        breach = first_breach(session, account, since)
        if breach is not None:
            raise insufficient(amount, breach)
    rebuild(session, account["id"], since)
    if request.note:
        _note(session, account["id"], transaction_id, request.note)
    added = transaction_or_404(session, account["id"], transaction_id)
    book_transaction(session, account, added, call.user.user_id)
    return transaction_id


def withdraw_all(call: Call, account: Row, day: date, details: Json) -> None:
    """Withdraw what is on an account."""
    balance = account["account_balance_derived"]
    _add(call, account, WITHDRAWAL, _Request(day, balance, details))


def _note(session: Session, account_id: int, transaction_id: int, text: str) -> None:
    row = {
        "savings_account_id": account_id,
        "savings_account_transaction_id": transaction_id,
        "note_type_enum": 500,
        "note": text,
        "created_on_utc": now(),
    }
    session.insert("m_note", row)


def refuse_by_state(session: Session, account: Row, kind: int, day: date) -> None:
    """What the account's state or the day do not allow, in the server's order."""
    if account["status_enum"] != ACTIVE:
        said = "Transaction is not allowed. Account is not active."
        raise _on_date("account.is.not.active", said, day)
    _refuse_blocked(account, kind)
    if day > today(session):
        raise _on_date("in.the.future", "Transaction date cannot be in the future.", day)
    if iso(day) < account["activatedon_date"]:
        said = "Transaction date cannot be before accounts activation date."
        activated = account["activatedon_date"]
        raise _on_date("before.activation.date", said, day, activated)
    locked = account["lockedin_until_date_derived"]
    if kind == WITHDRAWAL and locked is not None and iso(day) < locked:
        said = "Withdrawal is not allowed. No withdrawals are allowed until after " + locked
        raise _on_date("withdrawals.blocked.during.lockin.period", said, day, locked)


def _on_date(tail: str, said: str, day: date, *more: str) -> Exception:
    code = f"error.msg.savingsaccount.transaction.{tail}"
    return invalid(FieldError(code, said, "transactionDate", (iso(day), *more)))


def _refuse_blocked(account: Row, kind: int) -> None:
    number, blocked = account["id"], account["sub_status_enum"]
    if blocked == BLOCK:
        said = f"Any transaction to {number} is not allowed, since the account is blocked"
        code = "error.msg.saving.account.blocked.transaction.not.allowed"
        raise rule_violated(code, said, number)
    if blocked == BLOCK_CREDIT and kind == DEPOSIT:
        said = (
            f"Any Credit transactions to {number} is not allowed, since the account is blocked for "
            "credits"
        )
        code = "error.msg.savings.account.credit.transaction.not.allowed"
        raise rule_violated(code, said, number)
    if blocked == BLOCK_DEBIT and kind in (WITHDRAWAL, HOLD):
        said = (
            f"Any debit transactions from {number} is not allowed, since the account is blocked "
            "for debits"
        )
        code = "error.msg.savings.account.debit.transaction.not.allowed"
        raise rule_violated(code, said, number)


def _outcome(account: Row, resource_id: int | None) -> Outcome:
    return {
        "officeId": account["office_id"],
        "groupId": account["group_id"],
        "clientId": account["client_id"],
        "savingsId": account["id"],
        "resourceId": resource_id,
    }


def _deposit(call: Call) -> Outcome:
    return _post(call, DEPOSIT)


def _withdraw(call: Call) -> Outcome:
    return _post(call, WITHDRAWAL)


def _existing(call: Call) -> tuple[Row, Row]:
    account = account_or_404(call.session, call.subject.savings_id or 0)
    row = transaction_or_404(call.session, account["id"], call.subject.resource_id or 0)
    if row["transaction_type_enum"] in TRANSFERS or _is_transfer(call.session, row["id"]):
        code = "error.msg.saving.account.transfer.transaction.update.not.allowed"
        said = (
            f"Savings account transaction:{row['id']} update not allowed as it involves in account "
            "transfer"
        )
        raise unavailable(code, said, account["id"], row["id"])
    return account, row


def _is_transfer(session: Session, transaction_id: int) -> bool:
    sql = """
        select 1 from m_account_transfer_transaction
        where from_savings_transaction_id = ? or to_savings_transaction_id = ?
    """
    return session.value(sql, (transaction_id, transaction_id)) is not None


def _undo(call: Call) -> Outcome:
    account, row = _existing(call)
    if account["status_enum"] != ACTIVE:
        raise _account_error("undotransaction", "account.is.not.active")
    if not row["is_reversed"]:
        _take_back(call, account, row)
    return _outcome(account, account["id"])


def _account_error(action: str, tail: str) -> Exception:
    code = f"validation.msg.savingsaccount.{action}.{tail}"
    return invalid(FieldError(code, f"Failed data validation due to: {tail}.", None, (None, [])))


def _take_back(call: Call, account: Row, row: Row) -> None:
    session = call.session
    columns = {"is_reversed": True, "running_balance_derived": 0}
    session.update("m_savings_account_transaction", row["id"], columns)
    since = row["transaction_date"]
    if first_breach(session, account, since) is not None:
        raise _account_error("undotransaction", "results.in.balance.going.negative")
    rebuild(session, account["id"], since)
    book_transaction(session, account, row, call.user.user_id, mirrored=True)


def _reverse(call: Call) -> Outcome:
    account, row = _existing(call)
    if row["is_reversed"] or row["is_reversal"]:
        raise unknown_transaction(account["id"], row["id"])
    session = call.session
    _take_back(call, account, row)
    counter = {
        "payment_detail_id": row["payment_detail_id"],
        "transaction_date": row["transaction_date"],
        "amount": row["amount"],
        "submitted_on_date": iso(today(session)),
        "appuser_id": call.user.user_id,
        "is_reversal": True,
        "original_transaction_id": row["id"],
    }
    add_transaction(session, account, row["transaction_type_enum"], counter)
    return _outcome(account, None)


def _modify(call: Call) -> Outcome:
    request = _Request.of(call.body())
    account, row = _existing(call)
    if row["is_reversed"] or row["transaction_type_enum"] not in (DEPOSIT, WITHDRAWAL):
        code = "error.msg.saving.account.trasaction.update.notallowed"
        said = (
            f"Savings Account transaction:{row['id']} update not allowed for savings account:"
            f"{account['id']}"
        )
        raise unavailable(code, said, account["id"], row["id"])
    session = call.session
    columns = {"is_reversed": True, "running_balance_derived": 0}
    session.update("m_savings_account_transaction", row["id"], columns)
    transaction_id = _add(call, account, row["transaction_type_enum"], request)
    since = min(row["transaction_date"], iso(request.day))
    if first_breach(session, account, since) is not None:
        raise _account_error("adjusttransaction", "results.in.balance.going.negative")
    rebuild(session, account["id"], since)
    book_transaction(session, account, row, call.user.user_id, mirrored=True)
    outcome = _outcome(account, transaction_id)
    return {**outcome, "changes": payment_details.changes(request.details)}


def _hold(call: Call) -> Outcome:
    session = call.session
    fields = Fields(call.body(), RESOURCE)
    fields.only({*COMMON, "transactionDate", "transactionAmount", "reasonForBlock", "lienAllowed"})
    day = fields.date("transactionDate", required=True) or date.min
    asked = fields.positive_amount("transactionAmount")
    fields.finish()
    account = account_or_404(session, call.subject.savings_id or 0)
    refuse_by_state(session, account, HOLD, day)
    amount = rounded(asked, account["currency_digits"])
    row = {
        "transaction_date": iso(day),
        "amount": amount,
        "submitted_on_date": iso(today(session)),
        "appuser_id": call.user.user_id,
        "reason_for_block": fields.text("reasonForBlock"),
    }
    transaction_id = add_transaction(session, account, HOLD, row)
    left = account["account_balance_derived"] - on_hold(session, account["id"])
    if left < lowest_allowed(account):
        raise insufficient(amount, left)
    rebuild(session, account["id"], iso(day))
    return _outcome(account, transaction_id)


def _release(call: Call) -> Outcome:
    session = call.session
    account, held = _existing(call)
    if held["transaction_type_enum"] != HOLD or held["release_id_of_hold_amount"]:
        raise UnknownToSandboxError("release of what is not on hold")
    day = iso(today(session))
    row = {
        "transaction_date": day,
        "amount": held["amount"],
        "submitted_on_date": day,
        "appuser_id": call.user.user_id,
    }
    transaction_id = add_transaction(session, account, RELEASE, row)
    columns = {"release_id_of_hold_amount": transaction_id}
    session.update("m_savings_account_transaction", held["id"], columns)
    rebuild(session, account["id"], held["transaction_date"])
    return _outcome(account, transaction_id)


ROUTES: list[Route] = [
    reads(
        "/savingsaccounts/<int:account_id>/transactions/<int:transaction_id>",
        get_transaction,
        "SAVINGSACCOUNT",
    ),
    writes("POST", "/savingsaccounts/<int:account_id>/transactions", post_transaction),
    writes(
        "POST",
        "/savingsaccounts/<int:account_id>/transactions/<int:transaction_id>",
        command_transaction,
    ),
]
HANDLERS: dict[tuple[str, str], Handler] = {
    ("DEPOSIT", "SAVINGSACCOUNT"): _deposit,
    ("WITHDRAWAL", "SAVINGSACCOUNT"): _withdraw,
    ("HOLDAMOUNT", "SAVINGSACCOUNT"): _hold,
    ("UNDOTRANSACTION", "SAVINGSACCOUNT"): _undo,
    ("REVERSETRANSACTION", "SAVINGSACCOUNT"): _reverse,
    ("ADJUSTTRANSACTION", "SAVINGSACCOUNT"): _modify,
    ("RELEASEAMOUNT", "SAVINGSACCOUNT"): _release,
}
