"""Every rule and every veto has a case that provokes it (tests/cases/match)."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from mmrecon.model.catalogue.matching import RULES, VETOES
from tests.matching.world import play

CASES = Path(__file__).parent.parent / "cases" / "match"


def _cases() -> list[tuple[str, dict[str, Any]]]:
    found = []
    for path in sorted(CASES.glob("*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        shared = {name: value for name, value in content.items() if name != "case"}
        found += [(f"{path.stem}: {case['is']}", shared | case) for case in content["case"]]
    return found


@pytest.mark.parametrize(("name", "case"), _cases(), ids=[name for name, _ in _cases()])
def test_a_case_comes_out_as_it_says(name: str, case: dict[str, Any]) -> None:
    matches = play(case)
    for number, expected in enumerate(case["expected"]):
        found = matches.iloc[number]
        told = {field: found[field] for field in expected}
        assert told == expected, name


def test_every_veto_is_provoked_by_a_case() -> None:
    provoked = {
        code
        for _, case in _cases()
        for expected in case["expected"]
        for code in expected.get("vetoes", "").split(";")
    }
    assert {text.code for text in VETOES} - provoked == set()


def test_every_rule_is_provoked_by_a_case() -> None:
    provoked = {expected.get("rule") for _, case in _cases() for expected in case["expected"]}
    assert {text.code for text in RULES} - provoked == set()
