"""Reports: stored SQL that runs on the tables (fineract-api.md 6.3)."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Response

from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.clock import today
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.datatables import header
from mmrecon.sandbox.dialects import Dialect
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.paging import refuse_injection
from mmrecon.sandbox.refusals import (
    UnknownToSandboxError,
    integrity,
    not_authorised,
    not_found,
    unavailable,
)
from mmrecon.sandbox.report_database import Result, run_report
from mmrecon.sandbox.routing import Route, reads, writes
from mmrecon.sandbox.seed import add_permission
from mmrecon.sandbox.values import Json, compact, date_parts, iso, micro, moment_parts, number

BROKEN = "error.msg.report.unknown.data.integrity.issue"
FIELDS = {
    *("reportName", "reportType", "reportSubType", "reportCategory", "description", "reportSql"),
    *("useReport", "reportParameters", "locale"),
}
SIMPLE = {
    "reportName": "report_name",
    "reportType": "report_type",
    "reportSubType": "report_subtype",
    "reportCategory": "report_category",
    "description": "description",
    "reportSql": "report_sql",
}
# declared type of a column: what PostgreSQL and Fineract call it
KINDS = {
    "integer": ("BIGSERIAL", "INTEGER"),
    "bigint": ("BIGINT", "INTEGER"),
    "int": ("INTEGER", "INTEGER"),
    "smallint": ("SMALLINT", "INTEGER"),
    "varchar": ("VARCHAR", "STRING"),
    "text": ("TEXT", "TEXT"),
    "boolean": ("BOOLEAN", "BOOLEAN"),
    "date": ("DATE", "DATE"),
    "timestamp": ("TIMESTAMP", "DATETIME"),
    "decimal": ("NUMERIC", "DECIMAL"),
}
MARIA_NAMES = {"BIGSERIAL": "BIGINT", "NUMERIC": "DECIMAL", "TIMESTAMP": "DATETIME"}
ONE_DATABASE_ONLY = re.compile(r"::|\bilike\b|`", re.IGNORECASE)
DATE_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}")
MOMENT_TEXT = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d+)?")


# the reports themselves


def post_report(call: Call) -> Command:
    """``POST /reports``."""
    del call
    return Command("CREATE", "REPORT")


def put_report(call: Call, report_id: int) -> Command:
    """``PUT /reports/{id}``."""
    del call
    return Command("UPDATE", "REPORT", Subject(resource_id=report_id))


def delete_report(call: Call, report_id: int) -> Command:
    """``DELETE /reports/{id}``."""
    del call
    return Command("DELETE", "REPORT", Subject(resource_id=report_id))


def _create_report(call: Call) -> Outcome:
    session = call.session
    fields = Fields(call.body(), "report")
    fields.only(FIELDS)
    row: Json = {column: fields.text(name) for name, column in SIMPLE.items()}
    fields.text("reportName", required=True, longest=100)
    fields.text("reportType", required=True)
    row["use_report"] = fields.boolean("useReport")
    fields.finish()
    if row["report_type"] not in ("Table", "Chart", "SMS", "Pentaho"):
        raise UnknownToSandboxError(f"report type {row['report_type']}")
    try:
        report_id = session.insert("stretchy_report", row)
    except sqlite3.IntegrityError as taken:
        said = (
            "Unknown data integrity issue with resource: ERROR: duplicate key value violates "
            'unique constraint "stretchy_report_report_name_key"\n  Detail: Key (report_name)='
            f"({row['report_name']}) already exists."
        )
        raise integrity(BROKEN, said) from taken
    for parameter in fields.body.get("reportParameters") or []:
        link = {
            "report_id": report_id,
            "parameter_id": parameter.get("parameterId"),
            "report_parameter_name": parameter.get("reportParameterName"),
        }
        session.insert("stretchy_report_parameter", link)
    add_permission(session, "report", "READ", row["report_name"])
    return {"resourceId": report_id}


def _report_or_404(session: Session, report_id: int) -> Row:
    row = session.row("stretchy_report", report_id)
    if row is None:
        said = f"Report with identifier {report_id} does not exist"
        raise not_found("error.msg.report.id.invalid", said, report_id)
    return row


def _update_report(call: Call) -> Outcome:
    session, report_id = call.session, call.subject.resource_id or 0
    row = _report_or_404(session, report_id)
    fields = Fields(call.body(), "report")
    fields.only(FIELDS)
    if fields.given("reportName") and fields.text("reportName") != row["report_name"]:
        raise UnknownToSandboxError("renaming a report")
    changes: Json = {}
    for name, column in SIMPLE.items():
        if fields.given(name) and fields.text(name) != row[column]:
            changes[name] = fields.text(name)
    columns: Json = {SIMPLE[name]: value for name, value in changes.items()}
    if fields.given("useReport") and fields.boolean("useReport") != bool(row["use_report"]):
        changes["useReport"] = columns["use_report"] = fields.boolean("useReport")
    if columns:
        session.update("stretchy_report", report_id, columns)
    return {"resourceId": report_id, "changes": changes}


def _delete_report(call: Call) -> Outcome:
    session, report_id = call.session, call.subject.resource_id or 0
    row = _report_or_404(session, report_id)
    if row["core_report"]:
        code = "error.msg.cant.delete.core.report"
        raise integrity(code, "Core reports cannot be deleted")
    session.run("delete from stretchy_report where id = ?", (report_id,))
    session.run("delete from stretchy_report_parameter where report_id = ?", (report_id,))
    code = f"READ_{row['report_name']}"
    session.run("delete from m_permission where code = ?", (code,))
    return {"resourceId": report_id}


def _shown(session: Session, row: Row) -> Json:
    sql = "select * from stretchy_report_parameter where report_id = ?"
    parameters = [
        {
            "id": p["id"],
            "parameterId": p["parameter_id"],
            "reportParameterName": p["report_parameter_name"],
        }
        for p in session.all(sql, (row["id"],))
    ]
    return compact(
        {
            "id": row["id"],
            **{name: row[column] for name, column in SIMPLE.items()},
            "coreReport": bool(row["core_report"]),
            "useReport": bool(row["use_report"]),
            "reportParameters": parameters,
        }
    )


def list_reports(call: Call) -> list[Json]:
    """``GET /reports``."""
    rows = call.session.all("select * from stretchy_report order by report_name")
    return [_shown(call.session, row) for row in rows]


def get_report(call: Call, report_id: int) -> Json:
    """``GET /reports/{id}``."""
    return _shown(call.session, _report_or_404(call.session, report_id))


# running them


def _allowed(call: Call, name: str) -> Row:
    if not (call.user.may_read(name) or "REPORTING_SUPER_USER" in call.user.permissions):
        raise not_authorised(f"Not authorised to run report: {name}")
    row = call.session.one("select * from stretchy_report where report_name = ?", (name,))
    if row is None:
        code = "error.msg.report.name.not.found"
        raise not_found(code, "Reporting meta-data entry not found.", f"Report Name: {name}")
    return row


def _sql(call: Call, row: Row) -> str:
    sql = str(row["report_sql"])
    values = {name[2:]: value for name, value in call.query.items() if name.startswith("R_")}
    for name, value in values.items():
        refuse_injection(value)
        sql = sql.replace("${" + name + "}", value)
    built_in = {
        "currentUserHierarchy": call.user.hierarchy,
        "currentUserId": str(call.user.user_id),
        "currentDate": iso(today(call.session)),
    }
    for name, value in built_in.items():
        sql = sql.replace("${" + name + "}", value)
    return sql


def run(call: Call, name: str) -> Json | list[Json] | Response:
    """``GET /runreports/{name}``."""
    row = _allowed(call, name)
    if row["report_type"] == "Pentaho":
        code = "err.msg.report.service.implementation.missing"
        raise unavailable(code, "There is no ReportingProcessService registered", "Pentaho")
    exports = ("exportPDF", "exportS3", "exportJSON", "parameterType")
    asked = next((export for export in exports if call.flag(export)), None)
    if asked is not None:
        raise UnknownToSandboxError(f"reports with {asked}")
    database, sql = call.world.database, _sql(call, row)
    if ONE_DATABASE_ONLY.search(sql):
        raise UnknownToSandboxError("SQL of one database only")
    try:
        result = run_report(database.path, database.dialect, sql)
    except sqlite3.Error as broken:
        if "no such function" in str(broken):
            raise UnknownToSandboxError(str(broken)) from broken
        raise integrity(BROKEN, "org.springframework.jdbc.BadSqlGrammarException") from broken
    maria = database.dialect is Dialect.MARIADB
    columns = [_Column.of(result, place, maria=maria) for place in range(len(result.names))]
    if call.flag("exportCSV"):
        return _csv(name, columns, result)
    if call.query.get("genericResultSet", "true").lower() == "false":
        return [
            {c.name: c.shown(value) for c, value in zip(columns, line, strict=True)}
            for line in result.rows
        ]
    data = [
        {"row": [c.shown(value) for c, value in zip(columns, line, strict=True)]}
        for line in result.rows
    ]
    return {"columnHeaders": [c.header() for c in columns], "data": data}


@dataclass(frozen=True)
class _Column:
    """A column of a result, with the kind that decides how its values are written."""

    name: str
    kind: str
    maria: bool

    @classmethod
    def of(cls, result: Result, place: int, *, maria: bool) -> _Column:
        """The column at a place: its declared kind, or what its values look like."""
        declared = re.split(r"[( ]", result.declared[place].lower())[0]
        if declared in KINDS:
            return cls(result.names[place], declared, maria)
        values = [line[place] for line in result.rows if line[place] is not None]
        return cls(result.names[place], _guess(values), maria)

    def shown(self, value: Any) -> Any:
        """A value as JSON has it."""
        if value is None:
            return None
        if self.kind == "boolean":
            return self._truth(value)
        if self.kind == "date":
            return date_parts(str(value))
        if self.kind == "timestamp":
            return moment_parts(str(value))
        if self.kind == "decimal":
            return number(micro_of(value))
        return value

    def header(self) -> Json:
        """The column as the answer describes it."""
        kind, display = KINDS[self.kind]
        return header(self.name, MARIA_NAMES.get(kind, kind) if self.maria else kind, display)

    def _truth(self, value: Any) -> str:
        words = ("0", "1") if self.maria else ("false", "true")
        return words[bool(value)]

    def text(self, value: Any) -> str:
        """A value as CSV has it."""
        if value is None:
            return ""
        if self.kind == "boolean":
            return self._truth(value)
        return f"{micro_of(value) / 1_000_000:.6f}" if self.kind == "decimal" else str(value)


def micro_of(value: float) -> int:
    """A number of a result in millionths."""
    return micro(Decimal(repr(value)))


def _guess(values: list[Any]) -> str:
    if any(isinstance(value, float) for value in values):
        return "decimal"
    if values and all(isinstance(value, int) for value in values):
        return "bigint"
    if values and all(DATE_TEXT.fullmatch(str(value)) for value in values):
        return "date"
    if values and all(MOMENT_TEXT.fullmatch(str(value)) for value in values):
        return "timestamp"
    return "varchar"


def _csv(name: str, columns: list[_Column], result: Result) -> Response:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.name for column in columns])
    for line in result.rows:
        writer.writerow([c.text(value) for c, value in zip(columns, line, strict=True)])
    response = Response(out.getvalue(), content_type="text/csv")
    stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
    filename = f"{name.replace(' ', '_')}_{stamp}.csv"
    response.headers["Content-Disposition"] = f"attachment;filename={filename}"
    return response


def available_exports(call: Call, name: str) -> list[Json]:
    """``GET /runreports/availableExports/{name}``."""
    _allowed(call, name)
    return [
        {"key": "CSV", "queryParameter": "exportCSV"},
        {"key": "PDF", "queryParameter": "exportPDF"},
        {"key": "JSON", "queryParameter": "exportJSON"},
        {"key": "PRETTY_JSON", "queryParameter": "pretty"},
    ]


ROUTES: list[Route] = [
    reads("/reports", list_reports, "REPORT"),
    reads("/reports/<int:report_id>", get_report, "REPORT"),
    writes("POST", "/reports", post_report),
    writes("PUT", "/reports/<int:report_id>", put_report),
    writes("DELETE", "/reports/<int:report_id>", delete_report),
    reads("/runreports/<name>", run),
    reads("/runreports/availableExports/<name>", available_exports),
]
HANDLERS: dict[tuple[str, str], Handler] = {
    ("CREATE", "REPORT"): _create_report,
    ("UPDATE", "REPORT"): _update_report,
    ("DELETE", "REPORT"): _delete_report,
}
