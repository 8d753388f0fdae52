"""A killed server comes back with its state, and with the half-done keys of a real one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.sandbox.client import Api, Institution, deposit, deposit_item, found

PROGRAM = """
import sys
from pathlib import Path
from mmrecon.sandbox.server import serve_forever
serve_forever(Path(sys.argv[1]), 0, None)
"""


class Process:
    """A server in a process of its own."""

    def __init__(self, state: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(state)], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.base_url = self.process.stdout.readline().strip()

    def end(self, how: signal.Signals) -> int:
        """Signal it, and wait for its end."""
        os.kill(self.process.pid, how)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(20)


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Callable[[], Process]]:
    started: list[Process] = []

    def start() -> Process:
        started.append(Process(tmp_path / "state"))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.end(signal.SIGKILL)


def post_until_killed(
    institution: Institution, accounts: list[int], answered: dict[str, bool], *, enclosing: bool
) -> None:
    api = Api(institution.api.base_url)
    try:
        for number in range(10_000):
            account = accounts[number % len(accounts)]
            key = f"{'b' if enclosing else 's'}{account}x{number}"
            answered[key] = False
            if enclosing:
                assert api.batch([deposit_item(1, account, key)])[0]["statusCode"] == 200
            else:
                path = f"/savingsaccounts/{account}/transactions?command=deposit"
                assert api.call("POST", path, deposit(), key).status_code == 200
            answered[key] = True
    except requests.RequestException:
        return


def test_what_was_answered_survives_a_kill_and_enclosing_keys_stay_exact(
    servers: Callable[[], Process],
) -> None:
    first = servers()
    institution = found(Api(first.base_url))
    single = [institution.savings() for _ in range(3)]
    closed = [institution.savings() for _ in range(3)]
    answered: dict[str, bool] = {}
    workers = [
        threading.Thread(
            target=post_until_killed,
            args=(institution, accounts, answered),
            kwargs={"enclosing": enclosing},
        )
        for accounts, enclosing in ((single, False), (closed, True))
    ]
    for worker in workers:
        worker.start()
    time.sleep(0.7)
    first.end(signal.SIGKILL)
    for worker in workers:
        worker.join()
    second = servers()
    assert second.base_url == first.base_url
    api = Api(second.base_url)
    for accounts, letter in ((single, "s"), (closed, "b")):
        sent = {key: done for key, done in answered.items() if key.startswith(letter)}
        posted = sum(
            api.done("GET", f"/savingsaccounts/{account}/transactions/search")["total"]
            for account in accounts
        )
        assert sum(sent.values()) <= posted <= len(sent)
    keys = [key for key in answered if key.startswith("b")]
    for key in keys:
        account = int(key[1:].split("x")[0])
        assert api.batch([deposit_item(1, account, key)])[0]["statusCode"] == 200
    after = sum(
        api.done("GET", f"/savingsaccounts/{account}/transactions/search")["total"]
        for account in closed
    )
    assert after == len(keys)


def test_a_server_ends_cleanly_on_sigterm(servers: Callable[[], Process]) -> None:
    assert servers().end(signal.SIGTERM) == 0
