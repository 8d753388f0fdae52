"""Answers GETs on loopback with prepared JSON, as Fineract would."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from mmrecon.config import FineractServer
from mmrecon.fineract.client import FineractClient


@contextmanager
def answering(replies: Mapping[str, Any]) -> Iterator[str]:
    """The base URL of a server that answers each path (below /api/v1/) with its reply."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path.removeprefix("/api/v1/")
            body = json.dumps(replies.get(path, {})).encode()
            self.send_response(200 if path in replies else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def client_of(base_url: str) -> FineractClient:
    server = FineractServer(base_url=base_url, zone="Africa/Nairobi", username="mmrecon")
    return FineractClient(server, "secret", first_pause_s=0.01)


def deposit_rows(transaction: int, receipt: str, amount: int, row_id: int = 1) -> dict[str, Any]:
    """The wallet's side of a deposit among journal entries (fineract-api.md 9)."""
    return {
        "id": row_id, "transactionDate": [2026, 3, 2], "entryType": {"id": 2}, "amount": amount,
        "transactionId": f"S{transaction}", "entityId": 366,
        "transactionDetails": {
            "paymentDetails": {"paymentType": {"id": 62}, "receiptNumber": receipt}
        },
    }  # fmt: skip
