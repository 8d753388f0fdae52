"""What two people signed is taken back, exactly once; the line can be decided anew."""

from __future__ import annotations

from typing import Any

import pytest

from mmrecon.cli.demo.officer import Owner
from mmrecon.sandbox.demo_wallets import PAYBILL, PAYOUTS
from tests.cli.site import ASHA, BENO
from tests.flow.oracles import check_money
from tests.flow.site import Site
from tests.flow.world import (
    AMINA,
    BRENDA,
    DAUDI,
    DAY,
    ESTHER,
    charge,
    loan_of,
    paid,
    payout,
    receipt,
    reversal,
    savings_of,
)
from tests.sandbox.client import COMMON

WHY = ("--reason", "posted to the wrong client")


@pytest.fixture
def posted(site: Site) -> Site:
    """A deposit and a repayment, posted and verified."""
    site.deliver(
        paid(1, AMINA, savings_of(AMINA), 500_00), paid(2, BRENDA, loan_of(BRENDA), 700_00)
    )
    site.take_in()
    site.decide()
    site.send()
    site.ok("verify")
    return site


def undo(site: Site, *what: str) -> dict[str, Any]:
    """The preparer signs a correction."""
    told: dict[str, Any] = site.ok("undo", *what, *WHY, *site.signed(ASHA), "--json").json
    return told


def codes(told: dict[str, Any]) -> list[str]:
    """What was said of each leg."""
    return [one["code"] for leg in told["legs"] for one in leg["consequences"]]


def standing(site: Site) -> dict[str, bool]:
    """By receipt: whether the money stands in Fineract."""
    return {one.receipt: not one.reversed for one in site.new_money()}


def test_a_line_taken_back_is_free_again_and_goes_to_somebody_else(posted: Site) -> None:
    site = posted
    said = site.ok("undo", receipt(1), *WHY)
    assert "savings deposit of KES 500.00" in said.out
    assert "Nothing was signed" in said.out
    batch_id = undo(site, receipt(1))["batch_id"]
    assert site.call("approve", batch_id, "--yes", *site.signed(ASHA)).code == 5
    assert f"take back {receipt(1)}" in site.ok("approve", batch_id).out
    site.send()
    assert site.state_of(receipt(1)) == "verified"
    site.approve_everything(BENO)
    told = site.ok("post").out
    assert f"Taken back in Fineract, as two people signed in {batch_id}: 1 posting(s)" in told
    assert "mmrecon workbook" in told
    assert "held back" not in told
    assert "refused or withdrawn" not in told
    assert site.state_of(receipt(1)) == "review"
    assert standing(site) == {receipt(1): False, receipt(2): True}
    told = site.ok("explain", receipt(1)).out
    assert "undone, transaction" in told
    assert batch_id in told
    site.ok("prove", "--day", DAY.isoformat())
    site.ok("match")
    site.decide(owners={receipt(1): Owner(f"savings:{savings_of(ESTHER)}", ours=True)})
    site.send()
    site.ok("verify")
    story = site.ok("explain", receipt(1)).out
    chosen = f"savings:{savings_of(ESTHER)}"
    assert f"Typed: account {chosen}; because: client confirmed." in story
    assert f"It asks: different account, to {chosen}, because: client confirmed." in story
    attempts = site.rows(
        "select attempt, state, idempotency_key from posting where receipt = ?", receipt(1)
    )
    assert [(row["attempt"], row["state"]) for row in attempts] == [(1, "undone"), (2, "verified")]
    assert attempts[0]["idempotency_key"] != attempts[1]["idempotency_key"]
    check_money(site)


def test_a_repayment_taken_back_is_repaid_again_with_another_external_id(posted: Site) -> None:
    site = posted
    undo(site, receipt(2))
    site.approve_everything(BENO)
    site.send()
    site.ok("match")
    site.decide(owners={receipt(2): Owner(loan_of(BRENDA), ours=True)})
    site.send()
    site.ok("verify")
    rows = site.rows(
        "select attempt, state, external_id from posting where receipt = ?", receipt(2)
    )
    assert [(row["attempt"], row["state"]) for row in rows] == [(1, "undone"), (2, "verified")]
    assert rows[0]["external_id"] != rows[1]["external_id"]
    check_money(site)


REVERSED = {"Reason": "reversed by the provider"}


def reversed_by_the_provider(site: Site) -> str:
    """The next file of the day shows that the first payment went back to the payer."""
    first = paid(1, AMINA, savings_of(AMINA), 500_00)
    other = paid(2, BRENDA, loan_of(BRENDA), 700_00)
    path = site.deliver(first, other, reversal(40, first))
    del site.delivered[path.name]  # two deliveries share this name
    site.take_in(codes=(0, 1, 6))
    return receipt(40)


def test_a_reversal_is_answered_undo_and_both_lines_are_closed_once_it_is_done(
    posted: Site,
) -> None:
    site = posted
    taken = reversed_by_the_provider(site)
    assert site.state_of(taken) == "review"
    submitted = site.submit(site.answer(choices={taken: {"Decision": "undo", **REVERSED}}))
    (batch,) = submitted["batches"]
    assert (batch["kind"], batch["rows"]) == ("corrections", 2)
    assert site.state_of(taken) == "submitted"
    shown = site.ok("approve", batch["batch_id"]).out
    assert f"take back {receipt(1)}" in shown
    assert f"close the reversal {taken}, KES 500.00" in shown
    site.approve_everything(BENO)
    assert site.state_of(taken) == "held"
    assert site.state_of(receipt(1)) == "verified"
    assert [one["state"] for one in site.send()["postings"]] == ["undone"]
    assert (site.state_of(receipt(1)), site.state_of(taken)) == ("closed_by_hand",) * 2
    assert standing(site) == {receipt(1): False, receipt(2): True}
    rows = site.ok("workbook", "--json", codes=(0, 1, 6)).json
    assert rows["waiting"] == 0
    site.ok("journal", "verify")
    site.ok("prove", "--day", DAY.isoformat())
    check_money(site)


def test_a_reversal_that_somebody_swapped_in_the_database_is_not_approved(posted: Site) -> None:
    site = posted
    taken = reversed_by_the_provider(site)
    (batch,) = site.submit(site.answer(choices={taken: {"Decision": "undo", **REVERSED}}))[
        "batches"
    ]
    (other,) = site.rows("select line_id from line where receipt = ?", receipt(2))
    site.alter(
        "update batch_row set line_id = ? where batch_id = ? and row_number = 2",
        other["line_id"], batch["batch_id"],
    )  # fmt: skip
    assert site.call("approve", batch["batch_id"], "--yes", *site.signed(BENO)).code == 5
    assert standing(site) == {receipt(1): True, receipt(2): True}


def test_an_undo_that_is_given_up_is_a_question_again(posted: Site) -> None:
    site = posted
    taken = reversed_by_the_provider(site)
    site.decide(choices={taken: {"Decision": "undo", **REVERSED}})
    site.api.done(
        "POST",
        f"/savingsaccounts/{site.account_id(savings_of(AMINA))}/transactions?command=withdrawal",
        {
            "transactionDate": DAY.isoformat(), "transactionAmount": 20_400,
            "paymentTypeId": site.payment_type_id(PAYBILL), **COMMON,
        },
    )  # fmt: skip
    told = site.send(codes=(0, 1, 6))
    assert [issue["code"] for issue in told["issues"]] == ["undo_given_up"]
    assert (site.state_of(receipt(1)), site.state_of(taken)) == ("verified", "review")
    path = site.answer(choices={taken: {"Decision": "undo", **REVERSED}})
    (refused,) = site.submit(path)["refused"]
    assert refused["code"] == "answer_undo_not_possible"


def test_a_posting_may_be_left_although_the_payment_was_reversed(posted: Site) -> None:
    site = posted
    taken = reversed_by_the_provider(site)
    submitted = site.decide(
        choices={
            taken: {"Decision": "leave the posting", "Reason": "recovered from the client"},
        }
    )
    assert [batch["kind"] for batch in submitted["batches"]] == ["choices"]
    assert site.state_of(taken) == "closed_by_hand"
    assert standing(site) == {receipt(1): True, receipt(2): True}
    check_money(site)


def test_a_whole_batch_and_a_whole_file_are_taken_back(posted: Site) -> None:
    site = posted
    (batch,) = site.rows("select batch_id from batch where kind = 'postings'")
    looked = site.ok("undo", "--batch", batch["batch_id"], *WHY, "--json").json
    assert {leg["receipt"] for leg in looked["legs"]} == {receipt(1), receipt(2)}
    (file,) = site.rows("select sha256, first_name from file")
    by_hash = site.ok("undo", "--file", file["sha256"][:10], *WHY, "--json").json
    assert by_hash["legs"] == looked["legs"]
    undo(site, "--file", file["first_name"])
    waiting = site.ok("undo", receipt(1), *WHY, "--json").json
    assert codes(waiting) == ["undo_waits_already"]
    site.approve_everything(BENO)
    site.send()
    assert standing(site) == {receipt(1): False, receipt(2): False}
    assert site.call("undo", receipt(1), *WHY).code == 2
    check_money(site)


def test_a_file_takes_only_back_what_no_other_file_shows(posted: Site) -> None:
    site = posted
    site.deliver(paid(1, AMINA, savings_of(AMINA), 500_00), paid(3, AMINA, "x", 100_00))
    site.take_in(codes=(0, 1, 6))
    file = site.rows("select sha256 from file order by file_id")[0]
    told = site.ok("undo", "--file", file["sha256"], *WHY, "--json").json
    assert {leg["receipt"]: leg["possible"] for leg in told["legs"]} == {
        receipt(1): False, receipt(2): True,
    }  # fmt: skip
    assert "undo_also_in_file" in codes(told)


def test_a_disbursement_taken_back_can_be_disbursed_again(site: Site) -> None:
    site.deliver(payout(5, DAUDI, loan_of(DAUDI), 6_000_00), charge(5, 13_00), wallet=PAYOUTS)
    site.whole_day()
    told = undo(site, receipt(5))
    assert codes(told) == ["undo_unsays_disbursal"]
    site.approve_everything(BENO)
    site.send()
    assert [row["state"] for row in site.rows("select state from posting")] == ["undone"]
    site.ok("ledger", "refresh")
    site.ok("match")
    assert site.line(receipt(5), "payout")["state"] == "review"
    site.decide(owners={receipt(5): Owner(loan_of(DAUDI), ours=True)})
    site.send()
    site.ok("verify")
    states = [row["state"] for row in site.rows("select state from posting order by posting_id")]
    assert states == ["undone", "verified"]
    check_money(site)


def test_a_teller_who_was_faster_is_seen_and_the_line_is_back_in_review(posted: Site) -> None:
    site = posted
    undo(site, receipt(1))
    site.approve_everything(BENO)
    (deposit,) = [one for one in site.new_money() if one.receipt == receipt(1)]
    path = f"/savingsaccounts/{deposit.account_id}/transactions/{deposit.transaction_id}"
    site.api.done("POST", f"{path}?command=undo", {})
    posted_now = site.send()
    assert [issue["code"] for issue in posted_now["issues"]] == ["undo_given_up"]
    site.ok("verify", codes=(6,))
    assert site.state_of(receipt(1)) == "review"
    check_money(site, codes=(0, 1, 6))


@pytest.mark.parametrize(
    "alteration",
    [
        "update batch_row set row_json = replace(row_json, 'wrong client', 'right one')",
        "delete from signature where act = 'approve' and batch_id like 'corrections%'",
        "update posting set account_id = account_id + 1",
    ],
)
def test_an_altered_correction_takes_nothing_back(posted: Site, alteration: str) -> None:
    site = posted
    undo(site, receipt(1))
    site.approve_everything(BENO)
    site.alter(alteration)
    assert site.call("post").code == 5
    assert site.journal("refused")
    assert standing(site) == {receipt(1): True, receipt(2): True}


def test_a_correction_that_one_person_put_there_takes_nothing_back(posted: Site) -> None:
    site = posted
    undo(site, receipt(1))
    site.alter("update batch set state = 'approved' where kind = 'corrections'")
    assert site.call("post").code == 5
    assert standing(site)[receipt(1)]


def test_a_rejected_correction_leaves_everything_and_can_be_asked_for_again(posted: Site) -> None:
    site = posted
    batch_id = undo(site, receipt(1))["batch_id"]
    reject = ("--reject-batch", "--reason", "it is right", "--yes")
    site.ok("approve", batch_id, *reject, *site.signed(BENO))
    site.send()
    assert standing(site)[receipt(1)]
    assert undo(site, receipt(1))["batch_id"] != batch_id


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((receipt(1),), "a correction has a reason"),
        (WHY, "it is not clear what to take back"),
        ((receipt(1), "--batch", "postings-1", *WHY), "it is not clear what to take back"),
        (("NOSUCH", *WHY), "No statement shows “NOSUCH” yet. Read so far: paybill up to"),
        (("--batch", "postings-1", *WHY), "nothing of postings-1 stands"),
        (("--file", "nosuch.csv", *WHY), "there is no file nosuch.csv"),
    ],
)
def test_what_is_not_clear_is_refused(posted: Site, options: tuple[str, ...], words: str) -> None:
    ended = posted.call("undo", *options)
    assert ended.code == 2
    assert words in ended.err
