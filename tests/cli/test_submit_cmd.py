"""Workbook out and back by command line, as on a site."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from openpyxl import Workbook

from mmrecon.model.progress import Silent
from mmrecon.store.database import transaction
from mmrecon.wiring import open_run
from tests.cli.site import ASHA, BENO, Site, founded
from tests.people.desk import plant_lines
from tests.pipeline.paper import Paper, plant_ledger, plant_matches


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site made once: founders, approved configuration, ledger, matched lines."""
    site = founded(tmp_path_factory.mktemp("made") / "site")
    with open_run(site.config, command="test", progress=Silent(), lock=False) as (run, _):
        plant_lines(run.engine)
        with transaction(run.engine) as connection:
            plant_ledger(connection, run.state_folder)
            plant_matches(connection)
    shutil.copytree(site.folder, site.folder.with_name("as made"))
    return site


@pytest.fixture
def site(opened: Site) -> Site:
    """That site again, as it was made."""
    shutil.rmtree(opened.folder)
    shutil.copytree(opened.folder.with_name("as made"), opened.folder)
    return opened


def test_a_morning_from_workbook_to_approval(site: Site) -> None:
    written = site.call("workbook", "--json")
    assert (written.code, written.json["waiting"]) == (1, 6)
    paper = Paper(Path(written.json["path"]))
    paper.approve_all(3, 3000)
    paper.type("R000004", "Decision", "aprove")
    file = str(paper.save())

    checked = site.call("submit", file)
    assert checked.code == 1
    assert "3 answers accepted, 1 refused" in checked.out
    assert "Nothing was signed" in checked.out

    submitted = site.call("submit", file, *site.signed(ASHA), "--json")
    assert submitted.code == 1
    assert submitted.json["accepted_by_decision"] == {"approve": 3}
    (refused,) = submitted.json["refused"]
    assert (refused["code"], refused["row_id"]) == ("answer_decision_unknown", "R000004")
    (batch,) = submitted.json["batches"]
    assert (batch["kind"], batch["rows"], batch["totals"]) == ("postings", 3, {"KES": 300_000})

    approved = site.call("approve", batch["batch_id"], "--yes", *site.signed(BENO))
    assert approved.code == 0, approved.err
    assert site.call("workbook", "--json").json["waiting"] == 3


def test_what_a_person_sees_of_a_workbook_and_of_its_return(site: Site) -> None:
    out = site.folder / "today.xlsx"
    written = site.call("workbook", "--out", str(out))
    assert str(out) in written.out
    assert out.stat().st_mode & 0o777 == 0o600
    assert (site.folder / "state" / "mmrecon.db").stat().st_mode & 0o777 == 0o600
    assert "needs decision" in written.out
    paper = Paper(out)
    paper.type("R000001", "Decision", "approve")
    paper.type("R000002", "Amount", 7)
    shown = site.call("submit", str(paper.save()), *site.signed(ASHA))
    assert shown.code == 5
    assert "a cell that mmrecon wrote was changed: Amount" in shown.out
    assert "mmrecon approve BATCH" in shown.out


def test_nobody_else_than_a_preparer_hands_a_workbook_back(site: Site) -> None:
    paper = Paper(Path(site.call("workbook", "--json").json["path"]))
    refused = site.call("submit", str(paper.save()), "--as", "Nobody", "--passphrase-file",
                        site.secret("Nobody"), "--json")  # fmt: skip
    assert refused.code == 5


def test_without_a_file_it_says_what_lacks_a_preparer(site: Site) -> None:
    assert "Nothing lacks a preparer" in site.call("submit").out
    text = site.config.read_text()
    site.config.write_text(text.replace("Example SACCO", "Example Sacco"))
    pending = site.call("submit")
    assert pending.code == 1
    assert "Example SACCO → Example Sacco" in pending.out
    signed = site.call("submit", *site.signed(ASHA), "--json")
    assert (signed.code, len(signed.json["batches"])) == (1, 1)


@pytest.mark.parametrize("content", ["not a workbook", ""])
def test_a_file_that_is_no_workbook_of_ours_is_wrong_use(site: Site, content: str) -> None:
    path = site.folder / "returned.xlsx"
    path.write_text(content)
    for signing in ((), site.signed(ASHA)):
        told = site.call("submit", str(path), *signing)
        assert told.code == 2
        assert told.err.startswith("mmrecon: the file is ")
        assert told.out == ""
    book = Workbook()
    book.save(path)
    told = site.call("submit", str(path))
    assert told.code == 2
    assert "mmrecon did not write it" in told.err
    assert "Hand back the workbook that `mmrecon workbook` wrote." in told.err


def test_refusals_are_counted_in_sentences(site: Site) -> None:
    paper = Paper(Path(site.call("workbook", "--json").json["path"]))
    paper.type("R000001", "Decision", "hold until")
    paper.type("R000001", "Hold until", "05/04/2026")
    told = site.call("submit", str(paper.save()))
    text = " ".join(told.out.split())
    assert "may be 2026-04-05 or 2026-05-04" in text
    assert "answer_date_ambiguous" not in text
