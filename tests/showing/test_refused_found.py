from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from mmrecon.cli.status_cmd import status_shown
from mmrecon.errors import ExitCode
from mmrecon.pipeline.finding import find
from mmrecon.pipeline.run import Run
from mmrecon.pipeline.standing import exit_code, status
from mmrecon.store.database import transaction
from mmrecon.store.schema import REFUSED_ROW
from tests.showing.site import Site, run_of, settings

REFUSED = (
    "row 9 of day.csv was refused: the column Paid In holds no number. Export the period again, "
    "unopened, and import it; the row is taken then."
)


def _run(engine: Engine, folder: Path, **statement: Any) -> Run:
    with transaction(engine) as connection:
        site = Site(connection)
        site.start()
        site.line("RCPT1", 150_000, "review")
        site.statement(refused_rows=1, **statement)
        row = {
            "statement_id": 1, "row": 9, "code": "amount_unreadable", "receipt": "LOST9",
            "field": "Paid In", "expected": "", "in_minor": 432_100, "out_minor": None,
        }  # fmt: skip
        connection.execute(insert(REFUSED_ROW), row)
    return run_of(engine, settings(folder))


@pytest.mark.parametrize("text", ["LOST9", "lost", "4321", "4,321.00", "LOST9 4321"])
def test_a_refused_row_is_found_by_its_receipt_and_its_amount(
    engine: Engine, tmp_path: Path, text: str
) -> None:
    found = find(_run(engine, tmp_path), text)
    assert found.answer.startswith(REFUSED)
    assert "No statement shows" not in found.answer
    assert [one.row for one in found.refused] == [9]


@pytest.mark.parametrize("text", ["9", "4322", "LOST9 4322", "%OST", "LOST9 ALICE"])
def test_a_refused_row_that_does_not_fit_every_word_is_not_told(
    engine: Engine, tmp_path: Path, text: str
) -> None:
    found = find(_run(engine, tmp_path), text)
    assert found.answer.startswith("No statement shows")
    assert not found.refused


def test_a_refused_row_of_a_statement_that_was_read_again_is_told_no_more(
    engine: Engine, tmp_path: Path
) -> None:
    found = find(_run(engine, tmp_path, current=False), "LOST9")
    assert found.answer.startswith("No statement shows")


def test_a_refused_row_is_told_beside_the_lines_that_fit(engine: Engine, tmp_path: Path) -> None:
    run = _run(engine, tmp_path)
    with transaction(run.engine) as connection:
        row = {"statement_id": 1, "row": 10, "code": "receipt_damaged", "receipt": "RCPT1"}
        connection.execute(
            insert(REFUSED_ROW),
            row | {"field": "", "expected": "", "in_minor": None, "out_minor": None},
        )
    found = find(run, "RCPT1")
    assert found.answer.startswith("RCPT1: KES 1,500.00 came in")
    assert "row 10 of day.csv was refused: the receipt is not written" in found.answer


def test_status_names_the_rows_that_were_refused_and_ends_with_6(
    engine: Engine, tmp_path: Path
) -> None:
    document = status(_run(engine, tmp_path))
    (told,) = document["refused_rows"]
    assert (told["wallet"], told["rows"], told["in_minor"]) == ("paybill", 1, 432_100)
    said = " ".join(part for part in status_shown(document) if isinstance(part, str))
    assert "! 1 row of day.csv refused (paybill): in KES 4,321.00." in said
    assert exit_code(document) is ExitCode.NEEDS_ATTENTION


def test_rows_of_a_statement_that_was_read_again_are_no_trouble_any_more(
    engine: Engine, tmp_path: Path
) -> None:
    document = status(_run(engine, tmp_path, current=False))
    assert document["refused_rows"] == []
    assert exit_code(document) is not ExitCode.NEEDS_ATTENTION
