"""A short campaign on both databases, and that its judge sees what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.campaign.campaign import Asked, play, points


@pytest.mark.parametrize(("database", "seed"), [("postgresql", 1), ("mariadb", 2)])
def test_a_campaign_loses_and_doubles_nothing(tmp_path: Path, database: str, seed: int) -> None:
    told = play(Asked(seed, 150, 60, database, tmp_path), lambda _text: None)
    assert told.verdict.is_clean, told.verdict
    assert told.faults.total() > 0
    assert told.kills.total() > 0
    assert told.restores > 0
    assert any(point.startswith("undo") for point in told.kills)


def test_every_numbered_point_of_posting_is_known() -> None:
    assert {"checked", "intended", "heard", "recorded", "settled", "recovered"} <= set(points())
