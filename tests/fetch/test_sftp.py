from __future__ import annotations

import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from mmrecon.errors import ConfigurationError, OutsideUnreachable, SafetyRefusal
from mmrecon.fetch.source import NotRead
from tests.fetch.opening import end_of, opened
from tests.sshd import Server, make_key, sessions_of, sshd

PASSPHRASE_VARIABLE = "TEST_KEY_PASSPHRASE"


def test_files_are_listed_and_read_byte_for_byte(server: Server, drop: Path) -> None:
    content = os.urandom(3_000_000)
    (drop / "large.csv").write_bytes(content)
    (drop / "empty.csv").write_bytes(b"")
    (drop / "below").mkdir()
    (drop / "directory.csv").mkdir()
    with opened(server, drop) as source:
        listed = {file.name: file for file in source.listing()}
        assert sorted(listed) == ["empty.csv", "large.csv"]
        assert listed["large.csv"].modified_utc_s == int((drop / "large.csv").stat().st_mtime)
        assert source.read(listed["large.csv"]) == content
        assert source.read(listed["empty.csv"]) == b""
        assert source.label == (
            f"sftp://{server.username}@127.0.0.1:{server.port}/{str(drop).lstrip('/')}"
        )


def test_thousands_of_files_are_listed(server: Server, drop: Path) -> None:
    for number in range(3000):
        (drop / f"{number}.csv").touch()
    with opened(server, drop) as source:
        assert len(source.listing()) == 3000


def test_names_with_control_characters_and_all_alphabets_are_read(
    server: Server, drop: Path
) -> None:
    names = ["\x1b[2J\n.csv", "Übersicht São ñ.csv", "\u202evsc.csv", "a\\b.csv", "-rf *.csv"]
    for name in names:
        (drop / name).write_bytes(name.encode())
    with opened(server, drop) as source:
        assert {file.name: source.read(file) for file in source.listing()} == {
            name: name.encode() for name in names
        }


def test_a_file_that_changes_while_it_is_read_is_notbecame_of(server: Server, drop: Path) -> None:
    path = drop / "a.csv"
    with opened(server, drop) as source:
        for content in (b"abcd", b"ab", b""):
            path.write_bytes(b"abc")
            (listed,) = source.listing()
            path.write_bytes(content)
            assert source.read(listed) is NotRead.CHANGED
        (listed,) = source.listing()
        path.unlink()
        assert source.read(listed) is NotRead.GONE


def test_a_file_is_deleted_only_while_it_is_the_one_that_was_listed(
    server: Server, drop: Path
) -> None:
    path = drop / "a.csv"
    path.write_bytes(b"abc")
    with opened(server, drop) as source:
        (listed,) = source.listing()
        path.write_bytes(b"abcd")
        assert not source.delete(listed)
        assert path.exists()
        assert source.delete(source.listing()[0])
        assert not path.exists()
        assert not source.delete(listed)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_any_of_the_servers_host_keys_may_be_the_pinned_one(
    server: Server, drop: Path, kind: str
) -> None:
    with opened(server, drop, host_key_fingerprint=server.fingerprints[kind]) as source:
        assert source.listing() == []


def test_a_changed_host_key_is_refused_before_anything_secret_is_sent(
    server: Server, drop: Path
) -> None:
    pinned = "SHA256:" + "A" * 43
    end = end_of(server, drop, host_key_fingerprint=pinned)
    assert isinstance(end, SafetyRefusal)
    assert end.code == "host_key_changed"
    assert pinned in str(end)
    assert server.fingerprints["ed25519"] in str(end)


def test_a_refused_login_is_unreachable_and_says_so(
    server: Server, drop: Path, tmp_path: Path
) -> None:
    make_key(tmp_path / "other", "ed25519")
    end = end_of(server, drop, key_file=tmp_path / "other")
    assert isinstance(end, OutsideUnreachable)
    assert end.code == "login_refused"


def test_a_folder_that_is_not_there_is_unreachable(server: Server, drop: Path) -> None:
    with (
        opened(server, drop / "none") as source,
        pytest.raises(OutsideUnreachable, match="no readable folder") as end,
    ):
        source.listing()
    assert end.value.code == "folder_unreachable"


def test_a_name_that_is_no_utf_8_is_read_and_deleted_like_any_other(
    server: Server, drop: Path
) -> None:
    odd = Path(os.fsdecode(os.fsencode(drop) + b"/caf\xe9.csv"))
    odd.write_bytes(b"abc")
    (drop / "plain.csv").write_bytes(b"def")
    with opened(server, drop) as source:
        listed = {file.name: file for file in source.listing()}
        assert {name: source.read(file) for name, file in listed.items()} == {
            "caf\udce9.csv": b"abc",
            "plain.csv": b"def",
        }
        assert source.delete(listed["caf\udce9.csv"])
    assert not odd.exists()


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_keys_under_a_passphrase_are_opened(
    server: Server, tmp_path: Path, drop: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    make_key(tmp_path / "mine", kind, "correct horse")
    with (server.configuration.parent / "authorized_keys").open("a") as authorized:
        authorized.write((tmp_path / "mine.pub").read_text())
    changes = {"key_file": tmp_path / "mine", "key_passphrase_variable": PASSPHRASE_VARIABLE}
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "correct horse")
    with opened(server, drop, **changes) as source:
        assert source.listing() == []
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "wrong")
    assert isinstance(end_of(server, drop, **changes), ConfigurationError)
    without = end_of(server, drop, key_file=tmp_path / "mine")
    assert "passphrase is missing or wrong" in str(without)


def test_secrets_that_are_missing_or_open_to_others_are_refused(
    server: Server, drop: Path, tmp_path: Path
) -> None:
    assert "needs a password" in str(end_of(server, drop, key_file=None))
    assert "cannot be read" in str(end_of(server, drop, key_file=tmp_path / "none"))
    assert "not set" in str(end_of(server, drop, key_file=None, password_variable="NOT_SET"))
    make_key(tmp_path / "open", "ed25519")
    (tmp_path / "open").chmod(0o644)
    end = end_of(server, drop, key_file=tmp_path / "open")
    assert end.code == "secret_readable_by_others"


def test_a_server_that_is_not_there_is_unreachable(server: Server, drop: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        end = end_of(server, drop, port=closed.getsockname()[1])
    assert isinstance(end, OutsideUnreachable)
    assert end.code == "sftp_unreachable"
    assert str(end).endswith("refused the connection")


@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"SSH-2.0-silent\r\n"])
def test_a_server_that_goes_silent_or_talks_nonsense_ends_at_the_deadline(
    server: Server, drop: Path, says: bytes
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepted: list[socket.socket] = []

        def answer() -> None:
            connection, _ = listener.accept()
            connection.sendall(says)
            accepted.append(connection)

        thread = threading.Thread(target=answer)
        thread.start()
        end = end_of(server, drop, port=listener.getsockname()[1], timeout_s=1)
        thread.join()
        accepted[0].close()
    assert isinstance(end, OutsideUnreachable)
    assert end.code == "sftp_unreachable"
    assert "Error" not in str(end)
    assert "Exception" not in str(end)


def test_a_server_that_stops_answering_in_the_middle_is_unreachable(
    tmp_path: Path, drop: Path
) -> None:
    (drop / "a.csv").write_bytes(b"abc")
    with sshd(tmp_path / "sshd") as own, opened(own, drop, timeout_s=1) as source:
        (listed,) = source.listing()
        sessions = sessions_of(int((own.configuration.parent / "sshd.pid").read_text()))
        for session in sessions:
            os.kill(session, signal.SIGSTOP)
        try:
            with pytest.raises(OutsideUnreachable):
                source.read(listed)
        finally:
            for session in sessions:
                os.kill(session, signal.SIGCONT)


def test_a_large_file_costs_no_more_by_the_byte_than_a_small_one(
    server: Server, drop: Path
) -> None:
    """Read at once, 40 MB take ten seconds of CPU; by pieces, half a second."""
    with (drop / "large.csv").open("wb") as stream:
        stream.truncate(40_000_000)
    with opened(server, drop) as source:
        (listed,) = source.listing()
        begun_s = time.process_time()
        assert source.read(listed) == bytes(40_000_000)
        assert time.process_time() - begun_s < 5
