"""What `tick` says of workbooks that people returned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrecon.cli.outcome import Outcome
from mmrecon.model.words import counted

if TYPE_CHECKING:
    from mmrecon.pipeline.answering import AllAnswered
    from mmrecon.pipeline.run import Run


def outcome(_run: Run, answered: AllAnswered) -> Outcome:
    """Each workbook with its answer; nothing was signed."""
    summary = [
        {
            "workbook": str(one.workbook), "answer": str(one.answer), "accepted": one.accepted,
            "refused": one.refused, "exit_code": int(one.exit_code),
        }
        for one in answered.workbooks
    ]  # fmt: skip
    shown = [
        f"{one.workbook.name}: {counted(one.accepted, 'answer')} would be taken, "
        f"{one.refused:,} not; nothing is signed. The answer: {one.answer}"
        for one in answered.workbooks
    ]
    return Outcome(answered.exit_code(), {"answered": summary}, shown)
