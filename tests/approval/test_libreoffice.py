"""A workbook that was really saved by another program comes back whole."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from mmrecon.approval.decide import decide
from mmrecon.approval.proposals import propose
from mmrecon.approval.workbook_in import read
from tests.approval import morning
from tests.approval.officer import Officer
from tests.approval.test_decide import now
from tests.approval.test_workbook_in import NASTY

_SOFFICE = shutil.which("soffice")
pytestmark = pytest.mark.skipif(
    _SOFFICE is None and not os.environ.get("CI"),
    reason="needs LibreOffice: apt-get install -y libreoffice-calc-nogui",
)


def resaved(path: Path, folder: Path) -> bytes:
    """The file as LibreOffice writes it."""
    assert _SOFFICE is not None, "apt-get install -y libreoffice-calc-nogui"
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    subprocess.run(
        [_SOFFICE, profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML",
         "--outdir", str(folder / "resaved"), str(path)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return (folder / "resaved" / path.name).read_bytes()


def test_answers_survive_libreoffice_and_nothing_looks_changed(tmp_path: Path) -> None:
    officer = Officer(tmp_path / "mmrecon.xlsx")
    officer.answer("R000004", "approve")
    officer.answer("R000001", "hold until", hold_until="2026-03-09")
    officer.answer(
        "R000005", "split", split="savings:000000011=300; loan:000000012=400",
        reason="client confirmed",
    )  # fmt: skip
    officer.approve_all("mpesa-main · Regular savings", 1, 2000)
    returned_path = tmp_path / "returned.xlsx"
    returned_path.write_bytes(officer.save())
    returned = read(resaved(returned_path, tmp_path))
    assert (returned.rows["digest"] == returned.rows["key_digest"]).all()
    decided = decide(returned, officer.issued, now())
    assert not decided.refused
    assert not decided.issues
    answers = {answer.row_id: answer.decision.value for answer in decided.accepted}
    assert answers == {
        "R000001": "hold until",
        "R000002": "approve",
        "R000004": "approve",
        "R000005": "split",
    }


def test_the_workbook_as_written_survives_libreoffice_untouched(tmp_path: Path) -> None:
    path = tmp_path / "mmrecon.xlsx"
    officer = Officer(path)
    returned = read(resaved(path, tmp_path))
    assert returned.workbook_id == officer.content.workbook_id
    digests = returned.rows.set_index("row_id")["digest"].to_dict()
    assert digests == officer.issued.set_index("row_id")["digest"].to_dict()
    assert (returned.rows["decision"] == "").all()
    assert not returned.sections


def test_text_from_the_outside_world_survives_libreoffice(tmp_path: Path) -> None:
    lines = tuple(
        morning.line(number, 1000 + number, reference=text, party_name=text)
        for number, text in enumerate(NASTY, 1)
    )
    matches = tuple(morning.match(number, "suspense", "E") for number in range(1, len(NASTY) + 1))
    path = tmp_path / "mmrecon.xlsx"
    Officer(path, proposals=propose(morning.work(lines=lines, matches=matches)))
    rows = read(resaved(path, tmp_path)).rows
    changed = rows.loc[rows["digest"] != rows["key_digest"], "row_id"]
    assert [NASTY[int(row_id[1:]) - 1] for row_id in changed] == []
    assert len(rows) == len(NASTY)
