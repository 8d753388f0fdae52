"""Several calls in one: ``POST /batches`` (fineract-api.md 7)."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mmrecon.sandbox.call import Call, Command
from mmrecon.sandbox.commands import (
    PAUSES,
    Reply,
    Status,
    find_by_key,
    run_enclosed,
    run_single,
)
from mmrecon.sandbox.dialects import Dialect, batch_lost
from mmrecon.sandbox.locks import LockKey
from mmrecon.sandbox.refusals import (
    ConflictError,
    ContainerError,
    RefusalError,
    UnknownToSandboxError,
    conflict,
    flat,
    rule_violated,
)
from mmrecon.sandbox.routing import Kind
from mmrecon.sandbox.values import Json, dumps, loads, pretty

KEY_NAME = "Idempotency-Key"
ITEM_FIELDS = {"requestId", "relativeUrl", "method", "headers", "reference", "body"}
_X = r"[\w-]+"
_Q = r"(\?(\w+=[\w,]*)(&\w+=[\w,]*)*)?"
KNOWN_URLS = [
    ("POST", r"clients"),
    ("PUT", r"clients/\d+"),
    ("POST", r"clients/\d+\?command=activate"),
    ("POST", r"loans"),
    ("PUT", rf"loans/\d+{_Q}"),
    ("GET", rf"loans/\d+{_Q}"),
    ("GET", rf"loans/external-id/{_X}{_Q}"),
    ("POST", r"loans/\d+\?command=(approve|disburse)"),
    ("POST", rf"loans/external-id/{_X}\?command=\w+"),
    ("POST", r"loans/\d+/transactions\?command=[\w-]+"),
    ("POST", rf"loans/external-id/{_X}/transactions\?command=[\w-]+"),
    ("POST", r"loans/\d+/transactions/\d+(\?command=\w+)?"),
    ("POST", rf"loans/external-id/{_X}/transactions/external-id/{_X}(\?command=\w+)?"),
    ("GET", r"loans/\d+/transactions/\d+"),
    ("GET", rf"loans/external-id/{_X}/transactions/external-id/{_X}{_Q}"),
    ("POST", r"savingsaccounts"),
    ("GET", rf"savingsaccounts/\d+{_Q}"),
    ("POST", r"savingsaccounts/\d+/transactions(\?command=\w+)?"),
    ("POST", r"savingsaccounts/\d+/transactions/\d+(\?command=\w+)?"),
    ("POST", r"datatables/\w+/\d+"),
    ("PUT", r"datatables/\w+/\d+(/\d+)?"),
    ("DELETE", r"datatables/\w+/\d+(/\d+)?"),
    ("GET", rf"datatables/\w+/\d+(/\d+)?{_Q}"),
    ("GET", r"datatables/\w+/query\?.+"),
]
KNOWN = [(method, re.compile(rf"(v1/)?{url}")) for method, url in KNOWN_URLS]
LOCKED = re.compile(r"(?:v1/)?(savingsaccounts|loans)/(?:external-id/([\w-]+)|(\d+))[/?]")
REFERENCE = re.compile(r"\$\.[\w.]+")


@dataclass(frozen=True)
class Item:
    """One call of a batch, as sent."""

    request_id: int | None
    url: str
    method: str
    headers: list[Json] | None
    reference: int | None
    body: str | None

    @property
    def key(self) -> str | None:
        """The item's idempotency key; the name is compared with letter case."""
        for header in self.headers or ():
            if header.get("name") == KEY_NAME:
                return str(header.get("value") or "")
        return None


class _ItemFailedError(Exception):
    """An item of an enclosing batch failed, and the batch with it."""

    def __init__(self, answer: Json) -> None:
        super().__init__(answer.get("statusCode"))
        self.answer = answer


def run_batch(call: Call) -> list[Json]:
    """Run a batch; the answers are sorted by request id."""
    items = _items(call.text)
    known = {item.request_id for item in items}
    for item in items:
        if item.reference is not None and item.reference not in known:
            refusal = rule_violated(
                "validation.msg.batch.reference.invalid",
                "Referenced request not found",
                item.reference,
            )
            return [_error(replace(item, request_id=None, headers=[]), refusal)]
    if call.flag("enclosingTransaction"):
        return _enclosing(call, items)
    answers = _in_order(call, items, enclosing=False)
    return sorted(answers, key=_by_request_id)


def _by_request_id(answer: Json) -> int:
    return int(answer.get("requestId") or 0)


def _items(text: str) -> list[Item]:
    try:
        raw = loads(text)
    except json.JSONDecodeError as fault:
        raise ContainerError(500, said=fault.msg) from fault
    if not isinstance(raw, list):
        raise ContainerError(500, said="a batch is a list")
    return [_item(entry) for entry in raw]


def _item(entry: Any) -> Item:
    if not isinstance(entry, dict) or set(entry) - ITEM_FIELDS:
        raise ContainerError(500, said="unknown field of a batch item")
    body = entry.get("body")
    if body is not None and not isinstance(body, str):
        raise ContainerError(500, said="the body of a batch item is a text")
    headers = entry.get("headers")
    reference = entry.get("reference")
    return Item(
        entry.get("requestId"),
        str(entry.get("relativeUrl", "")),
        str(entry.get("method", "")).upper(),
        None if headers is None else list(headers),
        None if reference is None else int(reference),
        body,
    )


def _in_order(call: Call, items: list[Item], *, enclosing: bool) -> list[Json]:
    answers: list[Json] = []
    by_id: dict[int | None, Json] = {}
    for item in items:
        answer = _answer(call, item, by_id, enclosing=enclosing)
        if enclosing and answer["statusCode"] != 200:
            raise _ItemFailedError(answer)
        answers.append(answer)
        by_id[item.request_id] = answer
    return answers


def _answer(call: Call, item: Item, earlier: Mapping[int | None, Json], *, enclosing: bool) -> Json:
    if item.reference is not None:
        parent = earlier.get(item.reference)
        status = 500 if parent is None else parent["statusCode"]
        if parent is None or status != 200:
            said = f"Parent request with id {item.reference} was erroneous!"
            return {"requestId": item.request_id, "statusCode": status, "body": said}
        try:
            item = _resolved(item, loads(parent["body"]))
        except LookupError:
            said = "The referenced JSON path is invalid."
            return _error(item, flat(400, "error.msg.invalid.json.path", said))
    return _run(call, item, enclosing=enclosing)


def _resolved(item: Item, parent: Any) -> Item:
    """The item with JSON paths replaced by what the parent answered.

    Raises:
        LookupError: the parent's answer has no such path.
    """

    def found(match: re.Match[str]) -> str:
        return str(_at(parent, match.group()))

    path, mark, query = item.url.partition("?")
    url = REFERENCE.sub(found, path) + mark + query
    body = item.body
    if body and "$." in body:
        content = loads(body)
        for name, value in content.items():
            if isinstance(value, str) and REFERENCE.fullmatch(value):
                content[name] = _at(parent, value)
        body = dumps(content)
    return replace(item, url=url, body=body)


def _at(content: Any, path: str) -> Any:
    for name in path[2:].split("."):
        if not isinstance(content, dict) or content.get(name) is None:
            raise LookupError(path)
        content = content[name]
    return content


def _run(call: Call, item: Item, *, enclosing: bool) -> Json:
    if not any(method == item.method and url.fullmatch(item.url) for method, url in KNOWN):
        said = f"Resource with method {item.method} and relativeUrl {item.url} doesn't exist"
        return {"requestId": item.request_id, "statusCode": 501, "body": said}
    names = [header.get("name") for header in item.headers or ()]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        values = [h.get("value") for h in item.headers or () if h.get("name") == twice]
        said = f"Duplicate key {twice} (attempted merging values {values[0]} and {values[1]})"
        return _problem(item, 500, dumps({"Exception": said}))
    try:
        return _success(item, _reply(call, item, enclosing=enclosing))
    except RefusalError as refusal:
        return _error(item, refusal)
    except ContainerError as fault:
        return _problem(item, fault.status, dumps({"Exception": fault.said}))
    except UnknownToSandboxError as unknown:
        said = f"The sandbox does not know: {unknown}"
        return {"requestId": item.request_id, "statusCode": 501, "body": said}


def _reply(call: Call, item: Item, *, enclosing: bool) -> Reply:
    inner, endpoint_result, is_command = _resolve(call, item)
    if not is_command:
        return Reply(200, dumps(endpoint_result))
    run = run_enclosed if enclosing else run_single
    return run(inner, endpoint_result, item.key)


def _resolve(call: Call, item: Item) -> tuple[Call, Any, bool]:
    parts = urlsplit(item.url)
    path = "/" + parts.path.removeprefix("v1/")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if item.method == "GET" and re.fullmatch(r"/savingsaccounts/\d+", path):
        query.setdefault("chargeStatus", "")
    inner = replace(call, method=item.method, path=path, query=query, text=item.body or "")
    route, values = call.world.router.match(item.method, path)
    if route.entity:
        call.user.require_read(route.entity)
    return inner, route.endpoint(inner, **values), route.kind is Kind.COMMAND


def _success(item: Item, reply: Reply) -> Json:
    answer: Json = {"requestId": item.request_id, "statusCode": reply.status}
    headers = list(item.headers) if item.headers is not None else None
    if reply.from_cache or reply.waits_for_checker:
        headers = [*(headers or []), {"name": "Content-Type", "value": "application/json"}]
    if reply.from_cache:
        headers = [*(headers or []), {"name": "x-served-from-cache", "value": "true"}]
    if headers is not None:
        answer["headers"] = headers
    answer["body"] = reply.text
    if reply.waits_for_checker:
        answer["#waits"] = True
    return answer if item.request_id is not None else _without_id(answer)


def _without_id(answer: Json) -> Json:
    return {name: value for name, value in answer.items() if name != "requestId"}


def _error(item: Item, refusal: RefusalError) -> Json:
    return _problem(item, refusal.status, pretty(refusal.body))


def _problem(item: Item, status: int, text: str, *, cached: bool = False) -> Json:
    headers = [*(item.headers or []), {"name": "Content-Type", "value": "application/json"}]
    if cached:
        headers.append({"name": "x-served-from-cache", "value": "true"})
    answer = {"requestId": item.request_id, "statusCode": status, "headers": headers, "body": text}
    return answer if item.request_id is not None else _without_id(answer)


def _enclosing(call: Call, items: list[Item]) -> list[Json]:
    """All items in one transaction; the accounts are held from when they are reached."""
    world = call.world
    owner = object()
    changed = False
    try:
        start = _versions_at_start(call, items)
        for item in items:
            try:
                _reach(call, item, owner, start)
            except ConflictError as lost:
                return [_lost(call, item, str(lost))]
        with world.database.transaction():
            answers = _in_order(call, items, enclosing=True)
            _refuse_waiting(items, answers)
        changed = True
    except _ItemFailedError as failed:
        return [failed.answer]
    finally:
        world.locks.release(owner, changed=changed)
    return sorted(answers, key=_by_request_id)


def _refuse_waiting(items: list[Item], answers: list[Json]) -> None:
    for item, answer in zip(items, answers, strict=True):
        if answer.pop("#waits", False):
            raise _ItemFailedError(_error(item, conflict("lock")))


def _versions_at_start(call: Call, items: list[Item]) -> dict[LockKey, int]:
    """What MariaDB's batch sees all along: the accounts as they are at its start."""
    if call.world.database.dialect is Dialect.POSTGRESQL:
        return {}
    keys = {key for item in items for key in _lock_keys(call, item)}
    return {key: call.world.locks.version(key) for key in keys}


def _lost(call: Call, item: Item, kind: str) -> Json:
    """The answer of a batch that lost an account to another writer.

    The server tries again inside its own transaction, which cannot help.
    """
    time.sleep(PAUSES[0])
    known = _is_remembered(call, item)
    refusal = batch_lost(call.world.database.dialect, kind, key_known=known)
    if refusal is not None:
        return _error(item, refusal)
    return _problem(item, 409, pretty(conflict("lock").body), cached=known)


def _reach(call: Call, item: Item, owner: object, start: dict[LockKey, int]) -> None:
    """Hold the account of an item, unless its key is known already.

    Raises:
        ConflictError: another writer changed the account meanwhile.
    """
    keys = _lock_keys(call, item)
    if not keys or _is_remembered(call, item):
        return
    world = call.world
    versions = [start.get(key, world.locks.version(key)) for key in keys]
    if world.service_seconds:
        time.sleep(world.service_seconds)
    for key, version in zip(keys, versions, strict=True):
        held_already = world.locks.held_by(key, owner)
        world.locks.acquire(key, owner)
        if not held_already and world.locks.version(key) != version:
            raise ConflictError(key[0])


def _lock_keys(call: Call, item: Item) -> list[LockKey]:
    match = LOCKED.match(item.url)
    if match is None or item.method == "GET":
        return []
    table = "savings" if match.group(1) == "savingsaccounts" else "loan"
    if match.group(3):
        return [(table, int(match.group(3)))]
    sql = "select id from m_loan where external_id = ?"
    loan_id = call.session.value(sql, (match.group(2),))
    return [] if loan_id is None else [("loan", int(loan_id))]


def _is_remembered(call: Call, item: Item) -> bool:
    """Whether the key of an item is known; one that is running is waited for, a while."""
    if item.key is None:
        return False
    try:
        _, command, is_command = _resolve(call, item)
    except (RefusalError, ContainerError, UnknownToSandboxError):
        return False
    if not is_command or not isinstance(command, Command):
        return False
    row = find_by_key(call.session, command, item.key)
    for pause in PAUSES:
        if row is None or row["status"] != Status.RUNNING:
            break
        time.sleep(pause)
        row = find_by_key(call.session, command, item.key)
    return row is not None
