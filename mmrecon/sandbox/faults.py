"""Scripted faults: what goes wrong on the way, by rules that can be changed while it runs.

A rule is a JSON object: ``method`` and ``path`` (regular expressions, whole match; the path
as under ``/api/v1``, with its query), ``nth`` (only the nth matching request, counted from 1),
``every`` (each so many), ``probability`` with the file's ``seed``, ``times`` (at most so often),
and ``what``:

- ``drop_before``: the connection is cut before anything is done; ``drop_after``: after the commit;
- ``delay_before``, ``delay_after``: ``seconds`` of waiting;
- ``error_500``: the container's body; ``exception_500``: the application's ``{"Exception"}``;
- ``bad_gateway_502``: a proxy's HTML; ``too_early_425``; ``conflict_409``.

The answers of the last three lines are given instead of doing anything, or with ``"after": true``
after it was done.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WHATS = frozenset(
    {
        "drop_before",
        "drop_after",
        "delay_before",
        "delay_after",
        "error_500",
        "exception_500",
        "bad_gateway_502",
        "too_early_425",
        "conflict_409",
    }
)
KNOWN = {"method", "path", "nth", "every", "probability", "times", "what", "seconds", "after"}


@dataclass
class Dice:
    """Rolls that only depend on the seed and their count."""

    seed: int
    rolls: int = 0

    def roll(self) -> float:
        """A number from 0 to below 1."""
        self.rolls += 1
        digest = hashlib.sha256(f"{self.seed}:{self.rolls}".encode()).digest()
        return int.from_bytes(digest[:6], "big") / 2**48


@dataclass
class Rule:
    """One rule with its counters."""

    what: str
    method: re.Pattern[str]
    path: re.Pattern[str]
    nth: int | None = None
    every: int | None = None
    probability: float = 1.0
    times: int | None = None
    seconds: float = 0.0
    after: bool = False
    seen: int = 0
    fired: int = 0

    def fires(self, method: str, path: str, dice: Dice) -> bool:
        """Count a request, and say whether the rule strikes it."""
        if not self.method.fullmatch(method) or not self.path.fullmatch(path):
            return False
        self.seen += 1
        if self.nth is not None and self.seen != self.nth:
            return False
        if self.every is not None and self.seen % self.every:
            return False
        if self.times is not None and self.fired >= self.times:
            return False
        if dice.roll() >= self.probability:
            return False
        self.fired += 1
        return True

    def happens_after(self) -> bool:
        """Whether the request is carried out first."""
        return self.after or self.what in ("drop_after", "delay_after")


@dataclass
class Faults:
    """The rules in force; the first that fits a request strikes it."""

    rules: list[Rule] = field(default_factory=list)
    dice: Dice = field(default_factory=lambda: Dice(0))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def replace(self, script: Any) -> None:
        """Put other rules in force.

        Raises:
            ValueError: a rule cannot be understood.
        """
        rules = [_rule(entry) for entry in script.get("rules", [])]
        with self._lock:
            self.rules = rules
            self.dice = Dice(int(script.get("seed", 0)))

    def strike(self, method: str, path: str) -> Rule | None:
        """The rule that strikes a request, or none."""
        if not self.rules:
            return None
        with self._lock:
            return next((rule for rule in self.rules if rule.fires(method, path, self.dice)), None)

    def report(self) -> list[dict[str, Any]]:
        """How often each rule saw a request and struck."""
        with self._lock:
            return [{"what": r.what, "seen": r.seen, "fired": r.fired} for r in self.rules]


def load(path: Path | None) -> Faults:
    """The faults of a file, or none.

    Raises:
        ValueError: the file cannot be understood.
    """
    faults = Faults()
    if path is not None:
        faults.replace(json.loads(path.read_text(encoding="utf-8")))
    return faults


def _rule(entry: dict[str, Any]) -> Rule:
    unknown = set(entry) - KNOWN
    if unknown:
        raise ValueError(f"unknown in a fault rule: {', '.join(sorted(unknown))}")
    what = entry.get("what")
    if what not in WHATS:
        raise ValueError(f"unknown fault: {what}")
    return Rule(
        what=str(what),
        method=re.compile(entry.get("method", ".*")),
        path=re.compile(entry.get("path", ".*")),
        nth=entry.get("nth"),
        every=entry.get("every"),
        probability=float(entry.get("probability", 1.0)),
        times=entry.get("times"),
        seconds=float(entry.get("seconds", 0.0)),
        after=bool(entry.get("after", False)),
    )
