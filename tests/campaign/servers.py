"""Other processes of a campaign: a sandbox that is killed now and then, and the nursery of mmrecon.

They end with the campaign, however that ends.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import requests

from tests.campaign.site import REPOSITORY

_PROGRAM = """
import os
import sys
import threading
from pathlib import Path
from mmrecon.sandbox.server import serve_forever
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(1)), daemon=True).start()
serve_forever(Path(sys.argv[1]), 0, None, sys.argv[2])
"""


class Sandbox:
    """Keeps its folder and its port over any number of deaths."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        self._database = database
        self._process: subprocess.Popen[str] | None = None
        self.base_url = self.start()

    def start(self) -> str:
        """Serve; returns when requests are taken."""
        command = [sys.executable, "-c", _PROGRAM, str(self.folder), self._database]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        base_url = self._process.stdout.readline().strip()
        assert base_url, "the sandbox does not start"
        return base_url

    def kill(self) -> None:
        """`kill -9`."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()

    def switch(self, name: str, body: dict[str, Any], method: str = "POST") -> None:
        """One of the sandbox's own switches (docs/sandbox.md)."""
        origin = self.base_url.partition("/fineract-provider")[0]
        data = json.dumps(body)
        answer = requests.request(method, f"{origin}/sandbox/{name}", data=data, timeout=20)
        assert answer.status_code == 200, answer.text


def nursery(config: Path, log: Path, stack: ExitStack) -> subprocess.Popen[str]:
    """The process that bears a mmrecon for each run."""
    command = [sys.executable, "-m", "tests.campaign.nursery", str(config)]
    written = stack.enter_context(log.open("w", encoding="utf-8"))
    process = subprocess.Popen(
        command, cwd=REPOSITORY, text=True, stderr=written,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    stack.callback(process.wait)
    assert process.stdin is not None
    assert process.stdout is not None
    stack.callback(process.stdin.close)
    stack.callback(process.stdout.close)
    return process
