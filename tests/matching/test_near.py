from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmrecon.matching.index import LedgerIndex
from mmrecon.matching.keys import texts
from mmrecon.matching.near import Sieve, neighbours
from mmrecon.matching.suggest import EVIDENCE
from tests.matching.world import snapshot

NUMBER = "1000420101"
INDEX = LedgerIndex(
    snapshot(
        [{"client_id": 1, "client_name": "Alice Beta Example"}],
        [{"client_id": 1, "account_id": 101, "account_no": NUMBER}],
    )
)


def _found(number: str) -> set[str]:
    near = neighbours(texts([number]), INDEX, EVIDENCE)
    codes = {at: code for code, at in EVIDENCE.items()}
    return {codes[int(code)] for code in near.evidence}


@given(st.integers(0, len(NUMBER) - 1), st.sampled_from("0123456789"))
def test_every_number_one_edit_away_is_found(at: int, digit: str) -> None:
    changed = NUMBER[:at] + digit + NUMBER[at + 1 :]
    longer = NUMBER[:at] + digit + NUMBER[at:]
    shorter = NUMBER[:at] + NUMBER[at + 1 :]
    for typed in {changed, longer, shorter} - {NUMBER}:
        assert "one_edit" in _found(typed)


def test_swapped_neighbours_look_alikes_and_lost_zeros_are_told_apart() -> None:
    assert "swapped" in _found("1000240101")
    assert "look_alike" in _found("IOOO42OIOI")
    assert "zero_stripped" in _found("001000420101")


def test_two_edits_are_too_far() -> None:
    assert _found("1900420191") == set()


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=50, unique=True))
def test_the_sieve_never_says_no_to_a_key_that_is_there(values: list[int]) -> None:
    keys = np.sort(np.array(values, dtype=np.int64))
    assert Sieve(keys).may_hold(keys).all()
