"""Datatables: tables that an institution attaches to Fineract's own (fineract-api.md 3.4)."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Response

from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.clock import now
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.paging import Listing
from mmrecon.sandbox.query_filters import conditions, ordering, page_of
from mmrecon.sandbox.refusals import (
    FieldError,
    Refusal,
    UnknownToSandboxError,
    integrity,
    invalid,
    not_authorised,
    not_found,
)
from mmrecon.sandbox.routing import Route, asks, reads, writes
from mmrecon.sandbox.seed import add_permission
from mmrecon.sandbox.values import Json, date_parts, iso, moment_parts, number

NAME = re.compile(r"[A-Za-z_]\w{0,49}")
# Fineract's table: the column that links to it
LINKS = {
    "m_client": "client_id",
    "m_group": "group_id",
    "m_office": "office_id",
    "m_loan": "loan_id",
    "m_savings_account": "savings_account_id",
    "m_savings_account_transaction": "savings_transaction_id",
}
TYPES = {
    "string": ("varchar", "VARCHAR", "STRING"),
    "text": ("text", "TEXT", "TEXT"),
    "number": ("bigint", "BIGINT", "INTEGER"),
    "decimal": ("decimal(19,6)", "NUMERIC", "DECIMAL"),
    "boolean": ("boolean", "BIT", "BOOLEAN"),
    "date": ("date", "DATE", "DATE"),
    "datetime": ("timestamp", "TIMESTAMP", "DATETIME"),
}


@dataclass(frozen=True)
class Column:
    """A column that an institution asked for."""

    name: str
    kind: str
    length: int | None
    mandatory: bool
    unique: bool
    indexed: bool

    def ddl(self) -> str:
        """The column in a create statement."""
        kind = TYPES[self.kind][0] + (f"({self.length})" if self.length else "")
        return " ".join((f'"{self.name}"', kind, "not null" if self.mandatory else ""))

    def header(self) -> Json:
        """The column as the API describes it."""
        _, kind, display = TYPES[self.kind]
        return header(
            self.name,
            kind,
            display,
            length=self.length or 0,
            nullable=not self.mandatory,
            unique=self.unique,
            indexed=self.indexed or self.unique,
        )


def header(
    name: str,
    kind: str,
    display: str,
    *,
    length: int | None = None,
    nullable: bool = False,
    key: bool = False,
    unique: bool = False,
    indexed: bool = False,
) -> Json:
    """A column as the API describes it."""
    described: Json = {"columnName": name, "columnType": kind}
    if length is not None:
        described["columnLength"] = length
    return {
        **described,
        "columnDisplayType": display,
        "isColumnNullable": nullable,
        "isColumnPrimaryKey": key,
        "isColumnUnique": unique,
        "isColumnIndexed": indexed,
        "columnValues": [],
    }


@dataclass(frozen=True)
class Datatable:
    """A registered table."""

    name: str
    app_table: str
    multi_row: bool
    columns: tuple[Column, ...]

    @property
    def link(self) -> str:
        """The column that names the row of Fineract's table."""
        return LINKS[self.app_table]

    def column(self, name: str) -> Column:
        """One of the columns.

        Raises:
            Refusal: 400 for a name that the table does not have.
        """
        found = next((column for column in self.columns if column.name == name), None)
        if found is None:
            message = "Column not exist in database"
            raise invalid(FieldError("error.msg.invalid.column", message, "column", (), name))
        return found

    def names(self) -> list[str]:
        """Every column of the table."""
        own = [column.name for column in self.columns]
        first = ["id", self.link] if self.multi_row else [self.link]
        return [*first, *own, "created_at", "updated_at"]


def find(session: Session, name: str) -> Datatable | None:
    """A registered table by name, or none."""
    sql = "select * from x_registered_table where registered_table_name = ?"
    row = session.one(sql, (name,))
    return None if row is None else _registered(row)


def _registered(row: Row) -> Datatable:
    columns = tuple(Column(**entry) for entry in json.loads(row["columns_json"]))
    app_table = row["application_table_name"]
    return Datatable(row["registered_table_name"], app_table, bool(row["multi_row"]), columns)


def find_or_404(session: Session, name: str) -> Datatable:
    """A registered table.

    Raises:
        Refusal: 404.
    """
    table = find(session, name)
    if table is None:
        raise not_found("error.msg.datatable.not.found", "Datatable not found.", name)
    return table


# the tables themselves


def post_datatable(call: Call) -> Command:
    """``POST /datatables``."""
    del call
    return Command("CREATE", "DATATABLE")


def delete_datatable(call: Call, table: str) -> Command:
    """``DELETE /datatables/{dt}``."""
    del call
    return Command("DELETE", "DATATABLE", Subject(name=table))


def _create_datatable(call: Call) -> Outcome:
    session = call.session
    fields = Fields(call.body(), "datatable")
    fields.only({"datatableName", "apptableName", "multiRow", "columns", "entitySubType", "locale"})
    name = fields.text("datatableName", required=True, longest=50) or ""
    app_table = fields.text("apptableName", required=True) or ""
    fields.finish()
    if app_table not in LINKS or not NAME.fullmatch(name):
        raise UnknownToSandboxError(f"datatable {name} on {app_table}")
    if find(session, name) is not None:
        code = "validation.msg.datatable.datatableName.datatable.already.exists"
        said = "Failed data validation due to: datatable.already.exists."
        raise invalid(FieldError(code, said, "datatableName", (name, [])))
    columns = tuple(_column(entry) for entry in fields.body.get("columns") or [])
    table = Datatable(name, app_table, fields.boolean("multiRow"), columns)
    _build(session, table)
    for action in ("CREATE", "READ", "UPDATE", "DELETE"):
        add_permission(session, "datatable", action, name)
    return {"resourceIdentifier": name}


def _column(entry: Json) -> Column:
    kind = str(entry.get("type", "")).lower()
    name = str(entry.get("name", ""))
    if kind not in TYPES or not NAME.fullmatch(name):
        raise UnknownToSandboxError(f"datatable column {name} of type {entry.get('type')}")
    length = int(entry["length"]) if kind == "string" and entry.get("length") else None
    flags = (bool(entry.get(flag)) for flag in ("mandatory", "unique", "indexed"))
    return Column(name, kind, length, *flags)


def _build(session: Session, table: Datatable) -> None:
    link = f'"{table.link}" bigint'
    first = f"id integer primary key, {link} not null" if table.multi_row else f"{link} primary key"
    own = [column.ddl() for column in table.columns]
    body = ", ".join([first, *own, "created_at timestamp", "updated_at timestamp"])
    session.run(" ".join(("create table", f'"{table.name}"', "(", body, ")")))
    for column in table.columns:
        if column.unique or column.indexed:
            kind = "create unique index" if column.unique else "create index"
            index = f'"{table.name}_{column.name}"'
            where = f'"{table.name}" ("{column.name}")'
            session.run(" ".join((kind, index, "on", where)))
    row = {
        "registered_table_name": table.name,
        "application_table_name": table.app_table,
        "multi_row": table.multi_row,
        "columns_json": json.dumps([vars(column) for column in table.columns]),
    }
    session.insert("x_registered_table", row)


def _delete_datatable(call: Call) -> Outcome:
    session = call.session
    table = find_or_404(session, call.subject.name or "")
    if session.value(" ".join(("select count(*) from", f'"{table.name}"'))):
        code = "error.msg.non.empty.datatable.cannot.be.deleted"
        raise integrity(code, "Non-empty datatable cannot be deleted.")
    session.run(" ".join(("drop table", f'"{table.name}"')))
    session.run("delete from x_registered_table where registered_table_name = ?", (table.name,))
    return {"resourceIdentifier": table.name}


def list_datatables(call: Call) -> list[Json]:
    """``GET /datatables?apptable=``."""
    listing = Listing("*", "x_registered_table", order="registered_table_name")
    listing.where_given(call, "apptable", "application_table_name = ?")
    return [_described(_registered(row)) for row in listing.rows(call.session)]


def get_datatable(call: Call, table: str) -> Json | Response:
    """``GET /datatables/{dt}``: an unknown one is a 204 without body."""
    found = find(call.session, table)
    return Response(status=204) if found is None else _described(found)


def _described(table: Datatable) -> Json:
    keyed = not table.multi_row
    link = header(
        table.link, "BIGINT", "INTEGER", length=64, key=keyed, unique=keyed, indexed=True
    )
    headers = [link, *(column.header() for column in table.columns)]
    if table.multi_row:
        row_id = header("id", "BIGINT", "INTEGER", length=64, key=True, unique=True, indexed=True)
        headers.insert(0, row_id)
    for name in ("created_at", "updated_at"):
        headers.append(header(name, "TIMESTAMP", "DATETIME", length=6, nullable=True))
    return {
        "applicationTableName": table.app_table,
        "registeredTableName": table.name,
        "columnHeaderData": headers,
    }


# entries


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


def _collision(table: Datatable) -> Refusal:
    said = f"Unknown data integrity issue with datatable `{table.name}`"
    return integrity("error.msg.datatable.unknown.data.integrity.issue", said, None, (table.name,))


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
        raise _collision(table) from taken
    return outcome


def _update_entry(call: Call) -> Outcome:
    session, row_id = call.session, call.subject.resource_id or 0
    table = find_or_404(session, call.subject.name or "")
    outcome = _outcome(session, table, row_id)
    values = {**_values(table, call.body()), "updated_at": now()}
    pairs = ", ".join(f'"{name}" = ?' for name in values)
    sql = " ".join(("update", f'"{table.name}"', "set", pairs, "where", f'"{table.link}" = ?'))
    try:
        session.run(sql, (*values.values(), row_id))
    except sqlite3.IntegrityError as taken:
        raise _collision(table) from taken
    return outcome


def _delete_entry(call: Call) -> Outcome:
    session, row_id = call.session, call.subject.resource_id or 0
    table = find_or_404(session, call.subject.name or "")
    outcome = _outcome(session, table, row_id)
    where = f'"{table.name}" where "{table.link}" = ?'
    session.run(" ".join(("delete from", where)), (row_id,))
    return outcome


ROUTES: list[Route] = [
    reads("/datatables", list_datatables, "DATATABLE"),
    reads("/datatables/<table>", get_datatable, "DATATABLE"),
    reads("/datatables/<table>/<int:row_id>", get_entries),
    reads("/datatables/<table>/query", query_entries),
    asks("/datatables/<table>/query", query_advanced),
    writes("POST", "/datatables", post_datatable),
    writes("DELETE", "/datatables/<table>", delete_datatable),
    writes("POST", "/datatables/<table>/<int:row_id>", post_entry),
    writes("PUT", "/datatables/<table>/<int:row_id>", put_entry),
    writes("DELETE", "/datatables/<table>/<int:row_id>", delete_entry),
]
HANDLERS: dict[tuple[str, str], Handler] = {
    ("CREATE", "DATATABLE"): _create_datatable,
    ("DELETE", "DATATABLE"): _delete_datatable,
    ("CREATE", "*"): _create_entry,
    ("UPDATE", "*"): _update_entry,
    ("DELETE", "*"): _delete_entry,
}
