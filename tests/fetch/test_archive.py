from __future__ import annotations

import hashlib
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmrecon.errors import SafetyRefusal
from mmrecon.fetch import archive

CONTENT = b"Receipt No.,Completion Time\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def _names(state: Path) -> list[str]:
    return [path.name for path in sorted((state / "archive").rglob("*")) if path.is_file()]


def test_bytes_lie_under_their_hash_and_come_back_unchanged(tmp_path: Path) -> None:
    kept = archive.put(tmp_path, CONTENT)
    assert kept == archive.Archived(SHA256, f"archive/{SHA256[:2]}/{SHA256}", len(CONTENT))
    assert (tmp_path / kept.archived_as).read_bytes() == CONTENT
    assert archive.get(tmp_path, SHA256) == CONTENT


def test_the_same_bytes_twice_are_one_file_that_nobody_may_write(tmp_path: Path) -> None:
    first = archive.put(tmp_path, CONTENT)
    path = tmp_path / first.archived_as
    written = path.stat()
    assert archive.put(tmp_path, CONTENT) == first
    assert path.stat().st_ino == written.st_ino
    assert stat.S_IMODE(written.st_mode) == 0o400
    assert _names(tmp_path) == [SHA256]


def test_a_file_altered_in_the_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / archive.put(tmp_path, CONTENT).archived_as
    path.chmod(0o600)
    path.write_bytes(CONTENT + b"x")
    for action in (lambda: archive.get(tmp_path, SHA256), lambda: archive.put(tmp_path, CONTENT)):
        with pytest.raises(SafetyRefusal) as refusal:
            action()
        assert refusal.value.code == "archive_altered"


def test_a_file_taken_out_of_the_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SafetyRefusal) as refusal:
        archive.get(tmp_path, SHA256)
    assert refusal.value.code == "archive_file_missing"


def test_what_a_killed_process_left_is_swept_and_what_another_writes_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "archive" / SHA256[:2]
    folder.mkdir(parents=True)
    left, running = folder / ".left.part", folder / ".running.part"
    left.write_bytes(b"half")
    running.write_bytes(b"half")
    os.utime(left, (time.time() - 4000,) * 2)
    archive.put(tmp_path, CONTENT)
    assert _names(tmp_path) == sorted([SHA256, ".running.part"])


PUT_FOR_EVER = """
import sys
from pathlib import Path
from mmrecon.fetch import archive
state, number = Path(sys.argv[1]), 0
while True:
    archive.put(state, number.to_bytes(8, "big") * 50_000)
    number += 1
    if number == 1:
        print("begun", flush=True)
"""


@pytest.mark.parametrize("after_s", [0.02, 0.05, 0.09, 0.14])
def test_killed_at_any_moment_every_name_holds_all_of_its_bytes(
    tmp_path: Path, after_s: float
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PUT_FOR_EVER, str(tmp_path)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    whole = [name for name in _names(tmp_path) if not name.startswith(".")]
    assert whole
    for name in whole:
        archive.get(tmp_path, name)
