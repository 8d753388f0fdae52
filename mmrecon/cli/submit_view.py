"""What became of a returned workbook, for people and for programs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from textwrap import indent
from typing import TYPE_CHECKING, Any, Final

from mmrecon.cli.issues_view import issues_text
from mmrecon.cli.render import table
from mmrecon.model.catalogue import by_code, next_step_of, sentence_of, severity_of
from mmrecon.model.issue import Issue
from mmrecon.model.money import to_text
from mmrecon.model.words import counted, worded

if TYPE_CHECKING:
    from mmrecon.pipeline.submitting import Submitted

_ROWS_SHOWN: Final = 20
_PARTICULAR: Final = re.compile(r"[“\"]?\{\w+\}[”\"]?")


def submitted_json(submitted: Submitted) -> dict[str, Any]:
    """Every refusal with its code; what was accepted, in numbers and batches."""
    decided = submitted.decided
    return {
        "workbook_id": submitted.workbook_id,
        "signed": submitted.signed,
        "accepted": len(decided.accepted),
        "accepted_by_decision": dict(
            Counter(answer.decision.value for answer in decided.accepted)
        ),
        "repeated": decided.repeated,
        "refused": [
            {"row_id": one.row_id, **_issue_json(one.issue)} for one in decided.refused
        ],
        "issues": [_issue_json(issue) for issue in submitted.issues],
        "batches": [
            {
                "batch_id": batch.batch_id, "kind": batch.kind.value, "rows": len(batch.rows),
                "totals": dict(batch.totals),
            }
            for batch in submitted.batches
        ],
    }  # fmt: skip


def submitted_shown(submitted: Submitted) -> list[Any]:
    """The same in sentences."""
    decided = submitted.decided
    counts = (
        f"{counted(len(decided.accepted), 'answer')} accepted, {len(decided.refused):,} refused"
    )
    before = f", {decided.repeated:,} had been taken before" if decided.repeated else ""
    shown: list[Any] = [f"Workbook {submitted.workbook_id or '(none)'}: {counts}{before}."]
    shown += _accepted(submitted)
    refused = [one.issue for one in decided.refused]
    if refused:
        shown.append(_reasons(refused))
        shown += [indent(text, "  ") for text in issues_text(refused[:_ROWS_SHOWN])]
        if len(refused) > _ROWS_SHOWN:
            shown.append(f"  … {len(refused) - _ROWS_SHOWN:,} more; --json lists them all.")
    shown += issues_text(submitted.issues)
    shown += _next(submitted)
    return shown


def _accepted(submitted: Submitted) -> list[Any]:
    sums: Counter[tuple[str, str]] = Counter()
    rows: Counter[tuple[str, str]] = Counter()
    for answer in submitted.decided.accepted:
        key = (answer.decision.value, answer.currency)
        sums[key] += answer.left_minor
        rows[key] += 1
    if not rows:
        return []
    cells = [
        (decision, f"{count:,}", to_text(sums[decision, currency], currency))
        for (decision, currency), count in rows.items()
    ]
    return [table(("accepted", "rows", "money"), cells, right=("rows", "money"))]


def _reasons(issues: Sequence[Issue]) -> Any:
    """Refusals counted by kind; particulars stand there where all rows of a kind share them."""
    counted = Counter(issue.code for issue in issues)
    cells = [
        (
            _shared(by_code()[code].sentence, issues, code), f"{count:,}",
            _shared(by_code()[code].next_step, issues, code),
        )
        for code, count in counted.most_common()
    ]  # fmt: skip
    return table(("refused because", "rows", "what to do"), cells, right=("rows",))


def _shared(template: str, issues: Sequence[Issue], code: str) -> str:
    told = {worded(template, issue.arguments) for issue in issues if issue.code == code}
    return told.pop() if len(told) == 1 else _PARTICULAR.sub("…", template)


def _next(submitted: Submitted) -> list[str]:
    if not submitted.signed:
        return ["Nothing was signed. Hand it back with: mmrecon submit FILE.xlsx --as NAME"]
    if not submitted.batches:
        return []
    waiting = [
        f"Batch {batch.batch_id}: {counted(len(batch.rows), 'row')}, "
        + ", ".join(to_text(minor, currency) for currency, minor in batch.totals.items())
        for batch in submitted.batches
    ]
    return [*waiting, "Another person looks at it with: mmrecon approve BATCH"]


def _issue_json(issue: Issue) -> dict[str, Any]:
    return {
        "code": issue.code,
        "severity": severity_of(issue).value,
        "sheet": issue.file,
        "row": issue.row,
        "receipt": issue.receipt,
        "sentence": sentence_of(issue),
        "next_step": next_step_of(issue),
    }
