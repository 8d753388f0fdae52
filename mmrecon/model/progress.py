"""How far along something is; rendered by the command line, silent by default."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told by stages about work that takes long; never given personal data."""

    def start(self, label: str, total: int) -> None:
        """A piece of work of `total` steps begins (0: unknown)."""

    def advance(self, steps: int) -> None:
        """Some steps are done."""

    def say(self, text: str) -> None:
        """Something that whoever watches should know now."""

    def finish(self) -> None:
        """The piece of work has ended."""


class Silent:
    """Says nothing."""

    def start(self, label: str, total: int) -> None:
        """Nothing."""

    def advance(self, steps: int) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def finish(self) -> None:
        """Nothing."""
