from __future__ import annotations

from collections.abc import Iterator

import pytest

from mmrecon.sandbox.server import SandboxServer
from tests.sandbox.client import Api, Institution, found


@pytest.fixture(scope="module")
def institution(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Institution]:
    """An institution on a server of its own, shared by the tests of a module."""
    with SandboxServer(tmp_path_factory.mktemp("sandbox")) as server:
        yield found(Api(server.base_url))
