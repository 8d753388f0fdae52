"""What people put into their desk's folder is checked and answered, and nothing is signed."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from mmrecon.cli.steps_view import steps_outcome
from mmrecon.errors import ExitCode
from mmrecon.model.approval import BatchKind, BatchState
from mmrecon.pipeline.night import tick
from mmrecon.pipeline.workbook import write_workbook
from mmrecon.store.batches import batch_ids
from mmrecon.store.database import open_database, reading, transaction
from mmrecon.store.schema import JOURNAL, RETURN
from tests.people.desk import Desk, make_desk
from tests.pipeline.paper import Paper, plant_ledger, plant_matches

FOLDER = "asha"


@pytest.fixture(scope="module")
def matched(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A site with a ledger and matched lines."""
    made = make_desk(tmp_path_factory.mktemp("site") / "site")
    with transaction(made.engine) as connection:
        plant_ledger(connection, made.folder / "state")
        plant_matches(connection)
    made.engine.dispose()
    shutil.copytree(made.folder, made.folder.with_name("as matched"))
    return made


@pytest.fixture
def desk(matched: Desk) -> Iterator[Desk]:
    """That site again, as it was, with a desk folder."""
    shutil.rmtree(matched.folder)
    shutil.copytree(matched.folder.with_name("as matched"), matched.folder)
    (matched.folder / "state" / "desk" / FOLDER / "return").mkdir(parents=True)
    engine = open_database(matched.folder / "state")
    yield replace(matched, engine=engine)
    engine.dispose()


def answers(desk: Desk) -> dict[str, str]:
    folder = desk.folder / "state" / "desk" / FOLDER / "answers"
    return {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*"))}


def put(desk: Desk, path: Path, name: str = "monday.xlsx") -> Path:
    where = desk.folder / "state" / "desk" / FOLDER / "return" / name
    shutil.copyfile(path, where)
    return where


def filled(desk: Desk) -> Path:
    """Two answers that can be taken, and one without the date that it needs."""
    paper = Paper(write_workbook(desk.run).path)
    paper.type("R000001", "Decision", "approve")
    paper.type("R000004", "Decision", "approve")
    paper.type("R000002", "Decision", "hold until")
    return paper.save()


def ticked(desk: Desk) -> tuple[ExitCode, list[str]]:
    run = desk.run
    outcome = steps_outcome(run, tick(run))
    return outcome.exit_code, [str(part) for part in outcome.show]


def count(desk: Desk, event: str) -> int:
    with reading(desk.engine) as connection:
        query = select(func.count()).where(JOURNAL.c.event == event)
        return int(connection.execute(query).scalar_one())


def test_an_idle_tick_is_silent(desk: Desk) -> None:
    assert ticked(desk) == (ExitCode.DONE, [])


def test_a_returned_workbook_is_answered_with_what_would_be_taken_and_what_not(
    desk: Desk,
) -> None:
    where = put(desk, filled(desk))
    code, shown = ticked(desk)
    assert code is ExitCode.PEOPLE_HAVE_WORK
    assert any("2 answers would be taken, 1 not; nothing is signed" in text for text in shown)
    text = answers(desk)["monday.xlsx.answer.txt"]
    assert "Would be taken: 2 answers" in text
    assert "approve: 2 rows, KES 2,000.00" in text
    assert "Would not be taken: 1 answer\n" in text
    assert "R000002 To approve, row 4, TST2: “hold until” needs the cell Hold until" in text
    assert "Next: Correct the cell" in text
    assert f"mmrecon submit {where} --as NAME" in text


def test_it_signs_and_keeps_nothing(desk: Desk) -> None:
    put(desk, filled(desk))
    ticked(desk)
    with reading(desk.engine) as connection:
        assert batch_ids(connection, BatchKind, BatchState) == []
        assert connection.execute(select(func.count()).select_from(RETURN)).scalar_one() == 0


def test_no_name_and_no_phone_stands_in_the_answer(desk: Desk) -> None:
    put(desk, filled(desk))
    ticked(desk)
    (text,) = answers(desk).values()
    assert "Amina" not in text
    assert "Otieno" not in text
    assert "2547" not in text


def test_the_same_bytes_are_answered_once_and_others_again(desk: Desk) -> None:
    first = filled(desk)
    put(desk, first)
    ticked(desk)
    assert ticked(desk) == (ExitCode.DONE, [])
    put(desk, first, "tuesday.xlsx")
    assert ticked(desk) == (ExitCode.DONE, [])
    assert list(answers(desk)) == ["monday.xlsx.answer.txt"]
    paper = Paper(first)
    paper.type("R000002", "Hold until", "2026-12-01")
    put(desk, paper.save())
    ticked(desk)
    assert "Would be taken: 3 answers" in answers(desk)["monday.xlsx.answer.txt"]
    assert count(desk, "workbook_checked") == 2


def test_temporary_lock_and_growing_files_links_and_other_kinds_are_left_alone(
    desk: Desk, tmp_path: Path
) -> None:
    path = filled(desk)
    for name in ("~$monday.xlsx", ".monday.xlsx.part", ".hidden.xlsx", "note.txt", "old.xls"):
        put(desk, path, name)
    growing = put(desk, path, "growing.xlsx")
    moment = desk.now_utc.timestamp() - 1
    os.utime(growing, (moment, moment))
    outside = tmp_path / "outside.xlsx"
    shutil.copyfile(path, outside)
    growing.with_name("link.xlsx").symlink_to(outside)
    assert ticked(desk) == (ExitCode.DONE, [])
    assert answers(desk) == {}


def test_a_file_that_is_no_workbook_is_answered_so_and_the_next_one_is_checked(
    desk: Desk, tmp_path: Path
) -> None:
    (empty := tmp_path / "empty.xlsx").write_bytes(b"")
    (words := tmp_path / "words.xlsx").write_bytes(b"not a workbook")
    put(desk, empty, "a.xlsx")
    put(desk, words, "b.xlsx")
    put(desk, filled(desk), "c.xlsx")
    ticked(desk)
    told = answers(desk)
    assert "It cannot be taken" in told["a.xlsx.answer.txt"]
    assert "no workbook that can be read" in told["b.xlsx.answer.txt"]
    assert "It cannot be taken" in told["b.xlsx.answer.txt"]
    assert "Would be taken: 2 answers" in told["c.xlsx.answer.txt"]


def test_macros_are_refused_with_5_and_stand_in_the_journal_once(desk: Desk) -> None:
    path = put(desk, filled(desk))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    assert ticked(desk)[0] is ExitCode.REFUSED
    assert "It cannot be taken" in answers(desk)["monday.xlsx.answer.txt"]
    assert ticked(desk)[0] is ExitCode.DONE
    assert count(desk, "refused") == 1


def test_a_tampered_row_ends_with_5_and_the_answer_names_it(desk: Desk) -> None:
    paper = Paper(write_workbook(desk.run).path)
    paper.type("R000001", "Amount", 5)
    paper.type("R000001", "Decision", "approve")
    put(desk, paper.save())
    assert ticked(desk)[0] is ExitCode.REFUSED
    assert "R000001" in answers(desk)["monday.xlsx.answer.txt"]
