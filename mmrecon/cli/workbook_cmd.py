"""`mmrecon workbook`: the one workbook with every open row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.issues_view import issues_text
from mmrecon.cli.outcome import Outcome
from mmrecon.model.words import counted

if TYPE_CHECKING:
    from mmrecon.pipeline.run import Run
    from mmrecon.pipeline.workbook import WrittenWorkbook


@click.command("workbook")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Write it here instead of the state folder; an existing file is replaced.",
)
@with_run(lock=True)
def command(run: Run, out: Path | None) -> Outcome:
    """Write the one workbook with every open row of all wallets."""
    from mmrecon.pipeline.workbook import write_workbook

    return outcome(run, write_workbook(run, out))


def outcome(_run: Run, written: WrittenWorkbook) -> Outcome:
    """What was written."""
    return Outcome(written.exit_code(), workbook_json(written), workbook_shown(written))


def workbook_json(written: WrittenWorkbook) -> dict[str, Any]:
    """What was written, for programs."""
    from mmrecon.model.catalogue import next_step_of, sentence_of

    return {
        "workbook_id": written.workbook_id,
        "path": str(written.path),
        "waiting": written.waiting,
        "sheets": _sums(written),
        "issues": [
            {"code": issue.code, "sentence": sentence_of(issue), "next_step": next_step_of(issue)}
            for issue in written.issues
        ],
    }


def workbook_shown(written: WrittenWorkbook) -> list[Any]:
    """What was written, for people; also what `demo` and `nightly` show."""
    from mmrecon.cli.render import table
    from mmrecon.model.money import to_text

    rows = [
        (
            line["sheet"], line["wallet"], f"{line['rows']:,}",
            to_text(line["amount_minor"], line["currency"]),
        )
        for line in _sums(written)
    ]  # fmt: skip
    wait = "waits" if written.waiting == 1 else "wait"
    waiting = f"{counted(written.waiting, 'row')} {wait}"
    shown: list[Any] = [
        table(("sheet", "wallet", "rows", "money"), rows, right=("rows", "money")),
        f"Workbook {written.workbook_id}: {waiting} for an answer.",
        f"  {written.path}",
    ]
    shown += issues_text(written.issues)
    if written.waiting:
        shown.append("Answer it, then hand it back: mmrecon submit FILE.xlsx --as NAME")
    return shown


def _sums(written: WrittenWorkbook) -> list[dict[str, Any]]:
    """Rows and money by sheet and wallet, sheets in the workbook's order.

    Of what waits for an answer that is the money that is left; of the others, the whole amount.
    """
    from mmrecon.model.proposal import ANSWERABLE, Sheet

    rows = written.rows
    waits = rows["sheet"].isin([sheet.value for sheet in ANSWERABLE])
    sums = (
        rows.assign(money_minor=rows["left_minor"].where(waits, rows["amount_minor"]))
        .groupby(["sheet", "wallet", "currency"])["money_minor"]
        .agg(rows="size", amount_minor="sum")
        .reset_index()
    )
    order = [sheet.value for sheet in Sheet]
    sums = sums.sort_values("sheet", key=lambda names: names.map(order.index), kind="stable")
    return [
        {
            **{str(name): value for name, value in record.items()},
            "sheet": str(record["sheet"]).replace("_", " "),
        }
        for record in sums.to_dict("records")
    ]
