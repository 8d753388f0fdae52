"""A small client for seeding: one session for each thread, every refusal is an end."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import requests

LOCAL: Final = {"locale": "en", "dateFormat": "yyyy-MM-dd"}
_TENANT: Final = {"Fineract-Platform-TenantId": "default"}
_THREADS: Final = 2
_BATCH_SIZE: Final = 40
_TIMEOUT_S: Final = 60

Call = tuple[str, dict[str, Any]]
"""A path under `/api/v1/`, and the body to post to it."""


class SeedingFailedError(RuntimeError):
    """Fineract did not take something that the demo's world needs."""


class SeedApi:
    """Fineract's own API, spoken as its first administrator."""

    def __init__(self, base_url: str, username: str, password: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._login = (username, password)
        self._threads = threading.local()

    def get(self, path: str) -> dict[str, Any]:
        """One question."""
        answer: dict[str, Any] = self._send("GET", path, None)
        return answer

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """One change."""
        answer: dict[str, Any] = self._send("PUT", path, body)
        return answer

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """One command."""
        answer: dict[str, Any] = self._send("POST", path, body)
        return answer

    def post_all(self, calls: Iterable[Call]) -> list[dict[str, Any]]:
        """Commands that the batch API does not know, each by itself, two at a time."""
        with ThreadPoolExecutor(_THREADS) as pool:
            return list(pool.map(lambda call: self.post(*call), calls))

    def batches(self, groups: Sequence[Sequence[Call]]) -> list[list[dict[str, Any]]]:
        """Commands in batches, two at a time; those of one group run in order."""
        packs: list[list[Sequence[Call]]] = [[]]
        for group in groups:
            if sum(map(len, packs[-1])) + len(group) > _BATCH_SIZE:
                packs.append([])
            packs[-1].append(group)
        with ThreadPoolExecutor(_THREADS) as pool:
            return [answers for pack in pool.map(self._batch, packs) for answers in pack]

    def _batch(self, pack: Sequence[Sequence[Call]]) -> list[list[dict[str, Any]]]:
        calls = [call for group in pack for call in group]
        items = [
            {
                "requestId": number,
                "relativeUrl": f"v1/{path}",
                "method": "POST",
                "headers": [],
                "body": json.dumps(body),
            }
            for number, (path, body) in enumerate(calls, 1)
        ]
        answers = iter(self._send("POST", "batches?enclosingTransaction=false", items))
        return [[_item(path, next(answers)) for path, _ in group] for group in pack]

    def _send(self, method: str, path: str, body: Any) -> Any:
        url = f"{self._base_url}/{path}"
        data = None if body is None else json.dumps(body)
        reply = self._session().request(method, url, data=data, timeout=_TIMEOUT_S)
        if reply.status_code != requests.codes.ok:
            raise SeedingFailedError(f"{method} {path}: {reply.status_code} {reply.text[:500]}")
        return reply.json()

    def _session(self) -> requests.Session:
        if not hasattr(self._threads, "session"):
            session = requests.Session()
            session.trust_env = False
            session.auth = self._login
            session.headers.update({**_TENANT, "Content-Type": "application/json"})
            self._threads.session = session
        session = self._threads.session
        assert isinstance(session, requests.Session)
        return session


def _item(path: str, answer: dict[str, Any]) -> dict[str, Any]:
    if answer["statusCode"] != requests.codes.ok:
        raise SeedingFailedError(f"{path}: {answer['statusCode']} {answer['body'][:500]}")
    body: dict[str, Any] = json.loads(answer["body"])
    return body
