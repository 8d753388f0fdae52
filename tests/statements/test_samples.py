"""Every sample gives its expected output, and every layout has a sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmrecon.statements.layout import load_layouts
from tests.statements.samples import (
    FOLDER,
    as_text,
    expected_path,
    made_of,
    reading_of,
    samples,
)

ALL = list(samples())


@pytest.mark.parametrize("sample", ALL, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_sample_gives_its_expected_output(sample: Path) -> None:
    assert as_text(made_of(sample)) == expected_path(sample).read_text(encoding="utf-8")


def test_every_layout_has_a_sample() -> None:
    shown = set()
    for sample in ALL:
        reading = reading_of(sample)
        shown.add(reading.header.layout if reading.header else reading.reason)
    assert {layout.refuse or layout.name for layout in load_layouts()} <= shown
