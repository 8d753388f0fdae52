from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from mmrecon.config import parse_settings
from mmrecon.errors import ExitCode, OutsideUnreachable, SafetyRefusal, UsageError
from mmrecon.fetch import archive
from mmrecon.model.progress import Silent
from mmrecon.pipeline.fetching import Fetched, fetch
from mmrecon.pipeline.run import Run
from mmrecon.sandbox.demo_day import build_day, write_day
from mmrecon.sandbox.demo_institution import build_institution
from mmrecon.sandbox.sftp_drop import SftpDrop
from mmrecon.store import files, journal
from mmrecon.store.database import reading, transaction
from mmrecon.store.schema import DELIVERY, FILE, JOURNAL, STATEMENT
from tests.sshd import Server, free_port, require_sshd, sessions_of, sshd, sshd_of_nobody

NOW = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
LONG_AGO_S = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    require_sshd()
    with sshd(tmp_path_factory.mktemp("sshd")) as started:
        yield started


def _run(engine: Engine, folder: Path, sources: dict[str, list[dict[str, Any]]]) -> Run:
    wallets = [
        {
            "name": name,
            "provider": "mpesa_ke",
            "account": str(600001 + number),
            "currency": "KES",
            "zone": "Africa/Nairobi",
            "country": "KE",
            "live_from": "2026-03-01",
            "sources": given,
        }
        for number, (name, given) in enumerate(sources.items())
    ]
    data: dict[str, object] = {"institution": {"name": "Example"}, "wallets": wallets}
    settings = parse_settings(data, source="test", base=folder)

    def connect() -> Any:
        raise UsageError("no Fineract here")

    path = folder / "config.toml"
    return Run(settings, path, engine, lambda: NOW, "run-1", Silent(), connect)


def _folder(path: Path, **files_in_it: bytes) -> dict[str, Any]:
    path.mkdir()
    for name, content in files_in_it.items():
        _put(path / f"{name}.csv", content)
    return {"kind": "folder", "path": str(path), "quiet_s": 0}


def _put(path: Path, content: bytes, modified_s: int = LONG_AGO_S) -> None:
    path.write_bytes(content)
    os.utime(path, (modified_s, modified_s))


def _sftp(server: Server, path: Path, **changes: Any) -> dict[str, Any]:
    facts = {
        "kind": "sftp",
        "host": "127.0.0.1",
        "port": server.port,
        "username": server.username,
        "path": str(path),
        "host_key_fingerprint": server.fingerprints["ed25519"],
        "key_file": str(server.client_key),
        "quiet_s": 0,
    }
    return facts | changes


def _names(fetched: Fetched) -> list[tuple[str, str, bool]]:
    return [(file.wallet_name, file.name, file.is_new) for file in fetched.files]


def _deliveries(engine: Engine) -> int:
    with reading(engine) as connection:
        return len(connection.execute(select(DELIVERY)).all())


def test_each_file_comes_once_and_a_second_run_says_nothing_is_new(
    engine: Engine, tmp_path: Path
) -> None:
    run = _run(engine, tmp_path, {"paybill": [_folder(tmp_path / "in", a=b"one", b=b"two")]})
    first = fetch(run)
    assert _names(first) == [("paybill", "a.csv", True), ("paybill", "b.csv", True)]
    assert first.exit_code() is ExitCode.DONE
    assert [archive.get(run.state_folder, file.sha256) for file in first.files] == [b"one", b"two"]
    assert fetch(run) == Fetched((), (), ())
    assert _deliveries(engine) == 2


def test_the_same_bytes_under_another_name_are_a_delivery_of_a_known_file(
    engine: Engine, tmp_path: Path
) -> None:
    run = _run(engine, tmp_path, {"paybill": [_folder(tmp_path / "in", a=b"one")]})
    fetch(run)
    _put(tmp_path / "in" / "renamed.csv", b"one")
    (again,) = fetch(run).files
    assert (again.name, again.first_name, again.is_new) == ("renamed.csv", "a.csv", False)
    with reading(engine) as connection:
        assert len(connection.execute(select(FILE)).all()) == 1


def test_a_replaced_file_is_fetched_again(engine: Engine, tmp_path: Path) -> None:
    run = _run(engine, tmp_path, {"paybill": [_folder(tmp_path / "in", a=b"part")]})
    fetch(run)
    _put(tmp_path / "in" / "a.csv", b"full", LONG_AGO_S + 1)
    assert _names(fetch(run)) == [("paybill", "a.csv", True)]


def test_trouble_of_one_wallet_never_stops_the_others_and_the_worst_decides(
    engine: Engine, tmp_path: Path, server: Server
) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    _put(drop / "s.csv", b"over sftp")
    run = _run(
        engine,
        tmp_path,
        {
            "missing": [{"kind": "folder", "path": "none"}],
            "changed": [_sftp(server, drop, host_key_fingerprint="SHA256:" + "A" * 43)],
            "down": [_sftp(server, drop, port=1)],
            "folder": [_folder(tmp_path / "in", a=b"one")],
            "sftp": [_sftp(server, drop)],
        },
    )
    fetched = fetch(run)
    assert _names(fetched) == [("folder", "a.csv", True), ("sftp", "s.csv", True)]
    assert [(trouble.wallet, type(trouble.error)) for trouble in fetched.troubles] == [
        ("missing", OutsideUnreachable),
        ("changed", SafetyRefusal),
        ("down", OutsideUnreachable),
    ]
    assert fetched.exit_code() is ExitCode.REFUSED
    assert fetch(run, ["down", "folder"]).exit_code() is ExitCode.UNREACHABLE


def test_a_changed_host_key_stands_in_the_journal(
    engine: Engine, tmp_path: Path, server: Server
) -> None:
    source = _sftp(server, tmp_path, host_key_fingerprint="SHA256:" + "A" * 43)
    fetch(_run(engine, tmp_path, {"paybill": [source]}))
    with reading(engine) as connection:
        (entry,) = connection.execute(select(JOURNAL)).all()
        journal.verify(connection)
    assert entry.event == "host_key_changed"
    assert server.fingerprints["ed25519"] in entry.payload_json


def test_every_file_fetched_stands_in_the_journal(engine: Engine, tmp_path: Path) -> None:
    run = _run(engine, tmp_path, {"paybill": [_folder(tmp_path / "in", a=b"one")]})
    (file,) = fetch(run).files
    with reading(engine) as connection:
        (entry,) = connection.execute(select(JOURNAL)).all()
    assert entry.event == "file_fetched"
    assert file.sha256 in entry.payload_json


def test_nothing_is_deleted_at_the_source_unless_it_is_configured(
    engine: Engine, tmp_path: Path, server: Server
) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    _put(drop / "a.csv", b"one")
    fetch(_run(engine, tmp_path, {"paybill": [_sftp(server, drop)]}))
    assert (drop / "a.csv").exists()
    run = _run(engine, tmp_path, {"paybill": [_sftp(server, drop, after_fetch="delete")]})
    (file,) = fetch(run).files
    assert not (drop / "a.csv").exists()
    assert not file.is_new
    assert archive.get(run.state_folder, file.sha256) == b"one"
    assert _deliveries(engine) == 1


@pytest.mark.skipif(not Path("/usr/bin/chattr").exists(), reason="needs chattr")
def test_a_file_that_cannot_be_deleted_is_an_issue(
    engine: Engine, tmp_path: Path, server: Server
) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    _put(drop / "a.csv", b"one")
    if os.system(f"chattr +i {drop}/a.csv 2>/dev/null") != 0:
        pytest.skip("this file system knows no immutable files")
    try:
        run = _run(engine, tmp_path, {"paybill": [_sftp(server, drop, after_fetch="delete")]})
        fetched = fetch(run)
    finally:
        os.system(f"chattr -i {drop}/a.csv")
    assert [issue.code for issue in fetched.issues] == ["file_not_deleted"]
    assert fetched.exit_code() is ExitCode.NEEDS_ATTENTION


def test_where_nothing_may_be_deleted_one_old_file_is_asked_for_again_and_no_more(
    engine: Engine, tmp_path: Path
) -> None:
    shared = Path(tempfile.mkdtemp(prefix="mmrecon-sshd-"))
    drop = shared / "drop"
    drop.mkdir()
    for name in ("a.csv", "b.csv", "c.csv"):
        _put(drop / name, name.encode())
    with sshd_of_nobody(shared) as own:
        drop.chmod(0o555)
        run = _run(engine, tmp_path, {"paybill": [_sftp(own, drop, after_fetch="delete")]})
        first = fetch(run)
        assert [issue.code for issue in first.issues] == ["file_not_deleted"] * 3
        drop.chmod(0o755)
        _put(drop / "d.csv", b"new", LONG_AGO_S + 1)
        drop.chmod(0o555)
        again = fetch(run)
    drop.chmod(0o755)
    shutil.rmtree(shared)
    assert [file.name for file in first.files] == ["a.csv", "b.csv", "c.csv"]
    assert [(file.name, file.is_new) for file in again.files] == [("a.csv", False), ("d.csv", True)]
    assert _deliveries(engine) == 4


def test_a_night_that_is_cut_off_keeps_what_came_and_the_next_one_goes_on(
    engine: Engine, tmp_path: Path
) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    _put(drop / "a.csv", b"first")
    _put(drop / "b.csv", b"second", LONG_AGO_S + 1)
    rest = {"paybill": [_folder(tmp_path / "in", c=b"over a folder")]}
    port = free_port()
    with sshd(tmp_path / "sshd", port) as own:
        sources = {"momo": [_sftp(own, drop)]} | rest
        run = _run(engine, tmp_path, sources)
        cut = replace(run, progress=_Cutting(own))
        broken = fetch(cut)
    assert [file.name for file in broken.files] == ["a.csv", "c.csv"]
    assert [trouble.error.code for trouble in broken.troubles] == ["sftp_unreachable"]
    assert broken.exit_code() is ExitCode.UNREACHABLE
    shutil.rmtree(tmp_path / "sshd")
    with sshd(tmp_path / "sshd", port) as own:
        sources = {"momo": [_sftp(own, drop)]} | rest
        assert _names(fetch(_run(engine, tmp_path, sources))) == [("momo", "b.csv", True)]
    assert _deliveries(engine) == 3


class _Cutting(Silent):
    """A run in which the server's sessions are killed once a file has come."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def advance(self, steps: int) -> None:
        """Kill them."""
        del steps
        process = int((self._server.configuration.parent / "sshd.pid").read_text())
        for session in sessions_of(process):
            os.kill(session, signal.SIGKILL)


def test_a_file_archived_but_not_yet_recorded_is_simply_fetched_again(
    engine: Engine, tmp_path: Path
) -> None:
    run = _run(engine, tmp_path, {"paybill": [_folder(tmp_path / "in", a=b"one")]})
    archive.put(run.state_folder, b"one")
    assert _names(fetch(run)) == [("paybill", "a.csv", True)]


def test_what_was_fetched_and_not_read_to_the_end_is_still_to_be_read(
    engine: Engine, tmp_path: Path
) -> None:
    run = _run(engine, tmp_path, {"paybill": [_folder(tmp_path / "in", a=b"one", b=b"two")]})
    first, second = fetch(run).files
    with transaction(engine) as connection:
        counts = dict.fromkeys(
            ["data_rows", "new_lines", "repeat_lines", "refused_rows", "skipped_rows", "in_minor",
             "out_minor", "fees_minor"], 0,
        )  # fmt: skip
        connection.execute(
            insert(STATEMENT),
            [
                {"file_id": first.file_id, "complete": True, **counts},
                {"file_id": second.file_id, "complete": False, **counts},
            ],
        )
    with reading(engine) as connection:
        assert [file.name for file in files.unread(connection, {"paybill": None})] == ["b.csv"]
        assert files.unread(connection, {"another": None}) == []


def test_a_wallet_that_does_not_exist_is_wrong_use(engine: Engine, tmp_path: Path) -> None:
    run = _run(engine, tmp_path, {"paybill": []})
    with pytest.raises(UsageError, match="no wallet is called till"):
        fetch(run, ["till"])


def test_a_wallet_without_a_source_is_noticed_when_it_is_asked_for(
    engine: Engine, tmp_path: Path
) -> None:
    run = _run(engine, tmp_path, {"paybill": []})
    assert [issue.code for issue in fetch(run, ["paybill"]).issues] == ["wallet_without_source"]
    assert fetch(run).issues == ()


def test_the_demos_day_comes_whole_over_sftp_with_a_password(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_SFTP_PASSWORD", "invented")
    written = write_day(build_day(build_institution(date(2026, 3, 2))), tmp_path / "drop")
    users = {"provider": "invented"}
    with SftpDrop(tmp_path / "drop", host_key=tmp_path / "host_key", users=users) as drop:
        sources = {
            name: [
                {
                    "kind": "sftp",
                    "host": "127.0.0.1",
                    "port": drop.port,
                    "username": "provider",
                    "password_variable": "TEST_SFTP_PASSWORD",
                    "host_key_fingerprint": drop.fingerprint,
                    "path": f"/{name}",
                    "quiet_s": 0,
                }
            ]
            for name in written.statements
        }
        run = _run(engine, tmp_path, sources)
        fetched = fetch(run)
        assert fetch(run).files == ()
    assert fetched.exit_code() is ExitCode.DONE
    assert {
        file.wallet_name: archive.get(run.state_folder, file.sha256) for file in fetched.files
    } == {name: path.read_bytes() for name, path in written.statements.items()}
