"""Sentences that agree with their numbers: one row, two rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import Final

_EITHER: Final = re.compile(r"\((?:(?P<one>\w+)\|(?P<many>\w+)|(?P<ending>e?s))\)")


def counted(count: int, noun: str) -> str:
    """`1 row`, `1,000 rows`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def worded(template: str, arguments: Mapping[str, str | int]) -> str:
    """A `str.format` template filled in.

    What stands as `row(s)` or `(was|were)` agrees with the last number before it; before any
    number it stays as it is.
    """
    said = ""
    number: int | None = None
    for literal, name, spec, _conversion in Formatter().parse(template):
        said += literal if number is None else _agreeing(literal, number)
        if name:
            value = arguments[name]
            number = value if isinstance(value, int) else number
            said += format(value, spec or "")
    return said


def _agreeing(text: str, number: int) -> str:
    def choose(found: re.Match[str]) -> str:
        if number == 1:
            return found["one"] or ""
        return found["many"] or found["ending"]

    return _EITHER.sub(choose, text)
