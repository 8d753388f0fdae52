"""Rows that writers hold, and how a conflict between writers shows.

An account's version is read when a command begins; its row is held while it is written. Who then
finds another version has lost (Fineract's optimistic lock). fineract-api.md 11.2, measured.md c.
"""

from __future__ import annotations

import threading
import time
from collections import Counter

from mmrecon.sandbox.refusals import ConflictError

LockKey = tuple[str, int]


class RowLocks:
    """Held rows and their versions, in memory: they end with the process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._versions: Counter[LockKey] = Counter()
        self._holders: dict[LockKey, object] = {}
        self._waiting: dict[object, LockKey] = {}

    def version(self, key: LockKey) -> int:
        """The version of a row as committed."""
        with self._changed:
            return self._versions[key]

    def acquire(self, key: LockKey, owner: object) -> None:
        """Hold a row; waits without limit, but a circle of waiters is broken by a conflict."""
        with self._changed:
            while self._holders.get(key, owner) is not owner:
                if self._is_circle(key, owner):
                    raise ConflictError("deadlock")
                self._waiting[owner] = key
                self._changed.wait()
            self._waiting.pop(owner, None)
            self._holders[key] = owner

    def held_by(self, key: LockKey, owner: object) -> bool:
        """Whether the owner holds a row."""
        with self._changed:
            return self._holders.get(key) is owner

    def _is_circle(self, key: LockKey, owner: object) -> bool:
        holder = self._holders.get(key)
        while holder is not None and holder is not owner:
            waited_for = self._waiting.get(holder)
            holder = None if waited_for is None else self._holders.get(waited_for)
        return holder is owner

    def release(self, owner: object, *, changed: bool) -> None:
        """Let go of everything the owner holds; changed rows get a new version."""
        with self._changed:
            mine = [key for key, holder in self._holders.items() if holder is owner]
            for key in mine:
                del self._holders[key]
                if changed:
                    self._versions[key] += 1
            self._waiting.pop(owner, None)
            self._changed.notify_all()

    def hold_for(self, key: LockKey, seconds: float) -> None:
        """Hold a row unchanged for a while, as another session of the database would."""
        owner = object()
        self.acquire(key, owner)

        def let_go() -> None:
            time.sleep(seconds)
            self.release(owner, changed=False)

        threading.Thread(target=let_go, daemon=True).start()
