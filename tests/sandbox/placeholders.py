"""The placeholders of recordings: ``${name}``, and templates of the set-up."""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Kolkata")
HOLE = re.compile(r"\$\{([A-Za-z0-9_.]+)\}")
WHOLE = re.compile(r"^\$\{([A-Za-z0-9_.]+)\}$")


class Scope(dict[str, Any]):
    """Values that a scenario may use: bound earlier, or made here."""

    def __missing__(self, name: str) -> Any:
        today = dt.datetime.now(ZONE).date()
        days = {"today": 0, "yesterday": -1, "tomorrow": 1}
        if name in days:
            return (today + dt.timedelta(days[name])).isoformat()
        if name == "last_sunday":
            back = (today.weekday() + 1) % 7 or 7
            return (today - dt.timedelta(back)).isoformat()
        if name.startswith("sql_"):
            return "${" + name[4:] + "}"
        match = re.fullmatch(r"days_ago_(\d+)", name)
        if match is None:
            raise KeyError(name)
        return (today - dt.timedelta(int(match.group(1)))).isoformat()


def fill(value: Any, scope: Scope) -> Any:
    """Placeholders replaced; a text that is nothing but one takes the value's own type."""
    if isinstance(value, str):
        whole = WHOLE.match(value)
        if whole:
            return scope[whole.group(1)]
        return HOLE.sub(lambda hole: str(scope[hole.group(1)]), value)
    if isinstance(value, dict):
        return {fill(name, scope): fill(entry, scope) for name, entry in value.items()}
    if isinstance(value, list):
        return [fill(entry, scope) for entry in value]
    return value


def expand(body: Any, templates: dict[str, Any]) -> Any:
    """A body of the set-up with its template filled in."""
    if not isinstance(body, dict):
        return body
    own = {name: value for name, value in body.items() if name != "@"}
    return {**templates[body["@"]], **own} if "@" in body else own


def json_text(value: Any) -> str:
    """JSON text with decimals as they were written."""
    marks: dict[str, str] = {}

    def marked(entry: Any) -> Any:
        if isinstance(entry, Decimal):
            mark = f"@@{len(marks)}@@"
            marks[f'"{mark}"'] = f"{entry:f}"
            return mark
        if isinstance(entry, dict):
            return {name: marked(inner) for name, inner in entry.items()}
        return [marked(inner) for inner in entry] if isinstance(entry, list) else entry

    text = json.dumps(marked(value), ensure_ascii=False)
    return re.sub(r'"@@\d+@@"', lambda mark: marks[mark.group()], text)
