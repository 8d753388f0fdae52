"""Sentences agree with their numbers."""

from __future__ import annotations

import pytest

from mmrecon.model.words import counted, worded


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1_000, "1,000 rows")]
)
def test_a_noun_agrees_with_its_number(count: int, said: str) -> None:
    assert counted(count, "row") == said


def test_nouns_and_verbs_of_a_template_agree_with_the_number_before_them() -> None:
    template = "{count} posting(s) of {day} (is|are) held; {others} batch(es) (waits|wait)"
    one = worded(template, {"count": 1, "day": "2026-03-31", "others": 2})
    assert one == "1 posting of 2026-03-31 is held; 2 batches wait"
    many = worded(template, {"count": 2, "day": "2026-03-31", "others": 1})
    assert many == "2 postings of 2026-03-31 are held; 1 batch waits"


def test_a_number_is_told_as_it_is_and_a_word_before_any_number_stays() -> None:
    assert (
        worded("file(s): {name}, {number}", {"name": "a", "number": 12345}) == "file(s): a, 12345"
    )
