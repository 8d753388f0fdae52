"""An SFTP server on loopback over a real folder: where the provider drops its statements.

Passwords only, and only for the users that are given; its host key is made once and kept.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import paramiko
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)
from paramiko.sftp import SFTP_OK

from mmrecon.sandbox.ports import HOST, PortTakenError, free_port

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

POLL_SECONDS = 0.2


class _Gate(paramiko.ServerInterface):
    """Lets known users in, and only for SFTP."""

    def __init__(self, users: dict[str, str]) -> None:
        self._users = users

    def check_auth_password(self, username: str, password: str) -> int:
        """Whether user and password belong together."""
        known = self._users.get(username)
        return AUTH_SUCCESSFUL if known is not None and known == password else AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        """Passwords are the only way in."""
        del username
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """Only sessions are opened."""
        del chanid
        if kind == "session":
            return OPEN_SUCCEEDED
        return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


class _File(paramiko.SFTPHandle):
    """An open file."""

    def __init__(self, flags: int, descriptor: int) -> None:
        super().__init__(flags)
        self._descriptor = descriptor

    def read(self, offset: int, length: int) -> bytes | int:
        """A part of the file; empty at its end."""
        try:
            return os.pread(self._descriptor, length, offset)
        except OSError as fault:
            return _code(fault)

    def write(self, offset: int, data: ReadableBuffer) -> int:
        """Write a part of the file."""
        rest = memoryview(data)
        try:
            while rest:
                written = os.pwrite(self._descriptor, rest, offset)
                rest, offset = rest[written:], offset + written
        except OSError as fault:
            return _code(fault)
        return SFTP_OK

    def stat(self) -> paramiko.SFTPAttributes:
        """What is known of the file."""
        return paramiko.SFTPAttributes.from_stat(os.fstat(self._descriptor))

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


class _Folder(paramiko.SFTPServerInterface):
    """One folder, and nothing outside it."""

    def __init__(self, server: paramiko.ServerInterface, root: Path) -> None:
        super().__init__(server)
        self._root = root

    def _real(self, path: str) -> Path:
        """The file behind a path; ``..`` never leaves the folder."""
        return self._root / self.canonicalize(path).lstrip("/")

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        """The entries of a folder."""
        try:
            entries = sorted(self._real(path).iterdir())
            return [
                paramiko.SFTPAttributes.from_stat(entry.lstat(), entry.name) for entry in entries
            ]
        except OSError as fault:
            return _code(fault)

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        """What is known of a file."""
        try:
            return paramiko.SFTPAttributes.from_stat(self._real(path).stat())
        except OSError as fault:
            return _code(fault)

    def lstat(self, path: str) -> paramiko.SFTPAttributes | int:
        """What is known of a file, links not followed."""
        try:
            return paramiko.SFTPAttributes.from_stat(self._real(path).lstat())
        except OSError as fault:
            return _code(fault)

    def open(
        self, path: str, flags: int, attr: paramiko.SFTPAttributes
    ) -> paramiko.SFTPHandle | int:
        """Open a file to read or to write."""
        del attr
        try:
            return _File(flags, os.open(self._real(path), flags, 0o644))
        except OSError as fault:
            return _code(fault)

    def remove(self, path: str) -> int:
        """Delete a file."""
        return _done(lambda: self._real(path).unlink())

    def rename(self, oldpath: str, newpath: str) -> int:
        """Rename a file, never over another one."""
        target = self._real(newpath)
        if target.exists():
            return _code(FileExistsError(errno.EEXIST, "exists"))
        return _done(lambda: self._real(oldpath).rename(target))

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        """Rename a file, over another one if there is one."""
        return _done(lambda: self._real(oldpath).replace(self._real(newpath)))

    def mkdir(self, path: str, attr: paramiko.SFTPAttributes) -> int:
        """Make a folder."""
        del attr
        return _done(lambda: self._real(path).mkdir())

    def rmdir(self, path: str) -> int:
        """Delete an empty folder."""
        return _done(lambda: self._real(path).rmdir())


def _code(fault: OSError) -> int:
    return paramiko.SFTPServer.convert_errno(fault.errno or errno.EIO)


def _done(action: Callable[[], object]) -> int:
    try:
        action()
    except OSError as fault:
        return _code(fault)
    return SFTP_OK


def _host_key(path: Path) -> paramiko.PKey:
    """The host key of a file, which is made if it is not there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        private = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
        )
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(private)
    return paramiko.Ed25519Key.from_private_key_file(str(path))


class SftpDrop:
    """An SFTP server over ``folder``, for the given users and their passwords.

    ``port`` 0 takes a free one; ``host_key`` is the file that keeps the host key.
    """

    def __init__(
        self, folder: Path, *, port: int = 0, host_key: Path, users: dict[str, str]
    ) -> None:
        self.folder = folder
        self._asked_port = port
        self._key = _host_key(host_key)
        self._users = dict(users)
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._transports: list[paramiko.Transport] = []
        self._stopping = threading.Event()
        self.port = port

    @property
    def fingerprint(self) -> str:
        """The host key's fingerprint, as OpenSSH prints it."""
        digest = hashlib.sha256(self._key.asbytes()).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    def start(self) -> Self:
        """Listen; returns when the port is open.

        Raises:
            PortTakenError: another process listens there.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        port = self._asked_port or free_port()
        try:
            self._listener = socket.create_server((HOST, port))
        except OSError as taken:
            raise PortTakenError(port) from taken
        self._listener.settimeout(POLL_SECONDS)
        self.port = self._listener.getsockname()[1]
        self._stopping.clear()
        self._thread = threading.Thread(target=self._accept, name="sftp-drop", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port and every connection."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for transport in self._transports:
            transport.close()
        self._transports.clear()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _accept(self) -> None:
        listener = self._listener
        while listener is not None and not self._stopping.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        transport = paramiko.Transport(connection)
        transport.add_server_key(self._key)
        transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Folder, self.folder)
        self._transports = [other for other in self._transports if other.is_active()]
        self._transports.append(transport)
        # without an event this would wait for the client, and keep others waiting
        transport.start_server(event=threading.Event(), server=_Gate(self._users))
