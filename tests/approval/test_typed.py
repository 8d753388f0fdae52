from __future__ import annotations

from datetime import date

import pytest

from mmrecon.approval import typed
from mmrecon.approval.typed import TypedError

TODAY = date(2026, 3, 3)


def test_an_account_is_kind_and_number_in_any_letter_case() -> None:
    named = typed.account("Savings : 000000123", "Different account")
    assert named.words() == "savings:000000123"


@pytest.mark.parametrize("text", ["000000123", "share:12", "savings:", "savings:1 2", ""])
def test_an_account_without_kind_or_number_is_refused(text: str) -> None:
    with pytest.raises(TypedError) as refused:
        typed.account(text, "Different account")
    assert refused.value.code == "answer_account_malformed"


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("500", "KES", 50_000), ("500.5", "KES", 50_050), ("20000", "UGX", 20_000)],
)
def test_plain_decimal_amounts_are_exact(text: str, currency: str, minor: int) -> None:
    assert typed.amount_minor(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1,500", "KES"), ("1 500", "KES"), ("1500,00", "KES"), ("0.001", "KES"), ("0.5", "UGX"),
        ("0", "KES"), ("-5", "KES"), ("1e3", "KES"), ("٣٠", "KES"), ("KES 5", "KES"), ("", "KES"),
    ],
)  # fmt: skip
def test_an_amount_that_could_mean_two_things_is_none(text: str, currency: str) -> None:
    assert typed.amount_minor(text, currency) is None


def test_a_split_names_each_account_with_its_amount() -> None:
    parts = typed.split("savings:11=300; loan:12=400.50;", "KES")
    assert [(named.words(), minor) for named, minor in parts] == [
        ("savings:11", 30_000),
        ("loan:12", 40_050),
    ]


@pytest.mark.parametrize(
    "text",
    ["savings:11=700", "savings:11=300 loan:12=400", "savings:11=3,00; loan:12=4",
     "savings:11=300; savings:11=400", "savings:11; loan:12=400"],
)  # fmt: skip
def test_a_split_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(TypedError) as refused:
        typed.split(text, "KES")
    assert refused.value.code == "answer_split_malformed"


def test_a_row_is_held_until_a_later_day() -> None:
    assert typed.hold_until("2026-03-31", TODAY) == "2026-03-31"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("31/03/26", "answer_date_malformed"), ("tomorrow", "answer_date_malformed"),
        ("2026-03-03", "answer_date_past"), ("2025-03-31", "answer_date_past"),
        ("2062-03-31", "answer_date_past"),
    ],
)  # fmt: skip
def test_another_day_to_hold_until_is_refused(text: str, code: str) -> None:
    with pytest.raises(TypedError) as refused:
        typed.hold_until(text, TODAY)
    assert refused.value.code == code


def test_a_transaction_is_named_by_digits() -> None:
    assert typed.transaction("004711") == "4711"
    with pytest.raises(TypedError) as refused:
        typed.transaction("T-4711")
    assert refused.value.code == "answer_transaction_malformed"


def test_a_paper_reference_of_two_letters_finds_nothing() -> None:
    assert typed.paper_reference("JV 12") == "JV 12"
    with pytest.raises(TypedError) as refused:
        typed.paper_reference("JV")
    assert refused.value.code == "answer_paper_reference_short"


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-31", "31/03/2026", "31.03.2026", "31-03-2026", "03/31/2026", "31 Mar 2026",
        "31 March 2026", "31-mar-2026", "March 31, 2026", "2026/03/31",
    ],
)  # fmt: skip
def test_a_date_that_can_be_one_day_only_is_taken_however_it_is_typed(text: str) -> None:
    assert typed.hold_until(text, TODAY) == "2026-03-31"


def test_a_date_with_day_and_month_alike_is_one_day() -> None:
    assert typed.hold_until("05/05/2026", TODAY) == "2026-05-05"


def test_a_date_that_could_be_two_days_is_refused_with_both() -> None:
    with pytest.raises(TypedError) as refused:
        typed.hold_until("05/04/2026", TODAY)
    assert refused.value.code == "answer_date_ambiguous"
    assert refused.value.arguments == {"days": "2026-04-05 or 2026-05-04"}
