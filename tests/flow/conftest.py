"""One prepared site for all flow tests; each test plays on a copy of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmrecon.sandbox.server import SandboxServer
from tests.flow.site import Site, found, opened


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `sandbox` (seeded) and `site` (two people, approved configuration)."""
    folder = tmp_path_factory.mktemp("prepared")
    with SandboxServer(folder / "sandbox") as server:
        found(folder / "site", server)
    return folder


@pytest.fixture
def site(prepared: Path, tmp_path: Path) -> Iterator[Site]:
    """A copy of the prepared site with its sandbox served (on the port that it is configured for:
    one test runs after the other)."""
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    with opened(tmp_path / "site", tmp_path / "sandbox") as made:
        yield made
