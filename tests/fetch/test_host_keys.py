from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mmrecon.config import SftpSource
from mmrecon.errors import ConfigurationError, SafetyRefusal
from mmrecon.fetch.host_keys import pinned_fingerprints
from tests.sshd import make_key


def _source(file: Path, host: str = "sftp.example", port: int = 22) -> SftpSource:
    facts = {"kind": "sftp", "host": host, "port": port, "username": "sacco"}
    return SftpSource.model_validate(facts | {"known_hosts_file": file})


def _key(folder: Path, name: str) -> tuple[str, str]:
    """A public key's line without comment, and its fingerprint."""
    fingerprint = make_key(folder / name, "ed25519")
    return " ".join((folder / f"{name}.pub").read_text().split()[:2]), fingerprint


def _write(folder: Path, *lines: str) -> Path:
    file = folder / "known_hosts"
    file.write_text("\n".join(["# kept by the administrator", "", *lines, ""]))
    file.chmod(0o644)
    return file


def test_every_key_of_the_host_is_pinned_and_no_other_hosts_key(tmp_path: Path) -> None:
    (one, first), (two, second), (three, _) = (_key(tmp_path, name) for name in "abc")
    file = _write(
        tmp_path, f"SFTP.example,192.0.2.1 {one} comment", f"sftp.example\t{two}", f"other {three}"
    )
    assert pinned_fingerprints(_source(file)) == {first, second}
    assert pinned_fingerprints(_source(file, "192.0.2.1")) == {first}


def test_another_port_is_another_host(tmp_path: Path) -> None:
    (one, _), (two, second) = (_key(tmp_path, name) for name in "ab")
    file = _write(tmp_path, f"sftp.example {one}", f"[sftp.example]:2222 {two}")
    assert pinned_fingerprints(_source(file, port=2222)) == {second}


def test_names_that_openssh_has_hashed_are_found(tmp_path: Path) -> None:
    (one, first), (two, _) = (_key(tmp_path, name) for name in "ab")
    file = _write(tmp_path, f"sftp.example {one}", f"other.example {two}")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(file)], check=True, capture_output=True)
    assert "sftp.example" not in file.read_text()
    assert pinned_fingerprints(_source(file)) == {first}


def test_a_revoked_key_is_no_pin_wherever_it_stands(tmp_path: Path) -> None:
    (one, first), (two, _) = (_key(tmp_path, name) for name in "ab")
    file = _write(tmp_path, f"sftp.example {one}", f"sftp.example {two}", f"@revoked * {two}")
    assert pinned_fingerprints(_source(file)) == {first}


@pytest.mark.parametrize(
    "names", ["other", "*", "*.example", "!sftp.example", "@cert-authority sftp.example", "|1|a|b"]
)
def test_a_file_without_a_key_of_this_host_is_a_fault(tmp_path: Path, names: str) -> None:
    key, _ = _key(tmp_path, "a")
    file = _write(tmp_path, f"{names} {key}", "sftp.example", "sftp.example ssh-ed25519 no!base64")
    with pytest.raises(ConfigurationError, match=r"has no key of sftp\.example"):
        pinned_fingerprints(_source(file))


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        pinned_fingerprints(_source(tmp_path / "none"))


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_a_file_that_others_can_write_pins_nothing(tmp_path: Path, mode: int) -> None:
    key, _ = _key(tmp_path, "a")
    file = _write(tmp_path, f"sftp.example {key}")
    file.chmod(mode)
    with pytest.raises(SafetyRefusal) as refusal:
        pinned_fingerprints(_source(file))
    assert refusal.value.code == "known_hosts_writable_by_others"
