"""Paths into replies, and the rules that recordings are compared by (recordings/README.md)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.sandbox.placeholders import Scope, fill


class Missing:
    """What a path that leads nowhere gives."""


MISSING = Missing()
OPERATION = re.compile(
    r":(type|present|absent|count|keys|sorted|(?:is|contains|matches|oneof)=.*)$", re.DOTALL
)


@dataclass
class Reply:
    """What the server answered; status 0 means that the client stopped waiting."""

    status: int
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> Any:
        """The JSON of the answer, or nothing."""
        if self.text[:1] not in ("{", "["):
            return MISSING
        return json.loads(self.text, parse_float=Decimal)


def at(document: Any, path: str) -> Any:
    """The value at a path, or MISSING."""
    if path in ("", "$") or document is MISSING:
        return document
    if "|json" in path:
        before, after = path.split("|json", 1)
        inner = at(document, before)
        if not isinstance(inner, str) or inner[:1] not in ("{", "["):
            return MISSING
        return at(json.loads(inner, parse_float=Decimal), after.lstrip("."))
    for token in re.findall(r"\[[^\]]*\]|[^.\[\]]+", path):
        if token.startswith("[*"):
            rest = path.split(token, 1)[1].lstrip(".")
            return _all(document, token, rest)
        document = _one(document, token)
        if document is MISSING:
            return MISSING
    return document


def _all(document: Any, token: str, rest: str) -> Any:
    if not isinstance(document, list):
        return MISSING
    if token == "[*]":
        return [at(entry, rest) for entry in document]
    key, wanted = token[2:-1].split("=", 1)
    fitting = [e for e in document if str(at(e, key.replace("/", "."))) == wanted]
    return [at(entry, rest) for entry in fitting]


def _one(document: Any, token: str) -> Any:
    if not token.startswith("["):
        return document.get(token, MISSING) if isinstance(document, dict) else MISSING
    inner = token[1:-1]
    if not isinstance(document, list):
        return MISSING
    if "=" in inner:
        key, wanted = inner.split("=", 1)
        fits = (e for e in document if str(at(e, key.replace("/", "."))) == wanted)
        return next(fits, MISSING)
    return document[int(inner)] if int(inner) < len(document) else MISSING


def kind(value: Any) -> str:
    """The JSON type of a value."""
    if value is MISSING:
        return "missing"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | Decimal):
        return "number"
    names: dict[type, str] = {str: "text", list: "list", dict: "object"}
    return names[type(value)]


def plain(value: Any) -> Any:
    """A value as it is compared: numbers by value, dates as ISO text, MISSING as a word."""
    if value is MISSING:
        return "missing"
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return Decimal(str(value)).normalize()
    if isinstance(value, list):
        if len(value) == 3 and all(type(v) is int for v in value) and 1900 < value[0] < 2300:
            return f"{value[0]:04}-{value[1]:02}-{value[2]:02}"
        return [plain(entry) for entry in value]
    if isinstance(value, dict):
        return {name: plain(entry) for name, entry in value.items()}
    return value


def _flat(value: Any) -> str:
    compared = plain(value)
    return f"{compared:f}" if isinstance(compared, Decimal) else str(compared)


def difference(reply: Reply, rule: str, seen: dict[str, Any], scope: Scope) -> str | None:
    """What is wrong with a reply by one rule, or nothing."""
    filled = str(fill(rule, scope)) if "=" in rule else rule
    match = OPERATION.search(filled)
    path, operation = (filled[: match.start()], match.group(1)) if match else (filled, "")
    value = _value(reply, path)
    if operation in ("present", "absent"):
        good = (value is not MISSING) == (operation == "present")
        return None if good else f"{rule}: {kind(value)}"
    word, equals, wanted = operation.partition("=")
    if equals:
        good = _holds(value, word, wanted)
        return None if good else f"{rule}: {_flat(value)[:200]} does not fit {wanted}"
    found = plain(_derived(value, operation))
    expected = plain(seen.get(rule, "missing"))
    return None if found == expected else f"{rule}: {found} instead of {expected}"


def _value(reply: Reply, path: str) -> Any:
    if path == "text":
        return reply.text
    if path.startswith("header:"):
        return reply.headers.get(path[7:].lower(), MISSING)
    return at(reply.body, path)


def _derived(value: Any, operation: str) -> Any:
    if operation == "type":
        return kind(value)
    if operation == "count":
        return len(value) if isinstance(value, list | str | dict) else None
    if operation == "keys":
        return sorted(value) if isinstance(value, dict) else None
    if operation == "sorted":
        return sorted(_flat(entry) for entry in value) if isinstance(value, list) else None
    return value


def _holds(value: Any, word: str, wanted: str) -> bool:
    if word == "is":
        return _flat(value) == _flat(wanted)
    if word == "oneof":
        return _flat(value) in wanted.split("|")
    if word == "contains":
        text = value if isinstance(value, str) else json.dumps(value, default=str)
        return wanted in text
    return re.search(wanted, value if isinstance(value, str) else _flat(value)) is not None
