"""What holds for any lines: order does not matter, and nothing is ready without exact evidence."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrecon.config import MatchingPolicy
from mmrecon.matching.match import match_lines
from mmrecon.model.match_texts import with_texts
from tests.matching.known_owners import KINDS, make_day
from tests.matching.world import context, lines, snapshot

DAYS = [make_day(kind, clients=80, lines=250, seed=9) for kind in KINDS]
NUMBERS = ("000000011", "0000000123", "123", "00123", "S123", "L123", "123SAV", "SAV123", "M-1",
           "0700000001", "12", "0", "", "loan", "20000001", "1.00", "G1", "11/12")  # fmt: skip


@settings(max_examples=6, deadline=None)
@given(st.sampled_from(range(len(DAYS))), st.integers(0, 2**32 - 1))
def test_another_order_of_lines_gives_the_same_bytes(at: int, seed: int) -> None:
    day = DAYS[at]
    shuffled = day.lines.sample(frac=1, random_state=seed)
    first = match_lines(day.lines, day.context).to_csv()
    assert match_lines(shuffled, day.context).to_csv() == first


@settings(max_examples=6, deadline=None)
@given(st.sampled_from(range(len(DAYS))), st.integers(0, 2**32 - 1))
def test_another_order_of_the_ledger_gives_the_same_bytes(at: int, seed: int) -> None:
    day = DAYS[at]
    ledger = day.context.snapshot
    mixed = snapshot(
        _records(ledger.clients.sample(frac=1, random_state=seed)),
        _records(ledger.accounts.sample(frac=1, random_state=seed)),
    )
    there = context(
        mixed, policy=MatchingPolicy(member_number="ready"), country=KINDS[at].country,
        currency=KINDS[at].currency,
    )  # fmt: skip
    here = match_lines(day.lines, day.context).to_csv()
    assert match_lines(day.lines, there).to_csv() == here


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


_TEXT = st.one_of(
    st.sampled_from(NUMBERS), st.text(alphabet="0123SLMAV -/.", max_size=12), st.text(max_size=12)
)
_CLIENT = st.fixed_dictionaries(
    {"client_account_no": _TEXT, "client_external_id": _TEXT, "national_ids": _TEXT,
     "mobile_no": st.sampled_from(("", "0700000001", "254700000002")),
     "client_name": st.text(max_size=12), "group_code": st.sampled_from(("", "G1"))}
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(_CLIENT, min_size=1, max_size=4), st.lists(_TEXT, min_size=1, max_size=8), _TEXT)
def test_any_text_in_any_cell_is_matched_and_ready_only_with_exact_unique_evidence(
    people: list[dict[str, str]], references: list[str], number: str
) -> None:
    clients = [{"client_id": at, **person} for at, person in enumerate(people, 1)]
    accounts = [
        {"client_id": at, "account_id": 100 + at, "account_no": number if at == 1 else f"9{at}"}
        for at in range(1, len(people) + 1)
    ]
    asked = lines([{"reference": text} for text in references])
    ledger = snapshot(clients, accounts)
    matches = match_lines(asked, context(ledger, policy=MatchingPolicy(member_number="ready")))
    assert matches["line_id"].tolist() == asked["line_id"].tolist()
    ready = matches[matches["state"] == "ready"]
    assert set(ready["tier"]) <= {"A1", "A2", "A3"}
    assert (ready["vetoes"] == "").all()
    for line_id in ready["line_id"]:
        assert _named_clients(references[line_id - 1], clients, accounts) == 1


def _named_clients(
    reference: str, clients: list[dict[str, object]], accounts: list[dict[str, object]]
) -> int:
    """How many clients a reference names over all registers, read one by one.

    `S` or `L` before a number says that it is an account's, and no other register's.
    """
    wanted = _plain(reference)
    readings = {wanted} | ({wanted.removeprefix("SAV"), wanted.removesuffix("SAV")} - {""})
    of_accounts = readings | {wanted[1:] if wanted[:1] in "SL" else wanted}
    registers = ("client_account_no", "client_external_id", "national_ids")
    named = {
        client["client_id"]
        for client in clients
        for name in registers
        for value in str(client[name]).split(";")
        if _plain(value) in readings
    }
    numbers = {
        account["client_id"]
        for account in accounts
        if _plain(str(account["account_no"])) in of_accounts
    }
    return len(named | numbers)


def _plain(text: str) -> str:
    mended = text.upper()
    return "".join(letter for letter in mended if letter.isalnum())


def test_no_lines_give_no_matches() -> None:
    empty = lines([{}]).head(0)
    assert len(match_lines(empty, context(snapshot([{"client_id": 1}], [])))) == 0


def test_an_empty_ledger_leaves_every_line_in_suspense() -> None:
    ledger = snapshot([], [])
    matches = match_lines(lines([{"reference": "0001"}]), context(ledger))
    assert matches["state"].tolist() == ["suspense"]
    assert isinstance(matches, pd.DataFrame)


@pytest.mark.parametrize("odd", ['000"123', "000123\\", "000123"])
def test_texts_are_left_out_only_where_they_follow_from_one_account(odd: str) -> None:
    account = {"client_id": 1, "account_id": 7, "account_no": "000123"}
    ledger = snapshot([{"client_id": 1}], [account])
    (match,) = match_lines(lines([{"reference": odd}]), context(ledger)).to_dict("records")
    assert (match["state"], match["one_kind"] == "") == ("ready", odd != "000123")
    assert (match["explanation_json"] == "") == (odd == "000123")
    told = with_texts(match_lines(lines([{"reference": odd}]), context(ledger)))
    assert json.loads(told["explanation_json"][0])["reference"] == odd
    assert told["legs"][0].startswith("savings:000123=")
