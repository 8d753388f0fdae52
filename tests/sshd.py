"""A real OpenSSH server on loopback, with a configuration and host keys of its own."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SSHD = Path("/usr/sbin/sshd")
INSTALL = "apt-get install -y openssh-server"


@dataclass(frozen=True)
class Server:
    """`fingerprints` has one of each kind of host key, as `ssh-keygen -lf` prints it."""

    port: int
    username: str
    client_key: Path
    fingerprints: dict[str, str]
    configuration: Path


def require_sshd() -> None:
    """Skip where OpenSSH's server is missing; in CI that is a failure."""
    if SSHD.exists():
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"no sshd here: {INSTALL}")
    pytest.skip(f"needs OpenSSH's server: {INSTALL}")


def make_key(path: Path, kind: str, passphrase: str = "") -> str:
    """A new key pair; gives the public key's fingerprint."""
    command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", str(path)]
    subprocess.run(command, check=True)
    blob = base64.b64decode(path.with_suffix(path.suffix + ".pub").read_text().split()[1])
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return f"SHA256:{digest}"


@contextmanager
def sshd(folder: Path, port: int = 0) -> Iterator[Server]:
    """Serve SFTP as the present user; keys only."""
    folder.mkdir(parents=True, exist_ok=True)
    server = _prepare(folder, port or _free_port())
    _make_run_folder()
    log = (folder / "sshd.log").open("ab")
    process = subprocess.Popen(
        [str(SSHD), "-D", "-e", "-f", str(server.configuration)],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    try:
        _wait(server.port, process, folder / "sshd.log")
        yield server
    finally:
        process.terminate()
        process.wait(10)
        log.close()


def _prepare(folder: Path, port: int) -> Server:
    fingerprints = {
        kind: make_key(folder / f"host_{kind}", kind) for kind in ("ed25519", "ecdsa", "rsa")
    }
    client_key = folder / "client_key"
    make_key(client_key, "ed25519")
    authorized = folder / "authorized_keys"
    authorized.write_text(client_key.with_suffix(".pub").read_text())
    configuration = folder / "sshd_config"
    lines = [
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        *(f"HostKey {folder / f'host_{kind}'}" for kind in fingerprints),
        f"AuthorizedKeysFile {authorized}",
        f"PidFile {folder / 'sshd.pid'}",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "PermitRootLogin yes",
        "StrictModes no",
        "UsePAM no",
        "MaxStartups 100",
        "Subsystem sftp internal-sftp",
    ]
    configuration.write_text("\n".join([*lines, ""]))
    username = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True)
    return Server(port, username.stdout.strip(), client_key, fingerprints, configuration)


def _make_run_folder() -> None:
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        if process.poll() is not None:
            pytest.fail(f"sshd ended at once: {log.read_text()}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"sshd did not answer: {log.read_text()}")
