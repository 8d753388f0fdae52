"""`mmrecon journal verify`: the journal's chain, against a printed head and against the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.outcome import Outcome
from mmrecon.errors import ExitCode

if TYPE_CHECKING:
    from mmrecon.pipeline.run import Run


@click.group("journal")
def command() -> None:
    """The chained record of every act of a person and every change of a posting."""


@command.command("verify")
@click.option(
    "--head",
    "printed",
    metavar="SEQUENCE:HASH",
    default=None,
    help="A head that was printed or noted before; the journal must contain it.",
)
@with_run(lock=False)
def verify(run: Run, printed: str | None) -> Outcome:
    """Walk the chain, compare it with the store, and print the head."""
    from mmrecon.pipeline.journal_check import check_journal
    from mmrecon.store.anchor import parse_head

    checked = check_journal(run, None if printed is None else parse_head(printed))
    head = checked.head
    summary = {
        "sequence": head.sequence,
        "head": head.hash,
        "printed": head.printed(),
        "printed_head_found": None if printed is None else True,
        "instance": checked.instance_id,
        "reads_before_sending": checked.must_read,
    }
    shown = [f"{head.sequence:,} entries; the chain holds, and the store holds what it says."]
    if printed is not None:
        shown.append("The journal contains the head you gave.")
    if checked.must_read:
        shown.append("This store was put back: the next `mmrecon post` reads Fineract first.")
    shown.append(f"Head: {head.printed()}   (whole: {head.hash or 'none'})")
    return Outcome(ExitCode.DONE, summary, shown)
