from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mmrecon.errors import ExitCode, LockHeld
from mmrecon.store.lock import run_lock

HOLDER = """
import sys
from pathlib import Path
from mmrecon.store.lock import run_lock
with run_lock(Path(sys.argv[1]), command="nightly", since_utc="2026-01-31T02:00:00+00:00"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_run_is_told_who_holds_the_lock_and_a_dead_holder_frees_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockHeld, match=f"nightly.*process {holder.pid}") as refused:
            run_lock(tmp_path, command="match", since_utc="now").__enter__()
        assert refused.value.exit_code == ExitCode.LOCKED
        holder.kill()
        holder.wait()
    with run_lock(tmp_path, command="match", since_utc="now"):
        assert "match" in (tmp_path / "run.lock").read_text()
