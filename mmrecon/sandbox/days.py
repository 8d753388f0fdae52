"""The days a tenant knows: business date, holidays, working days; and the jobs that run."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.clock import now
from mmrecon.sandbox.commands import Reply
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.organisation import COMMON, office_or_404
from mmrecon.sandbox.refusals import UnknownToSandboxError, not_found, rule_violated
from mmrecon.sandbox.routing import Route, acts, command_query, reads, writes
from mmrecon.sandbox.values import Json, compact, date_parts, epoch_ms, iso

RESCHEDULING = {
    1: ("same.day", "same day"),
    2: ("move.to.next.working.day", "move to next working day"),
    3: ("move.to.next.repayment.meeting.day", "move to next repayment meeting day"),
    4: ("move.to.previous.working.day", "move to previous working day"),
}


# business date

DATE_NAMES = {"BUSINESS_DATE": "Business Date", "COB_DATE": "Close of Business Date"}


def _business_date(row: Row) -> Json:
    described = DATE_NAMES[row["type"]]
    return {"description": described, "type": row["type"], "date": date_parts(row["date"])}


def list_business_dates(call: Call) -> list[Json]:
    """``GET /businessdate``: the last dates, even after the switch is off."""
    return [_business_date(row) for row in call.session.all("select * from m_business_date")]


def get_business_date(call: Call, name: str) -> Json:
    """``GET /businessdate/{type}``."""
    row = call.session.one("select * from m_business_date where type = ?", (name,))
    if row is None:
        said = f"Business date with type `{name}` does not exist."
        raise not_found("error.msg.businessdate.not.found", said, name)
    return _business_date(row)


def post_business_date(call: Call) -> Command:
    """``POST /businessdate``."""
    del call
    return Command("UPDATE", "BUSINESS_DATE")


def _update_business_date(call: Call) -> Outcome:
    session = call.session
    fields = Fields(call.body(), "businessdate.update")
    fields.only({*COMMON, "type", "date"})
    name = fields.text("type", required=True)
    day = fields.date("date", required=True)
    fields.finish()
    if name not in DATE_NAMES or day is None:
        raise UnknownToSandboxError(f"business date of type {name}")
    sql = "select enabled from c_configuration where name = 'enable_business_date'"
    if not session.value(sql):
        said = "Business date functionality is not enabled"
        raise rule_violated("business.date.is.not.enabled", said)
    changes = {}
    wanted = {name: day}
    if name == "BUSINESS_DATE":
        wanted["COB_DATE"] = day - timedelta(days=1)
    for kind, value in wanted.items():
        old = session.value("select date from m_business_date where type = ?", (kind,))
        if old != iso(value):
            changes[kind] = date_parts(iso(value))
        session.run("delete from m_business_date where type = ?", (kind,))
        session.insert("m_business_date", {"type": kind, "date": iso(value)})
    return {"changes": changes}


# holidays and working days


def list_holidays(call: Call) -> list[Json]:
    """``GET /holidays?officeId=``."""
    sql = """
        select h.* from m_holiday h join m_holiday_office ho on ho.holiday_id = h.id
        where ho.office_id = ? and h.status_enum <> 600 order by h.from_date
    """
    rows = call.session.all(sql, (call.number("officeId"),))
    return [_holiday(row) for row in rows]


def _holiday(row: Row) -> Json:
    status = {100: "pending.for.activation", 300: "active"}[row["status_enum"]]
    value = {100: "Pending for activation", 300: "Active"}[row["status_enum"]]
    return compact(
        {
            "id": row["id"],
            "name": row["name"],
            "description": row["description"],
            "fromDate": date_parts(row["from_date"]),
            "toDate": date_parts(row["to_date"]),
            "repaymentsRescheduledTo": date_parts(row["repayments_rescheduled_to"]),
            "officeId": None,
            "status": {
                "id": row["status_enum"],
                "code": f"holidayStatusType.{status}",
                "value": value,
            },
            "reschedulingType": row["rescheduling_type"],
        }
    )


def get_holiday(call: Call, holiday_id: int) -> Json:
    """``GET /holidays/{id}``."""
    return _holiday(_holiday_or_404(call.session, holiday_id))


def _holiday_or_404(session: Session, holiday_id: int) -> Row:
    row = session.row("m_holiday", holiday_id)
    if row is None or row["status_enum"] == 600:
        said = f"Holiday with identifier {holiday_id} does not exist"
        raise not_found("error.msg.holiday.id.invalid", said, holiday_id)
    return row


def post_holiday(call: Call) -> Command:
    """``POST /holidays``."""
    del call
    return Command("CREATE", "HOLIDAY")


def command_holiday(call: Call, holiday_id: int) -> Command:
    """``POST /holidays/{id}?command=activate``."""
    if command_query(call) != "activate":
        raise UnknownToSandboxError(f"holiday command {call.query.get('command')}")
    return Command("ACTIVATE", "HOLIDAY", Subject(resource_id=holiday_id))


def delete_holiday(call: Call, holiday_id: int) -> Command:
    """``DELETE /holidays/{id}``."""
    del call
    return Command("DELETE", "HOLIDAY", Subject(resource_id=holiday_id))


def _create_holiday(call: Call) -> Outcome:
    fields = Fields(call.body(), "holiday")
    names = {"name", "fromDate", "toDate", "reschedulingType", "repaymentsRescheduledTo", "offices"}
    fields.only({*COMMON, *names, "description"})
    row: dict[str, Any] = {
        "name": fields.text("name", required=True, longest=100),
        "from_date": _iso_or_none(fields.date("fromDate", required=True)),
        "to_date": _iso_or_none(fields.date("toDate", required=True)),
        "rescheduling_type": fields.integer("reschedulingType"),
        "repayments_rescheduled_to": _iso_or_none(fields.date("repaymentsRescheduledTo")),
        "description": fields.text("description"),
    }
    fields.finish()
    holiday_id = call.session.insert("m_holiday", row)
    for office in fields.body.get("offices") or []:
        office_id = int(office["officeId"])
        office_or_404(call.session, office_id)
        link = {"holiday_id": holiday_id, "office_id": office_id}
        call.session.insert("m_holiday_office", link)
    return {"resourceId": holiday_id}


def _iso_or_none(day: date | None) -> str | None:
    return None if day is None else iso(day)


def _activate_holiday(call: Call) -> Outcome:
    holiday_id = call.subject.resource_id or 0
    _holiday_or_404(call.session, holiday_id)
    call.session.update("m_holiday", holiday_id, {"status_enum": 300})
    return {"resourceId": holiday_id}


def _delete_holiday(call: Call) -> Outcome:
    holiday_id = call.subject.resource_id or 0
    _holiday_or_404(call.session, holiday_id)
    call.session.update("m_holiday", holiday_id, {"status_enum": 600})
    return {"resourceId": holiday_id}


def is_holiday(session: Session, office_id: int, day: date) -> bool:
    """Whether an office has an active holiday on a day."""
    sql = """
        select 1 from m_holiday h join m_holiday_office ho on ho.holiday_id = h.id
        where ho.office_id = ? and h.status_enum = 300 and ? between h.from_date and h.to_date
    """
    return session.value(sql, (office_id, iso(day))) is not None


def is_working_day(session: Session, day: date) -> bool:
    """Whether the organisation works on a day of the week."""
    recurrence = str(session.value("select recurrence from m_working_days"))
    _, _, listed = recurrence.partition("BYDAY=")
    names = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
    return names[day.weekday()] in listed.partition(";")[0].split(",")


def get_working_days(call: Call) -> Json:
    """``GET /workingdays``."""
    row = call.session.one("select * from m_working_days")
    if row is None:
        raise LookupError("working days")
    options = [_rescheduling(number) for number in RESCHEDULING]
    return {
        "id": row["id"],
        "recurrence": row["recurrence"],
        "repaymentRescheduleType": _rescheduling(row["repayment_rescheduling_enum"]),
        "extendTermForDailyRepayments": bool(row["extend_term_daily_repayments"]),
        "extendTermForRepaymentsOnHolidays": bool(row["extend_term_holiday_repayment"]),
        "repaymentRescheduleOptions": options,
    }


def _rescheduling(number: int) -> Json:
    tail, value = RESCHEDULING[number]
    return {"id": number, "code": f"RepaymentRescheduleType.{tail}", "value": value}


def put_working_days(call: Call) -> Command:
    """``PUT /workingdays``."""
    del call
    return Command("UPDATE", "WORKINGDAYS")


def _update_working_days(call: Call) -> Outcome:
    fields = Fields(call.body(), "workingdays")
    names = {"recurrence", "repaymentRescheduleType", "extendTermForDailyRepayments"}
    fields.only({*names, "extendTermForRepaymentsOnHolidays", "locale"})
    recurrence = fields.text("recurrence", required=True)
    fields.finish()
    changes: Json = {}
    if recurrence != call.session.value("select recurrence from m_working_days"):
        changes["recurrence"] = recurrence
    columns = {
        "recurrence": recurrence,
        "repayment_rescheduling_enum": fields.integer("repaymentRescheduleType") or 2,
    }
    call.session.update("m_working_days", 1, columns)
    return {"resourceId": 1, "changes": changes}


# jobs


def list_jobs(call: Call) -> list[Json]:
    """``GET /jobs``: only those that the sandbox can run."""
    return [
        compact(
            {
                "jobId": row["id"],
                "displayName": row["display_name"],
                "cronExpression": row["cron_expression"],
                "active": bool(row["is_active"]),
                "currentlyRunning": False,
            }
        )
        for row in call.session.all("select * from job order by id")
    ]


def run_job(call: Call, job_id: int) -> Reply:
    """``POST /jobs/{id}?command=executeJob``: runs at once, answers 202 without a body."""
    call.user.require("EXECUTEJOB_SCHEDULER")
    row = call.session.row("job", job_id)
    if row is None or row["name"] != "Purge Processed Commands":
        raise UnknownToSandboxError(f"job {job_id}")
    sql = "select value from c_configuration where name = ?"
    days = call.session.value(sql, ("purge-processed-commands-older-than-days",))
    newest = epoch_ms(now()) - int(days or 0) * 86_400_000
    sql = "select id, made_on_date_utc from m_portfolio_command_source where status = 1"
    with call.world.database.transaction() as session:
        old = [r["id"] for r in session.all(sql) if epoch_ms(r["made_on_date_utc"]) <= newest]
        for command_id in old:
            session.run("delete from m_portfolio_command_source where id = ?", (command_id,))
    return Reply(202, "")


ROUTES: list[Route] = [
    reads("/businessdate", list_business_dates, "BUSINESS_DATE"),
    reads("/businessdate/<name>", get_business_date, "BUSINESS_DATE"),
    writes("POST", "/businessdate", post_business_date),
    reads("/holidays", list_holidays, "HOLIDAY"),
    reads("/holidays/<int:holiday_id>", get_holiday, "HOLIDAY"),
    writes("POST", "/holidays", post_holiday),
    writes("POST", "/holidays/<int:holiday_id>", command_holiday),
    writes("DELETE", "/holidays/<int:holiday_id>", delete_holiday),
    reads("/workingdays", get_working_days, "WORKINGDAYS"),
    writes("PUT", "/workingdays", put_working_days),
    reads("/jobs", list_jobs, "SCHEDULER"),
    acts("POST", "/jobs/<int:job_id>", run_job),
]
HANDLERS: dict[tuple[str, str], Handler] = {
    ("UPDATE", "BUSINESS_DATE"): _update_business_date,
    ("CREATE", "HOLIDAY"): _create_holiday,
    ("ACTIVATE", "HOLIDAY"): _activate_holiday,
    ("DELETE", "HOLIDAY"): _delete_holiday,
    ("UPDATE", "WORKINGDAYS"): _update_working_days,
}
