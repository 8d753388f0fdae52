"""Which host keys a server may show: one fingerprint, or the lines of a `known_hosts` file.

Names in the file are matched whole, plain or hashed; patterns pin nothing. The format is that of
sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import paramiko

from mmrecon.config import SftpSource
from mmrecon.errors import ConfigurationError, SafetyRefusal

FAMILIES: Final = {
    "ed25519": ("ssh-ed25519",),
    "ecdsa": ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    "rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}
"""A server has a key of each family; the pinned one may be another than the one it prefers."""

_REVOKED: Final = "@revoked"
_SSH_PORT: Final = 22


class OtherKeyError(Exception):
    """The server showed a key that is not pinned; the text is its fingerprint."""


class Pinned(paramiko.MissingHostKeyPolicy):
    """Knows some fingerprints; it is asked before anything secret is sent."""

    def __init__(self, fingerprints: frozenset[str]) -> None:
        self._fingerprints = fingerprints

    def missing_host_key(
        self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> None:
        """Let only a pinned key through."""
        del client, hostname
        if _fingerprint(key.asbytes()) not in self._fingerprints:
            raise OtherKeyError(_fingerprint(key.asbytes()))


def pinned_fingerprints(settings: SftpSource) -> frozenset[str]:
    """The fingerprints that are good for a source's server, as OpenSSH prints them.

    Raises:
        ConfigurationError: the `known_hosts` file cannot be read or has no key of the server.
        SafetyRefusal: others than its owner can write the file.
    """
    file = settings.known_hosts_file
    if file is None:
        return frozenset({settings.host_key_fingerprint.rstrip("=")})
    lines = _read(file).splitlines()
    keys = frozenset(_keys(lines, _known_as(settings)))
    if not keys:
        fault = f"{file} has no key of {_known_as(settings)}"
        raise ConfigurationError([("known_hosts_file", fault)], source="secrets")
    return keys


def _read(file: Path) -> str:
    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            facts = os.fstat(stream.fileno())
            text = stream.read()
    except OSError as error:
        fault = f"{file} cannot be read: {error.strerror}"
        raise ConfigurationError([("known_hosts_file", fault)], source="secrets") from error
    if facts.st_uid not in {0, os.geteuid()} or facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise SafetyRefusal(
            f"{file} can be written by others than mmrecon's user",
            hint=f"chown $(id -un) {file} && chmod 644 {file}. Then compare its keys with what "
            "the server's owner says.",
            code="known_hosts_writable_by_others",
        )
    return text


def _known_as(settings: SftpSource) -> str:
    host = settings.host.lower()
    return host if settings.port == _SSH_PORT else f"[{host}]:{settings.port}"


def _keys(lines: list[str], host: str) -> Iterator[str]:
    """Fingerprints of the host's keys that are not revoked anywhere in the file."""
    fields = [line.split() for line in lines]
    revoked = {parts[3] for parts in fields if len(parts) > 3 and parts[0] == _REVOKED}
    for parts in fields:
        if len(parts) > 2 and parts[2] not in revoked and _names(parts[0], host):
            try:
                yield _fingerprint(base64.b64decode(parts[2], validate=True))
            except binascii.Error:
                continue


def _names(names: str, host: str) -> bool:
    """Whether the first field of a line names the host."""
    if not names.startswith("|1|"):
        return host in names.lower().split(",")
    try:
        _, _, salt, digest = names.split("|")
        wanted = base64.b64decode(digest, validate=True)
        found = hmac.digest(base64.b64decode(salt, validate=True), host.encode(), "sha1")
    except ValueError:
        return False
    return hmac.compare_digest(found, wanted)


def _fingerprint(key: bytes) -> str:
    digest = base64.b64encode(hashlib.sha256(key).digest()).decode()
    return f"SHA256:{digest.rstrip('=')}"
