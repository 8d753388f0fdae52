"""A sandbox with a branch, for what needs a Fineract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mmrecon.sandbox.server import SandboxServer
from tests.posting.branch import Branch


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path_factory.mktemp("sandbox")) as server:
        yield server


@pytest.fixture(scope="module")
def branch(sandbox: SandboxServer) -> Iterator[Branch]:
    made = Branch(sandbox.base_url)
    yield made
    made.client.close()
