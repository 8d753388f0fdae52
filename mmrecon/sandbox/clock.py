"""The tenant's day: its time zone, and the business date if that is switched on.

fineract-api.md 1.6.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from mmrecon.sandbox.database import Session

TENANT = "default"
ZONE = ZoneInfo("Asia/Kolkata")


def setting(session: Session, name: str) -> bool:
    """Whether a global configuration is switched on."""
    sql = "select enabled from c_configuration where name = ?"
    return bool(session.value(sql, (name,)))


def tenant_day() -> date:
    """Today in the tenant's zone."""
    return datetime.now(ZONE).date()


def today(session: Session) -> date:
    """The business date: today in the tenant's zone, unless another one is set."""
    if setting(session, "enable_business_date"):
        sql = "select date from m_business_date where type = 'BUSINESS_DATE'"
        fixed = session.value(sql)
        if fixed is not None:
            return date.fromisoformat(fixed)
    return tenant_day()


def now() -> str:
    """The moment as the database holds it, UTC."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
