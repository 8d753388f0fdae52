from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mmrecon.config import WalletSettings
from mmrecon.errors import OutsideUnreachable, SafetyRefusal
from mmrecon.pipeline.source_checks import check_source
from tests.sshd import Server, require_sshd, sshd_of_nobody

NOW = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
NOW_S = int(NOW.timestamp())


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    require_sshd()
    folder = Path(tempfile.mkdtemp(prefix="mmrecon-sshd-"))
    with sshd_of_nobody(folder) as started:
        yield started
    shutil.rmtree(folder)


@pytest.fixture
def drop(server: Server) -> Iterator[Path]:
    folder = server.configuration.parent / "drop"
    folder.mkdir()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def _put(path: Path, content: bytes = b"abc", modified_s: int = NOW_S, mode: int = 0o644) -> None:
    path.write_bytes(content)
    os.utime(path, (modified_s, modified_s))
    path.chmod(mode)


def _sftp(server: Server, drop: Path, **changes: Any) -> dict[str, Any]:
    facts = {
        "kind": "sftp",
        "host": "127.0.0.1",
        "port": server.port,
        "username": server.username,
        "path": str(drop),
        "pattern": "*.csv",
        "host_key_fingerprint": server.fingerprints["ed25519"],
        "key_file": str(server.client_key),
    }
    return facts | changes


def _checked(source: dict[str, Any]) -> list[tuple[str, bool, str, str]]:
    wallet = WalletSettings.model_validate(
        {
            "name": "momo",
            "provider": "mtn",
            "account": "256700000900",
            "currency": "UGX",
            "zone": "Africa/Kampala",
            "country": "UG",
            "live_from": "2026-01-01",
            "sources": [source],
        }
    )
    found = check_source(wallet.sources[0], wallet, NOW)
    return [(one.check, one.holds, one.seen, one.remedy) for one in found]


def test_a_good_server_is_reached_listed_read_and_on_time(server: Server, drop: Path) -> None:
    for name in ("a.csv", "b.csv", "notes.txt"):
        _put(drop / name)
    assert _checked(_sftp(server, drop)) == [
        (
            "source of momo",
            True,
            "3 files there, 2 as `*.csv` asks; the host key is as pinned",
            "",
        ),
        ("reading from source of momo", True, "files can be read", ""),
        ("clock of source of momo", True, "no file is dated ahead of this machine's clock", ""),
    ]


def test_an_empty_folder_on_this_machine_is_well(tmp_path: Path) -> None:
    source = {"kind": "folder", "path": str(tmp_path)}
    assert _checked(source) == [("source of momo", True, "0 files there, 0 as `*` asks", "")]


def test_files_that_may_not_be_read_are_a_finding_with_its_remedy(
    server: Server, drop: Path
) -> None:
    _put(drop / "a.csv", mode=0o600 if os.geteuid() == 0 else 0)
    _, (check, holds, seen, remedy), _ = _checked(_sftp(server, drop))
    assert (check, holds) == ("reading from source of momo", False)
    assert seen == "a.csv: mmrecon's user may not read the file"
    assert "let that user read it" in remedy


def test_files_of_tomorrow_say_that_a_clock_is_wrong(server: Server, drop: Path) -> None:
    _put(drop / "a.csv", modified_s=NOW_S + 300)
    assert _checked(_sftp(server, drop))[2][1]
    _put(drop / "b.csv", modified_s=NOW_S + 7200)
    _, _, (_, holds, seen, remedy) = _checked(_sftp(server, drop))
    assert not holds
    assert seen == "the newest file is dated 120 minutes ahead of this machine"
    assert "timedatectl" in remedy


def test_what_cannot_be_opened_is_the_error_with_its_remedy(server: Server, drop: Path) -> None:
    with pytest.raises(SafetyRefusal, match="another host key"):
        _checked(_sftp(server, drop, host_key_fingerprint="SHA256:" + "A" * 43))
    with pytest.raises(OutsideUnreachable, match="no readable folder"):
        _checked(_sftp(server, drop / "none"))
