"""A sandbox with a branch for each test: stores that post to one Fineract hold each other back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mmrecon.sandbox.server import SandboxServer
from tests.posting.branch import Branch


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path / "sandbox") as server:
        yield server


@pytest.fixture
def branch(sandbox: SandboxServer) -> Iterator[Branch]:
    made = Branch(sandbox.base_url)
    yield made
    made.client.close()
