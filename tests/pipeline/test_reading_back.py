"""“Already posted” is believed only as far as Fineract shows the same transaction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from mmrecon.model.catalogue import next_step_of, sentence_of
from mmrecon.pipeline.submitting import Submitted, check_workbook
from mmrecon.pipeline.workbook import write_workbook
from mmrecon.sandbox.server import SandboxServer
from mmrecon.store.database import transaction
from mmrecon.store.schema import LINK, POSTING
from tests.people.desk import Desk, make_desk
from tests.pipeline.paper import Paper, plant_ledger, plant_matches
from tests.posting.branch import Account, Branch

REFERENCE = "Transaction or paper reference"


@dataclass
class Teller:
    """A client's account where a teller books, and the workbook of the lines of 1,000.00."""

    desk: Desk
    branch: Branch
    account: Account
    connects: bool = True

    def books(self, amount: int = 1000, account: Account | None = None) -> str:
        return self.branch.teller(account or self.account, amount, "BYHAND")

    def says(self, **answers: str) -> Submitted:
        """What becomes of `row id=transaction` answers, and of one approval beside them."""
        run = self.desk.run
        if self.connects:
            run = replace(run, connect=self.branch.client.another)
        paper = Paper(write_workbook(run).path)
        paper.type("R000003", "Decision", "suspense")
        for row_id, number in answers.items():
            paper.type(row_id, "Decision", "already posted")
            paper.type(row_id, "Different account", f"savings:{self.account.account_no}")
            paper.type(row_id, REFERENCE, number)
        return check_workbook(run, paper.save())

    def codes(self, **answers: str) -> list[str]:
        """Codes of the refused answers; the other row is always kept."""
        decided = self.says(**answers).decided
        assert "R000003" in {answer.row_id for answer in decided.accepted}
        for refused in decided.refused:
            assert "{" not in sentence_of(refused.issue) + next_step_of(refused.issue)
            assert (refused.issue.file, refused.issue.receipt) != ("", "")
        return [refused.issue.code for refused in decided.refused]

    def plant(self, table: Any, **facts: Any) -> None:
        with transaction(self.desk.engine) as connection:
            connection.execute(insert(table), facts)


@pytest.fixture
def teller(tmp_path: Path, branch: Branch, sandbox: SandboxServer) -> Iterator[Teller]:
    desk = make_desk(tmp_path / "site")
    account = branch.savings()
    with transaction(desk.engine) as connection:
        named = account.account_id, account.account_no
        plant_ledger(connection, desk.folder / "state", named)
        plant_matches(connection)
    yield Teller(desk, branch, account)
    assert sandbox.world is not None
    sandbox.world.faults.replace({})
    desk.engine.dispose()


def test_a_transaction_that_stands_is_taken_with_the_amount_that_fineract_tells(
    teller: Teller,
) -> None:
    number = teller.books(1500)
    decided = teller.says(R000004=number).decided
    (answer,) = (one for one in decided.accepted if one.row_id == "R000004")
    assert (answer.transaction_id, answer.transaction_minor, answer.left_minor) == (
        number, 150_000, 100_000,
    )  # fmt: skip


def test_a_number_that_the_account_does_not_have_is_refused(teller: Teller) -> None:
    elsewhere = teller.books(account=teller.branch.savings())
    missing = "answer_transaction_missing"
    assert teller.codes(R000004="999999", R000005=elsewhere) == [missing, missing]


def test_a_reversed_transaction_is_no_money(teller: Teller) -> None:
    number = teller.books()
    teller.branch.undo(teller.account, number)
    assert teller.codes(R000004=number) == ["answer_transaction_reversed"]


def test_money_that_came_in_is_no_link_of_money_that_went_out(teller: Teller) -> None:
    assert teller.codes(R000006=teller.books()) == ["answer_transaction_direction"]


def test_what_mmrecon_posted_itself_is_no_link(teller: Teller) -> None:
    number = teller.books()
    teller.plant(
        POSTING, batch_id="b", batch_row=1, wallet_id=1, source="s", line_id=2, purpose="post",
        leg=1, attempt=1, resend=0, payment_type_id=3, account_kind="savings",
        account_id=teller.account.account_id,
        amount_minor=100_000, posted_minor=100_000, idempotency_key="k", state="verified",
        transaction_id=number,
    )  # fmt: skip
    assert teller.codes(R000004=number) == ["answer_transaction_own"]


def test_two_answers_do_not_take_one_transaction_twice(teller: Teller) -> None:
    number = teller.books(1999)
    assert teller.codes(R000004=number, R000005=number) == ["answer_transaction_too_small"]
    assert teller.codes(R000004=(larger := teller.books(2000)), R000005=larger) == []


def test_what_earlier_links_took_is_not_there_any_more(teller: Teller) -> None:
    number = teller.books()
    teller.plant(
        LINK, batch_id="b", batch_row=1, source="s", line_id=2, kind="transaction",
        amount_minor=1, account_kind="savings", transaction_id=number,
    )  # fmt: skip
    assert teller.codes(R000004=number) == ["answer_transaction_too_small"]


def test_a_silent_fineract_costs_only_these_answers(teller: Teller, sandbox: SandboxServer) -> None:
    number = teller.books()
    assert sandbox.world is not None
    down = {"method": ".*", "path": ".*", "what": "drop_before"}
    sandbox.world.faults.replace({"rules": [down]})
    assert teller.codes(R000004=number, R000005=number) == ["answer_not_read_back"] * 2


def test_without_a_fineract_nothing_can_be_read_back(teller: Teller) -> None:
    teller.connects = False
    decided = teller.says(R000004="1").decided
    (refused,) = decided.refused
    assert refused.issue.code == "answer_not_read_back"
    assert "no Fineract in this test" in sentence_of(refused.issue)
