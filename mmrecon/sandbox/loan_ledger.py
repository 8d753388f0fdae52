"""The arithmetic of a loan: how payments are allocated, and what follows from them.

Every change replays the payments in order of date over the bare schedule. A payment whose portions
come out otherwise than they stand is replaced by a new row, as Fineract replays it
(fineract-api.md 3.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from mmrecon.sandbox.clock import now, today
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.gl import LOAN, mapped_account, refuse_closed_books
from mmrecon.sandbox.journal import Booking, add_row
from mmrecon.sandbox.refusals import RefusalError, not_found
from mmrecon.sandbox.values import Json, iso

DISBURSEMENT, REPAYMENT, WRITE_OFF, RECOVERY, ACCRUAL, CREDIT_REFUND = 1, 2, 6, 8, 10, 20
PAYMENTS = (REPAYMENT, 21, 22, 23, 28)
GOODWILL = 23
APPROVED, ACTIVE, CLOSED, WRITTEN_OFF, OVERPAID = 200, 300, 600, 601, 700
REPLAYED = 2
CASH_ACCOUNTING = 2
FUND, PORTFOLIO, INTEREST_INCOME, WRITE_OFF_ACCOUNT, OVERPAYMENT, RECOVERY_INCOME = (
    1,
    2,
    3,
    6,
    11,
    12,
)
GOODWILL_ACCOUNT = 13
INTEREST_FIRST = "mifos-standard-strategy", "interest-principal-penalties-fees-order-strategy"


def loan_or_404(session: Session, loan_id: int) -> Row:
    """A loan with its product and office.

    Raises:
        RefusalError: 404.
    """
    sql = """
        select l.*, p.accounting_type, p.name as product_name,
          coalesce(c.office_id, g.office_id) as office_id
        from m_loan l join m_product_loan p on p.id = l.product_id
        left join m_client c on c.id = l.client_id left join m_group g on g.id = l.group_id
        where l.id = ?
    """
    row = session.one(sql, (loan_id,))
    if row is None:
        said = f"Loan with identifier {loan_id} does not exist"
        raise not_found("error.msg.loan.id.invalid", said, loan_id)
    return row


def unknown_transaction(transaction_id: int) -> RefusalError:
    """404 for a transaction that is not on the loan."""
    said = f"Transaction with identifier {transaction_id} does not exist"
    return not_found("error.msg.loan.transaction.id.invalid", said, transaction_id)


@dataclass
class Instalment:
    """What is due and paid of one instalment."""

    row_id: int
    due: str
    principal: int
    interest: int
    principal_paid: int = 0
    interest_paid: int = 0
    in_advance: int = 0
    late: int = 0
    met_on: str | None = None

    @property
    def owed(self) -> int:
        """What is still to be paid."""
        return self.principal + self.interest - self.principal_paid - self.interest_paid

    def take(self, amount: int, day: str, *, interest_first: bool) -> tuple[int, int]:
        """Take what fits of an amount; gives the parts for principal and interest."""
        room_interest = self.interest - self.interest_paid
        room_principal = self.principal - self.principal_paid
        if interest_first:
            interest = min(amount, room_interest)
            principal = min(amount - interest, room_principal)
        else:
            principal = min(amount, room_principal)
            interest = min(amount - principal, room_interest)
        self.principal_paid += principal
        self.interest_paid += interest
        if day < self.due:
            self.in_advance += principal + interest
        elif day > self.due:
            self.late += principal + interest
        if not self.owed:
            self.met_on = day
        return principal, interest


@dataclass
class State:
    """A loan while its payments are replayed."""

    instalments: list[Instalment]
    interest_first: bool
    overpaid: int = 0
    repaid: int = 0
    last_day: str = ""
    balance: int = field(default=0)

    def pay(self, amount: int, day: str) -> tuple[int, int, int]:
        """Allocate a payment: its parts for principal, interest and over-payment."""
        left, principal, interest = amount, 0, 0
        for one in self.instalments:
            if not left:
                break
            parts = one.take(left, day, interest_first=self.interest_first)
            principal, interest = principal + parts[0], interest + parts[1]
            left -= sum(parts)
        self.overpaid += left
        self.repaid += amount
        self.balance -= principal
        self.last_day = max(self.last_day, day)
        return principal, interest, left


def _bare_state(session: Session, loan: Row) -> State:
    sql = "select * from m_loan_repayment_schedule where loan_id = ? order by installment"
    instalments = [
        Instalment(r["id"], r["duedate"], r["principal_amount"], r["interest_amount"])
        for r in session.all(sql, (loan["id"],))
    ]
    first = loan["loan_transaction_strategy_code"] in INTEREST_FIRST
    return State(instalments, first, balance=loan["principal_disbursed_derived"])


def settle(session: Session, loan_id: int, user_id: int) -> None:
    """Replay every payment of a loan and bring schedule, sums and status up to date."""
    loan = loan_or_404(session, loan_id)
    state = _bare_state(session, loan)
    sql = """
        select * from m_loan_transaction where loan_id = ? and not is_reversed
          and transaction_type_enum not in (1, 10) order by transaction_date, id
    """
    for row in session.all(sql, (loan_id,)):
        _settle_one(session, loan, state, row, user_id)
    _store_instalments(session, state)
    _store_sums(session, loan, state)


def _settle_one(session: Session, loan: Row, state: State, row: Row, user_id: int) -> None:
    kind, amount = row["transaction_type_enum"], row["amount"]
    if kind == CREDIT_REFUND:
        state.overpaid -= amount
        return
    if kind not in PAYMENTS:
        return
    principal, interest, over = state.pay(amount, row["transaction_date"])
    portions = {
        "principal_portion_derived": principal,
        "interest_portion_derived": interest,
        "overpayment_portion_derived": over,
    }
    balance = {"outstanding_loan_balance_derived": state.balance}
    if row["principal_portion_derived"] is None:
        session.update("m_loan_transaction", row["id"], {**portions, **balance})
        book_transaction(session, loan, row["id"], user_id)
    elif all(row[name] == value for name, value in portions.items()):
        session.update("m_loan_transaction", row["id"], balance)
    else:
        _replay(session, loan, row, {**portions, **balance}, user_id)


def _replay(session: Session, loan: Row, row: Row, portions: Json, user_id: int) -> None:
    """Replace a payment whose portions changed; the external id moves to the new row."""
    book_transaction(session, loan, row["id"], user_id, mirrored=True)
    columns = {"is_reversed": True, "external_id": None, "reversed_on_date": iso(today(session))}
    session.update("m_loan_transaction", row["id"], columns)
    again = {**dict(row), **portions, "created_on_utc": now()}
    del again["id"]
    new_id = session.insert("m_loan_transaction", again)
    relation = {
        "from_loan_transaction_id": new_id,
        "to_loan_transaction_id": row["id"],
        "relation_type_enum": REPLAYED,
    }
    session.insert("m_loan_transaction_relation", relation)
    book_transaction(session, loan, new_id, user_id)


def _store_instalments(session: Session, state: State) -> None:
    update = """
        update m_loan_repayment_schedule set principal_completed_derived = ?,
          interest_completed_derived = ?, total_paid_in_advance_derived = ?,
          total_paid_late_derived = ?, completed_derived = ?, obligations_met_on_date = ?
        where id = ?
    """
    for one in state.instalments:
        done = not one.owed
        paid = (one.principal_paid, one.interest_paid, one.in_advance, one.late)
        session.run(update, (*paid, done, one.met_on if done else None, one.row_id))


def _store_sums(session: Session, loan: Row, state: State) -> None:
    principal_paid = sum(one.principal_paid for one in state.instalments)
    interest_paid = sum(one.interest_paid for one in state.instalments)
    interest = sum(one.interest for one in state.instalments)
    disbursed = loan["principal_disbursed_derived"]
    written_off = loan["loan_status_id"] == WRITTEN_OFF
    outstanding = 0 if written_off else disbursed + interest - principal_paid - interest_paid
    sums = {
        "principal_repaid_derived": principal_paid,
        "principal_outstanding_derived": 0 if written_off else disbursed - principal_paid,
        "interest_charged_derived": interest,
        "interest_repaid_derived": interest_paid,
        "interest_outstanding_derived": 0 if written_off else interest - interest_paid,
        "total_expected_repayment_derived": disbursed + interest,
        "total_repayment_derived": principal_paid + interest_paid,
        "total_expected_costofloan_derived": interest,
        "total_costofloan_derived": interest_paid,
        "total_outstanding_derived": outstanding,
        "total_overpaid_derived": state.overpaid or None,
        "version": loan["version"] + 1,
    }
    sums |= _status(loan, state, outstanding)
    session.update("m_loan", loan["id"], sums)


def _status(loan: Row, state: State, outstanding: int) -> Json:
    if loan["loan_status_id"] not in (ACTIVE, CLOSED, OVERPAID):
        return {}
    day = state.last_day or None
    if state.overpaid > 0:
        return {"loan_status_id": OVERPAID, "overpaidon_date": day, "closedon_date": None}
    if outstanding == 0:
        return {"loan_status_id": CLOSED, "closedon_date": day, "overpaidon_date": None}
    return {"loan_status_id": ACTIVE, "closedon_date": None, "overpaidon_date": None}


def book_transaction(
    session: Session, loan: Row, transaction_id: int, user_id: int, *, mirrored: bool = False
) -> None:
    """The journal rows of a transaction, where the product keeps accounts.

    Raises:
        RefusalError: 403 where the books of the office are closed.
    """
    row = session.row("m_loan_transaction", transaction_id)
    if row is None or loan["accounting_type"] != CASH_ACCOUNTING:
        return
    refuse_closed_books(session, loan["office_id"], date.fromisoformat(row["transaction_date"]))
    sql = "select payment_type_id from m_payment_detail where id = ?"
    payment = session.value(sql, (row["payment_detail_id"],))
    booking = Booking(
        office_id=loan["office_id"],
        currency=loan["currency_code"],
        day=row["transaction_date"],
        transaction_id=f"L{row['id']}",
        entity=LOAN,
        entity_id=loan["id"],
        user_id=user_id,
        loan_transaction_id=row["id"],
        payment_detail_id=row["payment_detail_id"],
    )
    for side, role, amount in _sides(row):
        if amount:
            account = mapped_account(session, loan["product_id"], LOAN, role, payment)
            turned = {"debit": "credit", "credit": "debit"}[side] if mirrored else side
            add_row(session, booking, turned, account, amount)


def _sides(row: Row) -> list[tuple[str, int, int]]:
    kind, amount = row["transaction_type_enum"], row["amount"]
    principal = row["principal_portion_derived"] or 0
    interest = row["interest_portion_derived"] or 0
    over = row["overpayment_portion_derived"] or 0
    if kind == DISBURSEMENT:
        return [("debit", PORTFOLIO, amount), ("credit", FUND, amount)]
    if kind in PAYMENTS:
        source = GOODWILL_ACCOUNT if kind == GOODWILL else FUND
        paid = [("credit", PORTFOLIO, principal), ("credit", INTEREST_INCOME, interest)]
        return [*paid, ("credit", OVERPAYMENT, over), ("debit", source, amount)]
    if kind == CREDIT_REFUND:
        return [("debit", OVERPAYMENT, amount), ("credit", FUND, amount)]
    if kind == RECOVERY:
        return [("credit", RECOVERY_INCOME, amount), ("debit", FUND, amount)]
    if kind == WRITE_OFF:
        return [("credit", PORTFOLIO, principal), ("debit", WRITE_OFF_ACCOUNT, principal)]
    return []
