"""`inspect` and `import` as programs: the JSON contract and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mmrecon.cli.app import cli
from mmrecon.cli.issues_view import issues_text
from mmrecon.model.issue import Issue
from tests.statements.builders import DAY, a_file, as_csv, b_file

KEYS = (
    "file outcome reason layout wallet sub_account period_from period_to rows in_minor out_minor"
    " fees_minor opening_minor closing_minor classes issues proof"
)
KNOWN = [event for event in DAY if event.reason != "Something New"]

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


def _write(name: str, content: bytes) -> str:
    Path(name).write_bytes(content)
    return name


def _json(*arguments: str) -> tuple[int, Any]:
    result = CliRunner().invoke(cli, [*arguments, "--json"])
    return result.exit_code, json.loads(result.stdout)


def test_inspect_needs_no_configuration_and_keeps_the_contract() -> None:
    name = _write("day.csv", as_csv(a_file(KNOWN)))
    code, document = _json("inspect", name)
    assert code == 0
    entry = document["files"][0]
    assert " ".join(entry) == KEYS
    assert entry | {"classes": 0} == {
        "file": "day.csv", "outcome": "read", "reason": None, "layout": "mpesa-a",
        "wallet": "990501", "sub_account": "Utility Account",
        "period_from": "2026-01-31T00:00:00+03:00", "period_to": "2026-01-31T23:59:59+03:00",
        "rows": 13, "in_minor": 382_295, "out_minor": 331_650, "fees_minor": 0,
        "opening_minor": 100_000, "closing_minor": 150_645, "classes": 0, "issues": [],
        "proof": "proved",
    }  # fmt: skip
    assert entry["classes"]["charge"] == {"lines": 2, "in_minor": 0, "out_minor": 1_600}
    assert not Path("state").exists()


def test_inspect_ends_with_6_for_what_is_quarantined_or_refused_and_names_each_file() -> None:
    names = [
        _write("a.csv", as_csv(a_file(KNOWN))),
        _write("p.csv", b"%PDF-1.4"),
        _write("e.csv", b""),
    ]
    code, document = _json("inspect", *names)
    assert code == 6
    found = [(entry["file"], entry["outcome"], entry["reason"]) for entry in document["files"]]
    assert found == [
        ("a.csv", "read", None),
        ("p.csv", "refused", "pdf_file"),
        ("e.csv", "quarantined", "empty_file"),
    ]


def test_inspect_with_a_configuration_quarantines_a_foreign_wallet() -> None:
    _write("config.toml", CONFIG.encode())
    name = _write("day.csv", as_csv(a_file(account="990599")))
    code, document = _json("inspect", name)
    assert (code, document["files"][0]["reason"]) == (6, "wallet_not_configured")


def test_members_of_an_archive_are_entries_of_their_own() -> None:
    import gzip
    import zipfile

    with zipfile.ZipFile("days.zip", "w") as packed:
        packed.writestr("in/a.csv", as_csv(a_file(KNOWN)))
        packed.writestr("b.csv", as_csv(b_file(KNOWN)))
    Path("day.csv.gz").write_bytes(gzip.compress(as_csv(a_file(KNOWN))))
    _, document = _json("inspect", "days.zip", "day.csv.gz")
    names = [entry["file"] for entry in document["files"]]
    assert sorted(names) == ["day.csv.gz", "days.zip/b.csv", "days.zip/in/a.csv"]


def test_import_takes_a_file_once_and_says_since_when() -> None:
    _write("config.toml", CONFIG.encode())
    name = _write("day.csv", as_csv(a_file(KNOWN)))
    code, document = _json("import", name)
    assert code == 0
    entry = document["files"][0]
    assert (entry["new_rows"], entry["repeat_rows"], entry["wallet"]) == (13, 0, "paybill")
    code, document = _json("import", name)
    assert (code, document["files"]) == (0, [])
    assert document["issues"][0]["code"] == "seen_before"
    code, document = _json("import", name, "--again")
    assert document["files"][0]["repeat_rows"] == 13


def test_import_of_a_missing_file_is_wrong_use() -> None:
    _write("config.toml", CONFIG.encode())
    code, document = _json("import", "missing.csv")
    assert (code, document["error"]["code"]) == (2, "UsageError")


def test_people_see_what_was_read_and_no_personal_data_in_what_is_wrong() -> None:
    _write("config.toml", CONFIG.encode())
    records = a_file()
    records[20][0] = "1.42593E+11"
    result = CliRunner().invoke(cli, ["import", _write("day.csv", as_csv(records))])
    assert result.exit_code == 6
    assert "layout mpesa-a, wallet paybill, Utility Account" in result.output
    assert "row 21" in result.output
    for personal in ("ALICE", "25470", "000123"):
        assert personal not in result.output


def test_import_with_nothing_to_read_says_so() -> None:
    _write("config.toml", CONFIG.encode())
    result = CliRunner().invoke(cli, ["import"])
    assert (result.exit_code, result.stdout.startswith("Nothing to read")) == (0, True)


def test_what_wants_somebody_is_told_apart_from_a_notice_and_from_its_next_step() -> None:
    issues = [Issue("seen_before", arguments={"first_seen": "1", "first_name": "a"})]
    issues += [
        Issue("lines_unknown", arguments={"lines": 2}),
        Issue("wallet_assumed", arguments={"evidence": "name"}),
    ]
    notice, work, advised = issues_text(issues)
    assert notice.startswith("· the same file")
    assert "\n" not in notice
    assert work.startswith("! 2 lines ")
    assert "\n  → Look at them" in work
    assert advised.startswith("· no account")
