"""What a fresh Fineract holds: head office, one user, currencies, settings, permissions."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from mmrecon.sandbox.auth import hashed
from mmrecon.sandbox.database import Session

EVERY_DAY = "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR,SA,SU"


def plant(session: Session) -> None:
    """Fill an empty database."""
    text = files(__package__).joinpath("seed.json").read_text(encoding="utf-8")
    seed: dict[str, Any] = json.loads(text)
    _organisation(session, seed)
    _permissions(session, seed["permissions"])
    _administrator(session)
    _codes(session, seed["identifier_types"])
    for report in seed["reports"]:
        _report(session, report)


def _organisation(session: Session, seed: dict[str, Any]) -> None:
    office = {"id": 1, "hierarchy": ".", "external_id": "1", "name": "Head Office"}
    session.insert("m_office", {**office, "opening_date": "2009-01-01"})
    for code, digits, symbol, name in seed["currencies"]:
        currency = {
            "code": code,
            "decimal_places": digits,
            "display_symbol": symbol,
            "name": name,
            "internationalized_name_code": f"currency.{code}",
        }
        session.insert("m_currency", currency)
        if code == "USD":
            session.insert("m_organisation_currency", currency)
    names = "id value description is_cash_payment order_position code_name is_system_defined"
    for row in seed["payment_types"]:
        session.insert("m_payment_type", dict(zip(names.split(), row, strict=True)))
    names = "id name enabled value description"
    for row in seed["configurations"]:
        session.insert("c_configuration", dict(zip(names.split(), row, strict=True)))
    for job_id, name, cron in seed["jobs"]:
        job = {"id": job_id, "name": name, "display_name": name, "cron_expression": cron}
        session.insert("job", job)
    days = {"id": 1, "recurrence": EVERY_DAY, "repayment_rescheduling_enum": 2}
    session.insert("m_working_days", days)


def _permissions(session: Session, families: dict[str, dict[str, list[str]]]) -> None:
    for grouping, entities in families.items():
        for entity, actions in entities.items():
            for action in actions:
                add_permission(session, grouping, action, entity)


def add_permission(session: Session, grouping: str, action: str, entity: str) -> None:
    """A permission, with its checker's twin unless it only reads."""
    special = grouping == "special"
    code = action if special else f"{action}_{entity}"
    row = {"grouping": grouping, "code": code, "entity_name": entity, "action_name": action}
    session.insert("m_permission", row)
    if not special and action != "READ":
        twin = {**row, "code": f"{code}_CHECKER", "action_name": f"{action}_CHECKER"}
        session.insert("m_permission", twin)


def _administrator(session: Session) -> None:
    user = {
        "id": 1,
        "office_id": 1,
        "username": "mifos",
        "firstname": "App",
        "lastname": "Administrator",
        "password": hashed("password"),
        "email": "demomfi@mifos.org",
    }
    session.insert("m_appuser", user)
    said = "This role provides all application permissions."
    session.insert("m_role", {"id": 1, "name": "Super user", "description": said})
    everything = session.value("select id from m_permission where code = 'ALL_FUNCTIONS'")
    session.insert("m_role_permission", {"role_id": 1, "permission_id": everything})
    session.insert("m_appuser_role", {"appuser_id": 1, "role_id": 1})


def _codes(session: Session, identifier_types: list[str]) -> None:
    code = session.insert("m_code", {"code_name": "Customer Identifier", "is_system_defined": 1})
    for position, name in enumerate(identifier_types, 1):
        row = {"code_id": code, "code_value": name, "order_position": position}
        session.insert("m_code_value", row)


def _report(session: Session, report: dict[str, str]) -> None:
    row = {
        "report_name": report["name"],
        "report_type": "Table",
        "report_category": report["category"],
        "report_sql": report["sql"],
        "core_report": 1,
        "use_report": 1,
    }
    session.insert("stretchy_report", row)
    add_permission(session, "report", "READ", report["name"])
