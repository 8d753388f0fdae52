"""Progress on stderr: a bar on a terminal, one plain line a minute elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from mmrecon.model.progress import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as RichBar
    from rich.progress import TaskID

_PLAIN_INTERVAL_S = 60.0


def for_terminal(*, quiet: bool) -> Progress:
    """The progress that fits where stderr goes."""
    from mmrecon.model.progress import Silent

    if quiet:
        return Silent()
    return Bar() if sys.stderr.isatty() else PlainLines()


class Bar:
    """A bar with rate and time left."""

    def __init__(self) -> None:
        self._bar: RichBar | None = None
        self._task: TaskID | None = None

    def start(self, label: str, total: int) -> None:
        """A new bar."""
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.progress import (
            Progress as RichBar,
        )

        from mmrecon.cli.rate_column import RateColumn
        from mmrecon.cli.render import talk

        self.finish()
        self._bar = RichBar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            RateColumn(),
            TimeRemainingColumn(),
            console=talk(),
            transient=True,
        )
        self._bar.start()
        self._task = self._bar.add_task(label, total=total or None)

    def advance(self, steps: int) -> None:
        """Move the bar."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, steps)

    def say(self, text: str) -> None:
        """One line above the bar."""
        from mmrecon.cli.render import talk

        (self._bar.console if self._bar is not None else talk()).print(text)

    def finish(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


class PlainLines:
    """One line a minute, for logs: how much, how fast, how long still."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._label = ""
        self._total = 0
        self._done = 0
        self._started_s = 0.0
        self._next_s = 0.0

    def start(self, label: str, total: int) -> None:
        """Remember what is being done."""
        self._label, self._total, self._done = label, total, 0
        self._started_s = self._monotonic()
        self._next_s = self._started_s + _PLAIN_INTERVAL_S

    def advance(self, steps: int) -> None:
        """Say something when a minute has gone by."""
        self._done += steps
        now_s = self._monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + _PLAIN_INTERVAL_S
            self.say(self._line(now_s - self._started_s))

    def say(self, text: str) -> None:
        """One line."""
        sys.stderr.write(f"{text}\n")

    def finish(self) -> None:
        """Nothing more to say."""

    def _line(self, gone_s: float) -> str:
        of_total = f" of {self._total:,}" if self._total else ""
        told = f"{self._label}: {self._done:,}{of_total}, {self._done / gone_s:.0f}/s"
        if not self._total or not self._done:
            return told
        left_s = gone_s * (self._total - self._done) / self._done
        return f"{told}, about {-(-left_s // 60):.0f} min left"
