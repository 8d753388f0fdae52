"""What a draft of a layout still asks, and what in it is guessed: comments that begin with a mark.

# OPEN: a question that only a person can answer; the value below begins with `?`
# GUESS: why the lines below are as they are; who has checked them writes CHECKED instead
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from mmrecon.statements.layout import OPEN

MarkKind = Literal["open", "guess"]
_MARK: Final = re.compile(r"^\s*#\s*(?P<kind>OPEN|GUESS):\s*(?P<words>.*)$")
_ASKED: Final = re.compile(rf"""["']{re.escape(OPEN)}""")


@dataclass(frozen=True, slots=True)
class DraftMark:
    """A question or a guess: the number of the line it is about, from 1, and its words."""

    line: int
    kind: MarkKind
    words: str


def open_questions(text: str) -> list[DraftMark]:
    """Each value that still begins with a question mark, with the question above it."""
    marks = list(_marks(text))
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or not _ASKED.search(line):
            continue
        above = [mark for mark in marks if mark.kind == "open" and mark.line <= number]
        words = above[-1].words if above else "the value begins with a question mark"
        found.append(DraftMark(number, "open", words))
    return found


def guesses(text: str) -> list[DraftMark]:
    """Each guess that nobody has marked as checked."""
    return [mark for mark in _marks(text) if mark.kind == "guess"]


def _marks(text: str) -> Iterator[DraftMark]:
    """Every mark with the words of its comment lines, at the first line below them."""
    kind: MarkKind | None = None
    words: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        found = _MARK.match(line)
        is_comment = line.lstrip().startswith("#")
        if kind is not None and (found or not is_comment):
            yield DraftMark(number, kind, " ".join(words))
            kind, words = None, []
        if found:
            kind = "open" if found["kind"] == "OPEN" else "guess"
            words = [found["words"].strip()]
        elif kind is not None:
            words.append(line.strip(" #"))
