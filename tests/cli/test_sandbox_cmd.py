"""`sandbox serve` and `demo` where something is in their way."""

from __future__ import annotations

import json
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

from click.testing import CliRunner

from mmrecon.cli.app import cli
from mmrecon.sandbox.server import SandboxServer
from tests.cli.site import Ended


def call(*arguments: str) -> Ended:
    result = CliRunner().invoke(cli, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result
    return Ended(result.exit_code, result.stdout, result.stderr)


def of_another_version(folder: Path) -> None:
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "fineract.db")) as older, older:
        older.execute("create table m_client (id integer)")


def test_a_folder_that_is_served_already_ends_with_words(tmp_path: Path) -> None:
    with SandboxServer(tmp_path):
        ended = call("sandbox", "serve", "--state", str(tmp_path))
    assert ended.code == 4
    assert "another process serves the sandbox" in ended.err
    assert "Stop that one first" in ended.err


def test_a_port_that_is_taken_ends_with_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = call("sandbox", "serve", "--state", str(tmp_path), "--port", str(port))
    assert (ended.code, f"port {port}" in ended.err) == (4, True)


def test_a_folder_of_another_version_ends_with_words(tmp_path: Path) -> None:
    of_another_version(tmp_path / "sandbox")
    ended = call("sandbox", "serve", "--state", str(tmp_path / "sandbox"))
    assert ended.code == 2
    assert "another version" in ended.err
    assert "empty folder" in ended.err


def played_before(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "demo.json").write_text(json.dumps({"day": "2026-11-23"}))
    return folder / "sandbox"


def test_a_demo_beside_its_own_running_sandbox_ends_with_words(tmp_path: Path) -> None:
    with SandboxServer(played_before(tmp_path)):
        ended = call("demo", "--folder", str(tmp_path))
    assert ended.code == 4
    assert "sandbox serve" in ended.err


def test_a_demo_of_another_version_ends_with_words(tmp_path: Path) -> None:
    of_another_version(played_before(tmp_path))
    ended = call("demo", "--folder", str(tmp_path))
    assert ended.code == 2
    assert "--folder" in ended.err
