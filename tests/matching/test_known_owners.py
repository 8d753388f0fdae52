"""Whole days whose owners are known: nobody is ever served with another's money."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from mmrecon.matching.match import match_lines
from mmrecon.model.match_texts import with_texts
from tests.matching.known_owners import KINDS, Day, Kind, make_day

CLEAR = ("exact", "paid_by_stranger", "spaced", "national")
"""Ways of paying that leave no doubt in all four institutions."""
PLACEABLE = ("typo", "look_alike", "filler", "phone_reference", "name_reference", "lost_zeros",
             "useless_reference", "paid_by_other_client", "member", "paid_twice")  # fmt: skip


def _played(day: Day) -> pd.DataFrame:
    matches = with_texts(match_lines(day.lines, day.context))
    return matches.merge(day.truth, on="line_id", validate="one_to_one")


def _owners(legs_json: str) -> set[int]:
    return {leg["client_id"] for leg in json.loads(legs_json)}


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
@pytest.mark.parametrize(("clients", "seed"), [(60, 1), (400, 2), (3000, 3)])
def test_no_ready_leg_ever_goes_to_somebody_else_or_to_nobody_s_money(
    kind: Kind, clients: int, seed: int
) -> None:
    played = _played(make_day(kind, clients=clients, lines=1500, seed=seed))
    ready = played[played["state"] == "ready"]
    wrong = [
        line_id
        for line_id, legs, owner in zip(
            ready["line_id"], ready["legs_json"], ready["owner"], strict=True
        )
        if _owners(legs) != {owner}
    ]
    assert wrong == []
    assert len(ready) > 0.5 * len(played)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_what_leaves_no_doubt_is_ready(kind: Kind) -> None:
    played = _played(make_day(kind, clients=400, lines=3000, seed=4))
    clear = played[played["way"].isin(CLEAR)]
    assert (clear["state"] == "ready").mean() >= 0.98


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_what_a_careful_person_could_place_is_among_the_first_three(kind: Kind) -> None:
    day = make_day(kind, clients=400, lines=3000, seed=5)
    played = _played(day)
    rest = played[played["way"].isin(PLACEABLE) & (played["state"] != "ready")]
    accounts = day.context.snapshot.accounts
    own = (accounts["account_kind"] + ":" + accounts["account_no"]).groupby(accounts["client_id"])
    of_client = own.agg(set).to_dict()
    found = [
        bool(set(suggestions.split(";")[:3]) & ({account} if account else of_client[owner]))
        for suggestions, account, owner in zip(
            rest["suggestions"], rest["account"], rest["owner"], strict=True
        )
    ]
    assert sum(found) / len(found) >= 0.97


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_the_legs_of_a_line_add_up_to_its_amount(kind: Kind) -> None:
    day = make_day(kind, clients=200, lines=1000, seed=6)
    played = _played(day).merge(day.lines[["line_id", "amount_minor"]], on="line_id")
    with_legs = played[played["legs_json"] != "[]"]
    for legs, amount_minor in zip(with_legs["legs_json"], with_legs["amount_minor"], strict=True):
        assert sum(leg["amount_minor"] for leg in json.loads(legs)) == amount_minor
