"""Drafts of layouts: what is guessed, what is asked, and that nobody's data stands in them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from mmrecon.config import ReadingLimits
from mmrecon.statements.draft_marks import open_questions
from mmrecon.statements.drafted_head import About
from mmrecon.statements.drafting import draft_of
from mmrecon.statements.guessed_words import class_of, is_final, way_of
from mmrecon.statements.opening import Opening
from mmrecon.statements.refusal import NotReadableError
from mmrecon.statements.unknown import understood
from mmrecon.statements.unknown_table import unknown_table

SAMPLES = sorted(
    path
    for path in (Path(__file__).parents[2] / "sample_statements").rglob("*")
    if path.suffix in {".csv", ".json", ".jsonl"} and not path.name.endswith(".expected.json")
)
OPENING = Opening(ReadingLimits(), ())


def _draft(content: bytes) -> str:
    table, is_json = unknown_table(content, OPENING)
    return draft_of(understood(table, is_json=is_json), About("x.csv", "x", None, ("example",)))


def _rows(header: str, *rows: str) -> str:
    return _draft("\n".join([header, *rows, ""]).encode())


def _asked(draft: str) -> str:
    return " / ".join(mark.words for mark in open_questions(draft))


def _toml(draft: str) -> Any:
    return tomllib.loads(draft)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_sample_makes_a_draft_that_is_toml_and_quotes_no_cell_with_a_number(
    path: Path,
) -> None:
    content = path.read_bytes()
    draft = _draft(content)
    assert {"name", "fingerprint"} <= _toml(draft).keys()
    cells = set(re.split(r'[,;\t\n\r"]+', content.decode("utf-8", errors="ignore")))
    personal = {cell for cell in cells if re.search(r"[0-9]{5}|EXAMPLE|Example", cell)}
    assert [cell for cell in personal if len(cell) > 4 and cell in draft] == []


def test_day_and_month_that_nothing_tells_apart_are_asked() -> None:
    header = "Txn ID,Date,Amount"
    draft = _rows(header, "EX0001,05/03/2026 08:00,-1.00", "EX0002,06/03/2026 08:00,2.00")
    assert "the day (%d) or the month (%m)" in _asked(draft)
    draft = _rows(header, "EX0001,05/03/2026 08:00,-1.00", "EX0002,16/03/2026 08:00,2.00")
    assert _toml(draft)["dates"] == [{"format": "%d/%m/%Y %H:%M"}]


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (("1.500", "-2.000"), {"group": "?", "decimal": "?"}),
        (("1.500,50", "-2.000"), {"group": ".", "decimal": ","}),
        (("1 500", "-2,5"), {"group": " ", "decimal": ","}),
        (("1'500.00", "-2.50"), {"group": "'", "decimal": "."}),
        (("1,500", "-2,000"), {"group": ",", "decimal": "."}),
        (("1500", "-2"), {"group": ",", "decimal": "."}),
    ],
)
def test_marks_are_what_the_amounts_show_or_are_asked(
    amounts: tuple[str, str], expected: dict[str, str]
) -> None:
    rows = [f"EX000{at};2026-03-05;{amount}" for at, amount in enumerate(amounts)]
    assert _toml(_rows("Txn ID;Date;Amount", *rows))["money"] == expected


def test_an_amount_without_a_sign_is_asked_unless_the_balances_tell() -> None:
    header = "Txn ID,Date,Amount,Balance"
    rows = ("EX0001,2026-03-05,10.00,110.00", "EX0002,2026-03-05,5.00,115.00")
    draft = _rows(header, *rows, "EX0003,2026-03-05,1.00,114.00")
    assert "No amount of this file has a sign" in _asked(draft)
    draft = _rows(header, *rows, "EX0003,2026-03-05,1.00,116.00")
    assert _toml(draft)["money_columns"][0]["printed"] == "positive"


def test_the_two_balances_of_a_row_tell_its_direction() -> None:
    draft = _rows(
        "Txn ID,Date,Amount,Previous Balance,Post Balance",
        "EX0001,2026-03-05,10.00,100.00,110.00", "EX0002,2026-03-05,5.00,110.00,105.00",
    )  # fmt: skip
    assert _toml(draft)["money_columns"][0]["printed"] == "unsigned"


def test_a_column_of_words_tells_the_direction() -> None:
    draft = _rows(
        "Txn ID,Date,Amount,DR/CR",
        "EX0001,2026-03-05,10.00,CR", "EX0002,2026-03-05,5.00,DR", "EX0003,2026-03-05,5.00,XX",
    )  # fmt: skip
    assert _toml(draft)["direction"] == {"in": ["CR", "?XX"], "out": ["DR"]}
    assert "Take the question mark away from a word that says money in" in _asked(draft)


def test_an_out_column_with_minus_signs_is_said_to_be_negative() -> None:
    draft = _rows(
        "Txn ID,Date,Paid In,Withdrawn",
        "EX0001,2026-03-05,10.00,", "EX0002,2026-03-05,,-5.00",
    )  # fmt: skip
    printed = {one["field"]: one.get("printed") for one in _toml(draft)["money_columns"]}
    assert printed == {"in": None, "out": "negative"}


def test_two_columns_with_an_equal_claim_are_asked() -> None:
    draft = _rows(
        "Txn ID,Date,Requested amount,Deposited amount",
        "EX0001,2026-03-05,10.00,9.00", "EX0002,2026-03-05,-5.00,-4.50",
    )  # fmt: skip
    assert "Which column is the amount: Requested amount or Deposited amount?" in _asked(draft)


def test_amounts_that_nothing_uses_are_asked_about() -> None:
    draft = _rows("Txn ID,Date,Amount,Bonus", "EX0001,2026-03-05,-1.00,0.50")
    assert "What are the amounts of Bonus" in _asked(draft)


def test_what_is_not_there_is_asked() -> None:
    draft = _rows("Code,Wann,Bonus", "a b,x 1234,0.50", "a b,x 1234,0.70")
    asked = _asked(draft)
    for field in ("receipt", "completed_at", "reference", "amount"):
        assert f"Which column is the {field}" in asked
    assert "How are dates written" in asked


def test_a_currency_with_two_meanings_is_asked_and_a_spelling_is_not() -> None:
    row = "EX0001,2026-03-05,-1.00"
    assert "Which currency is FCFA?" in _asked(_rows("Txn ID,Date,Amount,Devise", f"{row},FCFA"))
    draft = _rows("Txn ID,Date,Amount,Currency", f"{row},KSH")
    assert _toml(draft)["currency_words"] == {"KSH": "KES"}


def test_words_with_numbers_in_them_are_never_quoted() -> None:
    draft = _rows("Txn ID,Date,Amount,Type", "EX0001,2026-03-05,-1.00,Payment of 254700000011")
    assert "254700000011" not in draft
    assert "reason_type" not in {one["field"] for one in _toml(draft)["text_columns"]}


def test_a_column_that_comes_twice_is_told_by_the_one_before_it() -> None:
    draft = _rows(
        "Txn ID,Date,Fee,Currency,Amount,Currency",
        "EX0001,2026-03-05,1.00,KES,-5.00,KES", "EX0002,2026-03-05,1.00,KES,5.00,KES",
    )  # fmt: skip
    [currency] = [one for one in _toml(draft)["text_columns"] if one["field"] == "currency"]
    assert currency["after"] == "Fee"


def test_damaged_names_of_columns_make_no_damaged_draft() -> None:
    names = ('Txn "ID', "Da\x17te", "Am'o\x0funt\\", "A\x7fmount")
    draft = _rows("|".join(names), "EX0001|2026-03-05|-1.00|5.00", "EX0002|2026-03-05|1.00|6.00")
    told = _toml(draft)
    assert [*told["fingerprint"]["required"], *told["fingerprint"].get("optional", ())]


def test_newest_first_and_sums_below_are_seen() -> None:
    draft = _rows(
        "Txn ID,Date,Amount", "EX0002,2026-03-06,-1.00", "EX0001,2026-03-05,1.00", "Total,,0.00"
    )
    assert _toml(draft)["newest_first"] is True
    assert len(_toml(draft)["footers"]) == 1


def test_a_text_without_a_table_has_no_header() -> None:
    with pytest.raises(NotReadableError) as caught:
        unknown_table(b"one,two,three\nfour,five,six\n", OPENING)
    assert caught.value.code == "layout_no_header"


@pytest.mark.parametrize(
    ("word", "final"),
    [("SUCCESS", True), ("Réussie", True), ("Échec", False), ("En attente", False),
     ("Not completed", None), ("Odd", None)],
)  # fmt: skip
def test_a_status_is_final_only_where_it_says_so(word: str, final: bool | None) -> None:
    assert is_final(word) is final


@pytest.mark.parametrize(
    ("word", "way"),
    [("CR", "in"), ("Débit", "out"), ("+", "in"), ("-", "out"), ("Retrait", "out"), ("Odd", "")],
)
def test_a_word_tells_a_direction_only_surely(word: str, way: str) -> None:
    assert way_of(word) == way


@pytest.mark.parametrize(
    ("word", "sign", "name"),
    [("Payment", 1, "collection"), ("Payment", -1, None), ("Payment reversal", -1, "reversal"),
     ("Withdrawal fee", -1, "charge"), ("Retrait", -1, "payout"), ("Virement", 1, None),
     ("Deposit withdrawal", 0, None)],
)  # fmt: skip
def test_a_word_gives_a_class_only_surely(word: str, sign: int, name: str | None) -> None:
    found = class_of(word, sign)
    assert (None if found is None else found.value) == name
