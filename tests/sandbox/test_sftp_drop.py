from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import paramiko
import pytest

from mmrecon.sandbox.sftp_drop import SftpDrop

USERS = {"drop": "drop-password"}


@pytest.fixture
def drop(tmp_path: Path) -> SftpDrop:
    return SftpDrop(tmp_path / "files", host_key=tmp_path / "keys" / "host", users=USERS)


def client_of(drop: SftpDrop, password: str = "drop-password") -> paramiko.Transport:
    transport = paramiko.Transport(("127.0.0.1", drop.port))
    transport.connect(username="drop", password=password)
    return transport


def opened(transport: paramiko.Transport) -> paramiko.SFTPClient:
    client = paramiko.SFTPClient.from_transport(transport)
    assert client is not None
    return client


def test_a_file_that_is_written_can_be_listed_read_renamed_and_removed(drop: SftpDrop) -> None:
    content = b"Receipt No.,Paid In\r\n" * 20_000
    with drop:
        transport = client_of(drop)
        sftp = opened(transport)
        with sftp.open("day.part", "wb") as stream:
            stream.write(content)
        sftp.posix_rename("day.part", "day.csv")
        assert sftp.listdir() == ["day.csv"]
        assert sftp.stat("day.csv").st_size == len(content)
        with sftp.open("day.csv", "rb") as stream:
            stream.prefetch()
            assert stream.read() == content
        assert (drop.folder / "day.csv").read_bytes() == content
        sftp.remove("day.csv")
        assert sftp.listdir() == []
        transport.close()


def test_nothing_outside_the_folder_can_be_reached(drop: SftpDrop, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("not yours")
    with drop:
        transport = client_of(drop)
        with pytest.raises(FileNotFoundError):
            opened(transport).stat("../secret")
        transport.close()


def test_a_wrong_password_is_refused(drop: SftpDrop) -> None:
    with drop, pytest.raises(paramiko.AuthenticationException):
        client_of(drop, password="guess")


def test_the_host_key_is_made_once_and_its_fingerprint_is_that_of_the_key(
    drop: SftpDrop, tmp_path: Path
) -> None:
    again = SftpDrop(tmp_path / "files", host_key=tmp_path / "keys" / "host", users=USERS)
    assert again.fingerprint == drop.fingerprint
    assert (tmp_path / "keys" / "host").stat().st_mode & 0o777 == 0o600
    with drop:
        transport = client_of(drop)
        shown = hashlib.sha256(transport.get_remote_server_key().asbytes()).digest()
        transport.close()
    assert drop.fingerprint == "SHA256:" + base64.b64encode(shown).decode().rstrip("=")


def test_a_second_client_is_served_while_the_first_is_silent(drop: SftpDrop) -> None:
    with drop:
        silent = client_of(drop)
        second = client_of(drop)
        assert opened(second).listdir() == []
        second.close()
        silent.close()
