"""The lines of a draft: TOML values, and comments that say what is guessed or asked."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from mmrecon.statements.layout import OPEN

_WIDTH: Final = 98


@dataclass
class DraftText:
    """A draft as it is written, line by line."""

    lines: list[str] = field(default_factory=list)

    def section(self, title: str) -> None:
        """A part of the page of docs/adding-a-layout.md."""
        self.lines += ["", f"# ---- {title}"]

    def note(self, words: str) -> None:
        """A plain comment."""
        self._comment(words)

    def ask(self, question: str) -> None:
        """A question that only a person can answer; the value below begins with its mark."""
        self._comment(f"OPEN: {question}")

    def guess(self, reason: str) -> None:
        """Why the lines below are as they are."""
        self._comment(f"GUESS: {reason}")

    def table(self, name: str) -> None:
        """The head of a table."""
        self.lines.append(f"[{name}]")

    def entry(self, name: str) -> None:
        """The head of one more table of a list."""
        self.lines.append(f"[[{name}]]")

    def put(self, key: str, value: str | Iterable[str]) -> None:
        """A key with a text or a list of texts."""
        told = text(value) if isinstance(value, str) else f"[{', '.join(map(text, value))}]"
        self.lines.append(f"{key} = {told}")

    def put_flag(self, key: str, *, value: bool) -> None:
        """A key that is true or false."""
        self.lines.append(f"{key} = {'true' if value else 'false'}")

    def put_number(self, key: str, value: int) -> None:
        """A key with a number."""
        self.lines.append(f"{key} = {value}")

    def whole(self) -> str:
        """The text of the file."""
        return "\n".join([*self.lines, ""])

    def _comment(self, words: str) -> None:
        seen = "".join(each if each.isprintable() else " " for each in words)
        self.lines += textwrap.wrap(
            seen, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False,
            break_long_words=False,
        )  # fmt: skip


def text(value: str) -> str:
    """A TOML string: as it stands where that is possible, as patterns are best read."""
    plain = value.isprintable() and "'" not in value
    if plain and ("\\" in value or '"' in value):
        return f"'{value}'"
    told = json.dumps(value, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in told)


def asked(word: str = "") -> str:
    """A value, or a word in a list, that is still a question."""
    return f"{OPEN}{word}"
