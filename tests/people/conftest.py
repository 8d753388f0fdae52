from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.people.desk import Desk, make_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A site where nobody is enrolled yet."""
    made = make_desk(tmp_path)
    yield made
    made.engine.dispose()
