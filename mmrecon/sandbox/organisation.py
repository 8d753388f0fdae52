"""Offices, currencies, payment types and settings."""

from __future__ import annotations

from datetime import date

from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.database import Row, Session, spelled
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.refusals import (
    ContainerError,
    FieldError,
    UnknownToSandboxError,
    integrity,
    invalid,
    not_found,
)
from mmrecon.sandbox.routing import Route, reads, writes
from mmrecon.sandbox.values import Json, compact, date_parts, iso

COMMON = {"locale", "dateFormat"}

# offices


def office_or_404(session: Session, office_id: int | None) -> Row:
    """An office.

    Raises:
        RefusalError: 404.
    """
    row = None if office_id is None else session.row("m_office", office_id)
    if row is None:
        said = f"Office with identifier {office_id} does not exist"
        raise not_found("error.msg.office.id.invalid", said, office_id)
    return row


def _office(session: Session, row: Row) -> Json:
    parent = None if row["parent_id"] is None else session.row("m_office", row["parent_id"])
    return compact(
        {
            "id": row["id"],
            "name": row["name"],
            "nameDecorated": "." * (4 * (row["hierarchy"].count(".") - 1)) + row["name"],
            "externalId": row["external_id"],
            "openingDate": date_parts(row["opening_date"]),
            "hierarchy": row["hierarchy"],
            "parentId": row["parent_id"],
            "parentName": None if parent is None else parent["name"],
        }
    )


def list_offices(call: Call) -> list[Json]:
    """``GET /offices``: the caller's office and those under it."""
    sql = "select * from m_office where hierarchy like ? order by hierarchy"
    rows = call.session.all(sql, (call.user.hierarchy + "%",))
    return [_office(call.session, row) for row in rows]


def get_office(call: Call, office_id: int) -> Json:
    """``GET /offices/{id}``."""
    return _office(call.session, office_or_404(call.session, office_id))


def post_office(call: Call) -> Command:
    """``POST /offices``."""
    del call
    return Command("CREATE", "OFFICE")


def put_office(call: Call, office_id: int) -> Command:
    """``PUT /offices/{id}``."""
    del call
    return Command("UPDATE", "OFFICE", Subject(office_id=office_id, resource_id=office_id))


def _create_office(call: Call) -> Outcome:
    fields = Fields(call.body(), "office")
    fields.only({*COMMON, "name", "parentId", "openingDate", "externalId"})
    name = fields.text("name", required=True, longest=100)
    parent_id = fields.integer("parentId", required=True)
    opening = fields.date("openingDate", required=True)
    external_id = fields.text("externalId", longest=100)
    fields.finish()
    session = call.session
    parent = office_or_404(session, parent_id)
    for column, value in (("name", name), ("external_id", external_id)):
        sql = spelled("select 1 from m_office where", column, "= ?")
        if value is not None and session.value(sql, (value,)):
            parameter = "externalId" if column == "external_id" else column
            code = f"error.msg.office.duplicate.{parameter}"
            said = f"Office with {parameter} `{value}` already exists"
            raise integrity(code, said, parameter, (value,))
    row = {
        "parent_id": parent["id"],
        "external_id": external_id,
        "name": name,
        "opening_date": iso(opening or date.min),
    }
    office_id = session.insert("m_office", row)
    hierarchy = f"{parent['hierarchy']}{office_id}."
    session.update("m_office", office_id, {"hierarchy": hierarchy})
    return {"officeId": office_id, "resourceId": office_id}


def _update_office(call: Call) -> Outcome:
    fields = Fields(call.body(), "office")
    fields.only({*COMMON, "name", "openingDate", "externalId"})
    office_id = call.subject.office_id or 0
    office_or_404(call.session, office_id)
    changes: Json = {}
    columns: Json = {}
    for name, column in (("name", "name"), ("externalId", "external_id")):
        if fields.given(name):
            changes[name] = columns[column] = fields.text(name, longest=100)
    if fields.given("openingDate"):
        columns["opening_date"] = iso(fields.date("openingDate") or date.min)
        changes["openingDate"] = fields.body["openingDate"]
    fields.finish()
    if columns:
        call.session.update("m_office", office_id, columns)
    return {"officeId": office_id, "resourceId": office_id, "changes": changes}


# currencies


def currency(row: Row) -> Json:
    """A currency as the API writes it."""
    symbol = row["display_symbol"]
    return compact(
        {
            "code": row["code"],
            "name": row["name"],
            "decimalPlaces": row["decimal_places"],
            "inMultiplesOf": row["currency_multiplesof"] or 0,
            "displaySymbol": symbol,
            "nameCode": row["internationalized_name_code"],
            "displayLabel": f"{row['name']} ({symbol})"
            if symbol
            else f"{row['name']} [{row['code']}]",
        }
    )


def currencies_by_code(session: Session) -> dict[str, Row]:
    """Every currency there is, by code."""
    return {row["code"]: row for row in session.all("select * from m_currency")}


def account_currency(row: Row, known: dict[str, Row]) -> Json:
    """The currency of an account or product: digits and multiples are its own."""
    of_code = currency(known[row["currency_code"]])
    of_code["decimalPlaces"] = row["currency_digits"]
    of_code["inMultiplesOf"] = row["currency_multiplesof"] or 0
    return of_code


def get_currencies(call: Call) -> Json:
    """``GET /currencies``."""
    selected = call.session.all("select * from m_organisation_currency order by name")
    options = call.session.all("select * from m_currency order by name")
    return {
        "selectedCurrencyOptions": [currency(row) for row in selected],
        "currencyOptions": [currency(row) for row in options],
    }


def put_currencies(call: Call) -> Command:
    """``PUT /currencies``."""
    del call
    return Command("UPDATE", "CURRENCY")


def _update_currencies(call: Call) -> Outcome:
    codes = call.body().get("currencies")
    if not isinstance(codes, list) or not codes:
        message = "The parameter `currencies` cannot be empty."
        code = "validation.msg.currencies.currencies.cannot.be.empty"
        raise invalid(FieldError(code, message, "currencies"))
    session = call.session
    rows = []
    for code in codes:
        row = session.one("select * from m_currency where code = ?", (code,))
        if row is None:
            raise UnknownToSandboxError(f"currency {code}")
        values = dict(row)
        del values["id"]
        rows.append(values)
    session.run("delete from m_organisation_currency")
    for values in rows:
        session.insert("m_organisation_currency", values)
    return {"changes": {"currencies": codes}}


# settings


def _configuration(row: Row) -> Json:
    return compact(
        {
            "name": row["name"],
            "enabled": bool(row["enabled"]),
            "value": row["value"] or 0,
            "id": row["id"],
            "description": row["description"],
            "trapDoor": bool(row["is_trap_door"]),
        }
    )


def list_configurations(call: Call) -> Json:
    """``GET /configurations``."""
    rows = call.session.all("select * from c_configuration order by id")
    return {"globalConfiguration": [_configuration(row) for row in rows]}


def get_configuration(call: Call, name: str) -> Json:
    """``GET /configurations/name/{name}``: an unknown name is a 500."""
    row = call.session.one("select * from c_configuration where name = ?", (name,))
    if row is None:
        raise ContainerError(500, said=f"no configuration {name}")
    return _configuration(row)


def get_configuration_by_id(call: Call, configuration_id: int) -> Json:
    """``GET /configurations/{id}``."""
    return _configuration(_configuration_or_404(call.session, configuration_id))


def _configuration_or_404(session: Session, configuration_id: int) -> Row:
    row = session.row("c_configuration", configuration_id)
    if row is None:
        said = f"Configuration identifier `{configuration_id}` does not exist"
        raise not_found("error.msg.configuration.id.invalid", said, configuration_id)
    return row


def put_configuration(call: Call, configuration_id: int) -> Command:
    """``PUT /configurations/{id}``."""
    del call
    return Command("UPDATE", "CONFIGURATION", Subject(resource_id=configuration_id))


def _update_configuration(call: Call) -> Outcome:
    configuration_id = call.subject.resource_id or 0
    row = _configuration_or_404(call.session, configuration_id)
    fields = Fields({"locale": "en", **call.body()}, "globalConfiguration")
    fields.only({"enabled", "value", "dateValue", "stringValue", "locale", "dateFormat"})
    changes: Json = {}
    if fields.given("enabled") and fields.boolean("enabled") != bool(row["enabled"]):
        changes["enabled"] = fields.boolean("enabled")
    if fields.given("value") and fields.integer("value") != row["value"]:
        changes["value"] = fields.integer("value")
    if changes:
        call.session.update("c_configuration", configuration_id, changes)
    return {"resourceId": configuration_id, "changes": changes}


ROUTES: list[Route] = [
    reads("/offices", list_offices, "OFFICE"),
    reads("/offices/<int:office_id>", get_office, "OFFICE"),
    writes("POST", "/offices", post_office),
    writes("PUT", "/offices/<int:office_id>", put_office),
    reads("/currencies", get_currencies, "CURRENCY"),
    writes("PUT", "/currencies", put_currencies),
    reads("/configurations", list_configurations, "CONFIGURATION"),
    reads("/configurations/name/<name>", get_configuration, "CONFIGURATION"),
    reads("/configurations/<int:configuration_id>", get_configuration_by_id, "CONFIGURATION"),
    writes("PUT", "/configurations/<int:configuration_id>", put_configuration),
]
HANDLERS: dict[tuple[str, str], Handler] = {
    ("CREATE", "OFFICE"): _create_office,
    ("UPDATE", "OFFICE"): _update_office,
    ("UPDATE", "CURRENCY"): _update_currencies,
    ("UPDATE", "CONFIGURATION"): _update_configuration,
}
