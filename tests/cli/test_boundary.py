from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from mmrecon.cli.boundary import guarded
from mmrecon.cli.outcome import Outcome
from mmrecon.errors import Defect, ExitCode, LockHeld, MmreconError, SafetyRefusal, worst


def raising(error: BaseException) -> Callable[[], Outcome]:
    def action() -> Outcome:
        raise error

    return action


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SafetyRefusal("host key changed", hint="ask the provider"), 5),
        (LockHeld("held"), 4),
        (Defect("cannot be"), 70),
        (click.UsageError("no such option"), 2),
        (KeyboardInterrupt(), 130),
        (ValueError("0700000001"), 70),
    ],
)
def test_every_end_has_its_code_and_its_json(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(raising(error), as_json=True) == code
    shown = capsys.readouterr()
    assert json.loads(shown.out)["exit_code"] == code
    assert shown.err == ""


def test_a_person_sees_the_sentence_and_what_to_do_next(capsys: pytest.CaptureFixture[str]) -> None:
    guarded(raising(SafetyRefusal("the host key changed", hint="Ask them.")), as_json=False)
    assert capsys.readouterr().err == "mmrecon: the host key changed\n  Ask them.\n"


def test_a_defect_writes_a_report_without_values(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    guarded(raising(ValueError("ALICE EXAMPLE 0700000001")), as_json=False)
    said = capsys.readouterr().err
    report = next(tmp_path.glob("mmrecon-defect-*.txt")).read_text()
    assert "ALICE" not in said + report
    assert "ValueError" in report
    assert "test_boundary.py" in report


def test_an_outcome_is_printed_once_in_the_form_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outcome = Outcome(ExitCode.PEOPLE_HAVE_WORK, {"rows": 3}, ["3 rows wait"])
    assert guarded(lambda: outcome, as_json=False) == 1
    assert capsys.readouterr().out == "3 rows wait\n"
    assert guarded(lambda: outcome, as_json=True) == 1
    assert json.loads(capsys.readouterr().out) == {"rows": 3, "exit_code": 1}


def test_the_most_serious_code_wins() -> None:
    order = [70, 5, 2, 4, 3, 6, 1, 0]
    for position, code in enumerate(order):
        assert worst(ExitCode(rest) for rest in order[position:]) == code
    assert worst([]) == ExitCode.DONE


def test_every_known_end_knows_its_exit_code() -> None:
    def family(kind: type[MmreconError]) -> list[type[MmreconError]]:
        return [kind, *(below for child in kind.__subclasses__() for below in family(child))]

    documented = (Path(__file__).parents[2] / "docs" / "exit-codes.md").read_text()
    for kind in family(MmreconError):
        assert f"| {int(kind.exit_code)} |" in documented


def test_a_reader_that_goes_away_is_no_fault() -> None:
    command = [sys.executable, "-m", "mmrecon", "inspect", "--json", __file__]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        assert program.stderr.read() == b""
        assert program.wait() == 0
