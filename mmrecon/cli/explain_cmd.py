"""`mmrecon explain RECEIPT`: the whole story of one receipt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.outcome import Outcome
from mmrecon.errors import ExitCode

if TYPE_CHECKING:
    from mmrecon.pipeline.run import Run

_HEADINGS: Final = {
    "line": "What it is", "file": "Where it was seen", "state": "Where it stands",
    "match": "Whose it is, and why", "people": "What people did", "fineract": "In Fineract",
    "proof": "The day's proof",
}  # fmt: skip


@click.command("explain")
@click.argument("receipt")
@with_run(lock=False)
def command(run: Run, receipt: str) -> Outcome:
    """The whole story of one receipt."""
    from mmrecon.pipeline.finding import read_so_far
    from mmrecon.pipeline.story import tell

    story = tell(run, receipt)
    if not story["lines"] and not story["withdrawn_lines"]:
        story["read_up_to"] = read_so_far(run)
    return Outcome(ExitCode.DONE, story, (story_shown(story),))


def story_shown(story: Mapping[str, Any]) -> str:
    """The story in plain words, section by section."""
    from mmrecon.pipeline.finding import read_up_to_sentence

    told: list[str] = []
    lines = story["lines"]
    for number, line in enumerate(lines, 1):
        of_many = f" (line {number} of {len(lines)})" if len(lines) > 1 else ""
        told += [f"{line['receipt']}{of_many}", *_sections(line["words"]), ""]
    for line in story["withdrawn_lines"]:
        told += [f"{line['receipt']} (withdrawn)", *_sections(line["words"]), ""]
    for row in story["refused_rows"]:
        told.append(f"Row {row['row']} of {row['delivered_name']} was refused: {row['code']}.")
    if not lines and not story["withdrawn_lines"]:
        told.append(f"No statement shows {story['receipt']} yet.")
        told.append(read_up_to_sentence(story["read_up_to"]))
        told.append(f"`mmrecon find {story['receipt']}` looks for parts of it.")
    return "\n".join(told).rstrip()


def _sections(words: list[tuple[str, str]]) -> list[str]:
    told: list[str] = []
    last = ""
    for heading, text in words:
        if heading != last:
            told.append(f"  {_HEADINGS[heading]}")
            last = heading
        told.append(f"    {text}")
    return told
