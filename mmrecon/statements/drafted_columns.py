"""The columns of a draft: text, dates, money, and what is left over."""

from __future__ import annotations

from typing import Final

from mmrecon.model.words import counted
from mmrecon.statements.column_shapes import Column
from mmrecon.statements.draft_text import DraftText, asked
from mmrecon.statements.guessing import Guess
from mmrecon.statements.unknown import Unknown

_TEXT_FIELDS: Final = (
    "status, reason_type, details, party_id, party_name, reference, linked_receipt or external_id"
)
_MONEY_FIELDS: Final = "in, out, amount, balance, before or fee"


def write_texts(draft: DraftText, unknown: Unknown) -> None:
    """Columns of text; the receipt, the moment and the reference are asked for where not found."""
    draft.section("Columns of text")
    for guess in unknown.texts:
        _write_column(draft, unknown, guess, "text_columns")
    telling = unknown.telling_words
    if telling is not None and telling.field != "direction":
        draft.guess("its words tell the direction too, for no amount has a sign")
        draft.entry("text_columns")
        draft.put("name", telling.column.name.strip())
        draft.put("field", "direction")
    _ask_for(draft, unknown, "receipt", "the provider's own id of each payment, other in each row")
    _ask_for(draft, unknown, "completed_at", "the moment when the money moved")
    if unknown.guess("reference") is None:
        _ask_for(
            draft, unknown, "reference",
            "what the payer typed as account or member number; where there is no such column, "
            "delete these lines, and each payment is decided by its payer",
        )  # fmt: skip
    _write_dates(draft, unknown)


def _write_column(draft: DraftText, unknown: Unknown, guess: Guess, kind: str) -> None:
    rivals = f" It might also be: {', '.join(guess.rivals)}." if guess.rivals else ""
    on_top = " It is taken from the wallet beside the amount." if guess.field == "fee" else ""
    name = guess.column.name.strip()
    if guess.is_open:
        draft.ask(f"Which column is the {guess.field}: {' or '.join((name, *guess.rivals))}?")
        name = asked()
    else:
        draft.guess(f"{guess.field}: {guess.reason}.{on_top}{rivals}")
    draft.entry(kind)
    draft.put("name", name)
    if unknown.is_repeated(guess.column):
        before = unknown.before(guess.column)
        if not before:
            draft.ask("Several columns have this name. Which column stands somewhere before it?")
        draft.put("after", before or asked())
    draft.put("field", guess.field)
    if unknown.is_json and guess.column.filled < guess.column.rows:
        draft.put_flag("required", value=False)


def _ask_for(draft: DraftText, unknown: Unknown, field: str, what: str) -> None:
    if unknown.guess(field) is not None:
        return
    names = ", ".join(one.name.strip() for one in unknown.unused)
    draft.ask(f"Which column is the {field}: {what}? Nothing is used yet of: {names or 'none'}.")
    draft.entry("text_columns")
    draft.put("name", asked())
    draft.put("field", field)


def _write_dates(draft: DraftText, unknown: Unknown) -> None:
    draft.section("How dates are written")
    found = unknown.guess("completed_at")
    forms = found.column.dates if found is not None else ()
    others = unknown.guess("initiated_at")
    if len(forms) > 1 and others is not None and others.column.dates[0] in forms:
        forms = others.column.dates if len(others.column.dates) == 1 else forms
    if found is not None and found.column.place in unknown.table.true_dates:
        draft.guess("the workbook holds true dates; if Excel made them of text, ask for the CSV")
    elif len(forms) == 1:
        draft.guess("every date of this file can be read so, and in no other way")
    elif forms:
        told = " or ".join(f'"{form.format}"' for form in forms)
        draft.ask(
            f"Which comes first, the day (%d) or the month (%m)? {told}: no date of this file "
            "tells them apart; another day's file might."
        )
    else:
        draft.ask(
            'How are dates written, in strptime terms, as "%d/%m/%Y %H:%M:%S" (%d day, %m month, '
            "%Y year, %H hour, %M minute, %S second)?"
        )
    draft.entry("dates")
    draft.put("format", forms[0].format if len(forms) == 1 else asked())
    if len(forms) == 1:
        if forms[0].fraction:
            draft.put_flag("fraction", value=True)
        if forms[0].zone:
            draft.put("zone", forms[0].zone)


def write_money(draft: DraftText, unknown: Unknown) -> None:
    """Columns of money with their marks; what tells the direction is asked where not seen."""
    draft.section("Columns of money")
    for guess in unknown.money:
        _write_column(draft, unknown, guess, "money_columns")
        _write_printed(draft, unknown, guess)
    if not {"in", "out", "amount"} & set(unknown.places):
        names = ", ".join(one.name.strip() for one in unknown.unused)
        draft.ask(f"Which column is the amount? Nothing is used yet of: {names or 'none'}.")
        draft.entry("money_columns")
        draft.put("name", asked())
        draft.put("field", "amount")
        draft.ask('"signed" with minus signs for money out; "positive" if all money comes in.')
        draft.put("printed", asked())
    marks = unknown.marks
    if marks.is_open:
        draft.ask(
            'Is an amount like 1.500 one thousand five hundred (group ".", decimal ",") or one '
            'and a half (group ",", decimal ".")? This file does not tell.'
        )
    else:
        draft.guess(marks.reason)
    draft.table("money")
    draft.put("group", asked() if marks.is_open else marks.marks.group)
    draft.put("decimal", asked() if marks.is_open else marks.marks.decimal)


def _write_printed(draft: DraftText, unknown: Unknown, guess: Guess) -> None:
    place = guess.column.place
    minus, plus = unknown.amounts.has_minus(place), unknown.amounts.has_plus(place)
    if guess.field in ("balance", "before"):
        draft.put("printed", "signed")
    elif guess.field in ("in", "out") and minus and not plus:
        draft.put("printed", "negative")
    elif guess.field == "amount":
        _write_amount_printed(draft, unknown, place, has_minus=minus)


def _write_amount_printed(
    draft: DraftText, unknown: Unknown, place: int, *, has_minus: bool
) -> None:
    balance = unknown.places.get("balance")
    if has_minus:
        draft.guess("some amounts have a minus sign")
        draft.put("printed", "signed")
    elif balance is not None and unknown.amounts.follows(place, balance):
        draft.guess("every balance is the one before and the row's amount: all money came in")
        draft.put("printed", "positive")
    elif {"before", "balance"} <= set(unknown.places):
        draft.guess("no amount has a sign; the two balances of each row tell its direction")
        draft.put("printed", "unsigned")
    elif unknown.telling_words is not None:
        told = unknown.telling_words.column.name.strip()
        draft.guess(f"no amount has a sign; the words of {told} tell its direction")
        draft.put("printed", "unsigned")
    else:
        draft.ask(
            'No amount of this file has a sign. "positive" if every row brings money in; "signed" '
            'if money out has a minus on other days; "unsigned" if a column of words tells: then '
            "add that column with the field `direction`, and a [direction] table."
        )
        draft.put("printed", asked())


def write_unused(draft: DraftText, unknown: Unknown) -> None:
    """What is left over: amounts are asked about, for a fee that is left out is money lost."""
    if unknown.unused:
        draft.section("Columns that are not used")
    for column in unknown.unused:
        name = column.name.strip()
        if unknown.is_repeated(column):
            draft.note(f"{name}: a further column of that name.")
        elif column.filled and column.is_money and not column.dates and _has_parts(column):
            draft.ask(
                f"What are the amounts of {name}: {_MONEY_FIELDS}? Delete these lines where they "
                "move no money of the wallet."
            )
            draft.entry("money_columns")
            draft.put("name", name)
            draft.put("field", asked())
        else:
            filled = f"{column.filled:,} of {counted(column.rows, 'row')}"
            draft.note(f"{name}: filled in {filled}. A text column may be {_TEXT_FIELDS}.")


def _has_parts(column: Column) -> bool:
    """Whether its figures look like money, not like numbers that name something."""
    return column.fitting(r"[.,' ][0-9]") > 0
