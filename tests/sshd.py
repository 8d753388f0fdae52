"""A real OpenSSH server on loopback, with a configuration and host keys of its own."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
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
def sshd(
    folder: Path,
    port: int = 0,
    *,
    lines: Sequence[str] = (),
    username: str = "",
    password: str = "",
) -> Iterator[Server]:
    """Serve SFTP as the present user, with keys; `lines` come first in its configuration.

    Root can also serve another user, and let one in with a password: the server then sees a list
    of passwords of its own instead of the machine's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    server = _prepare(folder, port or free_port(), lines, username)
    _make_run_folder()
    log = (folder / "sshd.log").open("ab")
    command = [str(SSHD), "-D", "-e", "-f", str(server.configuration)]
    process = subprocess.Popen(
        _with_password(folder, server.username, password, command) if password else command,
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


@contextmanager
def sshd_of_nobody(folder: Path, lines: Sequence[str] = ()) -> Iterator[Server]:
    """Serve a user who may not read everything: for root another one, else the present one."""
    folder.chmod(0o755)
    with sshd(folder, lines=lines, username="nobody" if os.geteuid() == 0 else "") as server:
        yield server


def can_serve_passwords() -> bool:
    """Whether this is root, and may give a process an own view of one file."""
    command = ["unshare", "--mount", "mount", "--bind", "/etc/shadow", "/etc/shadow"]
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _with_password(folder: Path, username: str, password: str, command: list[str]) -> list[str]:
    hashed = subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"],
        input=password.encode(), check=True, capture_output=True,
    )  # fmt: skip
    shadow = folder / "shadow"
    shadow.touch(mode=0o600)
    shadow.write_text(f"{username}:{hashed.stdout.decode().strip()}:19000:0:99999:7:::\n")
    script = 'mount --bind "$1" /etc/shadow && shift && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, "sh", str(shadow), *command]


def _prepare(folder: Path, port: int, first: Sequence[str], username: str) -> Server:
    fingerprints = {
        kind: make_key(folder / f"host_{kind}", kind) for kind in ("ed25519", "ecdsa", "rsa")
    }
    client_key = folder / "client_key"
    make_key(client_key, "ed25519")
    authorized = folder / "authorized_keys"
    authorized.write_text(client_key.with_suffix(".pub").read_text())
    configuration = folder / "sshd_config"
    lines = [
        *first,
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
    present = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True)
    served = username or present.stdout.strip()
    return Server(port, served, client_key, fingerprints, configuration)


def _make_run_folder() -> None:
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)


def sessions_of(process: int) -> list[int]:
    """The processes under one of this machine, all the way down."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [pid for child in children for pid in (int(child), *sessions_of(int(child)))]


def free_port() -> int:
    """A port that nobody listens on now."""
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
