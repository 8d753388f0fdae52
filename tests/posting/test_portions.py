"""Portions: small however many there are, and nothing that belongs together is torn apart."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mmrecon.model.posting import PostingState, Slip
from mmrecon.posting.portions import portions


def slip(
    number: int,
    *,
    line: int | None = None,
    account: int | None = None,
    client: int | None = None,
    kind: str = "savings",
) -> Slip:
    return Slip(
        number, 1, line, "" if line is not None else f"source {number}", kind,
        account if account is not None else number, client, "2026-11-24", PostingState.APPROVED,
    )  # fmt: skip


def test_what_shares_nothing_is_cut_at_the_size_in_its_order() -> None:
    slips = [slip(number, line=number) for number in range(1, 6)]
    assert list(portions(slips, 2)) == [[1, 2], [3, 4], [5]]


def test_nothing_gives_no_portion() -> None:
    assert list(portions([], 2)) == []


def test_an_account_a_line_and_a_client_each_hold_their_postings_together() -> None:
    same_account = [slip(1, line=1, account=7), slip(2, line=2), slip(3, line=3, account=7)]
    assert list(portions(same_account, 1)) == [[1, 3], [2]]
    same_line = [slip(1, line=9), slip(2, line=2), slip(3, line=9)]
    assert list(portions(same_line, 1)) == [[1, 3], [2]]
    same_client = [slip(1, line=1, client=5), slip(2, line=2), slip(3, line=3, client=5)]
    assert list(portions(same_client, 1)) == [[1, 3], [2]]
    same_source = [replace(one, source="item") for one in (slip(1), slip(2))]
    assert list(portions(same_source, 1)) == [[1, 2]]


def test_a_loan_and_a_savings_account_of_one_number_are_two_accounts() -> None:
    slips = [slip(1, line=1, account=7), slip(2, line=2, account=7, kind="loan")]
    assert list(portions(slips, 1)) == [[1], [2]]


def test_a_chain_of_lines_over_several_accounts_is_one_portion() -> None:
    slips = [
        slip(1, line=1, account=1), slip(2, line=1, account=2), slip(3, line=2, account=2),
        slip(4, line=2, account=3), slip(5, line=3, account=3), slip(6, line=4, account=9),
    ]  # fmt: skip
    assert list(portions(slips, 2)) == [[1, 2, 3, 4, 5], [6]]


_FEW = st.integers(1, 6)


@given(st.lists(st.tuples(_FEW, _FEW, st.none() | _FEW), max_size=40), st.integers(1, 10))
def test_every_posting_is_in_one_portion_and_no_account_line_or_client_in_two(
    drawn: list[tuple[int, int, int | None]], size: int
) -> None:
    slips = [
        slip(number, line=line, account=account, client=client)
        for number, (line, account, client) in enumerate(drawn, 1)
    ]
    made = list(portions(slips, size))
    assert sorted(one for portion in made for one in portion) == [one.posting_id for one in slips]
    for name in ("line_id", "account_id", "client_id"):
        where: dict[int, int] = {}
        for place, portion in enumerate(made):
            for one in (slips[number - 1] for number in portion):
                value = getattr(one, name)
                if value is not None:
                    assert where.setdefault(value, place) == place
