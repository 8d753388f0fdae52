"""What posting is given: store, clock, limits, and the seams that tests use."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Engine

from mmrecon.config import PostingLimits
from mmrecon.model.clock import Clock, iso_utc


def _nothing(_name: str) -> None:
    """No point is of interest in real life."""


@dataclass(frozen=True)
class PostingContext:
    """One run of posting.

    `tolerance_minor` is what a repayment may exceed a loan by, per wallet_id. `wait` sleeps some
    seconds, or less when the run is to stop. `point` is told the numbered points of posting (kill
    tests); `stop` is set when no new request may begin.
    """

    engine: Engine
    clock: Clock
    run_id: str
    limits: PostingLimits
    tolerance_minor: Mapping[int, int] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    wait: Callable[[float], object] | None = None
    point: Callable[[str], None] = _nothing
    advance: Callable[[int], None] = lambda _steps: None

    def at_utc(self) -> str:
        """The present moment as ISO text."""
        return iso_utc(self.clock())

    def pause(self, seconds: float) -> None:
        """Wait, unless the run is to stop."""
        if seconds > 0:
            (self.wait or self.stop.wait)(seconds)
