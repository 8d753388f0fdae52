from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from mmrecon.cli.app import cli
from mmrecon.pipeline.showing import COLUMNS
from mmrecon.store.database import open_database, transaction
from tests.showing.site import a_whole_day

CONFIG = """
[institution]
name = "Invented SACCO"

[[wallets]]
name = "paybill"
provider = "mpesa"
account = "600111"
currency = "KES"
zone = "Africa/Nairobi"
country = "KE"
live_from = 2026-01-01
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    engine = open_database(tmp_path / "state")
    with transaction(engine) as connection:
        a_whole_day(connection)
    engine.dispose()
    return path


def call(config: Path, *arguments: str) -> Result:
    name, *rest = arguments
    return CliRunner().invoke(cli, [name, "--config", str(config), *rest])


def test_lines_as_csv_stream_to_stdout_with_formulas_made_harmless(config: Path) -> None:
    result = call(config, "lines", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert (result.exit_code, len(rows)) == (0, 4)
    assert tuple(rows[0]) == COLUMNS
    assert rows[1]["reference"] == "'=1+1"
    assert rows[0]["reference"] == "000000123"


def test_lines_as_json_lines_keep_text_as_it_was(config: Path) -> None:
    result = call(config, "lines", "--format", "jsonl", "--state", "review")
    (line,) = map(json.loads, result.stdout.splitlines())
    assert (line["reference"], line["amount_minor"], line["sign"]) == ("=1+1", 20_000, 1)


def test_no_line_at_all_is_a_header_and_nothing_more(config: Path) -> None:
    result = call(config, "lines", "--format", "csv", "--state", "held")
    assert result.stdout.splitlines() == [",".join(COLUMNS)]


def test_lines_as_xlsx_are_text_cells(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "lines.xlsx"
    assert call(config, "lines", "--format", "xlsx", "--out", str(out)).exit_code == 0
    assert out.stat().st_mode & 0o777 == 0o600
    sheet = openpyxl.load_workbook(out)["lines"]
    header, first, second = list(sheet.iter_rows(max_row=3))
    reference = [cell.value for cell in header].index("reference")
    assert (first[reference].value, first[reference].data_type) == ("000000123", "s")
    assert (second[reference].value, second[reference].data_type) == ("=1+1", "s")


def test_lines_as_parquet_keep_their_types(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "lines.parquet"
    assert call(config, "lines", "--format", "parquet", "--out", str(out)).exit_code == 0
    lines = pd.read_parquet(out)
    assert tuple(lines.columns) == COLUMNS
    assert str(lines["amount_minor"].dtype) == "int64"


def test_a_table_file_has_no_place_on_a_terminal(config: Path) -> None:
    result = call(config, "lines", "--format", "parquet")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--out FILE" in result.stderr


@pytest.mark.parametrize(("option", "word"), [("--state", "happy"), ("--class", "gift")])
def test_a_word_that_no_line_has_is_wrong_use_and_names_the_words(
    config: Path, option: str, word: str
) -> None:
    result = call(config, "lines", option, word)
    assert result.exit_code == 2
    assert "One of: " in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "key"),
    [
        (("lines", "--json"), 0, "lines"),
        (("explain", "RCPT1", "--json"), 0, "lines"),
        (("find", "RCPT2", "--json"), 0, "answer"),
        (("status", "--json"), 6, "wallets"),
        (("prove", "--json"), 1, "days"),
        (("prove", "--wallet", "till", "--json"), 2, "error"),
    ],
)
def test_json_is_one_document_at_every_exit_code(
    config: Path, arguments: tuple[str, ...], code: int, key: str
) -> None:
    result = call(config, *arguments)
    document = json.loads(result.stdout)
    assert (result.exit_code, document["exit_code"]) == (code, code)
    assert key in document


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("lines",), "RCPT4"),
        (("lines", "--receipt", "NONE"), "No line fits."),
        (("explain", "RCPT1"), "What people did"),
        (("explain", "NONE"), "No statement shows NONE yet."),
        (("find", "0001"), "3 lines fit “0001”."),
        (("find", "1500", "alice"), "RCPT1: KES 1,500.00 came in"),
        (("status",), "newest statement day 2026-03-02, read up to 2026-03-02 23:59"),
        (("prove",), "[--] paybill, 2026-03-02: balanced with listed items (proved)"),
        (("prove", "--day", "2026-03-01"), "There is nothing to prove"),
    ],
)
def test_people_get_words(config: Path, arguments: tuple[str, ...], said: str) -> None:
    result = call(config, *arguments)
    assert said in result.stdout
    assert result.stderr == ""
