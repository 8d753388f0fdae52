"""Choices that depend only on a seed: the demo's world is the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class DemoDice:
    """Rolls that depend on a label and on how many there were before."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._rolls = 0

    def below(self, limit: int) -> int:
        """A number from 0 to below the limit."""
        self._rolls += 1
        digest = hashlib.sha256(f"{self._label}:{self._rolls}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % limit

    def between(self, least: int, most: int, step: int = 1) -> int:
        """A number in steps, both ends included."""
        return least + step * self.below((most - least) // step + 1)

    def one_of(self, choices: Sequence[T]) -> T:
        """One of several."""
        return choices[self.below(len(choices))]

    def shuffled(self, things: Sequence[T]) -> list[T]:
        """All of them in another order."""
        left = list(things)
        return [left.pop(self.below(len(left))) for _ in range(len(left))]
