"""What helps while answering: drop-downs, what each decision needs, and which cell is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from mmrecon.approval.choices import CHOICES, HOW_TO_WRITE, NEEDED_FOR
from mmrecon.approval.columns import ANSWER_COLUMNS, CHOICES_TITLE, DECISION_TITLE, Column
from mmrecon.approval.formats import Formats

LISTS_REASONS: Final = "Reasons"
LISTS_DATE_REASONS: Final = "DateReasons"
LISTS_APPROVE_ALL: Final = "ApproveAll"
LISTS_CHOICES: Final = {kind: f"Decisions{number}" for number, kind in enumerate(CHOICES, 1)}
"""The named list of the decisions of each kind of row."""

_NEEDS: Final = (
    "different account: + that cell, Reason\n"
    "split: + Split, Reason\n"
    "hold until: + Hold until\n"
    "already posted: + Transaction\n"
    "done by hand: + Reference, Reason\n"
    "not ours, undo, leave: + Reason\n"
    "What each does: sheet Summary."
)
"""At most 255 characters: more no spreadsheet shows beside a cell."""


def guide_answers(
    worksheet: Worksheet, formats: Formats, columns: Sequence[Column], first: int, last: int
) -> None:
    """Drop-downs, hints and colours of the answer cells of rows `first` to `last`."""
    at = {column.title: number for number, column in enumerate(columns)}
    letters = {title: xl_col_to_name(number, col_abs=True) for title, number in at.items()}
    for title in HOW_TO_WRITE:
        number = at[title]
        worksheet.data_validation(first, number, last, number, _hint(title))
    for title, told in DATE_HINTS.items():
        worksheet.data_validation(first, at[title], last, at[title], told)
    decision = at[DECISION_TITLE]
    chosen = f"{letters[DECISION_TITLE]}{first + 1}"
    choices = _choices(f"{letters[CHOICES_TITLE]}{first + 1}")
    worksheet.data_validation(first, decision, last, decision, choices)
    for title, decisions in NEEDED_FOR.items():
        words = ",".join(f'{chosen}="{one.value}"' for one in decisions)
        missing = f'=AND(OR({words}),{letters[title]}{first + 1}="")'
        _colour(worksheet, (first, at[title], last, at[title]), missing, formats.missing)
    _colour(worksheet, (first, 0, last, decision), f'={chosen}<>""', formats.answered)
    for column in ANSWER_COLUMNS:
        number = at[column.title]
        _colour(worksheet, (first, number, last, number), "=TRUE", formats.to_answer)


def list_validation(source: str, title: str) -> dict[str, Any]:
    """A drop-down over a list; typing another word is refused by the spreadsheet."""
    return {
        "validate": "list",
        "source": f"={source}",
        "error_title": "Not one of the words",
        "error_message": f"{title}. To clear the cell, press Delete.",
    }


DATE_HINTS: Final = {
    "Other value date": {
        "validate": "any",
        "input_title": "Only if Fineract refuses the day",
        "input_message": "A later day, as 2026-03-31; needs “Why that date”. The true day stands "
        "in the note, in the batch and in the proof.",
    },
    "Why that date": list_validation(LISTS_DATE_REASONS, "Why that date: choose from the list"),
}


def _choices(kind: str) -> dict[str, Any]:
    """The decisions that apply to the row, also after it was sorted elsewhere."""
    *named, (_, source) = LISTS_CHOICES.items()
    for word, name in reversed(named):
        source = f'IF({kind}="{word}",{name},{source})'
    return {
        **list_validation(source, "Decision: choose from the list of this row"),
        "input_title": "Decision: empty = no decision",
        "input_message": _NEEDS,
    }


def _hint(title: str) -> dict[str, Any]:
    decisions = ", ".join(decision.value for decision in NEEDED_FOR[title])
    message = {
        "input_title": title[:32],
        "input_message": f"For: {decisions}.\n{HOW_TO_WRITE[title]}",
    }
    if title == "Reason":
        return {**list_validation(LISTS_REASONS, "Reason: choose from the list"), **message}
    return {"validate": "any", **message}


def _colour(
    worksheet: Worksheet, area: tuple[int, int, int, int], criteria: str, style: Any
) -> None:
    worksheet.conditional_format(*area, {"type": "formula", "criteria": criteria, "format": style})
