"""Issues: bad data as a value, with a stable code, a place and a next step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mmrecon.errors import ExitCode


class Severity(StrEnum):
    """What an issue does to the exit code."""

    NOTICE = "notice"
    WORK = "work"
    ATTENTION = "attention"

    def exit_code(self) -> ExitCode:
        """0 for a notice, 1 for people's ordinary work, 6 for what the administrator must see."""
        return {
            Severity.NOTICE: ExitCode.DONE,
            Severity.WORK: ExitCode.PEOPLE_HAVE_WORK,
            Severity.ATTENTION: ExitCode.NEEDS_ATTENTION,
        }[self]


@dataclass(frozen=True, slots=True)
class CodeText:
    """One row of the catalogue: a stable code, its sentence and what a person does next.

    `sentence` and `next_step` are `str.format` templates over an issue's arguments, never over
    personal data.
    """

    code: str
    severity: Severity
    sentence: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is not as it should be: which file, row, receipt; worded on output."""

    code: str
    file: str = ""
    row: int | None = None
    receipt: str = ""
    wallet: str = ""
    arguments: Mapping[str, str | int] = field(default_factory=dict)
