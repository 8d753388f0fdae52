"""Processes that post and die: each is forked from this one, which has loaded the program before.

    python -m tests.campaign.nursery CONFIG

Reads one JSON object a line: `point` and `nth` (dies there as by `kill -9`), `kill_after_s`,
`stop_after_s` (asked to stop as by SIGTERM), `other_stopped`; answers with a JSON list of the exit
code, -9 for one that died, and the codes of the issues that it told.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from mmrecon.errors import MmreconError
from mmrecon.fineract.client import FineractClient
from mmrecon.model.progress import Silent
from mmrecon.pipeline.posting import Seams, post
from mmrecon.pipeline.run import Run
from mmrecon.secret import read_secret
from mmrecon.wiring import open_run

_QUICKER: Final = 500
_LONGEST_S: Final = 0.2


def main(config: Path) -> None:
    """Bear a process for each line of input, and tell how it ended."""
    for line in sys.stdin:
        asked = json.loads(line)
        heard, told = os.pipe()
        child = os.fork()
        if child == 0:
            _live(config, asked, told)
        os.close(told)
        code = _outlive(child, float(asked.get("kill_after_s", 0)))
        with os.fdopen(heard, encoding="utf-8") as stream:
            sys.stdout.write(json.dumps([code, stream.read().split()]) + "\n")
        sys.stdout.flush()


def _outlive(child: int, kill_after_s: float) -> int:
    """Wait for its end, or bring it about; the exit code."""
    if kill_after_s:
        deadline_s = time.monotonic() + kill_after_s
        while time.monotonic() < deadline_s:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _live(config: Path, asked: dict[str, Any], told: int) -> None:
    """Post what is approved; never returns."""
    code = 70
    try:
        code = _post(config, asked, told)
    except MmreconError as error:
        sys.stderr.write(f"exit {error.exit_code:d} {error.code}: {error}\n")
        code = int(error.exit_code)
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        sys.stderr.flush()
        os._exit(code)


def _post(config: Path, asked: dict[str, Any], told: int) -> int:
    stop = threading.Event()
    if asked.get("stop_after_s"):
        timer = threading.Timer(float(asked["stop_after_s"]), stop.set)
        timer.daemon = True
        timer.start()
    point = _killer(str(asked.get("point", "")), int(asked.get("nth", 0)))
    with open_run(config, command="post", progress=Silent(), lock=True) as (run, ended):
        quick = replace(run, connect=lambda: _client(run))
        seams = Seams(wait=_wait, point=point, stop=stop)
        posted = post(quick, seams, other_stopped=bool(asked.get("other_stopped")))
        ended.append(posted.exit_code())
        os.write(told, " ".join(issue.code for issue in posted.issues).encode())
        if posted.trouble is not None:
            sys.stderr.write(f"trouble {posted.trouble.code}: {posted.trouble}\n")
    return int(posted.exit_code())


def _client(run: Run) -> FineractClient:
    server = run.settings.fineract
    assert server is not None
    password = read_secret(server.password_variable, server.password_file, "the password")
    return FineractClient(server, password, first_pause_s=0.01)


def _wait(seconds: float) -> None:
    """What takes minutes in life is over in a moment here."""
    time.sleep(min(seconds / _QUICKER, _LONGEST_S))


def _killer(only: str, nth: int) -> Callable[[str], None]:
    """Counts the numbered points of posting (all, or those of one name) and dies at the nth."""
    guard = threading.Lock()
    counted = 0

    def point(name: str) -> None:
        nonlocal counted
        with guard:
            counted += not only or name == only
            if counted == nth > 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return point


if __name__ == "__main__":
    main(Path(sys.argv[1]))
