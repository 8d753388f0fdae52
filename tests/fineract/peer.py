"""A server on loopback whose answers a test writes, and a client of it."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from mmrecon.config import FineractServer
from mmrecon.fineract.client import FineractClient

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answer: Answer
    seen: list[Handler]

    def do_GET(self) -> None:
        self._go()

    def do_POST(self) -> None:
        self._go()

    def _go(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.text = self.rfile.read(length).decode()
        self.seen.append(self)
        self.port = self.client_address[1]
        type(self).answer(self)

    def say(self, status: int, text: str, kind: str = "application/json") -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Tests are silent."""


class Peer:
    """A server on loopback whose answers a test writes."""

    def __init__(self, server: ThreadingHTTPServer, seen: list[Handler]) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}/fineract-provider"
        self.seen = seen


@contextmanager
def peer(answer: Answer, context: ssl.SSLContext | None = None) -> Iterator[Peer]:
    seen: list[Handler] = []
    handler = type("One", (Handler,), {"answer": staticmethod(answer), "seen": seen})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Peer(server, seen)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def client_of(url: str, **changes: Any) -> Iterator[FineractClient]:
    monotonic = changes.pop("monotonic", lambda: 0.0)
    server = FineractServer(base_url=url, zone="UTC", username="mmrecon", **changes)
    client = FineractClient(server, "geheim-ü", monotonic=monotonic, first_pause_s=0.001)
    yield client
    client.close()


def say(status: int, body: Any) -> Answer:
    return lambda handler: handler.say(status, json.dumps(body))


def cut(handler: Handler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True
