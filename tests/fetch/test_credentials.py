from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mmrecon.config import SftpSource
from mmrecon.errors import ConfigurationError
from mmrecon.fetch.credentials import Credentials, read_credentials

VARIABLE, PASSPHRASE = "TEST_PASSPHRASE", "an invented passphrase"


def _read(key: Path) -> Credentials:
    facts = {
        "kind": "sftp",
        "host": "sftp.example",
        "username": "sacco",
        "host_key_fingerprint": "SHA256:" + "A" * 43,
        "key_file": key,
        "key_passphrase_variable": VARIABLE,
    }
    return read_credentials(SftpSource.model_validate(facts), "momo")


@pytest.mark.parametrize("form", ["RFC4716", "PEM", "PKCS8"])
@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_keys_are_read_in_every_form_that_openssh_and_openssl_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, form: str
) -> None:
    monkeypatch.setenv(VARIABLE, PASSPHRASE)
    command = ["ssh-keygen", "-q", "-t", kind, "-m", form, "-N", PASSPHRASE, "-f", "key"]
    if kind == "rsa":
        command += ["-b", "2048"]
    subprocess.run(command, check=True, cwd=tmp_path)
    found = _read(tmp_path / "key")
    assert found.key is not None
    assert found.key.get_base64() == (tmp_path / "key.pub").read_text().split()[1]
    assert PASSPHRASE not in repr(found)
    monkeypatch.setenv(VARIABLE, "another one")
    with pytest.raises(ConfigurationError, match="passphrase is missing or wrong"):
        _read(tmp_path / "key")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("PuTTY-User-Key-File-3: ssh-ed25519\n", "a key of PuTTY; `puttygen"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "is no private key"),
        ("ssh-ed25519 AAAA public\n", "is no private key"),
        ("", "is no private key"),
    ],
)
def test_what_is_no_key_to_log_in_with_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, fault: str
) -> None:
    monkeypatch.setenv(VARIABLE, PASSPHRASE)
    (tmp_path / "key").write_text(text)
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(ConfigurationError, match=fault):
        _read(tmp_path / "key")
