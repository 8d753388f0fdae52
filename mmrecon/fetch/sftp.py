"""Statement files from an SFTP server whose host key is pinned.

No trust on first use, no agent, no look for keys at home, a deadline for everything.
"""

from __future__ import annotations

import io
import logging
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import paramiko

from mmrecon.config import SftpSource
from mmrecon.errors import ConfigurationError, OutsideUnreachable, SafetyRefusal
from mmrecon.fetch.source import RemoteFile
from mmrecon.secret import check_owner_only, read_secret

_HOST_KEY_KINDS: Final = {
    "ed25519": ("ssh-ed25519",),
    "ecdsa": ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    "rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}
_PRIVATE_KEY_KINDS: Final = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
_PREFETCH_REQUESTS: Final = 64
_TROUBLE: Final = (
    paramiko.SSHException,
    paramiko.SFTPError,
    OSError,
    EOFError,
    ValueError,
)

logging.getLogger("paramiko").addHandler(logging.NullHandler())


class Sftp:
    """A `Source` over one folder of a server; made by `open_sftp`."""

    def __init__(self, settings: SftpSource, client: paramiko.SFTPClient) -> None:
        self._settings = settings
        self._client = client

    @property
    def label(self) -> str:
        """The source's name in the store."""
        settings = self._settings
        place = f"{settings.username}@{settings.host}:{settings.port}"
        return f"sftp://{place}/{settings.path.lstrip('/')}"

    def listing(self) -> list[RemoteFile]:
        """Every regular file of the folder.

        Raises:
            OutsideUnreachable: the folder is not there, or the server went silent.
        """
        with _told_plainly(self._settings):
            try:
                entries = self._client.listdir_attr(self._settings.path)
            except (FileNotFoundError, PermissionError) as error:
                raise OutsideUnreachable(
                    f"{_server(self._settings)} has no readable folder `{self._settings.path}`",
                    hint="Ask the server's owner where the statements lie now.",
                    code="folder_unreachable",
                ) from error
            except UnicodeDecodeError as error:
                raise OutsideUnreachable(
                    f"a file's name in `{self._settings.path}` of {_server(self._settings)} "
                    "is no UTF-8, so that the folder cannot be listed",
                    hint="Ask the server's owner to rename that file.",
                    code="name_not_utf8",
                ) from error
        return [_as_listed(entry.filename, entry) for entry in entries if _is_file(entry)]

    def read(self, file: RemoteFile) -> bytes | None:
        """The whole content; None when the file changed, went away or may not be read.

        Raises:
            OutsideUnreachable: the server went silent.
        """
        with _told_plainly(self._settings):
            try:
                with self._client.open(self._path(file), "rb") as stream:
                    stream.prefetch(file.size_bytes, _PREFETCH_REQUESTS)
                    content = stream.read(file.size_bytes)
            except (FileNotFoundError, PermissionError):
                return None
            except EOFError:
                content = b""
            unchanged = self._present(file) == file
        return content if unchanged and len(content) == file.size_bytes else None

    def delete(self, file: RemoteFile) -> bool:
        """Delete the file that was listed; False when it is another one by now, or may not be.

        Raises:
            OutsideUnreachable: the server went silent.
        """
        with _told_plainly(self._settings):
            if self._present(file) != file:
                return False
            try:
                self._client.remove(self._path(file))
            except (FileNotFoundError, PermissionError):
                return False
        return True

    def _present(self, file: RemoteFile) -> RemoteFile | None:
        try:
            return _as_listed(file.name, self._client.lstat(self._path(file)))
        except (FileNotFoundError, PermissionError):
            return None

    def _path(self, file: RemoteFile) -> str:
        return f"{self._settings.path.rstrip('/')}/{file.name}"


@contextmanager
def open_sftp(settings: SftpSource, wallet: str) -> Iterator[Sftp]:
    """A logged-in source, closed at the end.

    Raises:
        SafetyRefusal: the host key is not the pinned one, or others can read a secret's file.
        ConfigurationError: a secret is missing, or a key file is none.
        OutsideUnreachable: no answer in time, or the login was refused.
    """
    key = _read_key(settings, wallet)
    password = _read_password(settings, wallet)
    if key is None and password is None:
        fault = (f"wallets.{wallet}.sources", "needs a password or a key_file")
        raise ConfigurationError([fault], source="secrets")
    with _told_plainly(settings):
        client = _connect(settings, key, password)
    try:
        with _told_plainly(settings), _deadline(client, settings.timeout_s):
            sftp = client.open_sftp()
            channel = sftp.get_channel()
            assert channel is not None
            channel.settimeout(settings.timeout_s)
        yield Sftp(settings, sftp)
    finally:
        client.close()


class _OtherKeyError(Exception):
    """The server showed a key that is not the pinned one."""


class _Pinned(paramiko.MissingHostKeyPolicy):
    """Knows one fingerprint; it is asked before anything secret is sent."""

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint.rstrip("=")

    def missing_host_key(
        self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> None:
        """Let only the pinned key through."""
        del client, hostname
        if key.fingerprint != self._fingerprint:
            raise _OtherKeyError(key.fingerprint)


def _connect(
    settings: SftpSource, key: paramiko.PKey | None, password: str | None
) -> paramiko.SSHClient:
    """A server has a key of each family; the pinned one may be another than the one it prefers."""
    seen: list[str] = []
    for family in ("", *_HOST_KEY_KINDS):
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(_Pinned(settings.host_key_fingerprint))
        try:
            _log_in(client, settings, key, password, family)
        except _OtherKeyError as error:
            client.close()
            seen.append(str(error))
        except _TROUBLE:
            client.close()
            if not seen:
                raise
        else:
            return client
    raise SafetyRefusal(
        f"{_server(settings)} shows another host key: {', '.join(dict.fromkeys(seen))}; "
        f"pinned is {settings.host_key_fingerprint}",
        hint="Ask the server's owner, over another way, whether its key was changed. Only then put "
        "the new fingerprint into `host_key_fingerprint`.",
        code="host_key_changed",
    )


def _log_in(
    client: paramiko.SSHClient,
    settings: SftpSource,
    key: paramiko.PKey | None,
    password: str | None,
    family: str,
) -> None:
    others = [
        kind
        for name, kinds in _HOST_KEY_KINDS.items()
        for kind in kinds
        if family and name != family
    ]
    client.connect(
        settings.host,
        settings.port,
        settings.username,
        password=password,
        pkey=key,
        timeout=settings.timeout_s,
        banner_timeout=settings.timeout_s,
        auth_timeout=settings.timeout_s,
        channel_timeout=settings.timeout_s,
        allow_agent=False,
        look_for_keys=False,
        disabled_algorithms={"keys": others},
    )


@contextmanager
def _told_plainly(settings: SftpSource) -> Iterator[None]:
    """Whatever goes wrong on the way to the server is one plain sentence."""
    try:
        yield
    except paramiko.AuthenticationException as error:
        raise OutsideUnreachable(
            f"{_server(settings)} refused the login of `{settings.username}`",
            hint="Check the user name, and whether its password or key has expired.",
            code="login_refused",
        ) from error
    except _TROUBLE as error:
        raise OutsideUnreachable(
            f"{_server(settings)} {_what_happened(error)}",
            hint="Check the network and the server; the next run tries again.",
            code="sftp_unreachable",
        ) from error


def _what_happened(error: BaseException) -> str:
    """In words; an exception's own text may hold anything."""
    if isinstance(error, paramiko.ssh_exception.NoValidConnectionsError):
        causes = list(error.errors.values())
        error = causes[0] if causes else error
    said = {
        socket.gaierror: "is not known by that name",
        TimeoutError: "did not answer in time",
        ConnectionRefusedError: "refused the connection",
        ConnectionResetError: "broke off the connection",
        BrokenPipeError: "broke off the connection",
        EOFError: "broke off the connection",
    }
    known = (words for kind, words in said.items() if isinstance(error, kind))
    return next(known, "did not answer as an SFTP server")


@contextmanager
def _deadline(client: paramiko.SSHClient, seconds: float) -> Iterator[None]:
    """Close the connection when the time is up; paramiko itself waits without end here."""
    timer = threading.Timer(seconds, client.close)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _read_password(settings: SftpSource, wallet: str) -> str | None:
    if not settings.password_variable and settings.password_file is None:
        return None
    what = f"the SFTP password of wallet {wallet}"
    return read_secret(settings.password_variable, settings.password_file, what)


def _read_key(settings: SftpSource, wallet: str) -> paramiko.PKey | None:
    if settings.key_file is None:
        return None
    what = f"the SFTP key of wallet {wallet}"
    passphrase = (
        read_secret(settings.key_passphrase_variable, None, f"the passphrase of {what}")
        if settings.key_passphrase_variable
        else None
    )
    try:
        with settings.key_file.open(encoding="utf-8") as stream:
            check_owner_only(stream.fileno(), settings.key_file, what)
            text = stream.read()
    except (OSError, UnicodeDecodeError) as error:
        fault = f"{settings.key_file} cannot be read as a private key"
        raise ConfigurationError([(what, fault)], source="secrets") from error
    return _parse_key(text, passphrase, f"{what} in {settings.key_file}")


def _parse_key(text: str, passphrase: str | None, what: str) -> paramiko.PKey:
    for kind in _PRIVATE_KEY_KINDS:
        with suppress(paramiko.SSHException, ValueError, TypeError):
            return kind.from_private_key(io.StringIO(text), passphrase)
    fault = "is no private key, or its passphrase is missing or wrong"
    raise ConfigurationError([(what, fault)], source="secrets")


def _is_file(entry: paramiko.SFTPAttributes) -> bool:
    if entry.st_mode is None:
        return not entry.longname.startswith(("d", "l"))
    return stat.S_ISREG(entry.st_mode)


def _as_listed(name: str, entry: paramiko.SFTPAttributes) -> RemoteFile:
    return RemoteFile(name, entry.st_size or 0, entry.st_mtime or 0)


def _server(settings: SftpSource) -> str:
    return f"the SFTP server {settings.host}:{settings.port}"
