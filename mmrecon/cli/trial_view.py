"""What `mmrecon formats try` shows: the reading, its first lines, what is not settled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from mmrecon.cli.issues_view import issues_text
from mmrecon.cli.render import table
from mmrecon.cli.statement_view import issue_json, local_text, statement_json, statement_lines
from mmrecon.model.money import to_decimal
from mmrecon.model.words import counted

if TYPE_CHECKING:
    from mmrecon.pipeline.trying import Trial
    from mmrecon.statements.draft_marks import DraftMark
    from mmrecon.statements.reading import Reading

_HEADERS: Final = (
    "row", "receipt", "completed", "class", "amount", "balance", "phone", "name", "reference",
)  # fmt: skip
_KEPT: Final = 3
"""How much of a phone or reference is shown masked: enough to know it again."""


def trial_json(trial: Trial, first: int, *, masked: bool) -> dict[str, Any]:
    """The whole trial; each file as `inspect --json` gives it, with proof checks and lines."""
    return {
        "layout": trial.layout_name,
        "questions": [_mark_json(mark) for mark in trial.questions],
        "guesses": [_mark_json(mark) for mark in trial.guesses],
        "issues": [issue_json(issue) for issue in trial.issues],
        "files": [
            statement_json(one.file, one.reading)
            | {
                "checks": _checks(one.reading),
                "skipped": dict(one.reading.skipped),
                "first_lines": [
                    dict(zip(_HEADERS, cells, strict=True))
                    for cells in _first_lines(one.reading, first, masked=masked)
                ],
            }
            for one in trial.inspections
        ],
    }


def _mark_json(mark: DraftMark) -> dict[str, Any]:
    return {"line": mark.line, "says": mark.words}


def _checks(reading: Reading) -> list[dict[str, str]]:
    if reading.proof is None:
        return []
    return [
        {"check": name, "outcome": outcome, "sentence": sentence}
        for name, outcome, sentence in reading.proof.checks
    ]


def trial_parts(trial: Trial, first: int, *, masked: bool) -> Iterator[Any]:
    """The trial for people: texts and tables in order."""
    for one in trial.inspections:
        yield "\n".join(statement_lines(one.file, one.reading))
        yield from (f"  proof: {check['sentence']}" for check in _checks(one.reading))
        cells = _first_lines(one.reading, first, masked=masked)
        if cells:
            covered = "; phones, names and references are masked (--unmasked)" if masked else ""
            yield f"\nThe first {counted(len(cells), 'line')}{covered}:"
            yield table(
                _HEADERS, cells, right=("row", "amount", "balance"), whole=("receipt", "completed")
            )
    yield from issues_text(trial.issues)
    yield from _marks(trial.questions)
    yield from _marks(trial.guesses)


def _marks(marks: Sequence[DraftMark]) -> list[str]:
    return [f"  line {mark.line}: {mark.words}" for mark in marks]


def _first_lines(reading: Reading, first: int, *, masked: bool) -> list[list[str]]:
    """The first lines as printed, few by nature; amounts in the file's currency."""
    from pandas import isna

    shown = []
    for line in reading.lines.head(first).to_dict("records"):
        currency = line["currency"]
        balance = line["balance_minor"]
        phone, name, reference = line["party_phone"], line["party_name"], line["reference"]
        if masked:
            phone, name, reference = _end_of(phone), _initials(name), _end_of(reference)
        shown.append(
            [
                str(line["row"]),
                line["receipt"],
                local_text(line["completed_at_utc_s"], reading.zone),
                line["line_class"],
                f"{to_decimal(line['sign'] * line['amount_minor'], currency):,f}",
                "" if isna(balance) else f"{to_decimal(int(balance), currency):,f}",
                phone,
                name,
                reference,
            ]
        )
    return shown


def _end_of(text: str) -> str:
    hidden = max(len(text) - _KEPT, min(len(text), _KEPT))
    return "·" * hidden + text[hidden:]


def _initials(name: str) -> str:
    return " ".join(f"{word[0]}." for word in name.split())
