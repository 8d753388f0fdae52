"""Identity and merging as pure functions: frames in, frames out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrecon.model.line import LineFrame, ReadLineFrame
from mmrecon.statements.identity import Pairing, pair, with_returned
from mmrecon.statements.merging import MUTABLE, merge, other_amounts

Row = dict[str, object]


def _row(receipt: str = "R1", utc_s: int = 60, amount: int = 100, **more: object) -> Row:
    return {
        "row": 1, "receipt": receipt, "line_class": "collection", "sign": 1, "currency": "KES",
        "amount_minor": amount, "completed_at_utc_s": utc_s, "has_seconds": True,
        "balance_minor": 1_000 + utc_s, "value_date": "2026-01-31", "sub_account": "Utility",
        "party_kind": "none", **more,
    }  # fmt: skip


def _read(*rows: Row) -> pd.DataFrame:
    return ReadLineFrame.build(pd.DataFrame(list(rows)).to_dict("list"))  # type: ignore[arg-type]


def _stored(*rows: Row, first_id: int = 1) -> pd.DataFrame:
    if not rows:
        return LineFrame.empty()
    data = pd.DataFrame(list(rows)).drop(columns=["row", "cells_digest"], errors="ignore")
    data = data.assign(
        line_id=np.arange(first_id, first_id + len(rows)),
        wallet_id=1,
        n=np.arange(1, len(rows) + 1),
        repeats=1,
        first_statement_id=1,
        first_row=range(1, len(rows) + 1),
    )
    return LineFrame.build(data.to_dict("list"))  # type: ignore[arg-type]


def _pair(read: pd.DataFrame, stored: pd.DataFrame) -> Pairing:
    return pair(read, stored, 100)


@pytest.mark.parametrize(
    ("again", "is_same"),
    [
        ({}, True),
        ({"utc_s": 61}, False),
        ({"balance_minor": 5}, False),
        ({"balance_minor": None}, True),
        ({"sub_account": ""}, True),
        ({"sub_account": "Merchant"}, False),
        ({"utc_s": 60, "has_seconds": False}, True),
        ({"amount": 101}, False),
        ({"sign": -1}, False),
        ({"receipt": "R2"}, False),
        ({"line_class": "non_final", "utc_s": 30, "balance_minor": 3}, True),
        ({"reference": "other", "party": "other"}, True),
    ],
)
def test_a_row_is_a_known_line_when_its_identity_and_facts_agree(
    again: dict[str, object], is_same: bool
) -> None:
    row = _row(**again)  # type: ignore[arg-type]
    if again.get("has_seconds") is False:
        row["balance_minor"] = 1_119
    stored = _row(utc_s=119) if again.get("has_seconds") is False else _row()
    pairing = _pair(_read(row), _stored(stored))
    assert pairing.is_first.tolist() == [not is_same]
    assert pairing.line_ids.tolist() == [1 if is_same else 100]


def test_look_alikes_of_two_files_pair_by_their_facts_whatever_their_order() -> None:
    first, second = _row(utc_s=60), _row(utc_s=120)
    pairing = _pair(_read(second, first), _stored(first, second))
    assert pairing.line_ids.tolist() == [2, 1]


def test_look_alikes_without_balance_pair_in_order_and_the_rest_is_new() -> None:
    bare = _row(balance_minor=None)
    read = _read(bare | {"cells_digest": 1}, bare | {"cells_digest": 2}, bare | {"cells_digest": 2})
    pairing = _pair(read, _stored(bare))
    assert pairing.line_ids.tolist() == [1, 100, 100]
    assert pairing.new["n"].tolist() == [2]
    assert pairing.repeats.to_numpy().tolist() == [[1, 2]]


def test_new_look_alikes_count_up_in_order_of_completion() -> None:
    read = _read(_row(utc_s=300), _row(utc_s=200), _row(utc_s=100))
    pairing = _pair(read, _stored())
    assert pairing.new["position"].tolist() == [2, 1, 0]
    assert pairing.new["n"].tolist() == [1, 2, 3]
    assert pairing.new["line_id"].tolist() == [100, 101, 102]
    assert pairing.line_ids.tolist() == [102, 101, 100]


SIGNS = st.sampled_from([1, -1])
ROWS = st.tuples(st.sampled_from("ABC"), st.integers(1, 3), SIGNS, st.integers(1, 2))


@settings(deadline=None, max_examples=40)
@given(rows=st.lists(ROWS, min_size=1, max_size=20), cut=st.integers(0, 20))
def test_files_in_any_pieces_give_the_same_lines_as_one(
    rows: list[tuple[str, int, int, int]], cut: int
) -> None:
    whole = [_row(receipt, utc_s, amount, sign=sign) for receipt, utc_s, sign, amount in rows]
    pairing = _pair(_read(*whole), _stored())
    known = {
        (row["receipt"], row["sign"], row["amount_minor"], row["completed_at_utc_s"])
        for row in whole
    }
    assert len(pairing.new) == len(known)
    stored = _stored(*(whole[at] for at in pairing.new["position"]), first_id=100)
    part = _read(*whole[: max(cut, 1)])
    again = pair(part, stored, 500)
    assert not again.is_first.any()
    assert again.line_ids.tolist() == pairing.line_ids[: len(part)].tolist()


def test_every_mutable_column_is_a_column_of_a_line() -> None:
    assert set(MUTABLE) <= set(LineFrame.columns())


def test_better_evidence_fills_and_replaces_and_equal_evidence_changes_nothing() -> None:
    old = _row(
        has_seconds=False, party_kind="masked", party_phone="25470****001", line_class="unknown"
    )
    new = _row(party_kind="phone", party_phone="254700000001", party_name="A", reference="1")
    read, stored = _read(new), _stored(old)
    changed = merge(read, stored, _pair(read, stored)).changed
    assert changed[
        ["party_phone", "party_name", "reference", "line_class"]
    ].to_numpy().tolist() == [["254700000001", "A", "1", "collection"]]
    assert changed["has_seconds"].tolist() == [True]
    same = _read(old)
    assert len(merge(same, stored, _pair(same, stored)).changed) == 0


@pytest.mark.parametrize(
    ("before", "now", "code"),
    [
        ({"reference": "1"}, {"reference": "2"}, "line_contradicts"),
        ({"reference": "ab 1"}, {"reference": "AB1 "}, None),
        ({"reference": ""}, {"reference": "2"}, None),
        (
            {"party_kind": "masked", "party_phone": "07***001"},
            {"party_kind": "masked", "party_phone": "2547****002"},
            "line_contradicts",
        ),
        (
            {"party_kind": "masked", "party_phone": "07***001"},
            {"party_kind": "phone", "party_phone": "254700000001"},
            None,
        ),
        ({"line_class": "collection"}, {"line_class": "reversal"}, "line_class_changed"),
        ({"line_class": "collection"}, {"line_class": "non_final"}, "line_class_changed"),
        ({"line_class": "collection"}, {"line_class": "unknown"}, None),
        ({"line_class": "unknown"}, {"line_class": "payout"}, None),
    ],
)
def test_facts_that_contradict_each_other_are_told_and_mark_the_line(
    before: Row, now: Row, code: str | None
) -> None:
    read, stored = _read(_row() | now), _stored(_row() | before)
    merged = merge(read, stored, _pair(read, stored))
    assert [finding.code for finding in merged.findings] == ([code] if code else [])
    assert merged.changed["conflict"].tolist() in ([[True]] if code else [[], [False]])


def test_only_payments_are_held_to_one_amount_per_receipt() -> None:
    stored = _stored(_row(amount=100))
    other, charge = _row(amount=200, utc_s=70), _row(amount=5, utc_s=80, line_class="charge")
    read = _read(other, charge)
    found = other_amounts(read, stored, _pair(read, stored))
    assert [(finding.position, finding.stored) for finding in found] == [(0, 0)]


def test_a_line_that_had_left_comes_back_as_new_under_its_own_id_and_number() -> None:
    read = _read(_row("R1", 60), _row("R2", 70, row=2))
    here, left = _stored(_row("R2", 70)), _stored(_row("R1", 60, sub_account="Old"), first_id=7)
    left = LineFrame.build(left.assign(n=3, repeats=3, sub_account="Utility"))
    known = pd.concat([here, left], ignore_index=True)
    found = with_returned(_pair(read, known), read, known, len(here))
    assert found.line_ids.tolist() == [7, 1]
    assert found.is_first.tolist() == [True, False]
    assert found.new[["position", "line_id", "n", "repeats"]].to_numpy().tolist() == [[0, 7, 3, 1]]
    assert found.again.to_numpy().tolist() == [[1, 0]]
    assert found.returned.to_numpy().tolist() == [[7, "Utility"]]


def test_a_line_that_comes_back_makes_those_that_look_like_it_doubtful_again() -> None:
    read = _read(_row("R1", 60))
    here, left = _stored(_row("R1", 300)), _stored(_row("R1", 60), first_id=7)
    known = pd.concat([here, LineFrame.build(left.assign(n=2))], ignore_index=True)
    found = with_returned(_pair(read, known), read, known, len(here))
    assert found.new[["line_id", "n", "repeats"]].to_numpy().tolist() == [[7, 2, 2]]
    assert found.repeats.to_numpy().tolist() == [[1, 2]]
