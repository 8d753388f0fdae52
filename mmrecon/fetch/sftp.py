"""Statement files from an SFTP server whose host key is pinned.

No trust on first use, no agent, no look for keys at home, a deadline for everything.
"""

from __future__ import annotations

import logging
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

import paramiko

from mmrecon.config import SftpSource
from mmrecon.errors import OutsideUnreachable, SafetyRefusal
from mmrecon.fetch.credentials import Credentials, read_credentials
from mmrecon.fetch.host_keys import FAMILIES, OtherKeyError, Pinned, pinned_fingerprints
from mmrecon.fetch.source import NotRead, RemoteFile

_PREFETCH_REQUESTS: Final = 64
_PIECE_BYTES: Final = 1 << 20
_LISTING_WAITS: Final = 10
"""A listing may take so many times the time that one answer may take."""
_SLOWEST_BYTES_PER_S: Final = 4096
_TROUBLE: Final = (
    paramiko.SSHException,
    paramiko.SFTPError,
    OSError,
    EOFError,
    ValueError,
)
_Answer = TypeVar("_Answer")
_BASE: Final = vars(paramiko.SFTPClient)

logging.getLogger("paramiko").addHandler(logging.NullHandler())


class _AnyText(paramiko.Message):
    """An answer whose names and words need not be UTF-8: odd bytes become surrogates."""

    def get_text(self) -> str:
        """The next text of the answer."""
        return self.get_string().decode("utf-8", "surrogateescape")


class _Client(paramiko.SFTPClient):
    """paramiko's client; one name or word that is no UTF-8 would end a whole listing there."""

    def _request(self, kind: int, *arguments: object) -> tuple[int, paramiko.Message]:
        answered, message = _BASE["_request"](self, kind, *arguments)
        return answered, _AnyText(message.get_remainder())

    def _convert_status(self, message: paramiko.Message) -> None:
        _BASE["_convert_status"](self, _AnyText(message.get_remainder()))


class Sftp:
    """A `Source` over one folder of a server; made by `open_sftp`."""

    def __init__(
        self, settings: SftpSource, client: paramiko.SFTPClient, close: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._client = client
        self._close = close

    @property
    def label(self) -> str:
        """The source's name in the store."""
        settings = self._settings
        place = f"{settings.username}@{settings.host}:{settings.port}"
        return f"sftp://{place}/{settings.path.lstrip('/')}"

    def listing(self) -> list[RemoteFile]:
        """Every regular file and link of the folder.

        Raises:
            OutsideUnreachable: the folder is not there, its files have no sizes, or the server
                went silent.
        """
        seconds = _LISTING_WAITS * self._settings.timeout_s
        with _told_plainly(self._settings), _deadline(self._close, seconds):
            try:
                entries = self._client.listdir_attr(self._settings.path)
            except (FileNotFoundError, PermissionError) as error:
                raise OutsideUnreachable(
                    f"{_server(self._settings)} has no readable folder `{self._settings.path}`",
                    hint="Ask the server's owner where the statements lie now, and whether "
                    f"`{self._settings.username}` may read there.",
                    code="folder_unreachable",
                ) from error
        listed = [entry for entry in entries if not _is_other(entry)]
        if any(entry.st_size is None or entry.st_mtime is None for entry in listed):
            raise OutsideUnreachable(
                f"{_server(self._settings)} lists files without their size or time",
                hint="Without them nobody knows whether a file is whole. Ask the server's owner "
                "for a server that tells them.",
                code="listing_without_sizes",
            )
        return [_as_listed(entry.filename, entry) for entry in listed]

    def read(self, file: RemoteFile) -> bytes | NotRead:
        """The whole content, or why it is not to be had.

        Raises:
            OutsideUnreachable: the server went silent, or the connection broke.
        """
        seconds = self._settings.timeout_s + file.size_bytes / _SLOWEST_BYTES_PER_S
        with _told_plainly(self._settings), _deadline(self._close, seconds):
            content = self._of_this_file(lambda: self._content(file))
            if isinstance(content, NotRead):
                return content
            present = self._of_this_file(lambda: self._client.lstat(self._path(file)))
        if isinstance(present, NotRead):
            return present
        if _as_listed(file.name, present) != file:
            return NotRead.CHANGED
        return content if len(content) == file.size_bytes else NotRead.FAILED

    def delete(self, file: RemoteFile) -> bool:
        """Delete the file that was listed; False when it is another one by now, or may not be.

        Raises:
            OutsideUnreachable: the server went silent, or the connection broke.
        """
        seconds = self._settings.timeout_s
        with _told_plainly(self._settings), _deadline(self._close, seconds):
            present = self._of_this_file(lambda: self._client.lstat(self._path(file)))
            if isinstance(present, NotRead) or _as_listed(file.name, present) != file:
                return False
            removed = self._of_this_file(lambda: self._client.remove(self._path(file)))
        return not isinstance(removed, NotRead)

    def _content(self, file: RemoteFile) -> bytes:
        with self._client.open(self._path(file), "rb") as stream:
            stream.prefetch(file.size_bytes, _PREFETCH_REQUESTS)
            try:
                return b"".join(_pieces(stream, file.size_bytes))
            except EOFError:
                return b""

    def _of_this_file(self, action: Callable[[], _Answer]) -> _Answer | NotRead:
        """What an action gives; an answer of the server about this one file is a value."""
        try:
            return action()
        except FileNotFoundError:
            return NotRead.GONE
        except PermissionError:
            return NotRead.DENIED
        except OSError as error:
            if type(error) is OSError and error.errno is None and self._is_open():
                return NotRead.FAILED
            raise

    def _is_open(self) -> bool:
        channel = self._client.get_channel()
        return channel is not None and not channel.closed

    def _path(self, file: RemoteFile) -> bytes:
        path = f"{self._settings.path.rstrip('/')}/{file.name}"
        return path.encode("utf-8", "surrogateescape")


def _pieces(stream: paramiko.SFTPFile, size_bytes: int) -> Iterator[bytes]:
    """The content by pieces; read at once, paramiko copies all of it for each packet."""
    while size_bytes and (piece := stream.read(min(_PIECE_BYTES, size_bytes))):
        yield piece
        size_bytes -= len(piece)


@contextmanager
def open_sftp(settings: SftpSource, wallet: str) -> Iterator[Sftp]:
    """A logged-in source, closed at the end.

    Raises:
        SafetyRefusal: the host key is not a pinned one, or others can read a secret's file or
            write the `known_hosts` file.
        ConfigurationError: a secret is missing, a key file is none, or nothing is pinned.
        OutsideUnreachable: no answer in time, or the login was refused.
    """
    credentials = read_credentials(settings, wallet)
    pinned = pinned_fingerprints(settings)
    with _told_plainly(settings):
        client = _connect(settings, credentials, pinned)
    try:
        with _told_plainly(settings), _deadline(client.close, settings.timeout_s):
            sftp = _sftp_over(client)
            channel = sftp.get_channel()
            assert channel is not None
            channel.settimeout(settings.timeout_s)
        yield Sftp(settings, sftp, client.close)
    finally:
        client.close()


def _sftp_over(client: paramiko.SSHClient) -> paramiko.SFTPClient:
    transport = client.get_transport()
    opened = None if transport is None else _Client.from_transport(transport)
    if opened is None:
        raise EOFError
    return opened


def _connect(
    settings: SftpSource, credentials: Credentials, pinned: frozenset[str]
) -> paramiko.SSHClient:
    """Whichever family of host keys the server prefers, all are asked for a pinned one."""
    seen: list[str] = []
    for family in ("", *FAMILIES):
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(Pinned(pinned))
        try:
            with _late_is_silent(settings.timeout_s):
                _log_in(client, settings, credentials, family)
        except OtherKeyError as error:
            client.close()
            seen.append(str(error))
        except _TROUBLE:
            client.close()
            if not seen:
                raise
        else:
            return client
    place = settings.known_hosts_file or "`host_key_fingerprint`"
    raise SafetyRefusal(
        f"{_server(settings)} shows another host key: {', '.join(dict.fromkeys(seen))}; "
        f"pinned is {', '.join(sorted(pinned))}",
        hint="Ask the server's owner, over another way, whether its key was changed. Only then put "
        f"the new one into {place}.",
        code="host_key_changed",
    )


def _log_in(
    client: paramiko.SSHClient, settings: SftpSource, credentials: Credentials, family: str
) -> None:
    others = [
        kind for name, kinds in FAMILIES.items() for kind in kinds if family and name != family
    ]
    client.connect(
        settings.host,
        settings.port,
        settings.username,
        password=credentials.password,
        pkey=credentials.key,
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
    known = (
        words for one in _chain(error) for kind, words in said.items() if isinstance(one, kind)
    )
    return next(known, "did not answer as an SFTP server")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and what it came from; paramiko wraps what happened to the line."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@contextmanager
def _late_is_silent(seconds: float) -> Iterator[None]:
    """Paramiko has many words for a server that says nothing while it is greeted; it is late."""
    begun = time.monotonic()
    try:
        yield
    except _TROUBLE as error:
        if time.monotonic() - begun >= seconds:
            raise TimeoutError from error
        raise


@contextmanager
def _deadline(close: Callable[[], None], seconds: float) -> Iterator[None]:
    """Close the connection when the time is up: drop by drop, a server could go on for ever."""
    is_over = threading.Event()

    def end() -> None:
        is_over.set()
        close()

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        yield
    except _TROUBLE as error:
        if is_over.is_set():
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()


def _is_other(entry: paramiko.SFTPAttributes) -> bool:
    """Neither a file nor a link; where the server sends no mode, its long line begins with it."""
    if entry.st_mode is None:
        return entry.longname.startswith("d")
    return not (stat.S_ISREG(entry.st_mode) or stat.S_ISLNK(entry.st_mode))


def _is_link(entry: paramiko.SFTPAttributes) -> bool:
    if entry.st_mode is None:
        return str(getattr(entry, "longname", "")).startswith("l")
    return stat.S_ISLNK(entry.st_mode)


def _as_listed(name: str, entry: paramiko.SFTPAttributes) -> RemoteFile:
    return RemoteFile(name, entry.st_size or 0, entry.st_mtime or 0, is_link=_is_link(entry))


def _server(settings: SftpSource) -> str:
    return f"the SFTP server {settings.host}:{settings.port}"
