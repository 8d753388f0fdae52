"""The list of handlings still fits the program; `python -m tests.mutations` removes them."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.campaign.campaign import points
from tests.mutations.mutations import REPOSITORY, Mutation, mutations


@pytest.mark.parametrize("mutation", mutations(), ids=lambda one: one.name)
def test_the_text_of_a_handling_stands_once_and_its_tests_are_there(mutation: Mutation) -> None:
    compile(mutation.mutated(REPOSITORY), mutation.file, "exec")
    assert mutation.replace != mutation.find
    assert mutation.tests
    for test in mutation.tests:
        file, _, name = test.partition("::")
        text = (REPOSITORY / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {name.partition('[')[0]}\(", text, re.MULTILINE), test


def test_no_handling_is_named_twice() -> None:
    counted = Counter(mutation.name for mutation in mutations())
    assert [name for name, count in counted.items() if count > 1] == []


def test_every_kill_point_is_among_them() -> None:
    named = {mutation.covers for mutation in mutations()}
    assert {f"kill at {point}" for point in points()} <= named
