"""How long, and how often, a Fineract that does not answer is asked again."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest

from mmrecon.errors import OutsideUnreachable
from mmrecon.fineract.client import UNREACHABLE
from mmrecon.fineract.contract import BatchReply, Fault, Reply
from mmrecon.posting.patience import Patience


class Caller:
    """Fails some times, then answers; remembers how long was waited and what was said."""

    def __init__(self, failures: int, give_up_after_s: int = 900, code: str = UNREACHABLE) -> None:
        self.failures = failures
        self.code = code
        self.calls = 0
        self.waits: list[float] = []
        self.said: list[str] = []
        self.stop = threading.Event()
        self.patience = Patience(give_up_after_s, self.waits.append, self.stop, self.said.append)

    def read(self) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise OutsideUnreachable("Fineract did not answer", code=self.code)
        return "an answer"

    def write(self, fault: Fault = Fault.NOT_SENT, trouble: str = "refused") -> BatchReply:
        self.calls += 1
        failed = self.calls <= self.failures
        return BatchReply(Reply(0, fault=fault, trouble=trouble) if failed else Reply(200))


def test_each_pause_is_longer_up_to_a_minute_and_none_is_quite_like_another() -> None:
    caller = Caller(failures=9)
    assert caller.patience.read(caller.read) == "an answer"
    shortest = [1, 2, 4, 8, 16, 32, 60, 60, 60]
    for waited, least in zip(caller.waits, shortest, strict=True):
        assert least <= waited <= least * 1.5
    assert all(one != other for one, other in pairwise(caller.waits[-3:]))


def test_an_outage_is_told_once() -> None:
    caller = Caller(failures=5)
    caller.patience.read(caller.read)
    assert caller.said == ["Fineract does not answer; trying again for up to 15 min."]


def test_the_time_is_used_up_and_the_last_trouble_goes_on() -> None:
    caller = Caller(failures=99, give_up_after_s=30)
    with pytest.raises(OutsideUnreachable):
        caller.patience.read(caller.read)
    assert 30 <= sum(caller.waits) <= 30 + 24


@pytest.mark.parametrize("code", ["fineract_login_refused", "fineract_not_trusted"])
def test_what_waiting_cannot_cure_is_not_waited_for(code: str) -> None:
    caller = Caller(failures=99, code=code)
    with pytest.raises(OutsideUnreachable):
        caller.patience.read(caller.read)
    assert caller.waits == []


def test_a_run_that_is_to_stop_waits_no_longer() -> None:
    caller = Caller(failures=99)
    caller.stop.set()
    with pytest.raises(OutsideUnreachable):
        caller.patience.read(caller.read)
    assert caller.calls == 1


def test_a_write_that_never_left_goes_again() -> None:
    caller = Caller(failures=3)
    assert caller.patience.write(caller.write).whole.status == 200
    assert len(caller.waits) == 3


def test_a_write_that_may_have_arrived_is_not_repeated_here() -> None:
    caller = Caller(failures=3)
    answer = caller.patience.write(lambda: caller.write(Fault.UNHEARD))
    assert (answer.whole.fault, caller.calls) == (Fault.UNHEARD, 1)


def test_a_write_that_never_left_in_all_that_time_is_a_value() -> None:
    caller = Caller(failures=999, give_up_after_s=10)
    assert caller.patience.write(caller.write).whole.fault is Fault.NOT_SENT
