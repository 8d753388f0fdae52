"""One sandbox for the module's tests, a fresh store for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mmrecon.sandbox.server import SandboxServer
from tests.posting.branch import Branch
from tests.posting.desk import Desk


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    folder: Path = tmp_path_factory.mktemp("sandbox")
    with SandboxServer(folder) as server:
        yield server


@pytest.fixture(scope="module")
def branch(sandbox: SandboxServer) -> Iterator[Branch]:
    made = Branch(sandbox.base_url)
    yield made
    made.client.close()


@pytest.fixture
def desk(engine: Engine, branch: Branch, sandbox: SandboxServer) -> Iterator[Desk]:
    made = Desk(engine, branch)
    made.open()
    yield made
    assert sandbox.world is not None
    sandbox.world.faults.replace({})
