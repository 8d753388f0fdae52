"""What a real server answered, the sandbox answers too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mmrecon.sandbox.server import SandboxServer
from tests.sandbox.player import RECORDINGS, Player, load

SLOW = {
    "batches/guarded-client-gives-up",
    "batches/guarded-deposits-parallel-one-account",
    "concurrency/duplicate-during-server-retry",
    "concurrency/eight-deposits-one-account",
    "concurrency/six-repayments-one-loan",
    "idempotency/second-while-first-runs",
}
SCENARIOS = sorted(RECORDINGS.glob("*/*.json"))


def _case(path: Path) -> object:
    name = f"{path.parent.name}/{path.stem}"
    return pytest.param(path, id=name, marks=[pytest.mark.slow] if name in SLOW else [])


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    with SandboxServer(tmp_path_factory.mktemp("sandbox")) as server:
        yield Player(server.base_url)


@pytest.mark.parametrize("path", [_case(path) for path in SCENARIOS])
def test_a_recorded_scenario_plays_without_a_difference(player: Player, path: Path) -> None:
    assert player.play(load(path)) == []
