"""What was posted after the backup that came back: found, never posted twice, and told as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mmrecon.cli.demo.officer import Owner
from tests.cli.site import ASHA, BENO
from tests.flow.oracles import check_money
from tests.flow.site import Money, Site
from tests.flow.world import AMINA, DAY, ESTHER, paid, receipt, savings_of

WHY = ("--reason", "posted to the wrong client")
AGAIN = {"Decision": "approve", "Reason": "client confirmed"}


def standing(site: Site) -> list[Money]:
    """What stands in Fineract since the site was opened."""
    return [one for one in site.new_money() if not one.reversed]


def refused(site: Site, cells: dict[str, str]) -> list[dict[str, Any]]:
    """Hand the row back with these cells; what was refused of it."""
    returned = site.answer(choices={receipt(1): cells})
    told: list[dict[str, Any]] = site.submit(returned)["refused"]
    return told


@pytest.fixture
def moved(site: Site, tmp_path: Path) -> Site:
    """Undone, backed up, posted to somebody else, put back: the store does not know the second."""
    site.deliver(paid(1, AMINA, savings_of(AMINA), 500_00))
    site.take_in()
    site.decide()
    site.send()
    site.ok("undo", receipt(1), *WHY, *site.signed(ASHA))
    site.approve_everything(BENO)
    site.send()
    backup = tmp_path / "backup.tar.gz"
    site.ok("backup", str(backup), "--archive")
    site.ok("match")
    site.decide(owners={receipt(1): Owner(f"savings:{savings_of(ESTHER)}", ours=True)})
    site.send()
    site.ok("restore", str(backup), "--replace")
    site.send()
    site.ok("match")
    return site


def undo_in_fineract(site: Site, one: Money) -> None:
    """The branch takes a transaction back by hand."""
    path = f"/savingsaccounts/{one.account_id}/transactions/{one.transaction_id}?command=undo"
    site.api.done("POST", path, {})
    site.by_hand.add(("savings", one.transaction_id))


def test_what_mmrecon_posted_before_the_restore_is_not_approved_again(moved: Site) -> None:
    """A plain "approve" is refused, one with a reason too; the right answer ends it."""
    site = moved
    (there,) = standing(site)
    for cells in ({"Decision": "approve"}, AGAIN):
        (answer,) = refused(site, cells)
        assert answer["code"] == "answer_posted_by_mmrecon"
        assert f"transaction {there.transaction_id} on savings:{savings_of(ESTHER)}" in str(answer)
        assert "already posted" in str(answer)
    told = site.call("undo", receipt(1), *WHY)
    assert told.code == 2
    assert f"transaction {there.transaction_id}" in told.err
    assert "already posted" in told.err
    site.decide(
        choices={
            receipt(1): {
                "Decision": "already posted",
                "Different account": f"savings:{savings_of(ESTHER)}",
                "Transaction or paper reference": str(there.transaction_id),
            }
        }
    )
    site.send()
    site.ok("verify")
    site.ok("prove", "--day", DAY.isoformat())
    assert standing(site) == [there]
    assert site.state_of(receipt(1)) == "posted_elsewhere"


def test_undone_in_fineract_it_can_be_posted_again_and_stands_once(moved: Site) -> None:
    site = moved
    (there,) = standing(site)
    undo_in_fineract(site, there)
    site.decide(choices={receipt(1): AGAIN})
    site.send()
    site.ok("verify")
    (now,) = standing(site)
    assert now.account_id == site.account_id(savings_of(AMINA))
    check_money(site)


def test_a_linked_transaction_that_was_undone_in_fineract_frees_its_line(moved: Site) -> None:
    site = moved
    (there,) = standing(site)
    cells = {
        "Decision": "already posted", "Different account": f"savings:{savings_of(ESTHER)}",
        "Transaction or paper reference": str(there.transaction_id),
    }  # fmt: skip
    site.decide(choices={receipt(1): cells})
    undo_in_fineract(site, there)
    told = site.ok("verify", "--json", codes=(6,)).json
    assert [issue["code"] for issue in told["issues"]] == ["link_reversed"]
    assert site.state_of(receipt(1)) == "review"
    assert f"transaction {there.transaction_id}" in site.ok("explain", receipt(1)).out
    assert site.ok("verify", "--json").json["issues"] == []
    site.decide(choices={receipt(1): {"Decision": "approve"}})
    site.send()
    site.ok("verify")
    assert len(standing(site)) == 1
    assert site.call("journal", "verify").code == 0
    check_money(site)


def test_approved_all_the_same_it_is_not_sent(moved: Site) -> None:
    """Whoever got around the answer's check: the run that sends reads Fineract anew."""
    site = moved
    (there,) = standing(site)
    undo_in_fineract(site, there)
    returned = site.submit(site.answer(choices={receipt(1): AGAIN}))
    assert returned["refused"] == []
    again = there.account_id, there.amount_minor // 100
    note = {"note": "mmrecon choices-20261125-abcdef/1"}
    deposit_with_note(site, *again, note)
    site.approve_everything(BENO)
    site.send(codes=(6,))  # another mmrecon seems to post there
    assert len(standing(site)) == 1
    site.ok("post", "--other-stopped", codes=(0, 1, 6))
    assert site.state_of(receipt(1)) == "review"
    assert len(standing(site)) == 1
    assert "mmrecon itself posted it already" in site.ok("explain", receipt(1)).out


def test_a_receipt_of_ours_that_stands_twice_is_told_with_both_transactions(site: Site) -> None:
    """On another account, which nothing but the wallet's books shows."""
    site.deliver(paid(1, AMINA, savings_of(AMINA), 500_00))
    site.whole_day()
    (ours,) = standing(site)
    second = site.teller_deposits(savings_of(ESTHER), 500, receipt=receipt(1))
    told = site.ok("verify", codes=(6,)).out
    for words in (
        f"transaction {ours.transaction_id}", f"transaction {second}",
        f"mmrecon undo {receipt(1)}", "by somebody else",
    ):  # fmt: skip
        assert words in " ".join(told.split()), words
    assert f"transaction {second}" in site.ok("explain", receipt(1)).out
    assert f"transaction {second}" in site.ok("undo", receipt(1), *WHY).out
    site.ok("verify", codes=(6,))
    assert len(site.journal("receipt_twice")) == 1
    (extra,) = [one for one in standing(site) if one.transaction_id == second]
    undo_in_fineract(site, extra)
    site.ok("verify")
    assert len(site.journal("receipt_twice_ended")) == 1
    assert f"transaction {second}" not in site.ok("explain", receipt(1)).out


def deposit_with_note(site: Site, account_id: int, amount: int, note: dict[str, str]) -> None:
    """A deposit with the wallet's payment type, the receipt and a note of mmrecon's form."""
    from mmrecon.sandbox.demo_wallets import PAYBILL
    from tests.sandbox.client import COMMON

    body = {
        "transactionDate": DAY.isoformat(), "transactionAmount": amount,
        "paymentTypeId": site.payment_type_id(PAYBILL), "receiptNumber": receipt(1),
        **note, **COMMON,
    }  # fmt: skip
    site.api.done("POST", f"/savingsaccounts/{account_id}/transactions?command=deposit", body)
