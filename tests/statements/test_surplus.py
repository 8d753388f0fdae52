"""Unquoted commas in Airtel's reference go back where they came from, or the row is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmrecon.statements.layout import load_layouts
from mmrecon.statements.reading import Reading, read_member
from tests.statements.samples import FOLDER

SAMPLE = FOLDER / "airtel" / "ug-customer-day.csv"
FIRST = "142593000001,000123,"


def lines_of(path: Path = SAMPLE) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def read(lines: list[str]) -> Reading:
    return read_member("\r\n".join(lines).encode(), "f.csv", load_layouts())


def with_reference(text: str, *, receiver: str = "EXAMPLE SACCO") -> Reading:
    lines = [line.replace(FIRST, f"142593000001,{text},") for line in lines_of()]
    return read([line.replace(",EXAMPLE SACCO,", f",{receiver},") for line in lines])


@pytest.mark.parametrize("text", ["a,b", "a, b ,c,", ",", "1,2,3,4,5,6,7,8", "loan,31-JAN-2026"])
@pytest.mark.parametrize("receiver", ["EXAMPLE SACCO", ""])
def test_commas_go_back_into_the_reference_whatever_the_last_cells_hold(
    text: str, receiver: str
) -> None:
    reading = with_reference(text, receiver=receiver)
    assert reading.outcome == "read"
    assert reading.lines["row"].tolist() == [7, 7, 8, 9, 10, 11]
    assert reading.lines["reference"].tolist()[0] == text


def test_a_reference_without_commas_is_left_alone() -> None:
    reading = with_reference("000123")
    [said] = [issue for issue in reading.issues if issue.code == "surplus_joined"]
    assert said.arguments["rows"] == 1


def test_empty_cells_at_the_end_of_every_row_are_no_surplus() -> None:
    lines = lines_of()
    plain = [line for line in lines if "Brian" not in line]
    reading = read([*plain[:6], *(f"{line},," for line in plain[6:])])
    assert not len(reading.refused)
    assert reading.lines["reference"].tolist() == ["000123", "000123", "", "", "hello"]
    assert not [issue for issue in reading.issues if issue.code == "surplus_joined"]


def test_a_row_that_cannot_be_put_together_stays_too_long() -> None:
    lines = lines_of()
    broken = lines[6].replace("31-JAN-2026  08:01:02", "31-JAN-2026,08:01:02")
    reading = read([*lines[:6], broken, *lines[7:]])
    assert reading.refused["code"].tolist() == ["row_long"]
    assert reading.data_rows == 5


def test_a_scientific_id_refuses_its_row_and_keeps_the_others() -> None:
    lines = [line.replace("142593000001", "1.42593E+11") for line in lines_of()]
    reading = read(lines)
    assert reading.refused["code"].tolist() == ["receipt_scientific"]
    assert reading.data_rows == 5
