"""What a command gives: an exit code, a JSON document, and what a person sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mmrecon.errors import ExitCode


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a command.

    `summary` is printed with `--json`, and nothing else; `show` are texts or rich renderables for
    people, in order, on stdout.
    """

    exit_code: ExitCode
    summary: Mapping[str, Any]
    show: Sequence[Any] = field(default_factory=tuple)
