"""What a log sees of a long run: one line a minute, with rate and time left."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from mmrecon.cli.progress import PlainLines
from mmrecon.cli.rate_column import RateColumn


def test_one_line_a_minute_says_how_much_how_fast_and_how_long_still(
    capsys: pytest.CaptureFixture[str],
) -> None:
    moments = iter([0.0, *(second / 10 for second in range(1, 1501))])
    lines = PlainLines(lambda: next(moments))
    lines.start("posting", 12_000)
    for _ in range(1_500):
        lines.advance(6)
    assert capsys.readouterr().err.splitlines() == [
        "posting: 3,600 of 12,000, 60/s, about 3 min left",
        "posting: 7,200 of 12,000, 60/s, about 2 min left",
    ]


def test_a_bar_shows_its_rate() -> None:
    out = io.StringIO()
    moments = iter(range(100))
    with Progress(
        RateColumn(), console=Console(file=out), get_time=lambda: next(moments), auto_refresh=False
    ) as bar:
        task = bar.add_task("posting", total=1_000)
        for _ in range(5):
            bar.advance(task, 85)
        bar.refresh()
    assert "/s" in out.getvalue()


def test_something_to_be_told_goes_to_the_log_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    PlainLines().say("Fineract does not answer")
    assert capsys.readouterr().err == "Fineract does not answer\n"
