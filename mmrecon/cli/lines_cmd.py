"""`mmrecon lines`: every line with its state, for people, spreadsheets and programs."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.outcome import Outcome
from mmrecon.errors import ExitCode, UsageError
from mmrecon.model.words import counted

if TYPE_CHECKING:
    import pandas as pd

    from mmrecon.pipeline.run import Run

DAY: Final = click.DateTime(["%Y-%m-%d"])
_TABLE_ROWS: Final = 200
_WIDE_COLUMNS: Final = 110
_CHUNK_ROWS: Final = 20_000


@click.command("lines")
@click.option(
    "--format",
    "form",
    default="table",
    show_default=True,
    type=click.Choice(["table", "csv", "jsonl", "xlsx", "parquet"]),
    help="In csv, text that starts with = + - @ gets an apostrophe in front.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file; xlsx and parquet need it.",
)
@click.option("--wallet", "wallet_name", default="", help="Only this wallet.")
@click.option("--state", default="", help="Only lines in this state.")
@click.option("--class", "line_class", default="", help="Only lines of this class.")
@click.option("--from", "first", type=DAY, default=None, help="From this value date on.")
@click.option("--to", "last", type=DAY, default=None, help="Up to this value date.")
@click.option("--receipt", default="", help="Only this receipt.")
@with_run(lock=False)
def command(
    run: Run, *, form: str, out: Path | None, wallet_name: str, first: datetime | None,
    last: datetime | None, **words: str,
) -> Outcome:  # fmt: skip
    """Every line with its state."""
    from mmrecon.pipeline.showing import shown_lines
    from mmrecon.secret import make_private
    from mmrecon.store.line_table import LineFilter

    words["state"] = words["state"].replace(" ", "_")
    _refuse_unknown(words["state"], words["line_class"])
    wanted = LineFilter(
        None, words["state"], words["line_class"], _iso(first), _iso(last), words["receipt"]
    )
    lines = shown_lines(run, wanted, wallet_name)
    summary: dict[str, Any] = {"count": len(lines)}
    if out is not None:
        summary |= {"file": str(out)}
        _refuse_table(form)
        make_private(out)
        _write_file(lines, form, out)
        return Outcome(ExitCode.DONE, summary, (f"{counted(len(lines), 'line')} in {out}.",))
    if click.get_current_context().params["as_json"]:
        return Outcome(ExitCode.DONE, summary | {"lines": lines.to_dict("records")})
    if form == "table":
        return Outcome(ExitCode.DONE, summary, _table(lines))
    _stream(lines, form)
    return Outcome(ExitCode.DONE, summary)


def _iso(day: datetime | None) -> str:
    return "" if day is None else day.date().isoformat()


def _refuse_unknown(state: str, line_class: str) -> None:
    from mmrecon.model.line import LineClass
    from mmrecon.model.line_state import LineState

    for what, word, words in (
        ("state", state, [each.value for each in LineState]),
        ("class", line_class, [each.value for each in LineClass]),
    ):
        if word and word not in words:
            raise UsageError(f"no line has the {what} {word}", hint=f"One of: {', '.join(words)}.")


def _stream(lines: pd.DataFrame, form: str) -> None:
    from mmrecon.pipeline.showing import formula_safe

    if form in ("xlsx", "parquet"):
        raise UsageError(f"{form} is no text for a terminal", hint="Say where: `--out FILE`.")
    for start in range(0, max(len(lines), 1), _CHUNK_ROWS):
        part = lines.iloc[start : start + _CHUNK_ROWS]
        if form == "csv":
            formula_safe(part).to_csv(sys.stdout, index=False, header=start == 0)
        else:
            part.to_json(sys.stdout, orient="records", lines=True, force_ascii=False)


def _write_file(lines: pd.DataFrame, form: str, out: Path) -> None:
    from mmrecon.pipeline.showing import formula_safe

    if form == "csv":
        formula_safe(lines).to_csv(out, index=False)
    elif form == "jsonl":
        lines.to_json(out, orient="records", lines=True, force_ascii=False)
    elif form == "parquet":
        lines.to_parquet(out, index=False)
    else:
        _write_xlsx(lines, out)


def _refuse_table(form: str) -> None:
    if form == "table":
        raise UsageError("a table is for the terminal", hint="Add `--format csv` (or another).")


def _write_xlsx(lines: pd.DataFrame, out: Path) -> None:
    """Text cells stay text: receipts and phones are no numbers, and nothing is a formula."""
    import pandas as pd

    options = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    with pd.ExcelWriter(out, engine="xlsxwriter", engine_kwargs={"options": options}) as book:
        lines.to_excel(book, sheet_name="lines", index=False)
        sheet = book.sheets["lines"]
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, max(len(lines), 1), len(lines.columns) - 1)


def _table(lines: pd.DataFrame) -> tuple[Any, ...]:
    if lines.empty:
        return ("No line fits.",)
    few = lines_table(lines.head(_TABLE_ROWS), wide=is_wide())
    shown: tuple[Any, ...] = (few,)
    if len(lines) > _TABLE_ROWS:
        shown += (f"… and {len(lines) - _TABLE_ROWS:,} more; `--format csv` shows all.",)
    return shown


def is_wide() -> bool:
    """Whether the terminal has room for what is nice to know."""
    from mmrecon.cli.render import console

    return console().width >= _WIDE_COLUMNS


def lines_table(lines: pd.DataFrame, *, wide: bool) -> Any:
    """A few lines for a terminal of 80 columns; class and explanation where it is wide."""
    from mmrecon.cli.render import table
    from mmrecon.model.money import to_text

    years = set(lines["completed_at"].str.slice(0, 4))
    start = 5 if len(years) == 1 and not wide else 0
    time = f"time ({years.pop()})" if start else "time"
    headers = (time, "receipt", "amount", "state", "tier", "reference")
    more = ("class", "explanation") if wide else ()
    rows = [
        (
            line["completed_at"][start:16].replace("T", " "), line["receipt"],
            to_text(line["sign"] * line["amount_minor"], line["currency"]),
            line["state"].replace("_", " "), line["tier"], line["reference"],
            *(line[name] for name in more),
        )
        for line in lines.to_dict("records")
    ]  # fmt: skip
    return table(headers + more, rows, right=("amount",), whole=(time, "receipt", "amount"))
