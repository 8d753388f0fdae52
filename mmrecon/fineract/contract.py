"""What travels between mmrecon and Fineract, as values: no network here.

JSON numbers are read as `Decimal` and written as exact decimal literals (fineract-api.md 1.4);
null reads like absent (fineract-api.md 2).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from json.encoder import encode_basestring
from typing import Final

UNHEARD: Final = 0
"""Status of a reply that never came."""

JsonObject = Mapping[str, object]


class Fault(StrEnum):
    """Why a reply never came."""

    NONE = ""
    NOT_SENT = "not_sent"
    UNHEARD = "unheard"


@dataclass(frozen=True, slots=True)
class Reply:
    """What was heard of one request; header names in lower case.

    `fault` tells a request that certainly never left (refused, no such host, certificate) from
    one whose fate is unknown.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    fault: Fault = Fault.NONE
    trouble: str = ""

    def json(self) -> object | None:
        """The parsed body; None when it is no JSON."""
        return parse_json(self.text)


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One request inside `/batches`; `body` is JSON text, empty for a read."""

    request_id: int
    method: str
    relative_url: str
    body: str = ""
    idempotency_key: str = ""

    def as_json(self) -> dict[str, object]:
        """The item as Fineract reads it; an empty key is never sent (fineract-api.md 2)."""
        item: dict[str, object] = {
            "requestId": self.request_id,
            "relativeUrl": self.relative_url,
            "method": self.method,
        }
        if self.idempotency_key:
            item["headers"] = [{"name": "Idempotency-Key", "value": self.idempotency_key}]
        if self.body:
            item["body"] = self.body
        return item


@dataclass(frozen=True, slots=True)
class ItemReply:
    """One element of a batch's answer; `request_id` is missing where Fineract left it out."""

    request_id: int | None
    reply: Reply


@dataclass(frozen=True, slots=True)
class BatchReply:
    """The answer to a batch: the whole call, and its elements when it was a list of them."""

    whole: Reply
    items: tuple[ItemReply, ...] = ()

    def by_request(self) -> dict[int, Reply]:
        """Request id to its reply."""
        return {item.request_id: item.reply for item in self.items if item.request_id is not None}


def parse_json(text: str) -> object | None:
    """Parsed JSON with exact decimals; None for anything else."""
    try:
        parsed: object = _READER.decode(text)
    except ValueError:
        return None
    return parsed


_READER: Final = json.JSONDecoder(parse_float=Decimal)


def dump_json(value: object) -> str:
    """JSON text in which every Decimal is its exact literal.

    Raises:
        TypeError: a binary float is no amount.
    """
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, float):
        raise TypeError("a float has no place in a request")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict | Mapping):
        inner = [f"{encode_basestring(name)}:{dump_json(part)}" for name, part in value.items()]
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([dump_json(part) for part in value]) + "]"
    return json.dumps(value)


def batch_body(items: Sequence[BatchItem]) -> str:
    """The body of a `/batches` call."""
    return dump_json([item.as_json() for item in items])


def read_batch(reply: Reply) -> BatchReply:
    """A batch's answer taken apart (fineract-api.md 7); anything but a 200 list has no items."""
    parsed = reply.json() if reply.status == 200 else None
    if not isinstance(parsed, list):
        return BatchReply(reply)
    return BatchReply(reply, tuple(_item(element) for element in parsed))


def as_object(value: object) -> JsonObject:
    """The value when it is a JSON object, else an empty one; null fields are left out."""
    if not isinstance(value, dict):
        return {}
    return {name: inner for name, inner in value.items() if inner is not None}


def peek(value: object) -> JsonObject:
    """The value when it is a JSON object, else an empty one; for `get` only: nulls are in it."""
    return value if isinstance(value, dict) else _NOTHING


_NOTHING: Final[JsonObject] = {}


def as_list(value: object) -> list[JsonObject]:
    """The objects of a JSON list; an empty list for anything else."""
    return [as_object(element) for element in value] if isinstance(value, list) else []


def as_date(value: object) -> date | None:
    """A `[y, m, d]` array or an ISO text as a date (fineract-api.md 1.5); None for others."""
    try:
        if isinstance(value, list) and len(value) >= 3:
            return date(*(int(part) for part in value[:3]))
        if isinstance(value, str):
            return date.fromisoformat(value[:10])
    except (TypeError, ValueError):
        return None
    return None


def as_decimal(value: object) -> Decimal | None:
    """A JSON number as a Decimal; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value)


def as_integer(value: object) -> int | None:
    """A JSON integer, also one written as text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return None


def as_text(value: object) -> str:
    """A JSON text; empty for anything else."""
    return value if isinstance(value, str) else ""


def _item(element: object) -> ItemReply:
    fields = as_object(element)
    headers = {
        as_text(header.get("name")).lower(): as_text(header.get("value"))
        for header in as_list(fields.get("headers"))
    }
    status = as_integer(fields.get("statusCode")) or UNHEARD
    return ItemReply(
        as_integer(fields.get("requestId")), Reply(status, headers, as_text(fields.get("body")))
    )
