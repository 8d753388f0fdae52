from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.people.desk import Desk, make_desk


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A site where nobody is enrolled yet, always in the same place."""
    folder = tmp_path_factory.getbasetemp() / "desk"
    shutil.rmtree(folder, ignore_errors=True)
    made = make_desk(folder)
    yield made
    made.engine.dispose()
