"""Personal keys: Ed25519, the private half encrypted under its owner's passphrase.

`keys/<fingerprint>.json` holds scrypt's salt and cost, and the private key under AES-256-GCM; the
rest of the file is bound in as associated data, so that no part of it can be exchanged.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from mmrecon.errors import SafetyRefusal, UsageError
from mmrecon.model.keys import canonical_json
from mmrecon.people.files import write_new
from mmrecon.secret import check_owner_only

SCRYPT_N: Final = 2**16
"""About 0.2 s and 64 MiB a try."""
_SCRYPT_R: Final = 8
_SCRYPT_P: Final = 1
_N_RANGE: Final = (2**14, 2**20)
SHORTEST_PASSPHRASE: Final = 8


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half of a key that everybody may see: base64 of its 32 bytes, and their SHA-256."""

    fingerprint: str
    text: str


def fingerprint_of(public_key: str) -> str:
    """Hex SHA-256 of a public key.

    Raises:
        ValueError: the text is no public key.
    """
    return hashlib.sha256(_public_bytes(public_key)).hexdigest()


def load_public(public_key: str) -> Ed25519PublicKey:
    """The key that checks signatures; ValueError when the text is none."""
    return Ed25519PublicKey.from_public_bytes(_public_bytes(public_key))


def public_half(private_key: Ed25519PrivateKey) -> PublicKey:
    """The public half of a private key."""
    text = base64.b64encode(private_key.public_key().public_bytes_raw()).decode()
    return PublicKey(fingerprint_of(text), text)


def make_key(keys_folder: Path, passphrase: str) -> PublicKey:
    """Make a key and keep it under a passphrase, in a file only its owner can read.

    Raises:
        UsageError: the passphrase is too short.
    """
    check_new_passphrase(passphrase)
    private_key = Ed25519PrivateKey.generate()
    public = public_half(private_key)
    keys_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sealed = _seal(private_key, public, passphrase)
    write_new(_path(keys_folder, public.fingerprint), sealed, mode=0o600)
    return public


def forget_key(keys_folder: Path, fingerprint: str) -> None:
    """Take away a key file, for a key that came to nothing."""
    _path(keys_folder, fingerprint).unlink(missing_ok=True)


def check_new_passphrase(passphrase: str) -> None:
    """Refuse a passphrase that is guessed too easily.

    Raises:
        UsageError: it is shorter than 8 signs.
    """
    if len(passphrase.strip()) < SHORTEST_PASSPHRASE:
        raise UsageError(
            f"a passphrase has at least {SHORTEST_PASSPHRASE} signs",
            hint="Take four or five words that nobody would put together.",
            code="passphrase_too_short",
        )


def unlock(keys_folder: Path, fingerprint: str, passphrase: str) -> Ed25519PrivateKey:
    """The private key of a fingerprint.

    Raises:
        SafetyRefusal: wrong passphrase, or the key file is missing, altered or readable by others.
    """
    fields = _read(_path(keys_folder, fingerprint))
    try:
        header = {name: value for name, value in fields.items() if name != "sealed"}
        key = _stretch(passphrase, header)
        nonce, sealed = base64.b64decode(header["nonce"]), base64.b64decode(fields["sealed"])
        raw = AESGCM(key).decrypt(nonce, sealed, canonical_json(header).encode())
        private_key = Ed25519PrivateKey.from_private_bytes(raw)
    except InvalidTag as error:
        raise SafetyRefusal(
            "the passphrase does not open this key",
            hint="Type it again. Nobody can read a forgotten passphrase; a new key is invited.",
            code="wrong_passphrase",
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise _broken(fingerprint) from error
    if public_half(private_key).fingerprint != fingerprint:
        raise _broken(fingerprint)
    return private_key


def _seal(private_key: Ed25519PrivateKey, public: PublicKey, passphrase: str) -> str:
    header: dict[str, str] = {
        "fingerprint": public.fingerprint,
        "public_key": public.text,
        "kdf": f"scrypt:{SCRYPT_N}:{_SCRYPT_R}:{_SCRYPT_P}",
        "salt": base64.b64encode(os.urandom(16)).decode(),
        "nonce": base64.b64encode(os.urandom(12)).decode(),
    }
    nonce = base64.b64decode(header["nonce"])
    bound = canonical_json(header).encode()
    sealed = AESGCM(_stretch(passphrase, header)).encrypt(
        nonce, private_key.private_bytes_raw(), bound
    )
    fields = header | {"sealed": base64.b64encode(sealed).decode()}
    return json.dumps(fields, indent=1) + "\n"


def _stretch(passphrase: str, header: dict[str, str]) -> bytes:
    name, n, r, p = header["kdf"].split(":")
    affordable = _N_RANGE[0] <= int(n) <= _N_RANGE[1]
    if name != "scrypt" or not affordable or (int(r), int(p)) != (_SCRYPT_R, _SCRYPT_P):
        raise ValueError("not a way of stretching that is known here")
    salt = base64.b64decode(header["salt"])
    stretching = Scrypt(salt=salt, length=32, n=int(n), r=_SCRYPT_R, p=_SCRYPT_P)
    return stretching.derive(passphrase.encode())


def _read(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as stream:
            check_owner_only(stream.fileno(), path, "a personal key")
            fields = json.load(stream)
    except FileNotFoundError as error:
        raise SafetyRefusal(
            "there is no key file for this person on this machine",
            hint="Restore `keys/` of the state folder, or invite the person again.",
            code="key_missing",
        ) from error
    except (ValueError, UnicodeDecodeError) as error:
        raise _broken(path.stem) from error
    if not isinstance(fields, dict):
        raise _broken(path.stem)
    return fields


def _broken(fingerprint: str) -> SafetyRefusal:
    return SafetyRefusal(
        f"the key file {fingerprint[:16]}… is damaged or was altered",
        hint="Restore `keys/` from the last backup, or invite the person again.",
        code="key_altered",
    )


def _path(keys_folder: Path, fingerprint: str) -> Path:
    return keys_folder / f"{fingerprint}.json"


def _public_bytes(public_key: str) -> bytes:
    try:
        raw = base64.b64decode(public_key, validate=True)
    except ValueError as error:
        raise ValueError("not a public key") from error
    if len(raw) != 32:
        raise ValueError("not a public key")
    return raw
