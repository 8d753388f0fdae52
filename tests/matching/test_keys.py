from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mmrecon.matching.keys import KeySpace, codes_of, keys_of_codes, texts

_WORD = st.text(alphabet="0123456789ABCXYZ", min_size=1, max_size=20)


@given(st.lists(_WORD, min_size=2, max_size=30, unique=True))
def test_different_texts_of_the_ledger_have_different_keys(words: list[str]) -> None:
    keys = KeySpace(texts(words)).encode(texts(words))
    assert len(set(keys.tolist())) == len(words)
    assert 0 not in keys


def test_leading_zeros_make_another_key() -> None:
    assert len(set(KeySpace(texts([])).encode(texts(["7", "07", "007"])).tolist())) == 3


def test_a_long_text_that_the_ledger_lacks_has_no_key() -> None:
    assert (
        KeySpace(texts([])).encode(texts(["", "NOT IN THE LEDGER", "X" * 13])).tolist() == [0] * 3
    )


@given(st.text("0123456789", min_size=1, max_size=17))
def test_letter_values_lead_to_the_same_key(digits: str) -> None:
    space = KeySpace(texts([digits]))
    assert keys_of_codes(codes_of(texts([digits]), len(digits))).tolist() == (
        space.encode(texts([digits])).tolist()
    )
