from __future__ import annotations

from pathlib import Path

from mmrecon.errors import ExitCode
from mmrecon.pipeline.doctor import Examined, examine
from tests.people.desk import Desk, make_desk


def finding(examined: Examined, name: str) -> tuple[bool, str, str]:
    (found,) = [one for one in examined.findings if one.check == name]
    return found.holds, found.seen, found.remedy


def test_what_people_have_not_come_to_yet_is_their_work_and_no_refusal(tmp_path: Path) -> None:
    desk: Desk = make_desk(tmp_path / "site")
    examined = examine(desk.run)
    assert "people enrol" in finding(examined, "founders and people")[2]
    desk.found()
    examined = examine(desk.run)
    holds, seen, remedy = finding(examined, "approved configuration")
    assert (holds, seen) == (False, "none has been approved yet")
    assert "mmrecon submit" in remedy
    assert ExitCode.PEOPLE_HAVE_WORK in examined.codes
    assert ExitCode.REFUSED not in examined.codes


def test_a_configuration_that_differs_from_the_approved_one_stays_a_refusal(tmp_path: Path) -> None:
    desk = make_desk(tmp_path / "site")
    desk.open()
    desk.set_wallet(sub_account="Other Account")
    examined = examine(desk.run)
    assert "sub_account" in finding(examined, "approved configuration")[1]
    assert examined.exit_code() is ExitCode.REFUSED
    desk.engine.dispose()
