"""Lines and servers as they are in life: cut, silent, drop by drop."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from mmrecon.errors import OutsideUnreachable
from mmrecon.fetch.take import Taken, take
from tests.fetch.opening import EAGER, end_of, opened
from tests.sshd import Server, require_sshd, sshd

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
        with opened(server, drop, port=line.port) as source:
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
            opened(server, drop, port=line.port, timeout_s=1) as source,
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
    with opened(dripping, drop, timeout_s=1) as source:
        (listed,) = source.listing()
        begun = time.monotonic()
        with pytest.raises(OutsideUnreachable, match="did not answer in time"):
            source.read(listed)
        assert time.monotonic() - begun < 8


def test_a_listing_without_end_is_left_at_the_deadline(dripping: Server, drop: Path) -> None:
    for number in range(50):
        (drop / f"{number}.csv").touch()
    with opened(dripping, drop, timeout_s=1) as source:
        begun = time.monotonic()
        with pytest.raises(OutsideUnreachable, match="did not answer in time"):
            source.listing()
        assert time.monotonic() - begun < 20


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("/bin/false", "broke off the connection"),
        ("echo This account is for other things.", "did not answer as an SFTP server"),
    ],
)
def test_a_user_without_sftp_is_told_so_at_once(
    tmp_path: Path, drop: Path, command: str, told: str
) -> None:
    with sshd(tmp_path / "sshd", lines=[f"ForceCommand {command}"]) as own:
        end = end_of(own, drop)
    assert end.code == "sftp_unreachable"
    assert str(end).endswith(told)
