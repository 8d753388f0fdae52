from __future__ import annotations

import pytest
from pydantic import ValidationError

from mmrecon.config import MatchingPolicy
from mmrecon.model.grammar import grammar_faults


def test_grammars_that_agree_have_no_fault() -> None:
    grammars = (r"(?P<product>DEP|LN)(?P<member>\d{4,6})", r"ID(?P<idno>\d{8})")
    assert grammar_faults(grammars, ("DEP", "LN")) == []


@pytest.mark.parametrize(
    "grammar",
    [r"(", r"(?P<number>\d+)(x)", r"(?P<account>\d+)", r"(?P<product>LN)",
     r"(?P<number>\d+(?=9))"],
)  # fmt: skip
def test_a_grammar_that_cannot_be_used_is_named(grammar: str) -> None:
    faults = grammar_faults((grammar,), ())
    assert len(faults) == 1
    assert grammar in faults[0]


def test_grammars_that_read_one_reference_differently_are_a_configuration_error() -> None:
    with pytest.raises(ValidationError, match="differently"):
        MatchingPolicy(grammars=(r"(?P<member>\d{4})", r"(?P<idno>\d+)"))
