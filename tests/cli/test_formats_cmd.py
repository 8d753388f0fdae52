"""`mmrecon formats` as a program: the list, one layout, drafts, and trying them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mmrecon.cli.app import cli
from mmrecon.statements.layout import load_layouts

LAYOUT = """
name = "example-money"
title = "Example Money, daily list"
provider = "example"
containers = ["csv"]
zone = "Africa/Nairobi"
currency = "KES"
receipt_pattern = '^EM[0-9]{4}$'
[fingerprint]
required = ["Trans ID", "When"]
[[text_columns]]
name = "Trans ID"
field = "receipt"
[[text_columns]]
name = "When"
field = "completed_at"
[[text_columns]]
name = "Payer"
field = "party"
[[text_columns]]
name = "Account"
field = "reference"
[[money_columns]]
name = "Amount"
field = "amount"
printed = "signed"
[[money_columns]]
name = "Balance"
field = "balance"
printed = "signed"
# GUESS: its cells fit this
# and nothing else
[[dates]]
format = "%Y-%m-%d %H:%M:%S"
[[classes]]
line_class = "collection"
sign = 1
[[parties]]
kind = "phone"
pattern = '^(?P<phone>[0-9]{12}) (?P<name>.*)$'
"""
CHECKED = LAYOUT.replace("# GUESS:", "# CHECKED:")
DAY = """Trans ID,When,Payer,Account,Amount,Balance
EM0001,2026-03-05 08:00:00,254700000011 Alice Example,000123,500.00,500.00
EM0002,2026-03-05 09:00:00,254700000012 Brian Example,000124,300.00,800.00
"""
CONFIG = """
[institution]
name = "Example SACCO"
[[wallets]]
name = "paybill"
provider = "mpesa"
account = "990501"
currency = "KES"
zone = "Africa/Nairobi"
country = "KE"
live_from = 2026-01-01
"""


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


def _try(layout: str = CHECKED, day: str = DAY, *options: str) -> tuple[int, Any]:
    Path("day.csv").write_text(day, encoding="utf-8")
    Path("x.toml").write_text(layout, encoding="utf-8")
    return _json("formats", "try", "day.csv", "--layout", "x.toml", *options)


def _codes(document: Any) -> set[str]:
    issues = [*document["issues"], *(i for one in document["files"] for i in one["issues"])]
    return {issue["code"] for issue in issues if issue["severity"] != "notice"}


def test_a_good_layout_is_tried_with_its_sums_and_its_proof_and_nothing_is_stored() -> None:
    code, document = _try()
    assert (code, _codes(document)) == (0, set())
    [entry] = document["files"]
    assert (entry["rows"], entry["in_minor"], entry["proof"]) == (2, 80_000, "open")
    assert entry["classes"] == {"collection": {"lines": 2, "in_minor": 80_000, "out_minor": 0}}
    outcomes = {check["check"]: check["outcome"] for check in entry["checks"]}
    assert outcomes["chain"] == "held"
    assert sorted(path.name for path in Path().iterdir() if path.is_file()) == ["day.csv", "x.toml"]


def test_first_lines_hide_persons_until_somebody_asks_for_them() -> None:
    _, document = _try()
    masked = document["files"][0]["first_lines"][0]
    assert masked | {"row": ""} == {
        "row": "", "receipt": "EM0001", "completed": "2026-03-05 08:00:00", "class": "collection",
        "amount": "500.00", "balance": "500.00", "phone": "·········011", "name": "A. E.",
        "reference": "···123",
    }  # fmt: skip
    _, document = _try(CHECKED, DAY, "--unmasked", "--first", "1")
    [shown] = document["files"][0]["first_lines"]
    told = (shown["phone"], shown["name"], shown["reference"])
    assert told == ("254700000011", "Alice Example", "000123")
    said = CliRunner().invoke(cli, ["formats", "try", "day.csv", "--layout", "x.toml"]).stdout
    assert "Alice" not in said
    assert "254700000011" not in said


def test_guesses_are_work_until_somebody_writes_checked() -> None:
    code, document = _try(LAYOUT)
    assert (code, _codes(document)) == (1, {"layout_guessed"})
    line = LAYOUT.splitlines().index("[[dates]]") + 1
    assert document["guesses"] == [{"line": line, "says": "its cells fit this and nothing else"}]


def test_an_open_question_is_shown_with_its_line_and_nothing_is_read() -> None:
    asked = CHECKED.replace('zone = "Africa/Nairobi"', '# OPEN: which zone?\nzone = "?"')
    code, document = _try(asked)
    assert (code, _codes(document), document["files"]) == (6, {"layout_open"}, [])
    line = asked.splitlines().index('zone = "?"') + 1
    assert document["questions"] == [{"line": line, "says": "which zone?"}]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("EM0002", "EM0001", "layout_receipts_repeat"),
        ("254700000012 Brian Example", "Brian", "layout_parties_strange"),
        ("300.00,800.00", "300.00,900.00", "proof_contradicted"),
        ("EM0002", "7.07E+10", "receipt_scientific"),
        ("2026-03-05 09:00:00", "05.03.26", "date_unreadable"),
        ("Balance\n", "Saldo\n", "columns_missing"),
        ("Trans ID,When", "Code,Moment", "no_layout"),
    ],
)
def test_what_is_wrong_is_never_silent(old: str, new: str, found: str) -> None:
    code, document = _try(CHECKED, DAY.replace(old, new))
    assert found in _codes(document)
    assert code == (1 if found == "layout_parties_strange" else 6)


def test_references_that_stand_in_another_column_are_told() -> None:
    code, document = _try(CHECKED, DAY.replace("000123", "").replace("000124", ""))
    assert (code, _codes(document)) == (1, {"layout_references_empty"})


@pytest.mark.parametrize("reference", ["2026-03-05", "000777"])
def test_references_that_no_payer_types_are_told(reference: str) -> None:
    day = DAY + "EM0003,2026-03-05 10:00:00,254700000013 Carol Example,000125,1.00,801.00\n"
    for other in ("000123", "000124", "000125"):
        day = day.replace(other, reference)
    code, document = _try(CHECKED, day)
    assert (code, _codes(document)) == (6, {"layout_references_strange"})


def test_lines_without_a_balance_are_told_where_the_layout_names_one() -> None:
    code, document = _try(CHECKED, DAY.replace(",800.00", ","))
    assert (code, _codes(document)) == (1, {"layout_balances_missing"})


def test_a_layout_never_has_the_name_of_one_of_mmrecons_own() -> None:
    code, document = _try(CHECKED.replace("example-money", "mpesa-a"))
    assert code == 2
    assert "mmrecon has a layout mpesa-a of its own" in document["error"]["message"]


def test_a_file_that_another_layout_reads_is_not_the_tried_ones() -> None:
    name = "samples.csv"
    Path(name).write_text(
        "Date,Id,Phone,Amount,Currency\n2026-03-05,EX-0001,254700000001,15.00,KES\n"
    )
    Path("x.toml").write_text(CHECKED)
    Path("config.toml").write_text(CONFIG)
    code, document = _json("formats", "try", name, "--layout", "x.toml", "--wallet", "paybill")
    assert (code, _codes(document)) == (6, {"layout_not_used"})


def test_a_provider_without_a_wallet_is_said_and_the_file_is_read_all_the_same() -> None:
    Path("config.toml").write_text(CONFIG)
    code, document = _try()
    assert (code, document["issues"][0]["code"]) == (0, "layout_without_wallet")
    assert document["files"][0]["outcome"] == "read"


def test_a_sites_own_layout_gives_way_to_the_new_one_of_its_name() -> None:
    Path("formats").mkdir()
    Path("formats/old.toml").write_text(CHECKED.replace("collection", "payout"))
    Path("config.toml").write_text('formats_folder = "formats"\n' + CONFIG)
    code, document = _try()
    assert (code, list(document["files"][0]["classes"])) == (0, ["collection"])


def test_what_cannot_be_tried_is_wrong_use() -> None:
    Path("x.toml").write_bytes(b"\xff\xfe")
    assert _json("formats", "try", "day.csv", "--layout", "x.toml")[0] == 2
    assert _json("formats", "try", "day.csv", "--layout", "none.toml")[0] == 2
    code, document = _try(CHECKED, DAY, "--wallet", "nobody")
    assert (code, "no wallet is called nobody" in document["error"]["message"]) == (2, True)
