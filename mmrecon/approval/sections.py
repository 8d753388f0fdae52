"""Sections approved as a whole, and the sign-off: typed figures must be exactly right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from mmrecon.approval import typed
from mmrecon.approval.returned import SectionAnswer, SignedOff
from mmrecon.approval.vocabulary import APPROVE_ALL, folded
from mmrecon.model.issue import Issue
from mmrecon.model.money import to_text


def approved_sections(
    answers: Sequence[SectionAnswer], unmarked: pd.DataFrame, known: Mapping[str, str]
) -> tuple[set[str], list[Issue]]:
    """Sections whose unmarked rows are approved.

    `unmarked` has columns section and amount_minor, one row per unmarked ready row that came
    back; `known` maps each section of the workbook to its currency.
    """
    approved: set[str] = set()
    issues: list[Issue] = []
    for answer in answers:  # few: one a section
        amounts = unmarked.loc[unmarked["section"] == answer.section, "amount_minor"]
        issue = _fault(answer, len(amounts), int(amounts.sum()), known)
        if issue is None:
            approved.add(answer.section)
        else:
            issues.append(issue)
    return approved, issues


def sign_off_faults(signed: Sequence[SignedOff], asked: pd.DataFrame) -> list[Issue]:
    """Where a filled sign-off differs from the answers.

    `asked` has columns currency and amount_minor, one row per row whose answer posts money.
    """
    issues = []
    for one in signed:  # few: one a currency
        amounts = asked.loc[asked["currency"] == one.currency, "amount_minor"]
        count, total = len(amounts), int(amounts.sum())
        given = _figures(one.count, one.total, one.currency) if not one.formula else None
        if given is None:
            issues.append(Issue("sign_off_malformed", arguments={"currency": one.currency}))
        elif given != (count, total):
            issues.append(
                Issue("sign_off_differs", arguments=_told(given, (count, total), one.currency))
            )
    return issues


def _fault(answer: SectionAnswer, count: int, total: int, known: Mapping[str, str]) -> Issue | None:
    section = {"section": answer.section}
    currency = known.get(answer.section)
    if currency is None:
        return Issue("section_unknown")
    if answer.formula:
        return Issue("section_formula", arguments=section)
    if folded(answer.answer) != APPROVE_ALL:
        return Issue("section_word_unknown", arguments=section)
    given = _figures(answer.count, answer.total, currency)
    if given is None:
        return Issue("section_figures_missing", arguments=section)
    if given != (count, total):
        told = section | _told(given, (count, total), currency)
        return Issue("section_differs", arguments=told)
    return None


def _figures(count: str, total: str, currency: str) -> tuple[int, int] | None:
    """A typed count and total; None when they are no plain numbers."""
    amount = typed.amount_minor(total, currency)
    if not count.isascii() or not count.isdigit() or amount is None:
        return None
    return int(count), amount


def _told(given: tuple[int, int], found: tuple[int, int], currency: str) -> dict[str, str | int]:
    return {
        "count": given[0],
        "total": to_text(given[1], currency),
        "found_count": found[0],
        "found_total": to_text(found[1], currency),
    }
