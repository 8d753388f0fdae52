"""Secrets come from the environment or from a file that only its owner can read (DESIGN 8).

Files with names and telephone numbers are their owner's alone, too.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mmrecon.errors import ConfigurationError, SafetyRefusal

_LIMIT_BYTES = 64 * 1024


def read_secret(variable: str, file: Path | None, what: str) -> str:
    """The secret in an environment variable, else in a file; never empty.

    `what` names the secret for people ("the password of Fineract"). One line end at the end of
    the file is not part of the secret.

    Raises:
        ConfigurationError: neither holds a secret; the message says where it was looked for.
        SafetyRefusal: the file belongs to somebody else or can be read by others.
    """
    value = os.environ.get(variable, "") if variable else ""
    if value:
        return value
    if file is not None:
        value = _read_owner_only(file, what).decode(errors="replace")
        value = value.removesuffix("\n").removesuffix("\r")
    if not value:
        raise ConfigurationError([(what, _where(variable, file))], source="secrets")
    return value


def make_private(path: Path) -> None:
    """Let a file that is about to be written, or is there, be its owner's alone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def check_owner_only(descriptor: int, file: Path, what: str) -> None:
    """Refuse an open file that anybody but its owner (this user or root) can read or write.

    Raises:
        SafetyRefusal: with the command that puts it right.
    """
    facts = os.fstat(descriptor)
    if facts.st_uid not in {0, os.geteuid()}:
        raise SafetyRefusal(
            f"{what}: {file} belongs to another user",
            hint=f"Make it your own: chown $(id -un) {file} && chmod 600 {file}",
            code="secret_of_another_user",
        )
    if facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SafetyRefusal(
            f"{what}: {file} can be read by others than its owner",
            hint=f"Keep it to its owner: chmod 600 {file}. Then change the secret itself.",
            code="secret_readable_by_others",
        )


def _read_owner_only(file: Path, what: str) -> bytes:
    try:
        with file.open("rb") as stream:
            check_owner_only(stream.fileno(), file, what)
            return stream.read(_LIMIT_BYTES)
    except OSError as error:
        fault = f"{file} cannot be read: {error.strerror}"
        raise ConfigurationError([(what, fault)], source="secrets") from error


def _where(variable: str, file: Path | None) -> str:
    places = []
    if variable:
        places.append(f"the environment variable {variable} is not set")
    if file is not None:
        places.append(f"the file {file} is empty")
    return " and ".join(places) or "neither an environment variable nor a file is configured"
