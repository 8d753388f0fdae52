"""Sources over a test server, and what becomes of their files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mmrecon.config import SftpSource
from mmrecon.errors import MmreconError
from mmrecon.fetch.sftp import Sftp, open_sftp
from mmrecon.fetch.take import Taken, TakeRules, take
from tests.sshd import Server

EAGER = TakeRules("*", quiet_s=0, file_bytes=10_000_000, now_utc_s=0)


def settings_of(server: Server, drop: Path, **changes: Any) -> SftpSource:
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
def opened(server: Server, drop: Path, **changes: Any) -> Iterator[Sftp]:
    with open_sftp(settings_of(server, drop, **changes), "paybill") as source:
        yield source


def end_of(server: Server, drop: Path, **changes: Any) -> MmreconError:
    with pytest.raises(MmreconError) as end, opened(server, drop, **changes):
        pytest.fail("it should not have been opened")
    return end.value


def became_of(source: Sftp) -> dict[str, str]:
    """What became of each name: "taken", or the issue's code."""
    return {
        result.name if isinstance(result, Taken) else result.file: (
            "taken" if isinstance(result, Taken) else result.code
        )
        for result in take(source, set(), EAGER)
    }
