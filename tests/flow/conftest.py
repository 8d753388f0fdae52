"""One prepared site for all flow tests; each test plays on a copy of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from mmrecon.sandbox.server import SandboxServer
from tests.flow.demo import Played, play_twice
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


@pytest.fixture(scope="session", autouse=True)
def _demo_beside(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Future[Played] | None]:
    """The demo takes long: where its tests are asked for, it plays beside those before them."""
    if not any(item.path.name == "test_demo.py" for item in request.session.items):
        yield None
        return
    with ThreadPoolExecutor(1) as beside:
        yield beside.submit(play_twice, tmp_path_factory.mktemp("newcomer"))


@pytest.fixture(scope="session")
def played(_demo_beside: Future[Played]) -> Played:
    """The demo, played twice."""
    return _demo_beside.result()
