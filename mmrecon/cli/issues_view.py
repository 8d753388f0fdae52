"""Issues as JSON and as words, the same for every command."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mmrecon.model.issue import Issue


def issues_json(issues: Iterable[Issue]) -> list[dict[str, Any]]:
    """Code, place, sentence and next step of each issue."""
    from mmrecon.model.catalogue import next_step_of, sentence_of

    return [
        {
            "code": issue.code,
            "wallet": issue.wallet,
            "receipt": issue.receipt,
            "message": sentence_of(issue),
            "next_step": next_step_of(issue),
        }
        for issue in issues
    ]


def issues_text(issues: Iterable[Issue]) -> list[str]:
    """Each issue as a sentence, `!` before what wants somebody and `·` before a mere notice.

    Its next step, where there is one, stands below.
    """
    from mmrecon.model.catalogue import next_step_of, sentence_of, severity_of
    from mmrecon.model.issue import Severity

    told = []
    for issue in issues:
        mark = "·" if severity_of(issue) is Severity.NOTICE else "!"
        step = next_step_of(issue)
        told.append(f"{mark} {sentence_of(issue)}" + (f"\n  → {step}" if step else ""))
    return told
