"""Host keys, keys and passwords; and that none of them is told."""

from __future__ import annotations

import logging
import socket
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from mmrecon.config import SftpSource
from mmrecon.errors import MmreconError
from mmrecon.fetch.sftp import open_sftp
from tests.fetch.opening import end_of, opened
from tests.sshd import Server, can_serve_passwords, make_key, require_sshd, sshd

PASSWORD, PASSPHRASE, VARIABLE = "an invented pässword", "an invented passphrase", "TEST_SECRET"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that takes RSA with SHA-2 only; with a password too, where that is possible."""
    require_sshd()
    lines = ["HostKeyAlgorithms rsa-sha2-256", "PubkeyAcceptedAlgorithms rsa-sha2-512,ssh-ed25519"]
    password = PASSWORD if can_serve_passwords() else ""
    if password:
        lines.append("PasswordAuthentication yes")
    folder = tmp_path_factory.mktemp("strict")
    with sshd(folder, lines=lines, password=password) as started:
        make_key(folder / "rsa_key", "rsa", PASSPHRASE)
        with (folder / "authorized_keys").open("a") as authorized:
            authorized.write((folder / "rsa_key.pub").read_text())
        yield started


def test_rsa_goes_with_sha_2_both_for_the_host_and_for_the_login(
    strict: Server, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, PASSPHRASE)
    pinned = {"host_key_fingerprint": strict.fingerprints["rsa"]}
    key = {
        "key_file": strict.client_key.with_name("rsa_key"),
        "key_passphrase_variable": VARIABLE,
    }
    for way in (pinned, pinned | key):
        with opened(strict, drop, **way) as source:
            assert source.listing() == []


def test_a_known_hosts_file_pins_like_a_fingerprint(
    server: Server, drop: Path, tmp_path: Path
) -> None:
    file = tmp_path / "known_hosts"

    def write(kind: str) -> None:
        key = (server.configuration.parent / f"host_{kind}.pub").read_text()
        file.write_text(f"[127.0.0.1]:{server.port} {key}")
        file.chmod(0o644)

    changes: dict[str, Any] = {"host_key_fingerprint": "", "known_hosts_file": file}
    for kind in ("ed25519", "ecdsa", "rsa"):
        write(kind)
        with opened(server, drop, **changes) as source:
            assert source.listing() == []
    other = make_key(tmp_path / "other", "ed25519")
    file.write_text(f"[127.0.0.1]:{server.port} {(tmp_path / 'other.pub').read_text()}")
    end = end_of(server, drop, **changes)
    assert end.code == "host_key_changed"
    assert other in str(end)
    assert str(file) in end.hint


@pytest.mark.skipif(not can_serve_passwords(), reason="needs root and an own view of /etc/shadow")
def test_a_password_lets_in_and_is_told_nowhere(
    strict: Server, drop: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "paramiko")
    changes: dict[str, Any] = {
        "host_key_fingerprint": strict.fingerprints["rsa"],
        "key_file": None,
        "password_variable": VARIABLE,
    }
    monkeypatch.setenv(VARIABLE, PASSWORD)
    with opened(strict, drop, **changes) as source:
        assert source.listing() == []
    wrong = f"not {PASSWORD}"
    monkeypatch.setenv(VARIABLE, wrong)
    end = end_of(strict, drop, **changes)
    assert end.code == "login_refused"
    assert "rejected" in caplog.text or "failed" in caplog.text
    _assert_told_nowhere(caplog.text, end, PASSWORD)


def test_keys_and_passphrases_are_told_nowhere(
    strict: Server,
    drop: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "paramiko")
    make_key(tmp_path / "stranger", "ed25519", PASSPHRASE)
    changes: dict[str, Any] = {
        "host_key_fingerprint": strict.fingerprints["rsa"],
        "key_file": tmp_path / "stranger",
        "key_passphrase_variable": VARIABLE,
    }
    middle = (tmp_path / "stranger").read_text().splitlines()[2]
    monkeypatch.setenv(VARIABLE, PASSPHRASE)
    refused = end_of(strict, drop, **changes)
    assert refused.code == "login_refused"
    monkeypatch.setenv(VARIABLE, f"not {PASSPHRASE}")
    unopened = end_of(strict, drop, **changes)
    assert "passphrase is missing or wrong" in str(unopened)
    for secret in (PASSPHRASE, middle):
        _assert_told_nowhere(caplog.text, refused, secret)
        _assert_told_nowhere(caplog.text, unopened, secret)


def _assert_told_nowhere(log: str, end: MmreconError, secret: str) -> None:
    told = "".join(traceback.format_exception(end)) + log + end.hint + repr(end)
    assert secret not in told
    assert secret.encode().hex() not in told


class _AsksByKeyboard(paramiko.ServerInterface):
    """A server that takes passwords only as the answer to a question, as many gateways do."""

    def get_allowed_auths(self, username: str) -> str:
        del username
        return "keyboard-interactive"

    def check_auth_interactive(
        self, username: str, submethods: str
    ) -> int | paramiko.server.InteractiveQuery:
        del username, submethods
        return paramiko.server.InteractiveQuery("", "", ("Password: ", False))

    def check_auth_interactive_response(self, responses: list[str]) -> int:
        return AUTH_SUCCESSFUL if responses == [PASSWORD] else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        del kind, chanid
        return OPEN_SUCCEEDED


def test_a_server_that_asks_for_the_password_as_a_question_gets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fingerprint = make_key(tmp_path / "host", "ed25519")
    monkeypatch.setenv(VARIABLE, PASSWORD)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings = SftpSource.model_validate(
            {
                "kind": "sftp",
                "host": "127.0.0.1",
                "port": listener.getsockname()[1],
                "username": "sacco",
                "host_key_fingerprint": fingerprint,
                "password_variable": VARIABLE,
            }
        )
        served: list[paramiko.Transport] = []

        def serve() -> None:
            transport = paramiko.Transport(listener.accept()[0])
            served.append(transport)
            transport.add_server_key(paramiko.Ed25519Key(filename=str(tmp_path / "host")))
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer)
            transport.start_server(event=threading.Event(), server=_AsksByKeyboard())

        thread = threading.Thread(target=serve)
        thread.start()
        with open_sftp(settings, "momo") as source:
            assert source.label.startswith("sftp://sacco@127.0.0.1:")
        thread.join()
        served[0].close()
