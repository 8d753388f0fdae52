"""Journal entries: manual ones, those of products, and their list (fineract-api.md 9)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from mmrecon.sandbox import payment_details
from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.clock import now, today
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.enums import (
    GL_TYPE,
    LOAN_TRANSACTION,
    SAVINGS_TRANSACTION,
    entry_type,
    option,
)
from mmrecon.sandbox.fields import Fields, parse_date
from mmrecon.sandbox.gl import gl_account_or_404, refuse_closed_books
from mmrecon.sandbox.organisation import COMMON, currencies_by_code, currency, office_or_404
from mmrecon.sandbox.paging import Listing
from mmrecon.sandbox.refusals import (
    FieldError,
    RefusalError,
    UnknownToSandboxError,
    invalid,
    not_found,
    rule_violated,
)
from mmrecon.sandbox.routing import Route, command_query, reads, writes
from mmrecon.sandbox.values import Json, compact, date_parts, iso, micro, number

CREDIT, DEBIT = 1, 2
SIDES = {"credit": CREDIT, "debit": DEBIT}
ENTITIES = {1: ("loan", "LOAN"), 2: ("saving", "SAVING")}


@dataclass(frozen=True)
class Booking:
    """What the rows of one booking share."""

    office_id: int
    currency: str
    day: str
    transaction_id: str
    user_id: int
    entity: int | None = None
    entity_id: int | None = None
    savings_transaction_id: int | None = None
    loan_transaction_id: int | None = None
    payment_detail_id: int | None = None
    manual: bool = False
    comments: str | None = None
    reference: str | None = None


def book(session: Session, booking: Booking, sides: list[tuple[str, int]], amount: int) -> None:
    """Insert one row for each side and account, all of one amount."""
    for side, account_id in sides:
        add_row(session, booking, side, account_id, amount)


def add_row(session: Session, booking: Booking, side: str, account_id: int, amount: int) -> int:
    """Insert one row; gives its id."""
    row = {
        "account_id": account_id,
        "office_id": booking.office_id,
        "currency_code": booking.currency,
        "transaction_id": booking.transaction_id,
        "loan_transaction_id": booking.loan_transaction_id,
        "savings_transaction_id": booking.savings_transaction_id,
        "ref_num": booking.reference,
        "manual_entry": booking.manual,
        "entry_date": booking.day,
        "type_enum": SIDES[side],
        "amount": amount,
        "description": booking.comments,
        "entity_type_enum": booking.entity,
        "entity_id": booking.entity_id,
        "created_by": booking.user_id,
        "created_on_utc": now(),
        "submitted_on_date": iso(today(session)),
        "payment_details_id": booking.payment_detail_id,
    }
    return session.insert("acc_gl_journal_entry", row)


# reading

COLUMNS = (
    "t.id, t.account_id, t.office_id, t.currency_code, t.transaction_id, t.loan_transaction_id, "
    "t.savings_transaction_id, t.reversed, t.ref_num, t.manual_entry, t.entry_date, t.type_enum, "
    "t.amount, t.description, t.entity_type_enum, t.entity_id, t.created_by, t.created_on_utc, "
    "t.submitted_on_date, o.name as office_name, g.name as account_name, g.gl_code, "
    "g.classification_enum, u.username"
)
SOURCE = (
    "acc_gl_journal_entry t join m_office o on o.id = t.office_id "
    "join acc_gl_account g on g.id = t.account_id left join m_appuser u on u.id = t.created_by"
)
DETAIL_COLUMNS = (
    ", st.transaction_type_enum as savings_kind, lt.transaction_type_enum as loan_kind, "
    "n.id as note_id, n.note, " + payment_details.SELECTED
)
DETAIL_SOURCE = (
    " left join m_savings_account_transaction st on st.id = t.savings_transaction_id"
    " left join m_loan_transaction lt on lt.id = t.loan_transaction_id"
    " left join m_note n on (n.savings_account_transaction_id = t.savings_transaction_id"
    " or n.loan_transaction_id = t.loan_transaction_id)"
    " left join m_payment_detail pd on pd.id = t.payment_details_id"
    " left join m_payment_type pt on pt.id = pd.payment_type_id"
)
ORDER = {"id": "t.id", "transactionDate": "t.entry_date", "entryDate": "t.entry_date"}


def list_entries(call: Call) -> Json:
    """``GET /journalentries``."""
    details = call.flag("transactionDetails")
    listing = Listing(
        COLUMNS + (DETAIL_COLUMNS if details else ""), SOURCE + (DETAIL_SOURCE if details else "")
    )
    for name, column in (
        ("officeId", "t.office_id"),
        ("glAccountId", "t.account_id"),
        ("loanId", "t.entity_type_enum = 1 and t.entity_id"),
        ("savingsId", "t.entity_type_enum = 2 and t.entity_id"),
    ):
        listing.where_given(call, name, f"{column} = cast(? as integer)")
    listing.where_given(call, "transactionId", "t.transaction_id = ?")
    if call.query.get("manualEntriesOnly"):
        if call.flag("manualEntriesOnly"):
            listing.where("t.manual_entry")
    else:
        listing.where_given(call, "entityType", "t.entity_type_enum = cast(? as integer)")
    _dates(call, listing, "t.entry_date", ("fromDate", "toDate"))
    if call.query.get("submittedOnDateFrom") and not call.query.get("submittedOnDateTo"):
        # a real 1.10.1 finds nothing then
        listing.where("0")
    submitted = ("submittedOnDateFrom", "submittedOnDateTo")
    _dates(call, listing, "t.submitted_on_date", submitted)
    listing.order_by(call, ORDER, "t.entry_date, t.id")
    total, rows = listing.page(call)
    known = currencies_by_code(call.session)
    items = [_entry(row, known, details=details) for row in rows]
    return {"totalFilteredRecords": total, "pageItems": items}


def _dates(call: Call, listing: Listing, column: str, names: tuple[str, str]) -> None:
    for name, comparison in zip(names, (">=", "<="), strict=True):
        text = call.query.get(name)
        if text:
            listing.where(f"{column} {comparison} ?", iso(query_date(call, name, text)))


def query_date(call: Call, name: str, text: str) -> date:
    """A date of a query.

    Raises:
        RefusalError: 400 where it does not fit its pattern.
    """
    pattern = call.query.get("dateFormat", "yyyy-MM-dd")
    day = parse_date(text, pattern, call.query.get("locale", "en"))
    if day is None:
        message = f"The parameter `{name}` is invalid based on the dateFormat: `{pattern}`"
        raise invalid(FieldError("validation.msg.invalid.dateFormat.format", message, name))
    return day


def _entry(row: Row, known: dict[str, Row], *, details: bool) -> Json:
    entity = row["entity_type_enum"]
    entry = {
        "id": row["id"],
        "officeId": row["office_id"],
        "officeName": row["office_name"],
        "glAccountName": row["account_name"],
        "glAccountId": row["account_id"],
        "glAccountCode": row["gl_code"],
        "glAccountType": option(row["classification_enum"], "accountType", GL_TYPE),
        "transactionDate": date_parts(row["entry_date"]),
        "entryType": entry_type(row["type_enum"]),
        "amount": number(row["amount"]),
        "currency": currency(known[row["currency_code"]]),
        "transactionId": row["transaction_id"],
        "manualEntry": bool(row["manual_entry"]),
        "entityType": None if entity is None else option(entity, "productType", ENTITIES),
        "entityId": row["entity_id"],
        "createdByUserId": row["created_by"],
        "createdDate": date_parts(row["created_on_utc"]),
        "createdByUserName": row["username"],
        "comments": row["description"],
        "reversed": bool(row["reversed"]),
        "referenceNumber": row["ref_num"],
        "transactionDetails": _details(row) if details else None,
        "submittedOnDate": date_parts(row["submitted_on_date"]),
    }
    return compact(entry)


def _details(row: Row) -> Json:
    kind: Json | None = None
    if row["savings_kind"] is not None:
        kind = option(row["savings_kind"], "savingsAccountTransactionType", SAVINGS_TRANSACTION)
    elif row["loan_kind"] is not None:
        kind = option(row["loan_kind"], "loanTransactionType", LOAN_TRANSACTION)
    note = None if row["note_id"] is None else {"id": row["note_id"], "note": row["note"]}
    return compact(
        {
            "transactionId": row["savings_transaction_id"] or row["loan_transaction_id"],
            "paymentDetails": payment_details.shown(row, row["id"]),
            "noteData": note,
            "transactionType": kind,
        }
    )


# manual entries


def post_entry(call: Call) -> Command:
    """``POST /journalentries``."""
    if call.query.get("command"):
        raise UnknownToSandboxError(f"journal command {call.query['command']}")
    return Command("CREATE", "JOURNALENTRY")


def command_entry(call: Call, transaction_id: str) -> Command:
    """``POST /journalentries/{transactionId}?command=reverse``."""
    if command_query(call) != "reverse":
        raise UnknownToSandboxError(f"journal command {call.query.get('command')}")
    return Command("REVERSE", "JOURNALENTRY", Subject(name=transaction_id))


ENTRY_FIELDS = {
    *COMMON,
    *payment_details.NAMES,
    *("officeId", "transactionDate", "currencyCode", "comments", "referenceNumber", "debits"),
    *("credits", "amount", "accountingRule"),
}


def _refused(tail: str, message: str, *args: Any) -> RefusalError:
    return rule_violated(f"error.msg.glJournalEntry.invalid.{tail}", message, *args)


def _create_entry(call: Call) -> Outcome:
    session = call.session
    fields = Fields(call.body(), "GLJournalEntry")
    fields.only(ENTRY_FIELDS)
    office_id = fields.integer("officeId", required=True)
    day = fields.date("transactionDate", required=True)
    code = fields.text("currencyCode", required=True)
    comments = fields.text("comments", longest=500)
    reference = fields.text("referenceNumber", longest=100)
    details = payment_details.read(fields)
    fields.finish()
    office_or_404(session, office_id)
    debits, credits_ = _lines(session, fields, "debits"), _lines(session, fields, "credits")
    _validate(session, office_id or 0, day or date.min, debits, credits_)
    if session.value("select 1 from m_organisation_currency where code = ?", (code,)) is None:
        said = (
            f"Currency with identifier {code} does not exist or is not supported by the "
            "Organization"
        )
        raise not_found("error.msg.currency.currencyCode.invalid.or.not.supported", said, code)
    booking = Booking(
        office_id=office_id or 0,
        currency=code or "",
        day=iso(day or date.min),
        transaction_id=_new_transaction_id(call, office_id or 0),
        user_id=call.user.user_id,
        payment_detail_id=payment_details.store(session, details),
        manual=True,
        comments=comments,
        reference=reference or "",
    )
    for side, lines in (("debit", debits), ("credit", credits_)):
        for account_id, amount in lines:
            add_row(session, booking, side, account_id, amount)
    return {"officeId": office_id, "transactionId": booking.transaction_id}


def _new_transaction_id(call: Call, office_id: int) -> str:
    milliseconds = time.time_ns() // 1_000_000
    digits = f"{milliseconds}{call.user.user_id}{office_id}"
    return f"{int(digits):x}"


def _lines(session: Session, fields: Fields, name: str) -> list[tuple[int, int]]:
    lines = []
    for entry in fields.body.get(name) or []:
        if entry.get("glAccountId") is None or entry.get("amount") is None:
            said = "One or more entries is missing the account or amount"
            raise _refused("empty.account.or.amount", said, None, None, None)
        row = gl_account_or_404(session, int(entry["glAccountId"]))
        if row["disabled"]:
            said = "Target account has been disabled"
            raise _refused("account.disabled", said, None, row["name"], row["gl_code"])
        if not row["manual_journal_entries_allowed"]:
            said = "Target account does not allow manual adjustments"
            tail = "account.manual.adjustments.not.permitted"
            raise _refused(tail, said, None, row["name"], row["gl_code"])
        lines.append((row["id"], micro(Decimal(str(entry["amount"])))))
    return lines


def _validate(
    session: Session,
    office_id: int,
    day: date,
    debits: list[tuple[int, int]],
    credits_: list[tuple[int, int]],
) -> None:
    if day > today(session):
        said = "The journal entry cannot be made for a future date"
        raise _refused("future.date", said, iso(day), None, None)
    refuse_closed_books(session, office_id, day)
    if not debits or not credits_:
        said = "Journal Entry must have at least one Debit and one Credit"
        raise _refused("no.debits.or.credits", said, None, None, None)
    if sum(amount for _, amount in debits) != sum(amount for _, amount in credits_):
        said = "Sum of All Debits must equal the sum of all Credits for a Journal Entry"
        raise _refused("mismatch.debits.credits", said, None, None, None)


def _reverse_entry(call: Call) -> Outcome:
    session, transaction_id = call.session, call.subject.name or ""
    sql = """
        select * from acc_gl_journal_entry
        where transaction_id = ? and manual_entry and not reversed order by id
    """
    rows = session.all(sql, (transaction_id,))
    if not rows:
        said = (
            f"Journal Entries with transaction Identifier {transaction_id} does not exist or are "
            "not system generated/reversible "
        )
        raise not_found("error.msg.journalEntries.transactionId.invalid", said, transaction_id)
    comments = Fields(call.body() if call.text.strip() else {}, "GLJournalEntry").text("comments")
    first = rows[0]
    refuse_closed_books(session, first["office_id"], date.fromisoformat(first["entry_date"]))
    counter = _new_transaction_id(call, first["office_id"])
    for row in rows:
        booking = Booking(
            office_id=row["office_id"],
            currency=row["currency_code"],
            day=row["entry_date"],
            transaction_id=counter,
            user_id=call.user.user_id,
            payment_detail_id=row["payment_details_id"],
            manual=True,
            comments=comments,
            reference=row["ref_num"],
        )
        side = "debit" if row["type_enum"] == CREDIT else "credit"
        reversal = add_row(session, booking, side, row["account_id"], row["amount"])
        columns = {"reversed": True, "reversal_id": reversal}
        session.update("acc_gl_journal_entry", row["id"], columns)
    return {"transactionId": counter}


ROUTES: list[Route] = [
    reads("/journalentries", list_entries, "JOURNALENTRY"),
    writes("POST", "/journalentries", post_entry),
    writes("POST", "/journalentries/<transaction_id>", command_entry),
]
HANDLERS: dict[tuple[str, str], Handler] = {
    ("CREATE", "JOURNALENTRY"): _create_entry,
    ("REVERSE", "JOURNALENTRY"): _reverse_entry,
}
