"""Lists: where, order, limit and offset, as Fineract's lists take them (fineract-api.md 6.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from mmrecon.sandbox.call import Call
from mmrecon.sandbox.database import Row, Session, spelled
from mmrecon.sandbox.refusals import ContainerError, sql_refused

STACKED = re.compile(r";")
COMMENT = re.compile(r"--|/\*")
BLIND = re.compile(r"\b(or|and)\s+\S+\s*=\s*\S+", re.IGNORECASE)
COLUMN = re.compile(r"\bunion\b|\bselect\b.*\bfrom\b", re.IGNORECASE)


def refuse_injection(text: str) -> None:
    """403 for what looks like an attempt to inject SQL (fineract-api.md 6.3)."""
    patterns = (
        (STACKED, "inject-stacked-query"),
        (COMMENT, "inject-comment"),
        (COLUMN, "detect-column"),
        (BLIND, "inject-blind"),
    )
    for pattern, name in patterns:
        if pattern.search(text):
            raise sql_refused(name)


@dataclass
class Listing:
    """A query under construction: source is what stands between select and where."""

    columns: str
    source: str
    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    order: str = ""

    def where(self, condition: str, *values: Any) -> None:
        """Add a condition."""
        self.conditions.append(condition)
        self.values.extend(values)

    def where_given(self, call: Call, name: str, condition: str) -> None:
        """Add a condition if the query has a value for it."""
        value = call.query.get(name)
        if value:
            self.where(condition, value)

    def total(self, session: Session) -> int:
        """How many rows there are in all."""
        return int(session.value(self._sql("count(*)"), self.values))

    def rows(self, session: Session, limit: int | None = None, offset: int = 0) -> list[Row]:
        """The rows, or a part of them; a limit of 0 or less means all."""
        sql = self._sql(self.columns)
        if self.order:
            sql = spelled(sql, "order by", self.order)
        if limit is not None and limit > 0:
            sql = spelled(sql, "limit", str(limit), "offset", str(max(offset, 0)))
        return session.all(sql, self.values)

    def _sql(self, columns: str) -> str:
        where = ("where", " and ".join(self.conditions)) if self.conditions else ()
        return spelled("select", columns, "from", self.source, *where)

    def order_by(self, call: Call, columns: dict[str, str], default: str) -> None:
        """Order as asked; an unknown column is a 500, an injection a 403."""
        asked = call.query.get("orderBy")
        direction = call.query.get("sortOrder", "")
        refuse_injection(f"{asked or ''} {direction}")
        if not asked:
            self.order = default
            return
        if asked not in columns:
            raise ContainerError(500, said=f"unknown column {asked}")
        down = "desc" if direction.lower() == "desc" else "asc"
        self.order = f"{columns[asked]} {down}"

    def page(self, call: Call) -> tuple[int, list[Row]]:
        """The page that the query asks for, and the number of all rows."""
        limit, offset = call.number("limit"), call.number("offset") or 0
        rows = self.rows(call.session, limit, offset)
        if limit is None or limit <= 0:
            return len(rows), rows
        return self.total(call.session), rows


def office_subtree(call: Call, column: str) -> tuple[str, list[Any]]:
    """A condition that keeps to the offices under the caller's own."""
    hierarchy = call.user.hierarchy
    if hierarchy == ".":
        return "1", []
    condition = spelled(column, "in (select id from m_office where hierarchy like ?)")
    return condition, [f"{hierarchy}%"]
