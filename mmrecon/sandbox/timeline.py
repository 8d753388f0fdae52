"""Who did what to an account, as timelines name them."""

from __future__ import annotations

import uuid

from mmrecon.sandbox.database import Session
from mmrecon.sandbox.values import Json


def person(session: Session, prefix: str, user_id: int | None) -> Json:
    """A user's names under a prefix; nothing where there is no user."""
    if user_id is None:
        return {}
    key = (prefix, user_id)
    named: Json | None = session.remembered.get(key)
    if named is None:
        sql = "select username, firstname, lastname from m_appuser where id = ?"
        names = ("Username", "Firstname", "Lastname")
        values = session.one(sql, (user_id,)) or ()
        named = {prefix + name: value for name, value in zip(names, values, strict=False)}
        session.remembered[key] = named
    return named


def new_external_id() -> str:
    """The id that the server makes up where that is switched on."""
    return str(uuid.uuid4())
