"""What the campaign's proxy does to a request, seen from both of its sides."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from tests.campaign.proxy import ANSWERS, WHATS, Faults, Proxy


class _Answering(BaseHTTPRequestHandler):
    """Counts what it is asked."""

    protocol_version = "HTTP/1.1"
    asked: list[bytes]

    def do_POST(self) -> None:
        self.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "8")
        self.end_headers()
        self.wfile.write(b"answered")

    def log_message(self, *args: object, **named: object) -> None:
        """Nothing."""


@pytest.fixture
def asked() -> list[bytes]:
    return []


@pytest.fixture
def proxy(asked: list[bytes]) -> Iterator[Proxy]:
    handler = type("Handler", (_Answering,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        made = Proxy(f"http://127.0.0.1:{server.server_address[1]}/api/v1")
        yield made
        made.close()
        server.shutdown()


def post(proxy: Proxy, timeout_s: float = 5) -> tuple[int, str] | None:
    """Status and text; None when the connection broke or nothing came in time."""
    try:
        answer = requests.post(f"{proxy.base_url}/batches", data=b"asking", timeout=timeout_s)
    except requests.RequestException:
        return None
    return answer.status_code, answer.text


def test_without_faults_requests_and_answers_pass(proxy: Proxy, asked: list[bytes]) -> None:
    assert post(proxy) == (200, "answered")
    assert asked == [b"asking"]


def strike(faults: Faults) -> tuple[str, bool] | None:
    return faults.strike("POST", "/batches?enclosingTransaction=true")


@pytest.mark.parametrize("what", WHATS)
def test_a_fault_strikes_before_or_after_the_server_did_it(
    proxy: Proxy, asked: list[bytes], what: str
) -> None:
    heard = set()
    for seed in range(6):
        faults = Faults(seed, {what: 1.0}, stall_s=0.1, stalls_left=9)
        proxy.put(faults)
        before = len(asked)
        answer = post(proxy)
        after = f"{what} after" in faults.struck
        did = len(asked) - before
        assert did == (1 if after or what in {"cut", "slow", "stall"} else 0)
        heard.add((after, answer))
    texts = {answer for _, answer in heard}
    assert {after for after, _ in heard} == {True, False}
    if what in ANSWERS:
        assert texts == {(ANSWERS[what][0], ANSWERS[what][2])}
    elif what in {"slow", "stall"}:
        assert texts == {(200, "answered")}
    else:
        assert texts == {None}


def test_the_same_seed_strikes_the_same_requests() -> None:
    chances = {"drop": 0.2, "reset": 0.2}
    one, two, other = (Faults(seed, chances) for seed in (1, 1, 2))
    struck = [
        [faults.strike("POST", "/batches") for _ in range(50)] for faults in (one, two, other)
    ]
    assert struck[0] == struck[1] != struck[2]


def test_who_left_during_a_stall_is_not_spoken_for(proxy: Proxy, asked: list[bytes]) -> None:
    seed = next(
        n
        for n in range(9)
        if Faults(n, {"slow": 1.0}).strike("POST", "/batches") == ("slow", False)
    )
    faults = Faults(seed, {"stall": 1.0}, stall_s=0.4, stalls_left=1)
    proxy.put(faults)
    assert post(proxy, timeout_s=0.1) is None
    proxy.put(Faults())
    assert post(proxy) == (200, "answered")
    threading.Event().wait(0.6)
    assert len(asked) == 1


def test_a_closed_proxy_refuses_and_comes_back_on_its_port(proxy: Proxy) -> None:
    proxy.close()
    assert post(proxy) is None
    proxy.open()
    assert post(proxy) == (200, "answered")
