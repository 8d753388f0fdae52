"""What servers and lines do in life: refusals, odd names, cuts, drops, and what is told of them."""

from __future__ import annotations

import json
import logging
import os
import shlex
import shutil
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from mmrecon.config import SftpSource
from mmrecon.errors import MmreconError, OutsideUnreachable
from mmrecon.fetch.sftp import Sftp, open_sftp
from mmrecon.fetch.source import NotRead
from mmrecon.fetch.take import Taken, TakeRules, take
from tests.sshd import Server, can_serve_passwords, make_key, require_sshd, sshd, sshd_of_nobody

PASSWORD, PASSPHRASE, VARIABLE = "an invented pässword", "an invented passphrase", "TEST_SECRET"
EAGER = TakeRules("*", quiet_s=0, file_bytes=10_000_000, now_utc_s=0)
DRIP = """
import os, subprocess, sys, threading, time
server = subprocess.Popen(["/usr/lib/openssh/sftp-server"], stdout=subprocess.PIPE)
free = int(sys.argv[1])
while octets := os.read(server.stdout.fileno(), free if free > 0 else 1):
    os.write(1, octets)
    free -= len(octets)
    if free <= 0:
        time.sleep(0.1)
"""

LIAR = """
import json, os, struct, sys
names = json.loads(sys.argv[1])
def text(octets): return struct.pack(">I", len(octets)) + octets
def send(kind, body): os.write(1, struct.pack(">IB", len(body) + 1, kind) + body)
def status(number, code):
    send(101, number + struct.pack(">I", code) + text(b"\\xe9 no") + text(b""))
def receive(count):
    octets = sys.stdin.buffer.read(count)
    return octets if octets else sys.exit()
while True:
    packet = receive(struct.unpack(">I", receive(4))[0])
    kind, number = packet[0], packet[1:5]
    if kind == 1:
        send(2, struct.pack(">I", 3))
    elif kind == 11:
        send(102, number + text(b"h"))
    elif kind == 12 and names:
        body = b"".join(
            text(name.encode("latin-1")) + text(b"") + bytes.fromhex(attributes)
            for name, attributes in names
        )
        send(104, number + struct.pack(">I", len(names)) + body)
        names = []
    elif kind == 12:
        status(number, 1)
    else:
        status(number, 0 if kind == 4 else 4)
"""
"""An SFTP server of a few lines; its names are Latin-1, and it can give no file."""

ATTRIBUTES = "0000000d" + "0000000000000003" + "000081a4" + "00000001" * 2
"""Three bytes, a regular file, one second after the epoch."""


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="mmrecon-sshd-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def nobody(open_folder: Path) -> Iterator[Server]:
    """A server whose user may not read everything."""
    require_sshd()
    with sshd_of_nobody(open_folder) as started:
        yield started


@pytest.fixture
def public(open_folder: Path) -> Iterator[Path]:
    folder = open_folder / "drop"
    folder.mkdir()
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def _settings(server: Server, drop: Path, **changes: Any) -> SftpSource:
    facts: dict[str, Any] = {
        "kind": "sftp",
        "host": "127.0.0.1",
        "port": server.port,
        "username": server.username,
        "path": str(drop),
        "host_key_fingerprint": server.fingerprints["ed25519"],
        "key_file": server.client_key,
        "timeout_s": 10,
    }
    return SftpSource.model_validate(facts | changes)


@contextmanager
def _open(server: Server, drop: Path, **changes: Any) -> Iterator[Sftp]:
    with open_sftp(_settings(server, drop, **changes), "paybill") as source:
        yield source


def _taken(source: Sftp) -> dict[str, str]:
    """What became of each name: "taken", or the issue's code."""
    return {
        result.name if isinstance(result, Taken) else result.file: (
            "taken" if isinstance(result, Taken) else result.code
        )
        for result in take(source, set(), EAGER)
    }


def test_a_file_that_may_not_be_read_stops_no_other(nobody: Server, public: Path) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        (public / name).write_bytes(b"abc")
        (public / name).chmod(0o600 if name == "b.csv" else 0o644)
    if os.geteuid() != 0:
        (public / "b.csv").chmod(0)
    with _open(nobody, public) as source:
        assert _taken(source) == {
            "a.csv": "taken", "b.csv": "file_unreadable", "c.csv": "taken"
        }  # fmt: skip


def test_a_folder_that_may_not_be_listed_says_who_would_have_to_read_it(
    nobody: Server, public: Path
) -> None:
    public.chmod(0o700 if os.geteuid() == 0 else 0)
    with _open(nobody, public) as source, pytest.raises(OutsideUnreachable) as end:
        source.listing()
    assert end.value.code == "folder_unreachable"
    assert f"`{nobody.username}` may read" in end.value.hint


def test_a_folder_in_which_nothing_may_be_deleted_keeps_its_files(
    nobody: Server, public: Path
) -> None:
    (public / "a.csv").write_bytes(b"abc")
    (public / "a.csv").chmod(0o644)
    public.chmod(0o555)
    with _open(nobody, public) as source:
        assert not source.delete(source.listing()[0])
    assert (public / "a.csv").exists()


def test_names_that_lie_are_told_and_the_others_are_taken(server: Server, drop: Path) -> None:
    (drop / "good.csv").write_bytes(b"abc")
    (drop / ".hidden.csv").write_bytes(b"abc")
    (drop / "folder.csv").mkdir()
    (drop / "away.csv").symlink_to("/etc/passwd")
    (drop / "nowhere.csv").symlink_to("nothing")
    (drop / "up.csv").symlink_to("..")
    (drop / ("x" * 251 + ".csv")).write_bytes(b"long")
    (drop / "\x1b[2J\r\n.csv").write_bytes(b"control")
    Path(os.fsdecode(os.fsencode(drop) + b"/caf\xe9.csv")).write_bytes(b"latin")
    with _open(server, drop) as source:
        assert _taken(source) == {
            "good.csv": "taken",
            "away.csv": "file_is_link",
            "nowhere.csv": "file_is_link",
            "up.csv": "file_is_link",
            "x" * 251 + ".csv": "taken",
            "\\x1b[2J\\r\\n.csv": "taken",
            "caf\\udce9.csv": "taken",
        }


def test_a_file_replaced_by_a_link_or_another_file_is_not_taken(server: Server, drop: Path) -> None:
    path, other = drop / "a.csv", drop / ".new"
    with _open(server, drop) as source:
        path.write_bytes(b"abc")
        os.utime(path, (1, 1))
        (listed,) = source.listing()
        other.write_bytes(b"xyz")
        other.replace(path)
        assert source.read(listed) is NotRead.CHANGED
        assert not source.delete(listed)
        other.write_bytes(b"xyz")
        os.utime(other, (1, 1))
        path.unlink()
        path.symlink_to(other)
        assert source.read(listed) is NotRead.CHANGED
        assert not source.delete(listed)


class _Line:
    """A line to a server that breaks, or falls silent, after some bytes from it; None: it holds."""

    def __init__(self, port: int) -> None:
        self.breaks_after_bytes: int | None = None
        self.silent = False
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def close(self) -> None:
        """Take no more calls."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            with here, socket.create_connection(("127.0.0.1", self._to)) as there:
                upward = threading.Thread(target=self._carry, args=(here, there, None))
                upward.start()
                self._carry(there, here, self.breaks_after_bytes)
                upward.join()

    def _carry(self, source: socket.socket, target: socket.socket, most: int | None) -> None:
        carried = 0
        with suppress(OSError):
            while octets := source.recv(4096):
                carried += len(octets)
                if most is None or carried <= most:
                    target.sendall(octets)
                elif not self.silent:
                    break
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def line(server: Server) -> Iterator[_Line]:
    opened = _Line(server.port)
    yield opened
    opened.close()


@pytest.mark.parametrize("breaks_after_bytes", [30_000, 700_000])
def test_a_connection_cut_in_the_middle_gives_whole_files_only_and_the_next_run_the_rest(
    server: Server, drop: Path, line: _Line, breaks_after_bytes: int
) -> None:
    contents = {"a.csv": os.urandom(10_000), "b.csv": os.urandom(2_000_000), "c.csv": b"last"}
    for number, (name, content) in enumerate(contents.items()):
        (drop / name).write_bytes(content)
        os.utime(drop / name, (number, number))
    known: set[tuple[str, int, int]] = set()
    got: dict[str, bytes] = {}

    def run() -> None:
        with _open(server, drop, port=line.port) as source:
            for result in take(source, known, EAGER):
                assert isinstance(result, Taken)
                assert result.name not in got
                got[result.name] = result.content
                known.add((result.name, result.file.size_bytes, result.file.modified_utc_s))

    line.breaks_after_bytes = breaks_after_bytes
    with pytest.raises(OutsideUnreachable, match="broke off the connection") as end:
        run()
    assert end.value.code == "sftp_unreachable"
    assert got == {"a.csv": contents["a.csv"]}
    line.breaks_after_bytes = None
    run()
    assert got == contents


@pytest.mark.parametrize("after_bytes", [0, 500, 1500, 2000, 2400, 2800, 3200])
def test_a_line_that_falls_silent_or_breaks_before_the_login_ends_is_no_refused_login(
    server: Server, drop: Path, line: _Line, after_bytes: int
) -> None:
    line.breaks_after_bytes = after_bytes
    told = []
    for line.silent in (True, False):
        with (
            pytest.raises(OutsideUnreachable) as end,
            _open(server, drop, port=line.port, timeout_s=1) as source,
        ):
            source.listing()
        assert end.value.code == "sftp_unreachable"
        told.append(str(end.value).partition(f":{line.port} ")[2])
    assert told == ["did not answer in time", "broke off the connection"]


@pytest.fixture(scope="module")
def dripping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that sends 1,000 bytes, and then one after the other."""
    require_sshd()
    folder = tmp_path_factory.mktemp("dripping")
    (folder / "drip.py").write_text(DRIP)
    command = f"ForceCommand {sys.executable} {folder / 'drip.py'} 1000"
    with sshd(folder, lines=[command]) as started:
        yield started


def test_a_server_that_gives_drop_by_drop_is_left_at_the_deadline(
    dripping: Server, drop: Path
) -> None:
    (drop / "a.csv").write_bytes(bytes(4000))
    with _open(dripping, drop, timeout_s=1) as source:
        (listed,) = source.listing()
        begun = time.monotonic()
        with pytest.raises(OutsideUnreachable, match="did not answer in time"):
            source.read(listed)
        assert time.monotonic() - begun < 8


def test_a_listing_without_end_is_left_at_the_deadline(dripping: Server, drop: Path) -> None:
    for number in range(50):
        (drop / f"{number}.csv").touch()
    with _open(dripping, drop, timeout_s=1) as source:
        begun = time.monotonic()
        with pytest.raises(OutsideUnreachable, match="did not answer in time"):
            source.listing()
        assert time.monotonic() - begun < 20


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
        with _open(strict, drop, **way) as source:
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
        with _open(server, drop, **changes) as source:
            assert source.listing() == []
    other = make_key(tmp_path / "other", "ed25519")
    file.write_text(f"[127.0.0.1]:{server.port} {(tmp_path / 'other.pub').read_text()}")
    end = _end(server, drop, **changes)
    assert end.code == "host_key_changed"
    assert other in str(end)
    assert str(file) in end.hint


def _end(server: Server, drop: Path, **changes: Any) -> MmreconError:
    with pytest.raises(MmreconError) as end, _open(server, drop, **changes):
        pytest.fail("it should not have been opened")
    return end.value


@pytest.mark.skipif(not can_serve_passwords(), reason="needs root and an own view of /etc/shadow")
def test_a_password_lets_in_and_is_told_nowhere(
    strict: Server, drop: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("paramiko").setLevel(logging.DEBUG)
    changes: dict[str, Any] = {
        "host_key_fingerprint": strict.fingerprints["rsa"],
        "key_file": None,
        "password_variable": VARIABLE,
    }
    monkeypatch.setenv(VARIABLE, PASSWORD)
    with _open(strict, drop, **changes) as source:
        assert source.listing() == []
    wrong = f"not {PASSWORD}"
    monkeypatch.setenv(VARIABLE, wrong)
    end = _end(strict, drop, **changes)
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
    logging.getLogger("paramiko").setLevel(logging.DEBUG)
    make_key(tmp_path / "stranger", "ed25519", PASSPHRASE)
    changes: dict[str, Any] = {
        "host_key_fingerprint": strict.fingerprints["rsa"],
        "key_file": tmp_path / "stranger",
        "key_passphrase_variable": VARIABLE,
    }
    middle = (tmp_path / "stranger").read_text().splitlines()[2]
    monkeypatch.setenv(VARIABLE, PASSPHRASE)
    refused = _end(strict, drop, **changes)
    assert refused.code == "login_refused"
    monkeypatch.setenv(VARIABLE, f"not {PASSPHRASE}")
    unopened = _end(strict, drop, **changes)
    assert "passphrase is missing or wrong" in str(unopened)
    for secret in (PASSPHRASE, middle):
        _assert_told_nowhere(caplog.text, refused, secret)
        _assert_told_nowhere(caplog.text, unopened, secret)


def _assert_told_nowhere(log: str, end: MmreconError, secret: str) -> None:
    told = "".join(traceback.format_exception(end)) + log + end.hint + repr(end)
    assert secret not in told
    assert secret.encode().hex() not in told


def test_old_files_cost_one_listing_however_many_they_are(server: Server, drop: Path) -> None:
    for number in range(2000):
        (drop / f"{number}.csv").touch()
    with _open(server, drop) as source:
        known = {(file.name, file.size_bytes, file.modified_utc_s) for file in source.listing()}
        (drop / "new.csv").write_bytes(b"abc")
        counting = _Counting(source)
        rules = TakeRules("*", quiet_s=1, file_bytes=1000, now_utc_s=0)
        results = list(take(counting, known, rules, lambda _: None))
    assert [result.name for result in results if isinstance(result, Taken)] == ["new.csv"]
    assert counting.asked == ["listing", "listing", "new.csv"]


class _Counting:
    """A source that notes what it is asked."""

    def __init__(self, source: Sftp) -> None:
        self._source = source
        self.label = source.label
        self.asked: list[str] = []

    def listing(self) -> list[Any]:
        self.asked.append("listing")
        return list(self._source.listing())

    def read(self, file: Any) -> bytes | NotRead:
        self.asked.append(file.name)
        return self._source.read(file)

    def delete(self, file: Any) -> bool:
        return self._source.delete(file)


def test_a_fault_of_the_server_with_one_file_stops_no_other(server: Server, drop: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (drop / name).write_bytes(b"abc")
    with _open(server, drop) as source:
        first, second = sorted(source.listing(), key=lambda file: file.name)
        (drop / "a.csv").unlink()
        (drop / "a.csv").mkdir()  # opening it goes well, and reading it is a fault
        assert source.read(first) is NotRead.FAILED
        assert source.read(second) == b"abc"


@contextmanager
def _lying(folder: Path, names: list[tuple[str, str]]) -> Iterator[Server]:
    require_sshd()
    folder.mkdir()
    (folder / "liar.py").write_text(LIAR)
    listed = shlex.join([sys.executable, str(folder / "liar.py"), json.dumps(names)])
    with sshd(folder, lines=[f"ForceCommand {listed}"]) as started:
        yield started


def test_a_listing_that_lies_gets_no_path_asked_for_and_stops_no_other(
    tmp_path: Path, drop: Path
) -> None:
    names = ["../../etc/passwd", "/etc/passwd", "a\0b.csv", "x" * 5000, "caf\xe9.csv"]
    with (
        _lying(tmp_path / "liar", [(name, ATTRIBUTES) for name in names]) as liar,
        _open(liar, drop) as source,
    ):
        assert _taken(source) == {
            "../../etc/passwd": "file_name_refused",
            "/etc/passwd": "file_name_refused",
            "a\\x00b.csv": "file_name_refused",
            "x" * 255 + "…": "file_name_refused",
            "caf\\udce9.csv": "file_read_failed",
        }


def test_files_without_sizes_are_never_taken_for_empty_ones(tmp_path: Path, drop: Path) -> None:
    with (
        _lying(tmp_path / "liar", [("a.csv", "00000000")]) as liar,
        _open(liar, drop) as source,
        pytest.raises(OutsideUnreachable) as end,
    ):
        source.listing()
    assert end.value.code == "listing_without_sizes"
