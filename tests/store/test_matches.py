"""Matches and the lines they are made of, into the store and out of it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from sqlalchemy import Engine, insert, select

from mmrecon.model.line import LineFrame
from mmrecon.model.match import TEXTS, MatchFrame
from mmrecon.store import statements
from mmrecon.store.database import reading, transaction
from mmrecon.store.evidence import evidence_of
from mmrecon.store.line_table import LineFilter, line_table
from mmrecon.store.matches import MatchSource, current, lines_to_match, replace
from mmrecon.store.schema import MATCH, WALLET
from mmrecon.store.stories import read_story

SOURCE = MatchSource("run-1", 7, "digest")


def _lines() -> pd.DataFrame:
    """Plain money in, and a line for each thing that makes one not plain."""
    odd: list[dict[str, object]] = [
        {}, {"line_class": "payout"}, {"sign": -1}, {"linked_receipt": "TST0"}, {},
        {"external_id": "X1"}, {"repeats": 2}, {"conflict": True}, {"known_elsewhere": True}, {},
    ]  # fmt: skip
    plain = {
        "wallet_id": 1, "line_class": "collection", "sign": 1, "amount_minor": 1_500, "n": 1,
        "repeats": 1, "completed_at_utc_s": 1_769_850_000, "value_date": "2026-01-31",
        "party_kind": "masked", "party_phone": "25470****001", "party_name": "ALICE EXAMPLE",
        "reference": "000123",
    }  # fmt: skip
    rows = [
        plain | {"line_id": number, "receipt": f"TST{number}"} | changes
        for number, changes in enumerate(odd, 1)
    ]
    table = pd.DataFrame(rows)
    empty = {"linked_receipt": "", "external_id": "", "conflict": False, "known_elsewhere": False}
    return LineFrame.build(table.fillna(empty).astype(_dtypes(table)))


def _dtypes(table: pd.DataFrame) -> dict[str, str]:
    return {name: dtype for name, dtype in LineFrame.dtypes().items() if name in table.columns}


def _stored(engine: Engine) -> pd.DataFrame:
    lines = _lines()
    with transaction(engine) as connection:
        connection.execute(insert(WALLET).values(wallet_id=1, provider="mpesa", account="1"))
        statements.insert_lines(connection, lines)
    return lines


def _one_account(line_id: int, kind: str = "savings", client_id: int | None = 4) -> pd.DataFrame:
    return MatchFrame.build(
        {
            "line_id": np.array([line_id]), "state": ["ready"], "tier": ["A1"],
            "rule": ["account_number"], "client_id": pd.array([client_id], dtype="Int64"),
            "explanation": ["names_account"], "one_kind": [kind],
            "one_account_id": np.array([123]), "one_account_no": ["000123"],
            "one_minor": np.array([1_500]), "one_client_no": ["000004"],
            "one_reference": [" 000-123 "],
        }
    )  # fmt: skip


def test_lines_to_match_come_in_order_whatever_is_special_about_them(engine: Engine) -> None:
    lines = _stored(engine)
    with reading(engine) as connection:
        pd.testing.assert_frame_equal(lines_to_match(connection, 0), lines.assign(n=0))


def test_what_one_account_says_is_kept_once_and_told_in_full_everywhere(engine: Engine) -> None:
    _stored(engine)
    with transaction(engine) as connection:
        assert replace(connection, _one_account(1), SOURCE) == 1
        assert replace(connection, _one_account(1), SOURCE) == 0
    with reading(engine) as connection:
        kept = connection.execute(select(*(MATCH.c[name] for name in TEXTS))).one()
        match = current(connection).iloc[0]
        shown = line_table(connection, LineFilter(receipt="TST1")).iloc[0]
        (story,) = read_story(connection, "TST1").matches
        evidence = evidence_of(connection, [1])[1]
    assert tuple(kept) == ("",) * len(TEXTS)
    account = {"account_id": 123, "account_kind": "savings", "account_no": "000123"}
    leg = {
        "amount_minor": 1_500, "client_id": 4, "command": "savings_deposit", "leg": 1,
        "posted_minor": 1_500,
    }  # fmt: skip
    told = {
        "suggestions": "savings:000123", "legs": "savings:000123=1500",
        "legs_json": [account | leg],
        "candidates_json": [account | {"against": [], "client_id": 4, "for": ["account_number"]}],
        "explanation_json": {
            "client": "000004", "line_class": "collection", "reference": " 000-123 ",
            "target": "savings account 000123",
        },
    }  # fmt: skip
    for place in (match, story):
        assert {
            name: json.loads(place[name]) if name.endswith("_json") else place[name]
            for name in TEXTS
        } == told
    assert (shown["suggestions"], shown["legs"]) == (told["suggestions"], told["legs"])
    assert json.loads(shown["explanation_json"]) == told["explanation_json"]
    assert evidence.arguments == told["explanation_json"]
    assert (story["run_id"], story["snapshot_id"], story["policy_digest"]) == (
        "run-1", 7, "digest",
    )  # fmt: skip
    assert not [name for name in story if name.startswith("one_") or name == "source_id"]


def test_a_loan_is_repaid_and_an_account_without_a_client_says_so(engine: Engine) -> None:
    _stored(engine)
    with transaction(engine) as connection:
        replace(connection, _one_account(1, "loan", None), SOURCE)
    with reading(engine) as connection:
        (leg,) = json.loads(current(connection)["legs_json"][0])
    assert (leg["command"], leg["client_id"]) == ("loan_repayment", None)
