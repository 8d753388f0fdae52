from __future__ import annotations

from typing import Any

import pytest

from mmrecon.config import PeopleRules
from mmrecon.people.rules import needs_second, whole_lines

RULES = PeopleRules(
    second_approver_row_limit_minor={"KES": 100},
    second_approver_batch_limit_minor={"KES": 250, "UGX": 10},
)


def _row(amount_minor: int, line: str = "", act: str = "post", currency: str = "KES") -> Any:
    return {"act": act, "amount_minor": amount_minor, "currency": currency, "line": line}


def test_rejecting_one_leg_rejects_its_whole_line_and_no_other() -> None:
    rows = [_row(1, "one"), _row(2, "two"), _row(3, "one"), _row(4, "three")]
    assert whole_lines(rows, [3]) == {1, 3}
    assert whole_lines(rows, []) == frozenset()


def test_rows_that_name_no_line_fall_alone() -> None:
    assert whole_lines([{"act": "enrol"}, {"act": "enrol"}], [1]) == {1}


def test_a_withdrawal_without_a_line_falls_by_its_source() -> None:
    rows: list[Any] = [{"line": None, "source": "request"}, {"line": "", "source": "request"}]
    assert whole_lines(rows, [1]) == {1, 2}


@pytest.mark.parametrize(
    ("rows", "needed"),
    [
        ([_row(100)], False),
        ([_row(101)], True),
        ([_row(100), _row(100), _row(50)], False),
        ([_row(100), _row(100), _row(51)], True),
        ([_row(9, currency="UGX")], False),
        ([_row(11, currency="UGX")], True),
        ([_row(1_000_000, currency="RWF")], False),
        ([_row(1_000_000, act="hold"), _row(1_000_000, act="suspense")], False),
        ([_row(101, act="not_ours")], True),
        ([_row(101, act="link")], True),
        ([{"act": "enrol", "name": "Caro Test"}], False),
    ],
)
def test_a_second_approver_is_needed_above_a_limit(rows: list[Any], needed: bool) -> None:
    assert needs_second(rows, (), RULES) is needed


def test_what_is_rejected_does_not_count_against_a_limit() -> None:
    rows = [_row(101), _row(100)]
    assert needs_second(rows, (), RULES)
    assert not needs_second(rows, [1], RULES)


def test_without_limits_nobody_else_is_needed() -> None:
    assert not needs_second([_row(10**12)], (), PeopleRules())
