"""One run at a time: a lock that the kernel frees when its holder dies; it names its holder."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmrecon.errors import LockHeld


@contextmanager
def run_lock(state_folder: Path, *, command: str, since_utc: str) -> Iterator[None]:
    """Hold the run lock of a state folder.

    Raises:
        LockHeld: another process holds it; the message names its command, pid and start.
    """
    state_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(state_folder / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockHeld(
                f"another run holds the lock: {_holder(descriptor)}",
                hint="Wait for it to end; the lock frees itself when that process ends.",
            ) from error
        _write_holder(descriptor, command, since_utc)
        yield
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> str:
    text = os.pread(descriptor, 1000, 0).decode(errors="replace")
    try:
        facts = json.loads(text)
        return f"`{facts['command']}`, process {facts['pid']}, since {facts['since_utc']}"
    except (ValueError, KeyError, TypeError):
        return "a process that is just starting"


def _write_holder(descriptor: int, command: str, since_utc: str) -> None:
    facts = json.dumps({"command": command, "pid": os.getpid(), "since_utc": since_utc})
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, facts.encode(), 0)
