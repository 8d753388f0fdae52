"""Files as they are in life: not readable, replaced, growing, many, and with names that lie."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mmrecon.errors import OutsideUnreachable
from mmrecon.fetch.sftp import Sftp
from mmrecon.fetch.source import NotRead
from mmrecon.fetch.take import Taken, TakeRules, take
from tests.fetch.opening import became_of, opened
from tests.sshd import Server, require_sshd, sshd, sshd_of_nobody

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


def test_a_file_that_may_not_be_read_stops_no_other(nobody: Server, public: Path) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        (public / name).write_bytes(b"abc")
        (public / name).chmod(0o600 if name == "b.csv" else 0o644)
    if os.geteuid() != 0:
        (public / "b.csv").chmod(0)
    with opened(nobody, public) as source:
        assert became_of(source) == {
            "a.csv": "taken", "b.csv": "file_unreadable", "c.csv": "taken"
        }  # fmt: skip


def test_a_folder_that_may_not_be_listed_says_who_would_have_to_read_it(
    nobody: Server, public: Path
) -> None:
    public.chmod(0o700 if os.geteuid() == 0 else 0)
    with opened(nobody, public) as source, pytest.raises(OutsideUnreachable) as end:
        source.listing()
    assert end.value.code == "folder_unreachable"
    assert f"`{nobody.username}` may read" in end.value.hint


def test_a_folder_in_which_nothing_may_be_deleted_keeps_its_files(
    nobody: Server, public: Path
) -> None:
    (public / "a.csv").write_bytes(b"abc")
    (public / "a.csv").chmod(0o644)
    public.chmod(0o555)
    with opened(nobody, public) as source:
        assert not source.delete(source.listing()[0])
    assert (public / "a.csv").exists()


def test_names_that_lie_are_told_and_the_others_arebecame_of(server: Server, drop: Path) -> None:
    (drop / "good.csv").write_bytes(b"abc")
    (drop / ".hidden.csv").write_bytes(b"abc")
    (drop / "folder.csv").mkdir()
    (drop / "away.csv").symlink_to("/etc/passwd")
    (drop / "nowhere.csv").symlink_to("nothing")
    (drop / "up.csv").symlink_to("..")
    (drop / ("x" * 251 + ".csv")).write_bytes(b"long")
    (drop / "\x1b[2J\r\n.csv").write_bytes(b"control")
    Path(os.fsdecode(os.fsencode(drop) + b"/caf\xe9.csv")).write_bytes(b"latin")
    with opened(server, drop) as source:
        assert became_of(source) == {
            "good.csv": "taken",
            "away.csv": "file_is_link",
            "nowhere.csv": "file_is_link",
            "up.csv": "file_is_link",
            "x" * 251 + ".csv": "taken",
            "\\x1b[2J\\r\\n.csv": "taken",
            "caf\\udce9.csv": "taken",
        }


def test_a_file_replaced_by_a_link_or_another_file_is_notbecame_of(
    server: Server, drop: Path
) -> None:
    path, other = drop / "a.csv", drop / ".new"
    with opened(server, drop) as source:
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


def test_old_files_cost_one_listing_however_many_they_are(server: Server, drop: Path) -> None:
    for number in range(2000):
        (drop / f"{number}.csv").touch()
    with opened(server, drop) as source:
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
    with opened(server, drop) as source:
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
        opened(liar, drop) as source,
    ):
        assert became_of(source) == {
            "../../etc/passwd": "file_name_refused",
            "/etc/passwd": "file_name_refused",
            "a\\x00b.csv": "file_name_refused",
            "x" * 255 + "…": "file_name_refused",
            "caf\\udce9.csv": "file_read_failed",
        }


def test_files_without_sizes_are_never_taken_for_empty_ones(tmp_path: Path, drop: Path) -> None:
    with (
        _lying(tmp_path / "liar", [("a.csv", "00000000")]) as liar,
        opened(liar, drop) as source,
        pytest.raises(OutsideUnreachable) as end,
    ):
        source.listing()
    assert end.value.code == "listing_without_sizes"


def test_a_file_that_grows_on_the_server_is_left_for_the_next_run(
    server: Server, drop: Path
) -> None:
    (drop / "quiet.csv").write_bytes(b"abc")
    (drop / "growing.csv").write_bytes(b"abc")

    def grow(_: float) -> None:
        with (drop / "growing.csv").open("ab") as stream:
            stream.write(b"more")

    rules = TakeRules("*", quiet_s=5, file_bytes=1000, now_utc_s=4_000_000_000)
    with opened(server, drop) as source:
        first = list(take(source, set(), rules, grow))
        second = list(take(source, set(), rules, lambda _: None))
    assert {result.name: result.content for result in first if isinstance(result, Taken)} == {
        "quiet.csv": b"abc"
    }
    assert [result.code for result in first if not isinstance(result, Taken)] == [
        "file_still_growing"
    ]
    assert {result.content for result in second if isinstance(result, Taken)} == {
        b"abc", b"abcmore"
    }  # fmt: skip
