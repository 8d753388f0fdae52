"""The HTTP side: gate, routes, error bodies, faults (fineract-api.md 1, 11.1)."""

from __future__ import annotations

import base64
import json
import time
import urllib.parse
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from mmrecon.sandbox import control, trimming
from mmrecon.sandbox.auth import User, find_user
from mmrecon.sandbox.batches import run_batch
from mmrecon.sandbox.call import Call
from mmrecon.sandbox.clock import TENANT
from mmrecon.sandbox.commands import Reply, run_single
from mmrecon.sandbox.faults import Rule
from mmrecon.sandbox.refusals import ContainerError, RefusalError, UnknownToSandboxError, conflict
from mmrecon.sandbox.routing import Kind, Route
from mmrecon.sandbox.values import Json, dumps, loads, pretty
from mmrecon.sandbox.world import World

ROOT = "/fineract-provider"
V1 = f"{ROOT}/api/v1"
V2 = f"{ROOT}/api/v2"
CHALLENGE = {"WWW-Authenticate": 'Basic realm="Fineract Platform API"'}
JSON = "application/json"
PROXY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"

Environment = dict[str, Any]
StartResponse = Callable[..., Any]


class DroppedConnectionError(Exception):
    """The connection is cut instead of answered."""


class Application:
    """The WSGI application over one world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self, environ: Environment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        try:
            response = self.respond(request)
        except DroppedConnectionError:
            hang_up = environ.get("sandbox.hang_up")
            if hang_up is not None:
                hang_up()
            response = Response(status=500)
        return response(environ, start_response)

    def respond(self, request: Request) -> Response:
        """The answer to a request, faults included."""
        if request.path.startswith("/sandbox/"):
            return control.respond(self.world, request)
        path = request.path.removeprefix(V1).removeprefix(V2)
        query = request.query_string.decode()
        rule = self.world.faults.strike(request.method, f"{path}?{query}" if query else path)
        if rule is not None and not rule.happens_after():
            struck = _struck(rule, request)
            if struck is not None:
                return struck
        response = self._answer(request)
        if rule is not None and rule.happens_after():
            return _struck(rule, request) or response
        return response

    def _answer(self, request: Request) -> Response:
        try:
            return self._dispatch(request)
        except RefusalError as refusal:
            return Response(pretty(refusal.body), refusal.status, content_type=JSON)
        except ContainerError as fault:
            return container(request, fault.status, fault.headers)
        except UnknownToSandboxError as unknown:
            body = {"developerMessage": f"The sandbox does not know: {unknown}"}
            return Response(dumps(body), 501, content_type=JSON)

    def _dispatch(self, request: Request) -> Response:
        if request.path.startswith(f"{ROOT}/actuator/"):
            return _actuator(request)
        if request.path.startswith(f"{V1}/"):
            path = request.path.removeprefix(V1)
        elif request.path == f"{V2}/clients/search":
            path = "/v2/clients/search"
        else:
            raise ContainerError(404)
        tenant = request.headers.get("Fineract-Platform-TenantId")
        if (tenant or request.args.get("tenantIdentifier")) != TENANT:
            raise ContainerError(400, CHALLENGE)
        text = request.get_data(as_text=True)
        if path == "/authentication" and request.method == "POST":
            return self._authentication(text)
        user = self.world.users.by_header(request.headers.get("Authorization"))
        if user is None:
            raise ContainerError(401, CHALLENGE)
        query = {name: values[0] for name, values in request.args.lists()}
        call = Call(self.world, user, request.method, path, query, text)
        return self._run(request, call)

    def _run(self, request: Request, call: Call) -> Response:
        if call.path == "/batches" and call.method == "POST":
            return Response(dumps(run_batch(call)), content_type=JSON)
        route, values = self.world.router.match(call.method, call.path)
        if call.method in ("POST", "PUT") and request.mimetype != JSON:
            raise ContainerError(415)
        if route.kind is Kind.READ:
            return self._read(call, route, values)
        if route.kind is Kind.ACT:
            return _response(route.endpoint(call, **values))
        command = route.endpoint(call, **values)
        reply = run_single(call, command, request.headers.get("Idempotency-Key"))
        return _response(reply)

    def _read(self, call: Call, route: Route, values: Json) -> Response:
        if route.entity:
            call.user.require_read(route.entity)
        with self.world.database.snapshot():
            result = route.endpoint(call, **values)
        if isinstance(result, Response):
            return result
        wanted = call.query.get("fields")
        if wanted:
            result = trimming.trim(result, set(wanted.split(",")), route.trims)
        text = pretty(result) if call.flag("pretty") else dumps(result)
        return Response(text, content_type=JSON)

    def _authentication(self, text: str) -> Response:
        try:
            given = loads(text)
        except json.JSONDecodeError as fault:
            raise ContainerError(500) from fault
        if not isinstance(given, dict) or not given.get("username") or not given.get("password"):
            raise ContainerError(500)
        with self.world.database.snapshot() as session:
            user = find_user(session, str(given["username"]), str(given["password"]))
            if user is None:
                return Response(pretty(_NOT_AUTHENTICATED), 401, content_type=JSON)
            office = session.value("select name from m_office where id = ?", (user.office_id,))
            sql = """
                select r.id, r.name, r.description, r.is_disabled from m_role r
                join m_appuser_role ur on ur.role_id = r.id where ur.appuser_id = ?
            """
            roles = [
                {"id": r[0], "name": r[1], "description": r[2], "disabled": bool(r[3])}
                for r in session.all(sql, (user.user_id,))
            ]
        return Response(dumps(_login(user, office, roles, given["password"])), content_type=JSON)


_NOT_AUTHENTICATED = {
    "developerMessage": "Invalid authentication details were passed in api request.",
    "httpStatusCode": "401",
    "defaultUserMessage": "Unauthenticated. Please login.",
    "userMessageGlobalisationCode": "error.msg.not.authenticated",
}


def _login(user: User, office: str, roles: list[Json], password: str) -> Json:
    key = base64.b64encode(f"{user.username}:{password}".encode()).decode()
    return {
        "username": user.username,
        "userId": user.user_id,
        "base64EncodedAuthenticationKey": key,
        "authenticated": True,
        "officeId": user.office_id,
        "officeName": office,
        "roles": roles,
        "permissions": sorted(user.permissions),
        "shouldRenewPassword": False,
        "isTwoFactorAuthenticationRequired": False,
    }


def _response(reply: Reply) -> Response:
    response = Response(reply.text, reply.status, content_type=JSON)
    if reply.from_cache:
        response.headers["x-served-from-cache"] = "true"
    return response


REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    415: "Unsupported Media Type",
    500: "Internal Server Error",
}


def container(request: Request, status: int, headers: dict[str, str]) -> Response:
    """The servlet container's own error body."""
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = {
        "timestamp": moment,
        "status": status,
        "error": REASONS[status],
        "path": urllib.parse.quote(request.path, safe="/:;"),
    }
    return Response(dumps(body), status, headers=headers, content_type=JSON)


def _actuator(request: Request) -> Response:
    what = request.path.removeprefix(f"{ROOT}/actuator/")
    if what == "health":
        body: Json = {"status": "UP", "groups": ["liveness", "readiness"]}
    elif what == "info":
        build = {"version": "1.10.1", "host": "sandbox"}
        body = {"git": {"branch": "1.10.1", "tags": "1.10.1", "build": build}}
    else:
        raise ContainerError(404)
    return Response(dumps(body), content_type=JSON)


def _struck(rule: Rule, request: Request) -> Response | None:
    if rule.what.startswith("drop"):
        raise DroppedConnectionError
    if rule.what.startswith("delay"):
        time.sleep(rule.seconds)
        return None
    if rule.what == "error_500":
        return container(request, 500, {})
    if rule.what == "bad_gateway_502":
        return Response(PROXY_PAGE, 502, content_type="text/html")
    if rule.what == "exception_500":
        said = {"Exception": "org.springframework.dao.DataAccessResourceFailureException"}
        return Response(dumps(said), 500, content_type=JSON)
    if rule.what == "too_early_425":
        response = Response(request.get_data(as_text=True), 425, content_type=JSON)
        response.headers["x-served-from-cache"] = "true"
        return response
    return Response(pretty(conflict("query").body), 409, content_type=JSON)
