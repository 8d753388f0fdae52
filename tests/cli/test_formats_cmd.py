"""`mmrecon formats` as a program: the list, one layout, drafts, and trying them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mmrecon.cli.app import cli
from mmrecon.statements.layout import load_layouts


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _json(*arguments: str) -> tuple[int, Any]:
    result = CliRunner().invoke(cli, [*arguments, "--json"])
    return result.exit_code, json.loads(result.stdout)


def test_the_list_names_every_layout_with_where_it_comes_from_and_what_it_proves() -> None:
    code, document = _json("formats")
    assert code == 0
    assert {one["name"] for one in document["layouts"]} == {one.name for one in load_layouts()}
    by_name = {one["name"]: one for one in document["layouts"]}
    assert by_name["mpesa-a"] | {"portal": "", "title": ""} == {
        "name": "mpesa-a", "provider": "mpesa", "title": "", "portal": "", "own": False,
        "proves": "that every row's balance follows from the one before, the header's totals, "
        "opening and closing balance",
        "files": ["csv", "xls", "xlsx"], "refused": False,
        "classes": by_name["mpesa-a"]["classes"],
    }  # fmt: skip
    assert "every column" in by_name["mtn-54"]["portal"]
    shown = CliRunner().invoke(cli, ["formats"])
    assert "  mtn-54: MTN MoMo partner portal, 54 columns" in shown.stdout


def test_one_layout_is_shown_with_its_columns() -> None:
    code, document = _json("formats", "show", "mtn-54")
    assert code == 0
    assert {"column": "to message", "field": "reference"} in document["columns"]
    shown = CliRunner().invoke(cli, ["formats", "show", "mtn-54"])
    assert "  reference       to message\n" in shown.stdout


def test_a_layout_that_does_not_exist_is_wrong_use() -> None:
    code, document = _json("formats", "show", "mtn-99")
    assert (code, document["error"]["code"]) == (2, "no_layout")
