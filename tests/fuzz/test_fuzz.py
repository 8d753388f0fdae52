"""A short campaign in every run, two thousand files where there is time; longer ones by hand."""

from __future__ import annotations

import pytest

from mmrecon.statements.layout import load_layouts
from mmrecon.statements.reading import Reading, read_member
from tests.fuzz.campaign import BrokenPromiseError, Case, case, check, peak_mb, run
from tests.fuzz.specimen import Specimen, facts_by_row, specimens

MEMORY_CAP_MB = 2_048


def test_no_file_of_a_short_campaign_breaks_a_promise() -> None:
    tally = run(seed=7, files=150, workbooks=0.02)
    assert tally.failures == []
    assert set(tally.outcomes) >= {"read", "partial", "quarantined", "refused"}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_thousand_files_break_no_promise_and_stay_under_the_memory_cap() -> None:
    tally = run(seed=2_026, files=2_000, workbooks=0.01)
    assert tally.failures == []
    assert peak_mb() < MEMORY_CAP_MB


def test_the_same_numbers_make_the_same_file() -> None:
    first, second = (case(3, 11, workbooks=0.0) for _ in range(2))
    assert (first.content, first.steps) == (second.content, second.steps)


def test_a_lost_row_or_a_changed_amount_would_be_noticed() -> None:
    specimen = _csv_specimen()
    rows = specimen.rows or []
    reading = _reading(specimen)
    check(Case("f", b"", specimen, ()), reading)
    rows.append(type(rows[0])(list(rows[-1].cells)))
    with pytest.raises(BrokenPromiseError, match="records"):
        check(Case("f", b"", specimen, ()), reading)
    del rows[-1]
    row = next(iter(facts_by_row(reading)))
    specimen.facts[row] = [("?", "collection", 1, 1, 1)]
    with pytest.raises(BrokenPromiseError, match="was"):
        check(Case("f", b"", specimen, ()), reading)


def _csv_specimen() -> Specimen:
    found = next(one for one in specimens() if one.name == "a-day.csv").copy()
    found.facts = dict(found.facts)
    return found


def _reading(specimen: Specimen) -> Reading:
    return read_member(specimen.content, specimen.name, load_layouts())
