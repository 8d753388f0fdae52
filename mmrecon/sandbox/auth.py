"""Who asks, and what they may do (fineract-api.md 1.2)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import threading
from dataclasses import dataclass

from mmrecon.sandbox.database import Database, Session
from mmrecon.sandbox.refusals import not_authorised


def hashed(password: str) -> str:
    """The stored form of a password; the sandbox guards nothing, so it is a plain digest."""
    return hashlib.sha256(password.encode()).hexdigest()


@dataclass(frozen=True)
class User:
    """A user with everything its roles allow."""

    user_id: int
    username: str
    firstname: str
    lastname: str
    office_id: int
    hierarchy: str
    permissions: frozenset[str]

    def may(self, code: str) -> bool:
        """Whether the user may give a command."""
        return "ALL_FUNCTIONS" in self.permissions or code in self.permissions

    def may_read(self, entity: str) -> bool:
        """Whether the user may read things of a kind."""
        everything = {"ALL_FUNCTIONS", "ALL_FUNCTIONS_READ"}
        return bool(everything & self.permissions) or f"READ_{entity}" in self.permissions

    def may_check(self, code: str) -> bool:
        """Whether the user may approve a waiting command."""
        return self.is_checker_of_all() or f"{code}_CHECKER" in self.permissions

    def is_checker_of_all(self) -> bool:
        """Whether maker-checker does not bind the user at all."""
        return bool({"ALL_FUNCTIONS", "CHECKER_SUPER_USER"} & self.permissions)

    def require(self, code: str) -> None:
        """Refuse with 403 where a command is not allowed."""
        if not self.may(code):
            raise not_authorised(f"User has no authority to: {code}")

    def require_read(self, entity: str) -> None:
        """Refuse with 403 where reading is not allowed."""
        if not self.may_read(entity):
            raise not_authorised(f"User has no authority to READ {entity.lower()}s")


class Users:
    """Users by their credentials; remembered until roles or users change."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, User] = {}
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Read users anew from now on."""
        with self._lock:
            self._known.clear()

    def by_header(self, header: str | None) -> User | None:
        """The user of an Authorization header, or none if it does not hold."""
        if not header or not header.startswith("Basic "):
            return None
        known = self._known.get(header)
        if known is not None:
            return known
        try:
            plain = base64.b64decode(header[6:], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
        username, _, password = plain.partition(":")
        with self._database.snapshot() as session:
            user = find_user(session, username, password)
        if user is not None:
            with self._lock:
                self._known[header] = user
        return user


def find_user(session: Session, username: str, password: str) -> User | None:
    """The user with this name and password, or none."""
    sql = "select * from m_appuser where username = ? and enabled and not is_deleted"
    row = session.one(sql, (username,))
    if row is None or row["password"] != hashed(password):
        return None
    return load_user(session, row["id"])


def load_user(session: Session, user_id: int) -> User:
    """A user by id, with permissions."""
    sql = """
        select u.*, o.hierarchy from m_appuser u join m_office o on o.id = u.office_id
        where u.id = ?
    """
    row = session.one(sql, (user_id,))
    if row is None:
        raise LookupError(user_id)
    sql = """
        select distinct p.code from m_permission p
        join m_role_permission rp on rp.permission_id = p.id
        join m_role r on r.id = rp.role_id and not r.is_disabled
        join m_appuser_role ur on ur.role_id = r.id
        where ur.appuser_id = ? order by p.code
    """
    codes = frozenset(code for (code,) in session.all(sql, (user_id,)))
    return User(
        row["id"],
        row["username"],
        row["firstname"],
        row["lastname"],
        row["office_id"],
        row["hierarchy"],
        codes,
    )
