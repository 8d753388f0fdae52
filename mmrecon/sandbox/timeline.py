"""Who did what to an account, as timelines name them."""

from __future__ import annotations

import uuid

from mmrecon.sandbox.database import Session
from mmrecon.sandbox.values import Json


def person(session: Session, prefix: str, user_id: int | None) -> Json:
    """A user's names under a prefix; nothing where there is no user."""
    if user_id is None:
        return {}
    sql = "select username, firstname, lastname from m_appuser where id = ?"
    row = session.one(sql, (user_id,))
    if row is None:
        return {}
    return {
        f"{prefix}Username": row["username"],
        f"{prefix}Firstname": row["firstname"],
        f"{prefix}Lastname": row["lastname"],
    }


def new_external_id() -> str:
    """The id that the server makes up where that is switched on."""
    return str(uuid.uuid4())
