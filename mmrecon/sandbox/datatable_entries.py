"""Entries of datatables: written, read, queried, deleted (fineract-api.md 3.4)."""

from __future__ import annotations

import sqlite3
from typing import Any

from werkzeug.wrappers import Response

from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.clock import now
from mmrecon.sandbox.database import Row, Session, spelled
from mmrecon.sandbox.datatables import Column, Datatable, find, find_or_404
from mmrecon.sandbox.dialects import entry_refused
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.paging import Listing
from mmrecon.sandbox.query_filters import conditions, ordering, page_of
from mmrecon.sandbox.refusals import (
    FieldError,
    UnknownToSandboxError,
    invalid,
    not_authorised,
    not_found,
)
from mmrecon.sandbox.routing import Route, asks, reads, writes
from mmrecon.sandbox.values import Json, date_parts, iso, moment_parts, number


def _reading(call: Call, name: str) -> Datatable | None:
    if not call.user.may_read(name):
        raise not_authorised(f"Not authorised to read datatable: {name}")
    return find(call.session, name)


def shown(column: Column | None, name: str, value: Any) -> Any:
    """A value as the API writes it."""
    if value is None:
        return None
    if name in ("created_at", "updated_at") or (column and column.kind == "datetime"):
        return moment_parts(value)
    if column is None:
        return value
    if column.kind == "date":
        return date_parts(value)
    if column.kind == "decimal":
        return number(value)
    return bool(value) if column.kind == "boolean" else value


def _row(table: Datatable, row: Row, names: list[str]) -> Json:
    columns = {column.name: column for column in table.columns}
    return {name: shown(columns.get(name), name, row[name]) for name in names}


def get_entries(call: Call, table: str, row_id: int) -> list[Json] | Response:
    """``GET /datatables/{dt}/{id}``."""
    found = _reading(call, table)
    if found is None:
        return Response(status=204)
    if call.flag("genericResultSet"):
        raise UnknownToSandboxError("generic result set of a datatable")
    listing = Listing("*", f'"{table}"', order="rowid")
    listing.where(f'"{found.link}" = ?', row_id)
    return [_row(found, row, found.names()) for row in listing.rows(call.session)]


def query_entries(call: Call, table: str) -> list[Json] | Response:
    """``GET /datatables/{dt}/query?columnFilter=&valueFilter=&resultColumns=``."""
    found = _reading(call, table)
    if found is None:
        return Response(status=204)
    names = call.query.get("resultColumns", "").split(",")
    column = call.query.get("columnFilter", "")
    for name in [*names, column]:
        if name not in found.names():
            found.column(name)
    listing = Listing("*", f'"{table}"', order="rowid")
    listing.where(f'"{column}" = ?', call.query.get("valueFilter", ""))
    return [_row(found, row, names) for row in listing.rows(call.session)]


def query_advanced(call: Call, table: str) -> Json | Response:
    """``POST /datatables/{dt}/query``."""
    found = _reading(call, table)
    if found is None:
        return Response(status=204)
    body = call.body()
    asked = body.get("request") or {}
    names = asked.get("resultColumns") or found.names()
    listing = Listing("*", f'"{table}"')
    for condition, values in conditions(asked.get("columnFilters") or [], found.names(), "", body):
        listing.where(condition, *values)
    orders = ordering(body.get("sorts"), found.names(), found.link)
    listing.order = ", ".join(f'"{name}" {way}' for name, way in orders)
    return page_of(call.session, listing, body, orders, lambda row: _row(found, row, names))


def post_entry(call: Call, table: str, row_id: int) -> Command:
    """``POST /datatables/{dt}/{id}``."""
    del call
    return Command("CREATE", table, Subject(resource_id=row_id, name=table))


def put_entry(call: Call, table: str, row_id: int) -> Command:
    """``PUT /datatables/{dt}/{id}``."""
    del call
    return Command("UPDATE", table, Subject(resource_id=row_id, name=table))


def delete_entry(call: Call, table: str, row_id: int) -> Command:
    """``DELETE /datatables/{dt}/{id}``: frees a unique value."""
    del call
    return Command("DELETE", table, Subject(resource_id=row_id, name=table))


OWNERS = {
    "m_client": "select office_id, id as client_id from m_client where id = ?",
    "m_group": "select office_id, id as group_id from m_group where id = ?",
    "m_office": "select id as office_id from m_office where id = ?",
    "m_loan": """
        select c.office_id, l.client_id, l.group_id, l.id as loan_id from m_loan l
        left join m_client c on c.id = l.client_id where l.id = ?
    """,
    "m_savings_account": """
        select c.office_id, s.client_id, s.group_id, s.id as savings_id from m_savings_account s
        left join m_client c on c.id = s.client_id where s.id = ?
    """,
    "m_savings_account_transaction": """
        select t.office_id, s.client_id, s.group_id, s.id as savings_id, t.id as transaction_id
        from m_savings_account_transaction t join m_savings_account s
          on s.id = t.savings_account_id where t.id = ?
    """,
}


def _outcome(session: Session, table: Datatable, row_id: int) -> Outcome:
    owner = session.one(OWNERS[table.app_table], (row_id,))
    if owner is None:
        code = "error.msg.datatable.data.not.found"
        raise not_found(code, "Data not found for datatable: ", f"{table.app_table}  Id:{row_id}")
    known = dict(owner)
    transaction_id = known.get("transaction_id")
    return {
        "officeId": known.get("office_id"),
        "groupId": known.get("group_id"),
        "clientId": known.get("client_id"),
        "loanId": known.get("loan_id"),
        "savingsId": known.get("savings_id"),
        "resourceId": row_id,
        "transactionId": None if transaction_id is None else str(transaction_id),
    }


def _values(table: Datatable, body: Json) -> Json:
    fields = Fields(body, "datatable.entry")
    values: Json = {}
    for name in body:
        if name in ("locale", "dateFormat", "dateTimeFormat", table.link):
            continue
        column = table.column(name)
        values[name] = _value(fields, column)
    return values


def _value(fields: Fields, column: Column) -> Any:
    name = column.name
    if column.kind == "number":
        return fields.integer(name)
    if column.kind == "decimal":
        return fields.amount(name)
    if column.kind == "boolean":
        return fields.boolean(name)
    if column.kind == "date":
        day = fields.date(name)
        return None if day is None else iso(day)
    if column.kind == "datetime":
        raise UnknownToSandboxError("datatable columns with a time of day")
    text = fields.text(name)
    if column.length is not None and text is not None and len(text) > column.length:
        code = "validation.msg.datatable.entry.column.exceeds.maxlength"
        said = f"The column `{name}` exceeds its defined max-length "
        raise invalid(FieldError(code, said, name, (text,)))
    return text


def _create_entry(call: Call) -> Outcome:
    session, row_id = call.session, call.subject.resource_id or 0
    table = find_or_404(session, call.subject.name or "")
    outcome = _outcome(session, table, row_id)
    values = _values(table, call.body())
    moment = now()
    try:
        row = {table.link: row_id, **values, "created_at": moment, "updated_at": moment}
        session.insert(f'"{table.name}"', row)
    except sqlite3.IntegrityError as taken:
        raise entry_refused(call.world.database.dialect, table.name, taken) from taken
    return outcome


def _update_entry(call: Call) -> Outcome:
    session, row_id = call.session, call.subject.resource_id or 0
    table = find_or_404(session, call.subject.name or "")
    outcome = _outcome(session, table, row_id)
    values = {**_values(table, call.body()), "updated_at": now()}
    pairs = ", ".join(f'"{name}" = ?' for name in values)
    sql = spelled("update", f'"{table.name}"', "set", pairs, "where", f'"{table.link}" = ?')
    try:
        session.run(sql, (*values.values(), row_id))
    except sqlite3.IntegrityError as taken:
        raise entry_refused(call.world.database.dialect, table.name, taken) from taken
    return outcome


def _delete_entry(call: Call) -> Outcome:
    session, row_id = call.session, call.subject.resource_id or 0
    table = find_or_404(session, call.subject.name or "")
    outcome = _outcome(session, table, row_id)
    where = f'"{table.name}" where "{table.link}" = ?'
    session.run(spelled("delete from", where), (row_id,))
    return outcome


ROUTES: list[Route] = [
    reads("/datatables/<table>/<int:row_id>", get_entries),
    reads("/datatables/<table>/query", query_entries),
    asks("/datatables/<table>/query", query_advanced),
    writes("POST", "/datatables/<table>/<int:row_id>", post_entry),
    writes("PUT", "/datatables/<table>/<int:row_id>", put_entry),
    writes("DELETE", "/datatables/<table>/<int:row_id>", delete_entry),
]
HANDLERS: dict[tuple[str, str], Handler] = {
    ("CREATE", "*"): _create_entry,
    ("UPDATE", "*"): _update_entry,
    ("DELETE", "*"): _delete_entry,
}
