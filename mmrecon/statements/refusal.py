"""Why a whole file is not read; turned into an issue by `reading.read_member`."""

from __future__ import annotations

from typing import Literal

Verdict = Literal["quarantined", "refused"]


class NotReadableError(Exception):
    """A file that is quarantined, or refused: a code of the catalogue and its arguments."""

    def __init__(
        self, code: str, *, verdict: Verdict = "quarantined", **arguments: str | int
    ) -> None:
        super().__init__(code)
        self.code = code
        self.verdict: Verdict = verdict
        self.arguments = arguments
