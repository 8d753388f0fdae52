"""`mmrecon formats new`: invented exports from draft to a layout that `try` accepts.

The tests answer a draft as a person does: by putting text in the place of the question marks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from click.testing import CliRunner

from mmrecon.cli.app import cli

BANK = """Banque Exemple;Relevé de compte
Numéro de compte;00990011223
Solde initial;1 000,00
Solde de clôture;226 400,00
N° opération;Date opération;Date valeur;Nature;Téléphone;Nom du client;Réf. client;Débit;Crédit;\
Solde
OP26030001;DAY 08:00:10;DAY;Versement mobile;237670000001;ALICE EXEMPLE;000123;;\
150 000,00;151 000,00
OP26030002;DAY 09:15:00;DAY;Versement mobile;237670000002;BRIAN EXEMPLE;000124;;\
80 000,00;231 000,00
OP26030003;DAY 10:00:00;DAY;Frais de tenue;;;;600,00;;230 400,00
OP26030004;DAY 11:45:30;DAY;Virement;;;;10 000,00;;220 400,00
OP26030005;DAY 12:00:00;DAY;Versement mobile;237670000003;CAROL EXEMPLE;000125;;\
6 000,00;226 400,00
""".replace("DAY", "05/03/2026")
HEAD = (
    ('title = "?"', 'title = "Example export"'),
    ('portal = "?"', 'portal = "Reports, Export"'),
    ('provider = "?"', 'provider = "example"'),
)
BANK_ANSWERS = (
    *HEAD,
    ('zone = "?"', 'zone = "Africa/Douala"'),
    ('currency = "?"', 'currency = "XAF"'),
    ('format = "?"', 'format = "%d/%m/%Y %H:%M:%S"'),
    ('line_class = "?"', 'line_class = "transfer"'),
)
AGGREGATOR_ANSWERS = (
    *HEAD,
    ('zone = "?"', 'zone = "Africa/Kampala"'),
    ('in = ["Collection", "?Top-up"]', 'in = ["Collection", "Top-up"]'),
    ('"?REVIEWED"', '"REVIEWED"'),
    ('line_class = "?"', 'line_class = "funding"'),
)
DUMP_ANSWERS = (*HEAD, ('zone = "?"', 'zone = "Africa/Dakar"'))
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
PEOPLE = (
    "ALICE", "Alice", "BRIAN", "Brian", "CAROL", "Carol", "670000001", "700000001", "770000001",
    "000123", "OP26030001", "PX-00000001", "9f3a0001",
)  # fmt: skip


def _aggregator(path: Path) -> None:
    book = xlsxwriter.Workbook(path, {"remove_timezone": True})
    sheet = book.add_worksheet("Transactions")
    moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss"})
    rows: list[Sequence[Any]] = [
        ("Txn ID", "Created At", "Type", "Status", "MSISDN", "Customer Name", "Account Ref",
         "Amount (UGX)", "Fee", "Merchant Code"),
        ("PX-00000001", 8, "Collection", "SUCCESS", "256700000001", "Alice Example", "000123",
         50_000, 500, "880011"),
        ("PX-00000002", 9, "Collection", "FAILED", "256700000002", "Brian Example", "000124",
         30_000, 0, "880011"),
        ("PX-00000003", 10, "Payout", "SUCCESS", "256700000003", "Carol Example", "000125",
         20_000, 200, "880011"),
        ("PX-00000004", 11, "Collection", "REVIEWED", "256700000004", "Dan Example", "000126",
         10_000, 100, "880011"),
        ("PX-00000005", 12, "Top-up", "SUCCESS", "256700000005", "Eve Example", "000127",
         70_000, 0, "880011"),
        ("Total", "", "", "", "", "", "", 180_000, 800, ""),
    ]  # fmt: skip
    for at, row in enumerate(rows):
        for place, value in enumerate(row):
            if place == 1 and isinstance(value, int):
                sheet.write_datetime(
                    at, place, datetime(2026, 3, 5, value, 0, 10, tzinfo=UTC), moment
                )
            else:
                sheet.write(at, place, value)
    book.close()


def _dump() -> str:
    def entry(number: int, amount: int, kind: str, state: str, balance: int) -> dict[str, Any]:
        name = ("Alice", "Brian", "Carol", "Dan")[number - 1]
        payer = {"phone": f"22177000000{number}", "fullName": f"{name} Exemple"}
        return {
            "transactionId": f"9f3a000{number}", "createdAt": f"2026-03-05T{7 + number:02}:00:10Z",
            "state": state, "payer": payer, "memberNumber": f"00012{number + 2}",
            "amount": amount, "currency": "XOF", "kind": kind,
        } | ({"balanceAfter": balance} if balance else {})  # fmt: skip

    return json.dumps(
        {
            "data": [
                entry(1, 15_000, "PAY_IN", "COMPLETED", 115_000),
                entry(2, -5_000, "PAY_OUT", "COMPLETED", 110_000),
                entry(3, 7_000, "PAY_IN", "PENDING", 0),
                entry(4, 2_000, "PAY_IN", "COMPLETED", 112_000),
            ]
        }
    )


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("releve_2026-03-05.csv").write_bytes(BANK.encode("cp1252"))
    _aggregator(Path("aggregator-export.xlsx"))
    Path("dump.json").write_text(_dump(), encoding="utf-8")


def _json(*arguments: str) -> tuple[int, Any]:
    result = CliRunner().invoke(cli, [*arguments, "--json"])
    return result.exit_code, json.loads(result.stdout)


def _answered(path: Path, answers: Sequence[tuple[str, str]]) -> str:
    text = path.read_text(encoding="utf-8")
    for question, answer in answers:
        assert question in text, question
        text = text.replace(question, answer)
    path.write_text(text, encoding="utf-8")
    return text


CASES = [
    ("releve_2026-03-05.csv", "releve.toml", BANK_ANSWERS),
    ("aggregator-export.xlsx", "aggregator-export.toml", AGGREGATOR_ANSWERS),
    ("dump.json", "dump.toml", DUMP_ANSWERS),
]


@pytest.mark.parametrize(("file", "draft", "answers"), CASES)
def test_a_draft_asks_first_then_wants_its_guesses_checked_and_is_then_accepted(
    file: str, draft: str, answers: Sequence[tuple[str, str]]
) -> None:
    code, made = _json("formats", "new", file)
    assert (code, made["draft"]) == (0, draft)
    code, tried = _json("formats", "try", file, "--layout", draft)
    assert (code, tried["files"]) == (6, [])
    assert tried["questions"] == made["questions"]
    text = _answered(Path(draft), answers)
    code, tried = _json("formats", "try", file, "--layout", draft)
    assert (code, [issue["code"] for issue in tried["issues"]]) == (1, ["layout_guessed"])
    Path(draft).write_text(text.replace("# GUESS:", "# CHECKED:"), encoding="utf-8")
    code, tried = _json("formats", "try", file, "--layout", draft)
    assert (code, tried["issues"], tried["files"][0]["outcome"]) == (0, [], "read")


def _classes(file: str, draft: str, answers: Sequence[tuple[str, str]]) -> dict[str, Any]:
    assert _json("formats", "new", file)[0] == 0
    _answered(Path(draft), answers)
    _, tried = _json("formats", "try", file, "--layout", draft)
    entry: dict[str, Any] = tried["files"][0]
    return entry


def test_the_bank_is_read_to_its_closing_balance() -> None:
    entry = _classes(*CASES[0])
    assert (entry["proof"], entry["wallet"], entry["rows"]) == ("proved", "00990011223", 5)
    assert (entry["opening_minor"], entry["closing_minor"]) == (1_000, 226_400)
    assert entry["classes"] == {
        "charge": {"lines": 1, "in_minor": 0, "out_minor": 600},
        "collection": {"lines": 3, "in_minor": 236_000, "out_minor": 0},
        "transfer": {"lines": 1, "in_minor": 0, "out_minor": 10_000},
    }


def test_the_aggregators_words_tell_the_direction_and_its_sum_is_no_payment() -> None:
    entry = _classes(*CASES[1])
    assert (entry["wallet"], entry["rows"], entry["fees_minor"]) == ("880011", 5, 800)
    assert entry["skipped"] == {"footer": 1}
    assert entry["classes"] == {
        "charge": {"lines": 3, "in_minor": 0, "out_minor": 800},
        "collection": {"lines": 2, "in_minor": 60_000, "out_minor": 0},
        "funding": {"lines": 1, "in_minor": 70_000, "out_minor": 0},
        "non_final": {"lines": 1, "in_minor": 30_000, "out_minor": 0},
        "payout": {"lines": 1, "in_minor": 0, "out_minor": 20_000},
    }


def test_the_dump_is_read_in_its_own_zone() -> None:
    entry = _classes(*CASES[2])
    assert {check["check"]: check["outcome"] for check in entry["checks"]}["chain"] == "held"
    assert entry["first_lines"][0]["completed"] == "2026-03-05 08:00:10"
    assert entry["classes"]["payout"] == {"lines": 1, "in_minor": 0, "out_minor": 5_000}


@pytest.mark.parametrize(("file", "draft", "answers"), CASES)
def test_no_person_stands_in_a_draft_or_in_what_is_said_of_it(
    file: str, draft: str, answers: Sequence[tuple[str, str]]
) -> None:
    said = CliRunner().invoke(cli, ["formats", "new", file]).output
    text = Path(draft).read_text(encoding="utf-8")
    assert [word for word in PEOPLE if word in said or word in text] == []


def test_every_guess_has_a_reason_and_every_question_a_line_that_holds_it() -> None:
    _, made = _json("formats", "new", "releve_2026-03-05.csv")
    lines = Path("releve.toml").read_text(encoding="utf-8").splitlines()
    assert all('"?' in lines[mark["line"] - 1] for mark in made["questions"])
    assert len(made["guesses"]) > 10
    assert all(len(mark["says"]) > 10 for mark in made["guesses"])
    assert {"column": "Débit", "field": "out"} in made["columns"]
    assert made["not_used"] == ["Date valeur"]


def test_a_wrong_answer_and_a_wrong_guess_are_told() -> None:
    _json("formats", "new", "releve_2026-03-05.csv")
    text = _answered(Path("releve.toml"), BANK_ANSWERS).replace("# GUESS:", "# CHECKED:")
    wrong = [
        (text.replace('"out"', '"x"').replace('"in"', '"out"').replace('"x"', '"in"'), 6),
        (text.replace("%d/%m/%Y", "%Y-%m-%d"), 6),
        (text.replace("^OP[0-9]{8}$", "^OP[0-9]{9}$"), 6),
        (text.replace('"Réf. client"\nfield', '"Date valeur"\nfield'), 6),
        (text.replace('"Téléphone"\nfield', '"Nature"\nfield'), 1),
        (text.replace('decimal = ","', 'decimal = "."').replace('group = " "', 'group = ","'), 0),
        (text.replace('"Solde"\nfield', '"Crédit"\nfield'), 1),
    ]
    found = []
    for layout, _ in wrong:
        Path("releve.toml").write_text(layout, encoding="utf-8")
        code, _ = _json("formats", "try", "releve_2026-03-05.csv", "--layout", "releve.toml")
        found.append(code)
    assert found == [code for _, code in wrong]


def test_a_file_that_a_layout_reads_needs_no_draft() -> None:
    Path("list.csv").write_text(
        "Date,Id,Phone,Amount,Currency\n2026-03-05,EX-1,254700000001,15.00,KES\n"
    )
    code, document = _json("formats", "new", "list.csv")
    assert (code, document["error"]["code"]) == (2, "layout_known")


def test_a_draft_is_never_written_over_a_file_nor_among_the_layouts_in_use() -> None:
    Path("releve.toml").write_text("mine")
    assert _json("formats", "new", "releve_2026-03-05.csv")[0] == 2
    assert Path("releve.toml").read_text() == "mine"
    Path("formats").mkdir()
    Path("config.toml").write_text('formats_folder = "formats"\n' + CONFIG, encoding="utf-8")
    code, document = _json(
        "formats", "new", "releve_2026-03-05.csv", "--output", "formats/releve.toml"
    )
    assert (code, document["error"]["code"]) == (2, "draft_in_formats_folder")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"%PDF-1.4", "pdf_file"),
        (b"", "empty_file"),
        (b"Dear sir,\nyour money came.\n", "layout_no_header"),
    ],
)
def test_what_no_draft_can_be_made_of_is_told(content: bytes, found: str) -> None:
    Path("odd.csv").write_bytes(content)
    code, document = _json("formats", "new", "odd.csv")
    assert (code, document["draft"]) == (6, None)
    assert [issue["code"] for issue in document["issues"]] == [found]
