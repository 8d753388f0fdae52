"""What `mmrecon formats new` shows: what was guessed, what is asked, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mmrecon.cli.issues_view import issues_text
from mmrecon.cli.statement_view import issue_json
from mmrecon.model.words import counted

if TYPE_CHECKING:
    from mmrecon.pipeline.drafting import Drafted


def draft_json(made: Drafted) -> dict[str, Any]:
    """The draft's place, its columns, and its marks with their lines."""
    return {
        "file": made.file,
        "draft": None if made.path is None else str(made.path),
        "nearest": made.nearest or None,
        "columns": [{"column": name, "field": field} for name, field in made.columns],
        "not_used": list(made.unused),
        "questions": [{"line": mark.line, "says": mark.words} for mark in made.questions],
        "guesses": [{"line": mark.line, "says": mark.words} for mark in made.guesses],
        "issues": [issue_json(issue) for issue in made.issues],
    }


def draft_lines(made: Drafted) -> Iterator[str]:
    """The draft for people."""
    yield from issues_text(made.issues)
    if made.path is None:
        return
    asked = counted(len(made.questions), "question")
    yield f"{made.path}: {asked} to answer; marked as guesses, to be checked: {len(made.guesses):,}"
    if made.nearest:
        yield f"  nearest layout: {made.nearest}"
    yield from (f"  {field:<16}{name}" for name, field in made.columns)
    if made.unused:
        yield f"  not used: {', '.join(made.unused)}"
    yield from (f"  line {mark.line}: {mark.words}" for mark in made.questions)
    yield f"Then: mmrecon formats try {made.file} --layout {made.path}"
