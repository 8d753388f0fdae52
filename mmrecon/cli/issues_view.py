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
    """Each issue as a sentence with its next step below."""
    from mmrecon.model.catalogue import next_step_of, sentence_of

    return [f"{sentence_of(issue)}\n  → {next_step_of(issue)}" for issue in issues]
