"""A real PostgreSQL on loopback, in a folder of its own, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

INSTALL = "apt-get install -y postgresql"


def binaries() -> Path:
    """Where the newest server's programs lie; skip without one, in CI a failure."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    if os.environ.get("CI") == "true":
        pytest.fail(f"no PostgreSQL here: {INSTALL}")
    pytest.skip(f"needs PostgreSQL's server: {INSTALL}")


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of an empty database on a server that trusts loopback."""
    programs = binaries()
    folder = Path(tempfile.mkdtemp(prefix="mmrecon-postgresql-"))
    server = _server_user(folder)
    data = str(folder / "data")
    run = [str(programs / "initdb"), "-D", data, "-U", "mmrecon", "-A", "trust", "-N", "-E", "UTF8"]
    subprocess.run(run, check=True, capture_output=True, **server)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = [str(programs / "pg_ctl"), "-D", data, "-w"]
    log = ["-l", str(folder / "log"), "-o", options]
    subprocess.run([*control, *log, "start"], check=True, capture_output=True, **server)
    try:
        yield f"postgresql://mmrecon@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run(
            [*control, "-m", "immediate", "stop"], check=True, capture_output=True, **server
        )
        shutil.rmtree(folder)


def _server_user(folder: Path) -> dict[str, Any]:
    """PostgreSQL does not run as root: somebody else owns its folder and starts it then."""
    if os.geteuid():
        return {"cwd": folder}
    user = pwd.getpwnam("nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"cwd": folder, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
