"""Datatables: tables that an institution attaches to Fineract's own (fineract-api.md 3.4)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from werkzeug.wrappers import Response

from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.database import Row, Session, spelled
from mmrecon.sandbox.dialects import Dialect
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.paging import Listing
from mmrecon.sandbox.refusals import (
    FieldError,
    UnknownToSandboxError,
    integrity,
    invalid,
    not_found,
)
from mmrecon.sandbox.routing import Route, reads, writes
from mmrecon.sandbox.seed import add_permission
from mmrecon.sandbox.values import Json

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

    def ddl(self, *, maria: bool) -> str:
        """The column in a create statement."""
        kind = TYPES[self.kind][0] + (f"({self.length})" if self.length else "")
        compared = "collate entry_text" if maria and self.kind in ("string", "text") else ""
        mandatory = "not null" if self.mandatory else ""
        return spelled(f'"{self.name}"', kind, mandatory, compared)

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
            RefusalError: 400 for a name that the table does not have.
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
        RefusalError: 404.
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
    maria = call.world.database.dialect is Dialect.MARIADB
    _build(session, table, maria=maria)
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


def _build(session: Session, table: Datatable, *, maria: bool) -> None:
    link = f'"{table.link}" bigint'
    first = f"id integer primary key, {link} not null" if table.multi_row else f"{link} primary key"
    own = [column.ddl(maria=maria) for column in table.columns]
    body = ", ".join([first, *own, "created_at timestamp", "updated_at timestamp"])
    session.run(spelled("create table", f'"{table.name}"', "(", body, ")"))
    for column in table.columns:
        if column.unique or column.indexed:
            kind = "create unique index" if column.unique else "create index"
            index = f'"{table.name}_{column.name}"'
            where = f'"{table.name}" ("{column.name}")'
            session.run(spelled(kind, index, "on", where))
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
    if session.value(spelled("select count(*) from", f'"{table.name}"')):
        code = "error.msg.non.empty.datatable.cannot.be.deleted"
        raise integrity(code, "Non-empty datatable cannot be deleted.")
    session.run(spelled("drop table", f'"{table.name}"'))
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
    link = header(table.link, "BIGINT", "INTEGER", length=64, key=keyed, unique=keyed, indexed=True)
    headers = [link, *(column.header() for column in table.columns)]
    if table.multi_row:
        row_id = header("id", "BIGINT", "INTEGER", length=64, key=True, unique=True, indexed=True)
        headers.insert(0, row_id)
    headers += [
        header(name, "TIMESTAMP", "DATETIME", length=6, nullable=True)
        for name in ("created_at", "updated_at")
    ]
    return {
        "applicationTableName": table.app_table,
        "registeredTableName": table.name,
        "columnHeaderData": headers,
    }


ROUTES: list[Route] = [
    reads("/datatables", list_datatables, "DATATABLE"),
    reads("/datatables/<table>", get_datatable, "DATATABLE"),
    writes("POST", "/datatables", post_datatable),
    writes("DELETE", "/datatables/<table>", delete_datatable),
]
HANDLERS: dict[tuple[str, str], Handler] = {
    ("CREATE", "DATATABLE"): _create_datatable,
    ("DELETE", "DATATABLE"): _delete_datatable,
}
