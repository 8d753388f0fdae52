from __future__ import annotations

import numpy as np
import pytest

from mmrecon.matching.keys import texts
from mmrecon.matching.names import Vocabulary

CLIENTS = ("Alice Beta Example", "José Ngoné Sample", "Doe Doe")


@pytest.mark.parametrize(
    ("payer", "client", "alike"),
    [
        ("EXAMPLE ALICE", 0, 2),
        ("Mrs. ALICE **** EXAMPLE", 0, 2),
        ("ALYCE EXAMPEL", 0, 2),
        ("JOSE NGONE", 1, 2),
        ("DOE DOE", 2, 1),
        ("BETTY", 0, 0),
        ("A**** EXAMPLE", 0, 1),
        ("SOMEBODY ELSE", 0, 0),
        ("****", 0, 0),
    ],
)
def test_words_are_alike_whatever_their_order_accents_and_single_letters(
    payer: str, client: int, alike: int
) -> None:
    vocabulary = Vocabulary(texts(list(CLIENTS)))
    tokens = vocabulary.tokens(texts([payer]))
    found = vocabulary.alike_count(
        tokens, vocabulary.alike(tokens), np.array([0]), np.array([client])
    )
    assert found.tolist() == [alike]
