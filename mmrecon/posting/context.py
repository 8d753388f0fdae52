"""What posting is given: store, clock, limits, and the seams that tests use."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Engine

from mmrecon.config import PostingLimits
from mmrecon.model.clock import Clock, iso_utc
from mmrecon.posting.patience import Patience
from mmrecon.posting.portions import PORTION_POSTINGS


def _nothing(_name: str) -> None:
    """No point is of interest in real life."""


class Halt(threading.Event):
    """Set when one of several workers has failed, or when the run is asked to stop."""

    def __init__(self, asked: threading.Event) -> None:
        super().__init__()
        self._asked = asked

    def is_set(self) -> bool:
        """Whether no new request may begin."""
        return super().is_set() or self._asked.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait some seconds, or less."""
        deadline_s = None if timeout is None else time.monotonic() + timeout
        while not self.is_set():
            left_s = _LOOK_S if deadline_s is None else deadline_s - time.monotonic()
            if left_s <= 0:
                break
            super().wait(min(left_s, _LOOK_S))
        return self.is_set()


_LOOK_S: Final = 0.5


@dataclass(frozen=True)
class PostingContext:
    """One run of posting.

    `tolerance_minor` is what a repayment may exceed a loan by, per wallet_id. `wait` sleeps some
    seconds, or less when the run is to stop. `point` is told the numbered points of posting (kill
    tests); `stop` is set when no new request may begin. `patient`: a Fineract that does not answer
    is waited for; `say` is told so. About `portion_postings` are held at a time.
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
    patient: bool = True
    say: Callable[[str], None] = _nothing
    portion_postings: int = PORTION_POSTINGS

    def at_utc(self) -> str:
        """The present moment as ISO text."""
        return iso_utc(self.clock())

    def pause(self, seconds: float) -> None:
        """Wait, unless the run is to stop."""
        if seconds > 0:
            (self.wait or self.stop.wait)(seconds)

    def patience(self) -> Patience:
        """How long calls go on trying while Fineract does not answer."""
        give_up_after_s = self.limits.give_up_after_s if self.patient else 0
        return Patience(give_up_after_s, self.pause, self.stop, self.say)
