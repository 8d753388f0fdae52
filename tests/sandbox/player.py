"""Plays recorded scenarios against a server and says what differs."""

from __future__ import annotations

import json
import threading
import time
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from tests.sandbox.comparing import Reply, at, difference
from tests.sandbox.placeholders import Scope, expand, fill, json_text

RECORDINGS = Path(__file__).parent / "recordings"
TEST_PASSWORD = "Lab-passw0rd-2026"
KEPT = ("content-type", "x-served-from-cache", "www-authenticate", "allow", "content-disposition")
Step = dict[str, Any]


def load(path: Path) -> dict[str, Any]:
    """A recording, decimals as they were written."""
    loaded: dict[str, Any] = json.loads(path.read_text("utf-8"), parse_float=Decimal)
    return loaded


class Player:
    """A client of one server, with the set-up that all scenarios share."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.fixtures = load(RECORDINGS / "fixtures.json")
        self.common = Scope(unique=uuid.uuid4().hex[:8])
        for name in self.fixtures["once"]:
            self._block(name, self.common)
        del self.common["unique"]

    def play(self, scenario: dict[str, Any]) -> list[str]:
        """Play a scenario; gives the differences."""
        unique = uuid.uuid4().hex[:8]
        scope = Scope(self.common, unique=unique, short4=unique[:4].upper())
        try:
            for wanted in scenario.get("setup", ()):
                self._block(wanted, scope)
            return self._steps(scenario, scope)
        finally:
            for step in scenario.get("restore", ()):
                self._send(fill(step["request"], scope))

    def _steps(self, scenario: dict[str, Any], scope: Scope) -> list[str]:
        found: list[str] = []
        together: list[Step] = []
        for step in [*scenario["steps"], {}]:
            if together and step.get("parallel") != together[0]["parallel"]:
                found += self._parallel(together, scenario["groups"], scope)
                together = []
            if step.get("parallel"):
                together.append(step)
            elif step:
                found += self._step(step, scope)
        return found

    def _step(self, step: Step, scope: Scope) -> list[str]:
        time.sleep(float(step.get("pause", 0)))
        if "lab" in step:
            self._switch(fill(step["lab"], scope))
            return []
        reply = self._send(fill(step["request"], scope))
        return self._check(step, reply, scope)

    def _check(self, step: Step, reply: Reply, scope: Scope) -> list[str]:
        for name, path in step.get("bind", {}).items():
            scope[name] = self._bound(reply, path)
        allowed = step.get("statuses") or [step["status"]]
        found = [] if reply.status in allowed else [f"status {reply.status}: {reply.text[:300]}"]
        seen = step.get("seen", {})
        rules = [difference(reply, rule, seen, scope) for rule in step.get("compare", ())]
        return [f"{step['name']}: {what}" for what in [*found, *rules] if what]

    def _parallel(self, steps: list[Step], groups: dict[str, Any], scope: Scope) -> list[str]:
        replies = [Reply(0) for _ in steps]
        gate = threading.Barrier(len(steps))

        def go(place: int) -> None:
            request = fill(steps[place]["request"], scope)
            gate.wait()
            time.sleep(float(steps[place].get("after_ms", 0)) / 1000)
            replies[place] = self._send(request)

        threads = [threading.Thread(target=go, args=(place,)) for place in range(len(steps))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for step, reply in zip(steps, replies, strict=True):
            for name, path in step.get("bind", {}).items():
                scope[name] = self._bound(reply, path)
        return _group_differences(groups[steps[0]["parallel"]], replies)

    def _block(self, wanted: str | dict[str, Any], scope: Scope) -> None:
        """Play a block of the set-up; what it binds is left behind."""
        want: dict[str, Any] = {"block": wanted} if isinstance(wanted, str) else wanted
        block = self.fixtures["blocks"][want["block"]]
        own = uuid.uuid4().hex
        inner = Scope(scope, own=own[:6], own_digits=str(int(own[:12], 16))[-6:])
        inner |= {f"short_{x}": x.upper() + own[6:9].upper() for x in "abcde"}
        inner |= {name: scope[other] for name, other in want.get("with", {}).items()}
        inner |= {name: fill(value, scope) for name, value in want.get("values", {}).items()}
        for name, value in block.get("defaults", {}).items():
            if name not in want.get("values", {}):
                inner[name] = fill(value, inner)
        names = set(block.get("exports", ()))
        for step in block["steps"]:
            method, path = step["call"].split(" ", 1)
            request = {"method": method, "path": path, "headers": dict(TENANT)}
            if "body" in step:
                request["body"] = expand(step["body"], self.fixtures["templates"])
            reply = self._send(fill(request, inner))
            assert reply.status == 200, f"set-up {step['name']}: {reply.text[:300]}"
            for name, path in step.get("bind", {}).items():
                inner[name] = self._bound(reply, path)
                names.add(name)
        for name in names:
            scope[name + want.get("as", "")] = inner[name]

    def _send(self, request: dict[str, Any]) -> Reply:
        base, path = self.base_url, request["path"]
        if path.startswith("//"):
            base, path = base.removesuffix("/api/v1"), path[1:]
        headers = {"Accept": "application/json", **request["headers"]}
        data = request["raw"].encode() if "raw" in request else None
        if "body" in request:
            data = json_text(request["body"]).encode()
            headers.setdefault("Content-Type", "application/json")
        user = request.get("user", "mifos")
        password = request.get("password") or ("password" if user == "mifos" else TEST_PASSWORD)
        with requests.Session() as session:
            session.trust_env = False
            try:
                answer = session.request(
                    request["method"],
                    base + path,
                    headers=headers,
                    data=data,
                    auth=None if user == "none" else (user, password),
                    timeout=request.get("give_up_ms", 60_000) / 1000,
                )
            except requests.Timeout:
                return Reply(0)
            kept = {name: answer.headers[name] for name in KEPT if name in answer.headers}
            return Reply(answer.status_code, answer.text, kept)

    def _switch(self, switch: dict[str, Any]) -> None:
        url = f"{self.base_url.split('/fineract-provider')[0]}/sandbox/{switch['switch']}"
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(url, data=json_text(switch["body"]), timeout=10)
        assert answer.status_code == 200, answer.text

    @staticmethod
    def _bound(reply: Reply, path: str) -> Any:
        return at(reply.body, path)


TENANT = {"Fineract-Platform-TenantId": "default"}


def _group_differences(rule: dict[str, Any], replies: list[Reply]) -> list[str]:
    statuses = [reply.status for reply in replies]
    found = [f"status {s} not allowed" for s in statuses if str(s) not in rule["allowed"]]
    for status, count in rule.get("exactly", {}).items():
        if statuses.count(int(status)) != count:
            found.append(f"{statuses.count(int(status))} x {status} instead of {count}")
    cached = "x-served-from-cache"
    fresh = sum(1 for r in replies if r.status == 200 and cached not in r.headers)
    if fresh != rule.get("fresh", fresh):
        found.append(f"{fresh} fresh answers instead of {rule['fresh']}")
    return found
