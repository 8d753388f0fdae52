"""`mmrecon find TEXT`: a line by whatever somebody remembers of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.outcome import Outcome
from mmrecon.errors import ExitCode

if TYPE_CHECKING:
    from mmrecon.pipeline.run import Run


@click.command("find")
@click.argument("text", nargs=-1, required=True)
@with_run(lock=False)
def command(run: Run, text: tuple[str, ...]) -> Outcome:
    """Find a line by part of a receipt, amount, date, last digits of a phone, or name."""
    from mmrecon.cli.lines_cmd import is_wide, lines_table
    from mmrecon.pipeline.finding import SHOWN, find, read_up_to_sentence

    found = find(run, " ".join(text))
    few = found.lines.head(SHOWN)
    summary: dict[str, Any] = {
        "answer": found.answer, "count": len(found.lines), "lines": few.to_dict("records"),
        "read_up_to": found.read, "refused_rows": [asdict(row) for row in found.refused],
    }  # fmt: skip
    shown: tuple[Any, ...] = (found.answer,)
    if len(found.lines) > 1:
        shown += (lines_table(few, wide=is_wide()),)
        if len(found.lines) > SHOWN:
            shown += (f"The newest {SHOWN} are shown; add a word to see fewer.",)
        shown += (read_up_to_sentence(found.read),)
    return Outcome(ExitCode.DONE, summary, shown)
