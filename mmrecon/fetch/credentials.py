"""What mmrecon logs in with: a password, a private key, or both; read only when it is needed."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from mmrecon.config import SftpSource
from mmrecon.errors import ConfigurationError
from mmrecon.secret import check_owner_only, read_secret

_PRIVATE_KEY_KINDS: Final = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
_PKCS8: Final = ("-----BEGIN PRIVATE KEY-----", "-----BEGIN ENCRYPTED PRIVATE KEY-----")
_PUTTY: Final = "PuTTY-User-Key-File"


@dataclass(frozen=True, slots=True)
class Credentials:
    """At least one of the two; neither is ever shown."""

    key: paramiko.PKey | None = field(repr=False)
    password: str | None = field(repr=False)


def read_credentials(settings: SftpSource, wallet: str) -> Credentials:
    """The secrets of a wallet's source.

    Raises:
        SafetyRefusal: others can read a secret's file.
        ConfigurationError: a secret is missing, or a key file is none.
    """
    found = Credentials(_read_key(settings, wallet), _read_password(settings, wallet))
    if found.key is None and found.password is None:
        fault = (f"wallets.{wallet}.sources", "needs a password or a key_file")
        raise ConfigurationError([fault], source="secrets")
    return found


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
    if text.startswith(_PUTTY):
        fault = "is a key of PuTTY; `puttygen KEY -O private-openssh -o NEW` writes one to use"
        raise ConfigurationError([(what, fault)], source="secrets")
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        if any(line in text for line in _PKCS8):
            text, passphrase = _from_pkcs8(text, passphrase), None
    for kind in _PRIVATE_KEY_KINDS:
        with suppress(paramiko.SSHException, ValueError, TypeError):
            return kind.from_private_key(io.StringIO(text), passphrase)
    fault = "is no private key, or its passphrase is missing or wrong"
    raise ConfigurationError([(what, fault)], source="secrets")


def _from_pkcs8(text: str, passphrase: str | None) -> str:
    """A key as `openssl` writes it, in OpenSSH's own form; only in memory."""
    key = load_pem_private_key(text.encode(), passphrase.encode() if passphrase else None)
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
