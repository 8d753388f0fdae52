"""Between approval and sending something changed: what is sent, what is not, who is told.

Rows of issue 5's table of faults; finer cases: `tests/posting/test_gate.py`, `test_preflight.py`,
`tests/pipeline/test_posting.py` and `test_approving.py`.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from contextlib import closing
from datetime import timedelta
from typing import Any

from mmrecon.sandbox.demo_wallets import PAYBILL, PAYOUTS
from tests.cli.site import ASHA, BENO, Ended
from tests.flow.oracles import check_money
from tests.flow.site import Site
from tests.flow.world import (
    AMINA,
    BRENDA,
    DAUDI,
    DAY,
    ESTHER,
    FARIDA,
    GRACE,
    closing_minor,
    loan_of,
    paid,
    payout,
    receipt,
    reversal,
    savings_of,
)
from tests.sandbox.client import COMMON


def approved(site: Site, *entries: Any, wallet: Any = PAYBILL) -> None:
    """These rows arrived, were answered and approved; nothing was sent yet."""
    site.deliver(*entries, wallet=wallet)
    site.take_in()
    site.decide()


def refused(site: Site, ended: Ended) -> str:
    """Nothing was sent, exit 5, and the refusal is in the journal; gives what was said."""
    assert ended.code == 5, (ended.code, ended.out, ended.err)
    assert site.new_money() == []
    entries = site.journal("refused")
    assert entries
    error = json.loads(ended.out)["error"]
    assert json.loads(entries[-1]["payload_json"])["code"] == error["code"]
    return str(error["message"])


def explained(site: Site, number: int) -> str:
    """Why the line of a receipt waits, as its story tells it."""
    return site.ok("explain", receipt(number)).out


def command_on(site: Site, account_no: str, command: str, body: dict[str, Any]) -> None:
    """Somebody does something to a savings account at the counter."""
    path = f"/savingsaccounts/{site.account_id(account_no)}?command={command}"
    site.api.done("POST", path, body)


def test_a_changed_configuration_sends_nothing_and_says_what_differs(site: Site) -> None:
    approved(site, paid(1, AMINA, savings_of(AMINA), 500_00))
    site.configure('member_number = "ready"', 'member_number = "review"')
    said = refused(site, site.call("post", "--json"))
    assert "member_number: ready → review" in said
    assert site.state_of(receipt(1)) == "approved"
    site.configure('member_number = "review"', 'member_number = "ready"')
    site.send()
    site.ok("verify")
    check_money(site)


def test_a_changed_tenant_server_or_payment_type_sends_nothing(site: Site) -> None:
    approved(site, paid(1, AMINA, savings_of(AMINA), 500_00))
    for old, new, word in (
        ('tenant = "default"', 'tenant = "other"', "tenant: default → other"),
        ('base_url = "http://127.0.0.1', 'base_url = "http://localhost', "base_url"),
        ('name = "M-PESA paybill 600101"', 'name = "Cash desk"', "payment_type"),
        ("gl_account_ids = [", "gl_account_ids = [1, ", "gl_account_ids"),
        ('mode = "live"', 'mode = "shadow"', "mode: live → shadow"),
        ("[[wallets]]", "[posting]\nworkers = 1\n\n[[wallets]]", "posting.workers"),
    ):
        kept = site.config.read_text(encoding="utf-8")
        site.config.write_text(kept.replace(old, new, 1), encoding="utf-8")
        assert word in refused(site, site.call("post", "--json"))
        assert site.call("tick", "--json").code == 5
        site.config.write_text(kept, encoding="utf-8")
    site.send()
    check_money(site)


def test_a_payment_type_renamed_in_fineract_sends_nothing(site: Site) -> None:
    approved(site, paid(1, AMINA, savings_of(AMINA), 500_00))
    path = f"/paymenttypes/{site.payment_type_id(PAYBILL)}"
    site.api.done("PUT", path, {"name": "Something else"})
    assert "Something else" in refused(site, site.call("post", "--json"))
    site.api.done("PUT", path, {"name": PAYBILL.payment_type})
    site.send()
    check_money(site)


_MINE = "batch_id like 'postings%'"
ALTERATIONS = (
    f"update batch_row set row_json = replace(row_json, '50000', '90000') where {_MINE}",
    "update posting set account_id = account_id + 1",
    "update posting set amount_minor = 90000, posted_minor = 90000",
    "update posting set value_date = date(value_date, '-1 day')",
    f"update batch set digest = '00' || substr(digest, 3) where {_MINE}",
    f"update signature set signature = 'AAAA' where act = 'approve' and {_MINE}",
    f"delete from signature where act = 'approve' and {_MINE}",
)


def test_a_row_altered_in_the_database_sends_nothing(site: Site) -> None:
    approved(site, paid(1, AMINA, savings_of(AMINA), 500_00))
    site.keep_database()
    for alteration in ALTERATIONS:
        site.alter(alteration)
        refused(site, site.call("post", "--json"))
        site.put_database_back()
    site.send()
    check_money(site)


def test_a_batch_put_into_the_database_by_hand_sends_nothing(site: Site) -> None:
    """An approval by the one who prepared it, written past the program."""
    site.deliver(paid(1, AMINA, savings_of(AMINA), 500_00))
    site.take_in()
    site.submit(site.answer())
    site.alter("update batch set state = 'approved', decided_by = ? where kind = 'postings'", BENO)
    ended = site.call("post", "--json")
    assert ended.code in {0, 5}
    assert site.new_money() == []


def test_the_same_person_cannot_prepare_and_approve(site: Site) -> None:
    site.deliver(paid(1, AMINA, savings_of(AMINA), 500_00))
    site.take_in()
    (batch,) = site.submit(site.answer())["batches"]
    ended = site.call("approve", batch["batch_id"], "--yes", *site.signed(ASHA), "--json")
    refused(site, ended)
    assert site.state_of(receipt(1)) == "submitted"
    assert site.send()["postings"] == []
    site.approve_everything(BENO)
    site.send()
    check_money(site)


def test_what_is_blocked_closed_or_disbursed_since_is_back_in_review_and_the_others_go(
    site: Site,
) -> None:
    site.deliver(payout(4, DAUDI, loan_of(DAUDI), 6_000_00), wallet=PAYOUTS)
    approved(
        site,
        paid(1, AMINA, savings_of(AMINA), 500_00),
        paid(2, FARIDA, savings_of(FARIDA), 600_00),
        paid(3, GRACE, savings_of(GRACE), 500_00),
    )
    command_on(site, savings_of(AMINA), "block", {"reasonForBlock": "check"})
    closing = {"closedOnDate": DAY.isoformat(), "withdrawBalance": True, **COMMON}
    command_on(site, savings_of(GRACE), "close", closing)
    path = f"/loans/{site.account_id(loan_of(DAUDI))}?command=disburse"
    body = {"actualDisbursementDate": DAY.isoformat(), "transactionAmount": 6_000, **COMMON}
    site.api.done("POST", path, body)
    site.by_hand |= {(money.kind, money.transaction_id) for money in site.new_money()}
    posted = site.send(codes=(1,))
    assert [issue["code"] for issue in posted["issues"]] == ["posting_sent_back"]
    assert [money.receipt for money in site.new_money() if money.receipt] == [receipt(2)]
    for number, words in (
        (1, f"account {savings_of(AMINA)} is blocked now"),
        (3, f"account {savings_of(GRACE)} is not open any more"),
        (4, f"account {loan_of(DAUDI)} is not open any more"),
    ):
        assert site.state_of(receipt(number)) == "review"
        assert words in explained(site, number)
    site.ok("verify")
    check_money(site)


def test_a_reversal_seen_since_is_back_in_review(site: Site) -> None:
    first = paid(1, AMINA, savings_of(AMINA), 500_00)
    other = paid(2, FARIDA, savings_of(FARIDA), 600_00)
    approved(site, first, other)
    file = site.deliver(first, other, reversal(30, first))
    file.rename(file.with_name("downloaded-again.csv"))
    site.delivered["downloaded-again.csv"] = site.delivered.pop(file.name)
    site.take_in()
    site.send(codes=(1,))
    assert [money.receipt for money in site.new_money()] == [receipt(2)]
    assert site.state_of(receipt(1)) == "review"
    assert "the provider took the money back after the approval" in explained(site, 1)
    site.ok("verify")
    check_money(site)


def test_money_that_a_teller_posted_with_its_receipt_is_a_link_to_confirm(site: Site) -> None:
    approved(
        site, paid(1, AMINA, savings_of(AMINA), 500_00), paid(2, FARIDA, savings_of(FARIDA), 600_00)
    )
    site.teller_deposits(savings_of(AMINA), 500, receipt=f" {receipt(1).lower()} ")
    site.send(codes=(1,))
    assert site.state_of(receipt(1)) == "posted_elsewhere"
    assert "already in Fineract" in explained(site, 1)
    site.sign_pending()
    assert site.state_of(receipt(1)) == "posted_elsewhere"
    site.send()
    site.ok("verify")
    assert len(site.new_money()) == 2
    check_money(site)


def test_the_same_amount_without_a_receipt_is_a_question_for_a_person(site: Site) -> None:
    approved(site, paid(1, AMINA, savings_of(AMINA), 500_00))
    site.teller_deposits(savings_of(AMINA), 500)
    site.send(codes=(1,))
    assert site.state_of(receipt(1)) == "review"
    assert "perhaps already in Fineract" in explained(site, 1)
    check_money(site, codes=(0, 1, 6))  # the teller's deposit names no receipt: a difference


def test_a_loan_that_was_paid_off_since_keeps_the_lines_other_leg_back_too(site: Site) -> None:
    approved(
        site, paid(1, BRENDA, BRENDA.number, 2_000_00), paid(2, FARIDA, savings_of(FARIDA), 600_00)
    )
    repay = f"/loans/{site.account_id(loan_of(BRENDA))}/transactions?command=repayment"
    body = {"transactionDate": DAY.isoformat(), "transactionAmount": 5_500, **COMMON}
    site.by_hand.add(("loan", int(site.api.done("POST", repay, body)["resourceId"])))
    site.send(codes=(1,))
    assert [money.receipt for money in site.new_money() if money.receipt] == [receipt(2)]
    assert site.state_of(receipt(1)) == "review"
    assert states_of_legs(site, 1) == {"withdrawn"}
    site.ok("verify")
    check_money(site)


def states_of_legs(site: Site, number: int) -> set[str]:
    """The states of the postings of a receipt."""
    query = "select state from posting where receipt = ?"
    return {str(row["state"]) for row in site.rows(query, receipt(number))}


def test_a_leg_that_fineract_would_refuse_keeps_its_siblings_back(site: Site) -> None:
    """A repayment on the day before the disbursement: Fineract would say no, it is not tried."""
    path = f"/loans/{site.account_id(loan_of(DAUDI))}?command=disburse"
    paid_out = DAY + timedelta(days=1)
    body = {"actualDisbursementDate": paid_out.isoformat(), "transactionAmount": 6_000, **COMMON}
    site.api.done("POST", path, body)
    site.by_hand |= {(money.kind, money.transaction_id) for money in site.new_money()}
    site.deliver(paid(1, DAUDI, "for both", 3_000_00), paid(2, FARIDA, savings_of(FARIDA), 600_00))
    site.take_in()
    parts = f"loan:{loan_of(DAUDI)}=2000.00; savings:{savings_of(DAUDI)}=1000.00"
    split = {"Decision": "split", "Split": parts, "Reason": "client confirmed"}
    site.decide(choices={receipt(1): split})
    posted = site.send(codes=(1,))
    assert [issue["code"] for issue in posted["issues"]] == ["posting_sent_back"]
    assert [money.receipt for money in site.new_money() if money.receipt] == [receipt(2)]
    assert states_of_legs(site, 1) == {"withdrawn"}
    assert site.state_of(receipt(1)) == "review"
    assert "was opened only after" in explained(site, 1)
    site.ok("verify")
    check_money(site)


def notes(site: Site) -> list[str]:
    """Every note in the stand-in Fineract."""
    with closing(sqlite3.connect(site.server.state_dir / "fineract.db")) as connection:
        return [str(note) for (note,) in connection.execute("select note from m_note")]


def test_another_value_date_that_two_people_sign_is_in_note_row_and_proof(site: Site) -> None:
    paid_out = (DAY + timedelta(days=1)).isoformat()
    path = f"/loans/{site.account_id(loan_of(DAUDI))}?command=disburse"
    body = {"actualDisbursementDate": paid_out, "transactionAmount": 6_000, **COMMON}
    site.api.done("POST", path, body)
    site.by_hand |= {(money.kind, money.transaction_id) for money in site.new_money()}
    site.deliver(paid(1, DAUDI, loan_of(DAUDI), 500_00))
    site.take_in()
    site.decide()
    site.send(codes=(1,))
    assert site.state_of(receipt(1)) == "review"
    assert "was opened only after" in explained(site, 1)
    answered = {
        "Decision": "approve", "Other value date": paid_out,
        "Why that date": "the account was opened later",
    }  # fmt: skip
    submitted = site.submit(site.answer(choices={receipt(1): answered}))
    (batch,) = submitted["batches"]
    assert batch["kind"] == "choices"
    shown = site.ok("approve", batch["batch_id"]).out
    assert f"value date {paid_out}: paid on {DAY}, the account was opened later" in shown
    site.approve_everything(BENO)
    site.send()
    site.ok("verify")
    (posted,) = [money for money in site.new_money() if money.receipt == receipt(1)]
    assert posted.value_date == paid_out
    assert any(f", paid on {DAY} (before_activation)" in note for note in notes(site))
    (row,) = site.rows("select row_json from batch_row where batch_id = ?", batch["batch_id"])
    signed = json.loads(row["row_json"])
    assert (signed["value_date"], signed["paid_on"]) == (paid_out, DAY.isoformat())
    assert signed["date_reason"] == "before_activation"
    proof = site.ok("prove", "--day", DAY.isoformat(), codes=(0, 1, 6)).out
    assert "posted under a later value date that two people signed: KES 500.00" in proof
    assert f"value date {paid_out} (paid on {DAY}" in site.ok("explain", receipt(1)).out
    check_money(site, codes=(0, 1, 6))


def test_a_leg_that_only_fineract_refuses_keeps_its_siblings_back(site: Site) -> None:
    """The account is blocked after the last look at it, while the envelope is under way."""
    approved(
        site, paid(1, BRENDA, BRENDA.number, 2_000_00), paid(2, FARIDA, savings_of(FARIDA), 600_00)
    )
    envelope = r"/batches\?enclosingTransaction=true"
    site.faults(
        {"method": "POST", "path": envelope, "what": "delay_before", "seconds": 2, "times": 2}
    )
    world = site.server.world
    assert world is not None

    def block() -> None:
        while not world.faults.report()[0]["fired"]:
            time.sleep(0.02)
        command_on(site, savings_of(BRENDA), "block", {"reasonForBlock": "check"})

    teller = threading.Thread(target=block)
    teller.start()
    posted = site.send(codes=(1,))
    teller.join()
    site.faults()
    assert [issue["code"] for issue in posted["issues"]] == ["posting_sent_back"]
    assert [money.receipt for money in site.new_money()] == [receipt(2)]
    assert "refused" in states_of_legs(site, 1)
    assert states_of_legs(site, 1) <= {"refused", "withdrawn"}
    assert site.state_of(receipt(1)) == "review"
    assert "Fineract refused leg 2" in explained(site, 1)
    site.ok("verify")
    check_money(site)


def test_contradicting_header_totals_send_nothing_of_that_day(site: Site) -> None:
    """The other wallet's day goes on; a right statement of the day lets it go."""
    entries = [
        paid(1, AMINA, savings_of(AMINA), 500_00), paid(2, ESTHER, savings_of(ESTHER), 700_00),
    ]  # fmt: skip
    file = site.deliver(*entries)
    right = file.read_text()
    file.write_text(right.replace("Total Paid In:,1200.00", "Total Paid In:,1300.00"))
    assert file.read_text() != right
    site.deliver(payout(5, DAUDI, loan_of(DAUDI), 6_000_00), wallet=PAYOUTS)
    site.take_in(codes=(6,))
    site.decide()
    posted = site.send(codes=(6,))
    assert "day_contradicted" in {issue["code"] for issue in posted["issues"]}
    assert [money.receipt for money in site.new_money()] == [receipt(5)]
    assert site.state_of(receipt(1)) == "approved"
    assert site.call("prove", "--day", DAY.isoformat()).code == 6
    check_money(site, codes=(0, 1, 6))


def test_a_balance_chain_that_breaks_sends_nothing_of_that_day(site: Site) -> None:
    entries = [
        paid(1, AMINA, savings_of(AMINA), 500_00), paid(2, ESTHER, savings_of(ESTHER), 700_00),
    ]  # fmt: skip
    file = site.deliver(*entries)
    balance = f"{closing_minor(entries[:1]) / 100:.2f}"
    text = file.read_text()
    assert text.count(balance) == 1
    file.write_text(text.replace(balance, "500400.00"))
    site.take_in(codes=(6,))
    site.decide()
    site.send(codes=(6,))
    assert site.new_money() == []
    check_money(site, codes=(0, 1, 6))
