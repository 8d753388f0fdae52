from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CONFIG = """
[institution]
name = "Example"

[[wallets]]
name = "paybill"
provider = "mpesa_ke"
account = "600001"
currency = "KES"
zone = "Africa/Nairobi"
country = "KE"
live_from = 2026-03-01

[[wallets.sources]]
kind = "folder"
path = "in"
quiet_s = 0
"""


def _mmrecon(folder: Path, *arguments: str) -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, "-m", "mmrecon", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout


def _json(folder: Path, *arguments: str) -> tuple[int, Any]:
    code, printed = _mmrecon(folder, *arguments, "--json")
    return code, json.loads(printed)


def test_fetch_says_what_arrived_and_the_second_time_that_nothing_is_new(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_bytes(b"one")
    code, document = _json(tmp_path, "fetch")
    assert code == document["exit_code"] == 0
    assert [(file["wallet"], file["file"], file["new"]) for file in document["files"]] == [
        ("paybill", "a.csv", True)
    ]
    assert _mmrecon(tmp_path, "fetch") == (0, "No new files.\n")


def test_fetch_ends_with_3_when_a_source_is_away_and_names_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    code, printed = _mmrecon(tmp_path, "fetch")
    assert code == 3
    assert "paybill: the folder" in printed
    assert "→ Check that it is mounted" in printed
    assert _json(tmp_path, "fetch")[1]["troubles"][0]["code"] == "folder_unreachable"


def test_fetch_ends_with_2_for_a_wallet_that_does_not_exist(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    assert _mmrecon(tmp_path, "fetch", "till")[0] == 2
