from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mmrecon.config import PostingLimits
from mmrecon.model.posting import Command, Posting, SentHow
from mmrecon.posting.plan import Plan, account_of, line_of, make_plan
from tests.fineract.recorded import posting

LIMITS = PostingLimits()


def legs(*accounts: int, line_id: int, command: str = "savings_deposit") -> list[Posting]:
    return [
        posting(
            command, account, posting_id=line_id * 100 + leg, line_id=line_id, leg=leg,
            source=f"line-{line_id}",
        )
        for leg, account in enumerate(accounts, 1)
    ]  # fmt: skip


def plan(*lines: list[Posting], **changes: Any) -> Plan:
    postings = [leg for line in lines for leg in line]
    completed_at = {leg.line_id or 0: leg.line_id or 0 for leg in postings}
    loose = changes.pop("loose", ())
    return make_plan(postings, completed_at, PostingLimits(**changes), loose)


def shapes(made: Plan) -> list[list[list[int]]]:
    return [
        [[leg.line_id or 0 for leg in envelope.postings] for envelope in queue]
        for queue in made.queues
    ]


def test_ten_savings_lines_fit_into_one_call() -> None:
    made = plan(*(legs(number, line_id=number) for number in range(1, 12)), workers=1)
    assert [len(envelope.postings) for envelope in made.queues[0]] == [10, 1]


def test_a_call_that_holds_a_loan_holds_five() -> None:
    savings = [legs(number, line_id=number) for number in range(1, 5)]
    loans = [legs(number, line_id=number, command="loan_repayment") for number in range(5, 8)]
    made = plan(*savings, *loans, workers=1)
    for envelope in made.queues[0]:
        has_loan = any(leg.account_kind == "loan" for leg in envelope.postings)
        assert len(envelope.postings) <= (5 if has_loan else 10)
    assert made.count() == 7


def test_all_legs_of_a_line_are_in_one_call() -> None:
    made = plan(legs(*range(1, 8), line_id=1), legs(*range(20, 26), line_id=2), workers=1)
    assert shapes(made) == [[[1] * 7, [2] * 6]]


def test_a_long_line_goes_alone_and_a_too_long_one_not_at_all() -> None:
    made = plan(legs(*range(1, 61), line_id=1), legs(99, line_id=2), workers=1)
    assert shapes(made) == [[[1] * 60, [2]]]
    made = plan(legs(*range(1, 62), line_id=1), legs(99, line_id=2), workers=1)
    assert [leg.line_id for leg in made.too_long] == [1] * 61
    assert shapes(made) == [[[2]]]


def test_lines_of_one_account_follow_each_other_in_order_of_completion() -> None:
    made = plan(legs(7, line_id=3), legs(7, line_id=1), legs(7, line_id=2))
    assert shapes(made) == [[[1], [2], [3]]]


def test_lines_that_share_an_account_indirectly_go_to_one_worker() -> None:
    made = plan(legs(1, 2, line_id=1), legs(2, 3, line_id=2), legs(3, line_id=3), workers=2)
    assert len(made.queues) == 1


def test_savings_and_loan_of_the_same_number_are_two_accounts() -> None:
    made = plan(legs(7, line_id=1), legs(7, line_id=2, command="loan_repayment"), workers=1)
    assert len(made.queues[0]) == 1


def test_commands_that_need_a_checker_go_item_by_item_with_all_legs_of_their_line() -> None:
    made = plan(
        legs(1, 2, line_id=1), legs(3, line_id=2, command="loan_repayment"), workers=1,
        loose={Command.SAVINGS_DEPOSIT},
    )  # fmt: skip
    sent = [(envelope.sent_how, len(envelope.postings)) for envelope in made.queues[0]]
    assert sorted(sent) == [(SentHow.CLOSED, 1), (SentHow.LOOSE, 1), (SentHow.LOOSE, 1)]


@given(
    st.lists(st.lists(st.integers(1, 12), min_size=1, max_size=4), max_size=40),
    st.integers(1, 4),
)
@settings(max_examples=100, deadline=None)
def test_every_plan_sends_each_leg_once_and_no_account_in_two_workers(
    lines: list[list[int]], workers: int
) -> None:
    made = plan(
        *(legs(*accounts, line_id=number) for number, accounts in enumerate(lines, 1)),
        workers=workers,
    )
    sent = [leg.posting_id for queue in made.queues for one in queue for leg in one.postings]
    assert len(sent) == len(set(sent)) == sum(len(accounts) for accounts in lines)
    owners: dict[tuple[str, int], int] = {}
    for worker, queue in enumerate(made.queues):
        last_line: dict[tuple[str, int], int] = {}
        for envelope in queue:
            by_line = {line_of(leg): leg.line_id or 0 for leg in envelope.postings}
            assert all(
                len([leg for leg in envelope.postings if line_of(leg) == line])
                == len(lines[line_id - 1])
                for line, line_id in by_line.items()
            )
            for leg in envelope.postings:
                assert owners.setdefault(account_of(leg), worker) == worker
            for account in {account_of(leg) for leg in envelope.postings}:
                on_it = {
                    leg.line_id or 0 for leg in envelope.postings if account_of(leg) == account
                }
                assert len(on_it) == 1
                assert last_line.get(account, 0) < max(on_it)
                last_line[account] = max(on_it)
