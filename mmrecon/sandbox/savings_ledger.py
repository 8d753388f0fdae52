"""The arithmetic of a savings account: what is on it, and what may not happen to it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from mmrecon.sandbox.clock import now
from mmrecon.sandbox.database import Row, Session, spelled
from mmrecon.sandbox.gl import SAVINGS, mapped_account, refuse_closed_books
from mmrecon.sandbox.journal import Booking, book
from mmrecon.sandbox.refusals import RefusalError, not_found, rule_violated
from mmrecon.sandbox.savings_view import ACCOUNT_COLUMNS, ACCOUNT_SOURCE
from mmrecon.sandbox.values import Json, iso

DEPOSIT, WITHDRAWAL, HOLD, RELEASE = 1, 2, 20, 21
CASH_ACCOUNTING = 2
REFERENCE, CONTROL = 1, 2
LIVE = "not is_reversed and not is_reversal"
SIGNED = "case when transaction_type_enum in (1, 3, 21) then amount else -amount end"
MOVES_MONEY = "transaction_type_enum not in (20, 21)"


def account_or_404(session: Session, account_id: int) -> Row:
    """A savings account with its product and office.

    Raises:
        RefusalError: 404.
    """
    sql = spelled("select", ACCOUNT_COLUMNS, "from", ACCOUNT_SOURCE, "where s.id = ?")
    row = session.one(sql, (account_id,))
    if row is None:
        said = f"Savings account with identifier {account_id} does not exist"
        raise not_found("error.msg.saving.account.id.invalid", said, account_id)
    return row


def transaction_or_404(session: Session, account_id: int, transaction_id: int) -> Row:
    """A transaction of an account.

    Raises:
        RefusalError: 404.
    """
    sql = "select * from m_savings_account_transaction where id = ? and savings_account_id = ?"
    row = session.one(sql, (transaction_id, account_id))
    if row is None:
        raise unknown_transaction(account_id, transaction_id)
    return row


def unknown_transaction(account_id: int, transaction_id: int) -> RefusalError:
    """404 for a transaction; the misspelt code is Fineract's own."""
    said = (
        f"Savings account with savings identifier {account_id} and trasaction identifier "
        f"{transaction_id} does not exist"
    )
    code = "error.msg.saving.account.trasaction.id.invalid"
    return not_found(code, said, account_id, transaction_id)


def add_transaction(session: Session, account: Row, kind: int, row: Json) -> int:
    """Insert a transaction of an account; gives its id."""
    moment = now()
    values = {
        "savings_account_id": account["id"],
        "office_id": account["office_id"],
        "transaction_type_enum": kind,
        "created_date": moment,
        "created_on_utc": moment,
        "last_modified_on_utc": moment,
        "created_by": row["appuser_id"],
        "running_balance_derived": 0,
        **row,
    }
    return session.insert("m_savings_account_transaction", values)


def insufficient(amount: int, running: int) -> RefusalError:
    """403: the money is not there."""
    return rule_violated(
        "error.msg.savingsaccount.transaction.insufficient.account.balance",
        "Insufficient account balance.",
        "transactionAmount",
        Decimal(running) / 1_000_000,
        None,
        Decimal(amount) / 1_000_000,
    )


def lowest_allowed(account: Row) -> int:
    """How low the balance, less what is on hold, may go."""
    if account["allow_overdraft"]:
        return -int(account["overdraft_limit"] or 0)
    if account["enforce_min_required_balance"]:
        return int(account["min_required_balance"] or 0)
    return 0


def on_hold(session: Session, account_id: int) -> int:
    """What is on hold at the moment, whatever the days of holds and releases."""
    sql = """
        select coalesce(sum(case transaction_type_enum when 20 then amount else -amount end), 0)
        from m_savings_account_transaction
        where savings_account_id = ? and not is_reversed and transaction_type_enum in (20, 21)
    """
    return int(session.value(sql, (account_id,)))


def first_breach(session: Session, account: Row, since: str) -> int | None:
    """The first running balance from a day on that a debit makes too low; else none."""
    table = f"from m_savings_account_transaction where savings_account_id = ? and {LIVE}"
    table += f" and {MOVES_MONEY}"
    before = spelled("select coalesce(sum(", SIGNED, "), 0)", table, "and transaction_date < ?")
    running = int(session.value(before, (account["id"], since)))
    after = spelled(
        "select", SIGNED, table, "and transaction_date >= ? order by transaction_date, id"
    )
    floor = lowest_allowed(account) + on_hold(session, account["id"])
    for (signed,) in session.all(after, (account["id"], since)):
        running += int(signed)
        if signed < 0 and running < floor:
            return running
    return None


def rebuild(session: Session, account_id: int, since: str) -> None:
    """Bring running balances from a day on, and the account's sums, up to date."""
    table = "from m_savings_account_transaction where savings_account_id = ? and"
    live = f"{table} {LIVE} and {MOVES_MONEY}"
    before = spelled("select coalesce(sum(", SIGNED, "), 0)", live, "and transaction_date < ?")
    running = int(session.value(before, (account_id, since)))
    columns = f"id, {SIGNED} as signed, running_balance_derived"
    after = spelled(
        "select", columns, live, "and transaction_date >= ? order by transaction_date, id"
    )
    update = "update m_savings_account_transaction set running_balance_derived = ? where id = ?"
    for row in session.all(after, (account_id, since)):
        running += row["signed"]
        if running != row["running_balance_derived"]:
            session.run(update, (running, row["id"]))
    sums = """
        sum(case transaction_type_enum when 1 then amount end),
        sum(case transaction_type_enum when 2 then amount end)
    """
    totals = session.one(spelled("select", sums, live), (account_id,))
    update = """
        update m_savings_account set account_balance_derived = ?, total_deposits_derived = ?,
          total_withdrawals_derived = ?, total_savings_amount_on_hold = ?, version = version + 1
        where id = ?
    """
    deposits, withdrawals = (None, None) if totals is None else (totals[0], totals[1])
    held = on_hold(session, account_id)
    session.run(update, (running, deposits, withdrawals, held, account_id))


def book_transaction(
    session: Session, account: Row, transaction: Row, user_id: int, *, mirrored: bool = False
) -> None:
    """The journal rows of a movement, where the product keeps accounts.

    Raises:
        RefusalError: 403 where the books of the office are closed.
    """
    if account["accounting_type"] != CASH_ACCOUNTING or not transaction["amount"]:
        return
    day = date.fromisoformat(transaction["transaction_date"])
    refuse_closed_books(session, account["office_id"], day)
    sql = "select payment_type_id from m_payment_detail where id = ?"
    payment = session.value(sql, (transaction["payment_detail_id"],))
    product = account["product_id"]
    fund = mapped_account(session, product, SAVINGS, REFERENCE, payment)
    control = mapped_account(session, product, SAVINGS, CONTROL)
    debit, credit = (fund, control)
    if transaction["transaction_type_enum"] == WITHDRAWAL:
        debit, credit = control, fund
    if mirrored:
        debit, credit = credit, debit
    booking = Booking(
        office_id=account["office_id"],
        currency=account["currency_code"],
        day=iso(day),
        transaction_id=f"S{transaction['id']}",
        entity=SAVINGS,
        entity_id=account["id"],
        user_id=user_id,
        savings_transaction_id=transaction["id"],
        payment_detail_id=transaction["payment_detail_id"],
    )
    book(session, booking, [("debit", debit), ("credit", credit)], transaction["amount"])
