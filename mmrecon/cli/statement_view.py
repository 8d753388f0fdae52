"""Statements as `inspect` and `import` show them: JSON with the contract's keys, or a few lines."""

from __future__ import annotations

from datetime import UTC, datetime
from textwrap import indent
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from mmrecon.model.words import counted

if TYPE_CHECKING:
    from mmrecon.model.issue import Issue
    from mmrecon.statements.reading import Reading


def statement_json(file: str, reading: Reading) -> dict[str, Any]:
    """One entry of `inspect --json` (DESIGN section 8)."""
    header = reading.header
    period_from, period_to = _period(reading)
    return {
        "file": file,
        "outcome": reading.outcome,
        "reason": reading.reason or None,
        "layout": None if header is None else header.layout,
        "wallet": _wallet(reading),
        "sub_account": None if header is None else header.sub_account or None,
        "period_from": period_from,
        "period_to": period_to,
        "rows": reading.data_rows,
        "in_minor": reading.in_minor,
        "out_minor": reading.out_minor,
        "fees_minor": reading.fees_minor,
        "opening_minor": None if header is None else header.opening_minor,
        "closing_minor": None if header is None else header.closing_minor,
        "classes": reading.classes(),
        "issues": [issue_json(issue) for issue in reading.issues],
        "proof": None if reading.proof is None else reading.proof.state.value,
    }


def issue_json(issue: Issue) -> dict[str, Any]:
    """An issue with its words."""
    from mmrecon.model.catalogue import next_step_of, sentence_of, severity_of

    return {
        "code": issue.code,
        "severity": severity_of(issue).value,
        "wallet": issue.wallet or None,
        "file": issue.file or None,
        "row": issue.row,
        "receipt": issue.receipt or None,
        "sentence": sentence_of(issue),
        "next_step": next_step_of(issue),
    }


def statement_lines(file: str, reading: Reading) -> list[str]:
    """A statement for people: what it is, what is in it, what is wrong with it."""
    header = reading.header
    if header is None:
        return [f"{file}: {reading.outcome}", *_issue_lines(reading)]
    from mmrecon.model.money import to_text

    first, last = (_plain(moment) for moment in _period(reading))
    proof = "" if reading.proof is None else f", {reading.proof.state.value}"
    shown = [
        f"{file}: {reading.outcome}{proof}",
        f"  layout {header.layout}, wallet {_wallet(reading) or 'not named'}"
        + (f", {header.sub_account}" if header.sub_account else ""),
        f"  {first} to {last}, {counted(reading.data_rows, 'row')}",
        f"  in {to_text(reading.in_minor, header.currency)}, "
        f"out {to_text(reading.out_minor, header.currency)}"
        + (f", fees {to_text(reading.fees_minor, header.currency)}" if reading.fees_minor else ""),
    ]
    for name, total in reading.classes().items():
        moved = to_text(total["in_minor"] - total["out_minor"], header.currency)
        shown.append(f"  {name:<12}{total['lines']:>9,}  {moved:>24}")
    if reading.skipped:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in reading.skipped.items())
        shown.append(f"  skipped: {reasons}")
    return [*shown, *_issue_lines(reading)]


def _issue_lines(reading: Reading) -> list[str]:
    from mmrecon.cli.issues_view import issues_text

    return [indent(text, "  ") for text in issues_text(reading.issues)]


def _wallet(reading: Reading) -> str | None:
    if reading.wallet is not None:
        return reading.wallet.name
    return (reading.header.account or None) if reading.header is not None else None


def _period(reading: Reading) -> tuple[str | None, str | None]:
    """The period as stated, else from the first to the last line."""
    if reading.header is None:
        return None, None
    first, last = reading.header.period_from_utc_s, reading.header.period_to_utc_s
    if (first is None or last is None) and len(reading.lines):
        moments = reading.lines["completed_at_utc_s"]
        first, last = int(moments.min()), int(moments.max())
    return _iso(first, reading.zone), _iso(last, reading.zone)


def _plain(moment: str | None) -> str:
    """A moment of the wallet's own zone without the offset, to the minute."""
    return "?" if moment is None else moment[:16].replace("T", " ")


def local_text(utc_s: int, zone: str) -> str:
    """A moment of a zone to the second, without the offset."""
    return f"{datetime.fromtimestamp(utc_s, UTC).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


def _iso(utc_s: int | None, zone: str) -> str | None:
    if utc_s is None:
        return None
    return datetime.fromtimestamp(utc_s, UTC).astimezone(ZoneInfo(zone)).isoformat()
