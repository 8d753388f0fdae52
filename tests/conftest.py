"""Loopback only; no home, no environment of the developer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import Engine

from mmrecon.store.database import open_database

# A busy machine is no failure: how long an example takes is the benchmarks' matter.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


@pytest.fixture(autouse=True)
def _no_developer_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's machine is read or written by a test."""
    for name in [name for name in os.environ if name.startswith("MMRECON_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A fresh store."""
    opened = open_database(tmp_path / "state")
    yield opened
    opened.dispose()
