"""Waiting for a Fineract that does not answer: longer each time, with jitter, and not for ever.

Only what is certain to change nothing is done again here: reads, and writes that never left. What
was sent and not answered goes through the recovery table.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, retry_if_result, wait_random

from mmrecon.errors import OutsideUnreachable
from mmrecon.fineract.client import UNREACHABLE, may_come_back
from mmrecon.fineract.contract import BatchReply, Fault, Reply

Answer = TypeVar("Answer")
Heard = TypeVar("Heard", BatchReply, Reply)

_LONGEST_S: Final = 60.0


class Patience:
    """How long the calls of one run go on trying; shared by its workers.

    `pause` sleeps some seconds, or less when `stop` is set; `say` is told once for each outage.
    """

    def __init__(
        self,
        give_up_after_s: int,
        pause: Callable[[float], object],
        stop: threading.Event,
        say: Callable[[str], None],
    ) -> None:
        self._give_up_after_s = give_up_after_s
        self._pause = pause
        self._stop = stop
        self._say = say

    def read(self, call: Callable[[], Answer]) -> Answer:
        """A call that only reads, until Fineract answers.

        Raises:
            OutsideUnreachable: it does not answer for too long, or waiting does not help.
        """
        answer: Answer = self._trying(retry_if_exception(_may_come_back))(call)
        return answer

    def write(self, call: Callable[[], Heard]) -> Heard:
        """A write that goes once more only if it certainly never left; gives the last answer."""
        answer: Heard = self._trying(retry_if_result(_never_left))(call)
        return answer

    def _trying(self, retry: retry_if_exception | retry_if_result) -> Retrying:
        return Retrying(
            retry=retry,
            wait=_wait,
            stop=self._is_used_up,
            sleep=self._sleep,
            before_sleep=self._tell,
            retry_error_callback=_as_it_ended,
        )

    def _sleep(self, seconds: float) -> None:
        self._pause(seconds)

    def _is_used_up(self, state: RetryCallState) -> bool:
        gone_s = max(state.idle_for, state.seconds_since_start or 0.0)
        return self._stop.is_set() or gone_s >= self._give_up_after_s

    def _tell(self, state: RetryCallState) -> None:
        if state.attempt_number == 1:
            minutes = -(-self._give_up_after_s // 60)
            self._say(f"Fineract does not answer; trying again for up to {minutes} min.")


def _wait(state: RetryCallState) -> float:
    """1, 2, 4 … 60 seconds, each with up to half of it more."""
    pause_s = min(2.0 ** (state.attempt_number - 1), _LONGEST_S)
    jitter_s: float = wait_random(0, pause_s * 0.5)(state)
    return pause_s + jitter_s


def _may_come_back(error: BaseException) -> bool:
    return isinstance(error, OutsideUnreachable) and error.code == UNREACHABLE


def _never_left(answer: BatchReply | Reply) -> bool:
    whole = answer.whole if isinstance(answer, BatchReply) else answer
    return whole.fault is Fault.NOT_SENT and may_come_back(whole)


def _as_it_ended(state: RetryCallState) -> object:
    """The last result, or the last trouble, as if it had been the only one."""
    return state.outcome and state.outcome.result()
