"""Every way the program can end, each with its exit code and a hint.

    MmreconError
    ├── UsageError            2   wrong use
    │   ├── ConfigurationError    all faults of a configuration at once
    │   └── SchemaOutdated        the database waits for `mmrecon upgrade`
    ├── OutsideUnreachable    3   Fineract, SFTP or a database did not answer
    ├── LockHeld              4   another run holds the lock
    ├── SafetyRefusal         5   refused for safety
    └── Defect               70   a defect in mmrecon

Bad data is no exception: it is an `Issue` (`model/issue.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """The contract with cron and scripts (README, "Exit codes")."""

    DONE = 0
    PEOPLE_HAVE_WORK = 1
    USAGE = 2
    UNREACHABLE = 3
    LOCKED = 4
    REFUSED = 5
    NEEDS_ATTENTION = 6
    DEFECT = 70


_GRAVITY = (
    ExitCode.DEFECT,
    ExitCode.REFUSED,
    ExitCode.USAGE,
    ExitCode.LOCKED,
    ExitCode.UNREACHABLE,
    ExitCode.NEEDS_ATTENTION,
    ExitCode.PEOPLE_HAVE_WORK,
    ExitCode.DONE,
)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """The most serious of several outcomes; nothing at all is DONE."""
    return min(codes, key=_GRAVITY.index, default=ExitCode.DONE)


class MmreconError(Exception):
    """A known end of the program: one sentence, a hint what to do next, an exit code."""

    exit_code: ClassVar[ExitCode] = ExitCode.DEFECT
    code: str

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code or type(self).__name__


class UsageError(MmreconError):
    """The command was used wrongly."""

    exit_code = ExitCode.USAGE


class ConfigurationError(UsageError):
    """The configuration has faults; `faults` holds (dotted path, message) of every one."""

    def __init__(self, faults: Iterable[tuple[str, str]], *, source: str, hint: str = "") -> None:
        self.faults = tuple(faults)
        listed = "\n".join(f"  {path}: {message}" for path, message in self.faults)
        super().__init__(
            f"{source}: {len(self.faults)} fault{'' if len(self.faults) == 1 else 's'}\n{listed}",
            hint=hint or "Correct the lines named above; `config.example.toml` explains every key.",
        )


class SchemaOutdated(UsageError):
    """The database has another schema than this program."""


class OutsideUnreachable(MmreconError):
    """An outside system (Fineract, SFTP, database) could not be reached or refused the login."""

    exit_code = ExitCode.UNREACHABLE


class LockHeld(MmreconError):
    """Another run holds the run lock."""

    exit_code = ExitCode.LOCKED


class SafetyRefusal(MmreconError):
    """Refused for safety: tampering, changed host key, same person twice, altered rows."""

    exit_code = ExitCode.REFUSED


class Defect(MmreconError):
    """Something that must hold does not: a defect in mmrecon, never in the data."""
