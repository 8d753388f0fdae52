"""A nursery of mortal processes: each runs one command and dies at its nth step, as by `kill -9`.

    python -m tests.flow.mortal FOLDER

Reads a JSON list `[nth, argument, ...]` from each line of its input and answers with the exit code
(-9 for one that died). A step is whatever outlives the process or leaves the machine: a file of
FOLDER that is opened for writing, renamed or removed, a commit, a request. Every process is forked
from this one, which has loaded the program before, so that hundreds of deaths cost little.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event

from mmrecon.cli.app import COMMANDS, cli

_LOADED = (
    "mmrecon.pipeline.fetching", "mmrecon.pipeline.importing", "mmrecon.pipeline.ledger_in",
    "mmrecon.pipeline.matching", "mmrecon.pipeline.workbook", "mmrecon.pipeline.submitting",
    "mmrecon.pipeline.approving", "mmrecon.pipeline.waiting", "mmrecon.pipeline.posting",
    "mmrecon.pipeline.proving", "mmrecon.pipeline.restoring", "mmrecon.pipeline.night",
    "mmrecon.pipeline.payouts",
    "mmrecon.fineract.client", "mmrecon.wiring", "mmrecon.cli.progress",
)  # fmt: skip
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def main(folder: str) -> None:
    """Bear one process for each line of input, and tell how it ended."""
    for name in (*_LOADED, *(f"mmrecon.cli.{module}" for _, module, _ in COMMANDS)):
        importlib.import_module(name)
    for line in sys.stdin:
        nth, *arguments = json.loads(line)
        child = os.fork()
        if child == 0:
            _live(folder, nth, arguments)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _live(folder: str, nth: int, arguments: list[str]) -> None:
    """Run the command; never returns."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, sys.stdout.fileno())
    step = _counting(nth)

    def hear(name: str, facts: tuple[Any, ...]) -> None:
        if name == "http.client.send" or (name in _ON_FILES and _ON_FILES[name](folder, facts)):
            step()

    sys.addaudithook(hear)
    event.listen(Engine, "commit", lambda _connection: step())
    code = 70
    try:
        cli.main(arguments, prog_name="mmrecon")
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        os._exit(code)


def _counting(nth: int) -> Callable[[], None]:
    counted = 0

    def step() -> None:
        nonlocal counted
        counted += 1
        if counted == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    return step


def _of_folder(folder: str, facts: tuple[Any, ...]) -> bool:
    return str(facts[0]).startswith(folder)


def _written(folder: str, facts: tuple[Any, ...]) -> bool:
    path, _mode, flags = facts
    return str(path).startswith(folder) and bool(int(flags or 0) & _WRITES)


_ON_FILES: dict[str, Callable[[str, tuple[Any, ...]], bool]] = {
    "open": _written, "os.rename": _of_folder, "os.remove": _of_folder, "os.link": _of_folder,
}  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1])
