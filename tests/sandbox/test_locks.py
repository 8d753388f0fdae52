from __future__ import annotations

import threading
import time

import pytest

from mmrecon.sandbox.locks import RowLocks
from mmrecon.sandbox.refusals import ConflictError


def test_a_changed_row_has_a_new_version_and_an_unchanged_one_has_not() -> None:
    locks, owner = RowLocks(), object()
    before = locks.version(("savings", 1))
    locks.acquire(("savings", 1), owner)
    locks.release(owner, changed=False)
    assert locks.version(("savings", 1)) == before
    locks.acquire(("savings", 1), owner)
    locks.release(owner, changed=True)
    assert locks.version(("savings", 1)) == before + 1


def test_a_second_owner_waits_until_the_first_lets_go() -> None:
    locks, owner = RowLocks(), object()
    locks.hold_for(("loan", 7), 0.2)
    began = time.monotonic()
    locks.acquire(("loan", 7), owner)
    assert time.monotonic() - began > 0.15


def test_a_circle_of_waiters_is_broken_by_a_conflict() -> None:
    locks, one, two = RowLocks(), object(), object()
    locks.acquire(("savings", 1), one)
    locks.acquire(("savings", 2), two)
    waiter = threading.Thread(target=locks.acquire, args=(("savings", 2), one))
    waiter.start()
    time.sleep(0.1)
    with pytest.raises(ConflictError):
        locks.acquire(("savings", 1), two)
    locks.release(two, changed=True)
    waiter.join(2)
    assert not waiter.is_alive()
