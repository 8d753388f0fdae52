from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sshd import Server, require_sshd, sshd


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One real sshd for all tests that only read."""
    require_sshd()
    with sshd(tmp_path_factory.mktemp("sshd")) as started:
        yield started


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """The folder that the server serves."""
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder
