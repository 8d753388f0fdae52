"""A proxy on loopback that lets things go wrong between mmrecon and a Fineract, by rules with dice.

A fault strikes before the server heard anything, or after it did everything. Whoever left while a
request was held up is not spoken for: as in front of a real server, nothing of theirs goes on.
"""

from __future__ import annotations

import http.client
import json
import random
import select
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

ANSWERS: Final[dict[str, tuple[int, str, str]]] = {
    "error_500": (
        500, "application/json",
        json.dumps({"timestamp": 1, "status": 500, "error": "Internal Server Error", "path": "/"}),
    ),
    "exception_500": (500, "application/json", json.dumps({"Exception": "java.lang.Error"})),
    "bad_gateway_502": (502, "text/html", "<html><h1>502 Bad Gateway</h1></html>"),
    "too_early_425": (425, "application/json", "{}"),
    "conflict_409": (409, "application/json", "{}"),
}  # fmt: skip
"""What a proxy or a server in trouble says instead of the answer."""

WHATS: Final = ("drop", "reset", "cut", "stall", "slow", *ANSWERS)
_HOP: Final = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}
_TIMEOUT_S: Final = 120
_READS: Final = "enclosingTransaction=false"
"""In the address of a batch that only reads, unless a checker is needed inside Fineract."""


@dataclass
class Faults:
    """Which faults strike, how likely, with dice of their own; `struck` counts them."""

    seed: int = 0
    of_write: Mapping[str, float] = field(default_factory=dict)
    of_read: Mapping[str, float] = field(default_factory=dict)
    stall_s: float = 0.0
    stalls_left: int = 0
    struck: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)
        self._guard = threading.Lock()

    def strike(self, method: str, path: str) -> tuple[str, bool] | None:
        """The fault of a request, and whether it strikes after the server did it."""
        with self._guard:
            chances = self.of_read if method == "GET" or _READS in path else self.of_write
            rolled, after = self._dice.random(), self._dice.random() < 0.5
            for what, chance in chances.items():
                rolled -= chance
                if rolled < 0 and (what != "stall" or self._may_stall()):
                    self.struck[f"{what} {'after' if after else 'before'}"] += 1
                    return what, after
        return None

    def _may_stall(self) -> bool:
        self.stalls_left -= 1
        return self.stalls_left >= 0


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 100

    def __init__(self, port: int, upstream: str, proxy: Proxy) -> None:
        self.upstream = urlsplit(upstream)
        self.proxy = proxy
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client or a server that was killed says nothing of interest."""

    def shutdown_request(self, request: Any) -> None:
        """No word of farewell before the end: it would soften a reset."""
        self.close_request(request)


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client, with one of its own to the server."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def handle_one_request(self) -> None:
        """Every method is passed on."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.proxy.faults.strike(self.command, self.path)
        if fault is None:
            self._answer(*self._ask(body))
        else:
            self._go_wrong(body, *fault)

    def log_message(self, *args: Any, **named: Any) -> None:
        """Nothing is written down."""

    def _go_wrong(self, body: bytes, what: str, after: bool) -> None:
        if what in {"slow", "stall"}:
            self._wait(body, what, after)
            return
        heard = self._ask(body) if after or what == "cut" else None
        if what in ANSWERS:
            status, kind, text = ANSWERS[what]
            self._answer(status, [("Content-Type", kind)], text.encode())
        elif what == "cut" and heard is not None:
            status, headers, content = heard
            self._answer(status, headers, content, sent=len(content) // 2)
        self._hang_up(abruptly=what == "reset")

    def _wait(self, body: bytes, what: str, after: bool) -> None:
        """Hold the request or its answer up; a stall is longer than the client waits."""
        faults = self.server.proxy.faults
        seconds = faults.stall_s if what == "stall" else 0.1
        heard = self._ask(body) if after else None
        time.sleep(seconds)
        if heard is None:
            if self._has_left():
                self._hang_up(abruptly=False)
                return
            heard = self._ask(body)
        self._answer(*heard)

    def _has_left(self) -> bool:
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Pass the request on once, over a connection that is certainly fresh."""
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        way = _connect(self.server.upstream.scheme, self.server.upstream.netloc)
        try:
            way.request(self.command, self.path, body or None, headers)
            reply = way.getresponse()
            return reply.status, reply.getheaders(), reply.read()
        finally:
            way.close()

    def _answer(
        self, status: int, headers: list[tuple[str, str]], content: bytes, sent: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in {*_HOP, "date", "server"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:sent])
        self.wfile.flush()

    def _hang_up(self, *, abruptly: bool) -> None:
        if abruptly:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True


def _connect(scheme: str, netloc: str) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(netloc, timeout=_TIMEOUT_S)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # a test server signs its own certificate
    return http.client.HTTPSConnection(netloc, timeout=_TIMEOUT_S, context=context)


class Proxy:
    """Stands on a port of loopback that it keeps; `closed` refuses connections for a while."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self.faults = Faults()
        self.struck: Counter[str] = Counter()
        self._server: _Server | None = None
        self._port = 0
        self.open()

    @property
    def base_url(self) -> str:
        """The base URL of the API, as clients of the proxy see it."""
        return f"http://127.0.0.1:{self._port}{urlsplit(self._upstream).path}"

    def put(self, faults: Faults) -> None:
        """Put other faults in force, and keep count of what the last ones did."""
        self.struck += self.faults.struck
        self.faults = faults

    def open(self) -> None:
        """Take connections."""
        if self._server is None:
            self._server = _Server(self._port, self._upstream, self)
            self._port = self._server.server_address[1]
            threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Refuse connections, as a server that is down."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
