"""Which handler answers which call, and which calls of Fineract the sandbox does not know."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib.resources import files
from typing import Any

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from mmrecon.sandbox.call import Call, Handler
from mmrecon.sandbox.refusals import ContainerError, UnknownToSandboxError

Endpoint = Callable[..., Any]


class Kind(Enum):
    """What the endpoint of a call does."""

    READ = "gives what is answered, from one state of the database"
    COMMAND = "gives the command to run"
    ACT = "does what it does in transactions of its own, and gives the reply"


@dataclass(frozen=True)
class Route:
    """One call: reading ones give what is answered, others give the command to run."""

    method: str
    rule: str
    endpoint: Endpoint
    kind: Kind
    entity: str = ""
    trims: frozenset[str] = frozenset()


def reads(rule: str, endpoint: Endpoint, entity: str = "", trims: str = "") -> Route:
    """A GET call that needs the READ permission of an entity, or none."""
    return Route("GET", rule, endpoint, Kind.READ, entity, frozenset(trims.split()))


def asks(rule: str, endpoint: Endpoint, entity: str = "") -> Route:
    """A POST call that only reads."""
    return Route("POST", rule, endpoint, Kind.READ, entity)


def writes(method: str, rule: str, endpoint: Endpoint) -> Route:
    """A call that changes something."""
    return Route(method, rule, endpoint, Kind.COMMAND)


def acts(method: str, rule: str, endpoint: Endpoint) -> Route:
    """A call that keeps its own transactions."""
    return Route(method, rule, endpoint, Kind.ACT)


class Router:
    """The routes and the handlers of commands."""

    def __init__(self, routes: Sequence[Route], handlers: dict[tuple[str, str], Handler]) -> None:
        self.handlers = handlers
        rules = [Rule(route.rule, methods=[route.method], endpoint=route) for route in routes]
        self._adapter = Map(rules, strict_slashes=False).bind("sandbox")
        self._known = _known_calls()

    def match(self, method: str, path: str) -> tuple[Route, dict[str, Any]]:
        """The route of a call and the values in its path.

        Raises:
            ContainerError: 404 or 405, where a real server answers so.
            UnknownToSandboxError: where a real server knows the call.
        """
        try:
            route, values = self._adapter.match(path, method=method)
        except NotFound as missing:
            self._admit(method, path)
            raise ContainerError(404) from missing
        except MethodNotAllowed as wrong:
            self._admit(method, path)
            allowed = ",".join(sorted({*(wrong.valid_methods or ()), "OPTIONS"} - {"HEAD"}))
            raise ContainerError(405, {"Allow": _in_order(allowed)}) from wrong
        return route, dict(values)

    def handler(self, action: str, entity: str) -> Handler:
        """The handler of a command."""
        found = self.handlers.get((action, entity)) or self.handlers.get((action, "*"))
        if found is None:
            raise UnknownToSandboxError(f"command {action} {entity}")
        return found

    def _admit(self, method: str, path: str) -> None:
        if any(known.fullmatch(f"{method} {path}") for known in self._known):
            raise UnknownToSandboxError(f"{method} {path}")


def _in_order(allowed: str) -> str:
    order = ["DELETE", "POST", "GET", "OPTIONS", "PUT"]
    return ",".join(sorted(allowed.split(","), key=order.index))


def _known_calls() -> list[re.Pattern[str]]:
    text = files(__package__).joinpath("known_calls.txt").read_text(encoding="utf-8")
    return [_call_regex(line) for line in text.splitlines() if line and not line.startswith("#")]


def _call_regex(line: str) -> re.Pattern[str]:
    method, template = line.split(" ", 1)
    path = re.sub(r"\{(\w*)\}", _hole, re.sub(r"([.?+])", r"\\\1", template))
    return re.compile(f"{method} {path}")


def _hole(match: re.Match[str]) -> str:
    name = match.group(1)
    return r"\d+" if name.endswith(("Id", "ID")) and "xternal" not in name else r"[^/]+"


def command_query(call: Call) -> str | None:
    """The ``command`` of the query, in lower case, or none."""
    given = call.query.get("command")
    return None if given is None else given.strip().lower()
