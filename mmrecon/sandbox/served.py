"""What `sandbox serve` serves from a state folder: Fineract's API and, where there is one, a drop.

A folder `drop` inside the state folder is served over SFTP on loopback; its port and host key are
kept beside it, so that a configuration that names them stays true.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

from mmrecon.sandbox.server import SandboxServer
from mmrecon.sandbox.sftp_drop import SftpDrop

DROP_USER: Final = "mmrecon"
DROP_PASSWORD: Final = "drop"  # loopback only, invented people only


def drop_of(state_dir: Path) -> Path:
    """The folder that is served over SFTP."""
    return state_dir / "drop"


def kept_drop(state_dir: Path) -> tuple[int, str]:
    """Port and fingerprint of the drop, as they were when it was first served."""
    facts = json.loads((state_dir / "drop.json").read_text(encoding="utf-8"))
    return int(facts["port"]), str(facts["fingerprint"])


def serve_all(state_dir: Path, port: int, faults: Path | None, database: str = "") -> None:
    """Serve until SIGTERM or SIGINT; prints Fineract's base URL on one line when ready."""
    finished = threading.Event()

    def finish(signum: int, frame: FrameType | None) -> None:
        del signum, frame
        finished.set()

    signal.signal(signal.SIGTERM, finish)
    signal.signal(signal.SIGINT, finish)
    server = SandboxServer(state_dir, port=port, faults=faults, database=database)
    with server, _drop(state_dir):
        sys.stdout.write(server.base_url + "\n")
        sys.stdout.flush()
        finished.wait()


@contextmanager
def _drop(state_dir: Path) -> Iterator[None]:
    folder, facts = drop_of(state_dir), state_dir / "drop.json"
    if not folder.is_dir():
        yield
        return
    port = kept_drop(state_dir)[0] if facts.is_file() else 0
    users = {DROP_USER: DROP_PASSWORD}
    with SftpDrop(folder, port=port, host_key=state_dir / "drop-host-key", users=users) as drop:
        told = {"port": drop.port, "fingerprint": drop.fingerprint}
        facts.write_text(json.dumps(told) + "\n", encoding="utf-8")
        yield
