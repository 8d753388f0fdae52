"""What a run of several verbs shows: each step as its own command shows it."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from mmrecon.cli.outcome import Outcome

if TYPE_CHECKING:
    from mmrecon.pipeline.night import Step
    from mmrecon.pipeline.run import Run

_COMMANDS: Final = {
    "fetch": "fetch_cmd",
    "import": "import_cmd",
    "expected statements": "expected_view",
    "ledger refresh": "ledger_cmd",
    "match": "match_cmd",
    "post": "post_cmd",
    "verify": "verify_cmd",
    "prove": "prove_cmd",
    "workbook": "workbook_cmd",
    "returned workbooks": "answered_view",
}


def steps_outcome(run: Run, steps: Iterable[Step]) -> Outcome:
    """All steps below each other, each under its name; the most serious exit code."""
    from mmrecon.pipeline.night import exit_code_of

    done = list(steps)
    summary: dict[str, Any] = {}
    shown: list[Any] = []
    for step in done:
        part = _outcome(run, step)
        summary[step.name] = dict(part.summary) | {"exit_code": int(part.exit_code)}
        shown += [f"── {step.name}", *part.show]
    return Outcome(exit_code_of(done), {"steps": summary}, shown)


def _outcome(run: Run, step: Step) -> Outcome:
    if step.error is not None:
        error = {"code": step.error.code, "message": str(step.error), "hint": step.error.hint}
        told = [f"mmrecon: {step.error}", *([f"  {step.error.hint}"] if step.error.hint else [])]
        return Outcome(step.exit_code, {"error": error}, told)
    module = importlib.import_module(f"mmrecon.cli.{_COMMANDS[step.name]}")
    outcome: Outcome = module.outcome(run, step.result)
    return outcome
