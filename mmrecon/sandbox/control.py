"""The sandbox's own switches, outside the API: ``/sandbox/...`` on the same port.

- ``GET|PUT /sandbox/faults``: the fault rules (module ``faults``);
- ``POST /sandbox/locks`` ``{"kind": "savings"|"loan", "id": 1, "seconds": 2.5}``: hold an account's
  row as another database session would;
- ``POST /sandbox/keys`` ``{"key": "...", "status": 4}``: set what has become of a key, as a crash
  would leave it; ``{"key": "...", "purge": true}`` forgets it;
- ``PUT /sandbox/service`` ``{"seconds": 0.005}``: the time every command takes.
"""

from __future__ import annotations

import json
from typing import Any

from werkzeug.wrappers import Request, Response

from mmrecon.sandbox.values import dumps
from mmrecon.sandbox.world import World


def respond(world: World, request: Request) -> Response:
    """Answer a call to one of the switches."""
    name = request.path.removeprefix("/sandbox/")
    if request.method == "GET" and name == "faults":
        return _json(world.faults.report())
    try:
        given = json.loads(request.get_data(as_text=True) or "{}")
        done = _switch(world, request.method, name, given)
    except (KeyError, TypeError, ValueError) as fault:
        return _json({"error": str(fault)}, 400)
    if not done:
        return _json({"error": f"no switch {request.method} {name}"}, 404)
    return _json({"done": True})


def _switch(world: World, method: str, name: str, given: dict[str, Any]) -> bool:
    if (method, name) == ("PUT", "faults"):
        world.faults.replace(given)
    elif (method, name) == ("POST", "locks"):
        world.locks.hold_for((str(given["kind"]), int(given["id"])), float(given["seconds"]))
    elif (method, name) == ("PUT", "service"):
        world.service_seconds = float(given["seconds"])
    elif (method, name) == ("POST", "keys"):
        _set_key(world, given)
    else:
        return False
    return True


def _set_key(world: World, given: dict[str, Any]) -> None:
    with world.database.transaction() as session:
        if given.get("purge"):
            sql = "delete from m_portfolio_command_source where idempotency_key = ?"
            session.run(sql, (given["key"],))
        else:
            sql = "update m_portfolio_command_source set status = ? where idempotency_key = ?"
            session.run(sql, (int(given["status"]), given["key"]))


def _json(body: Any, status: int = 200) -> Response:
    return Response(dumps(body), status, content_type="application/json")
