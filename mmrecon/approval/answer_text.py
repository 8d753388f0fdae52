"""What the person who returned a workbook is told about it, as plain text; pure.

Rows are named by row id and receipt; no client's name or phone stands in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mmrecon.approval.accepted import Accepted, Decided, Refused
from mmrecon.model.catalogue import next_step_of, sentence_of
from mmrecon.model.issue import Issue
from mmrecon.model.money import to_text
from mmrecon.model.words import counted

NO_NAME = "NAME"
"""Who signs is not known from a folder: the person puts their own name there."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A returned workbook as it would be taken now, or why it cannot be (`trouble`, `hint`)."""

    name: str
    sha256: str
    workbook_id: str = ""
    decided: Decided | None = None
    issues: Sequence[Issue] = ()
    trouble: str = ""
    hint: str = ""


def answer_text(checked: Checked, command: str, at: str) -> str:
    """The answer; `command` signs the workbook, `at` is the moment of checking."""
    head = [f"mmrecon looked at {checked.name} at {at}. Nothing is signed yet.", ""]
    body = _of_decisions(checked, command) if checked.decided is not None else _of_trouble(checked)
    return "\n".join([*head, *body, "", f"SHA-256 of the file: {checked.sha256}", ""])


def _of_trouble(checked: Checked) -> list[str]:
    told = ["It cannot be taken:", f"  {checked.trouble}"]
    return [*told, *([f"  Next: {checked.hint}"] if checked.hint else [])]


def _of_decisions(checked: Checked, command: str) -> list[str]:
    decided = checked.decided or Decided((), (), {})
    told = [f"Workbook {checked.workbook_id or '(none)'}", *_accepted(decided.accepted)]
    if decided.repeated:
        told.append(f"Taken before, and counted once: {counted(decided.repeated, 'answer')}")
    told += _refused(decided.refused)
    told += [_sentence(issue, "") for issue in checked.issues]
    if not decided.accepted:
        return [*told, "", "There is nothing to sign."]
    return [*told, "", "To hand it in, sign it with your own name and passphrase:", f"  {command}"]


def _accepted(accepted: Sequence[Accepted]) -> list[str]:
    rows: Counter[tuple[str, str]] = Counter()
    money: Counter[tuple[str, str]] = Counter()
    for answer in accepted:
        key = answer.decision.value, answer.currency
        rows[key] += 1
        money[key] += answer.left_minor
    head = f"Would be taken: {counted(len(accepted), 'answer')}"
    told = [
        (decision, counted(count, "row"), to_text(money[decision, currency], currency))
        for (decision, currency), count in sorted(rows.items())
    ]
    return [head, *(f"  {decision}: {counted}, {total}" for decision, counted, total in told)]


def _refused(refused: Sequence[Refused]) -> list[str]:
    head = f"Would not be taken: {counted(len(refused), 'answer')}"
    return [head, *(_sentence(one.issue, one.row_id) for one in refused)]


def _sentence(issue: Issue, row_id: str) -> str:
    """One line for what is wrong, one for what to do."""
    told = f"{row_id} {sentence_of(issue)}".strip()
    return f"  {told}\n      Next: {next_step_of(issue)}"
