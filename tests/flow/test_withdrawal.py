"""A wrong file that got in is taken out by two people; what it brought alone counts no longer."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from mmrecon.cli.demo.officer import Owner
from mmrecon.sandbox.demo_lines import Entry
from mmrecon.sandbox.demo_wallets import PAYBILL, PAYOUTS
from tests.cli.site import ASHA, BENO
from tests.flow.oracles import check_money
from tests.flow.site import Site
from tests.flow.world import (
    AMINA,
    BRENDA,
    DAY,
    OPENING_MINOR,
    closing_minor,
    loan_of,
    paid,
    receipt,
    savings_of,
    write_statement,
)

WHY = ("--reason", "it is another institution's file")
FIRST = paid(1, AMINA, savings_of(AMINA), 500_00)
SECOND = paid(2, BRENDA, loan_of(BRENDA), 700_00)
WRONG = paid(3, AMINA, savings_of(AMINA), 90_00)


def bring(site: Site, *entries: Entry, name: str, opening_minor: int = OPENING_MINOR) -> Path:
    """A statement of the day under a name of its own."""
    path = site.deliver(*entries, opening_minor=opening_minor)
    told = site.delivered.pop(path.name)
    moved = path.rename(path.with_name(name))
    site.delivered[name] = told
    return moved


def sha_of(site: Site, name: str) -> str:
    """The hash of a file."""
    (row,) = site.rows("select sha256 from file where first_name = ?", name)
    return str(row["sha256"])


def prepare(site: Site, name: str) -> dict[str, Any]:
    """The preparer signs the withdrawal."""
    told: dict[str, Any] = site.ok(
        "import", "--withdraw", sha_of(site, name)[:12], *WHY, *site.signed(ASHA), "--json"
    ).json
    return told


def approve(site: Site, batch_id: str, *, codes: Sequence[int] = (0,)) -> str:
    """The other person approves it."""
    ended = site.ok("approve", batch_id, "--yes", *site.signed(BENO), codes=codes)
    return ended.out


def withdraw(site: Site, name: str) -> str:
    """Both people sign."""
    return approve(site, prepare(site, name)["batch_id"])


def receipts(site: Site) -> set[str]:
    """Of every line that counts."""
    return {line["receipt"] for line in site.lines()}


def test_a_file_that_two_people_withdraw_counts_no_longer_and_is_read_again_when_handed_in(
    site: Site,
) -> None:
    path = bring(site, FIRST, SECOND, name="wrong.csv")
    site.take_in()
    site.ok("prove", "--day", DAY.isoformat(), codes=(0, 1, 6))
    site.ok("workbook", codes=(0, 1, 6))
    wanted = sha_of(site, "wrong.csv")[:12]
    looked = site.ok("import", "--withdraw", wanted, *WHY).out
    assert "2 lines that only it shows would leave" in looked
    assert "2 rows of the newest workbook would ask nobody" in looked
    assert "Nothing was signed" in looked
    batch_id = prepare(site, "wrong.csv")["batch_id"]
    assert site.call("approve", batch_id, "--yes", *site.signed(ASHA)).code == 5
    assert receipts(site) == {receipt(1), receipt(2)}
    assert "withdraw the file wrong.csv" in site.ok("approve", batch_id).out
    assert "2 lines left with it" in approve(site, batch_id)
    assert receipts(site) == set()
    assert site.rows("select * from proof_day") == []
    assert len(site.journal("file_withdrawn")) == 1
    site.ok("journal", "verify")
    told = site.ok("explain", receipt(1)).out
    assert "was withdrawn" in told
    assert batch_id in told
    assert site.ok("workbook", "--json", codes=(0, 1, 6)).json["waiting"] == 0
    assert site.take_in()["changed"] == 0
    assert receipts(site) == set()
    check_money(site)
    imported = site.ok("import", str(path), "--wallet", PAYBILL.name, "--json").json
    assert [one["new_rows"] for one in imported["files"]] == [2]
    site.ok("match")
    site.decide()
    site.send()
    site.ok("verify")
    site.ok("prove", "--day", DAY.isoformat())
    assert site.state_of(receipt(1)) == "verified"
    check_money(site)


def test_lines_that_another_file_shows_stay_with_their_postings_and_its_facts(site: Site) -> None:
    bring(site, FIRST, SECOND, name="right.csv")
    site.whole_day()
    edited = paid(1, AMINA, "somebody else", 500_00)
    bring(site, edited, SECOND, WRONG, name="wrong.csv")
    site.take_in(codes=(0, 1, 6))
    assert site.rows("select receipt from line where conflict") == [{"receipt": receipt(1)}]
    told = prepare(site, "wrong.csv")
    (part,) = told["withdrawal"]["wallets"]
    assert (part["lines"], part["stay"], part["in_minor"]) == (1, 2, 90_00)
    approve(site, told["batch_id"])
    assert receipts(site) == {receipt(1), receipt(2)}
    assert site.rows("select receipt from line where conflict") == []
    assert site.line(receipt(1))["reference"] == savings_of(AMINA)
    assert site.state_of(receipt(1)) == "verified"
    assert "It counts no longer" in site.ok("explain", receipt(3)).out
    del site.delivered["wrong.csv"]
    check_money(site)


def test_facts_that_a_wrong_file_brought_first_go_with_it(site: Site) -> None:
    wrong = paid(1, AMINA, savings_of(BRENDA), 500_00)
    bring(site, wrong, WRONG, name="wrong.csv")
    site.take_in(codes=(0, 1, 6))
    bring(site, FIRST, SECOND, name="right.csv")
    site.take_in(codes=(0, 1, 6))
    before = site.rows("select line_id from line where receipt = ?", receipt(1))
    withdraw(site, "wrong.csv")
    assert site.rows("select line_id from line where receipt = ?", receipt(1)) == before
    assert receipts(site) == {receipt(1), receipt(2)}
    assert site.line(receipt(1))["reference"] == savings_of(AMINA)
    story = site.ok("explain", receipt(1)).out
    assert "First seen in right.csv" in story
    assert re.search(r"Seen again in wrong.csv, row \d+ \(layout \S+, withdrawn since", story)
    site.ok("match")
    site.decide()
    site.send()
    site.ok("verify")
    check_money(site)


def test_what_was_posted_is_taken_back_first(site: Site) -> None:
    bring(site, FIRST, SECOND, name="wrong.csv")
    site.whole_day()
    told = prepare(site, "wrong.csv")
    assert told["batch_id"] == ""
    assert {one["receipt"] for one in told["postings_first"]} == {receipt(1), receipt(2)}
    shown = site.ok("import", "--withdraw", "wrong.csv", *WHY).out
    assert f"mmrecon undo {receipt(1)} --reason TEXT" in shown
    site.ok("undo", "--file", "wrong.csv", *WHY, *site.signed(ASHA))
    site.approve_everything(BENO)
    site.send()
    withdraw(site, "wrong.csv")
    assert receipts(site) == set()
    assert all(money.reversed for money in site.new_money())
    assert "undone, transaction" in site.ok("explain", receipt(1)).out
    check_money(site)


def test_an_approved_posting_of_a_withdrawn_line_is_not_sent(site: Site) -> None:
    path = bring(site, FIRST, SECOND, name="wrong.csv")
    site.take_in()
    site.decide()
    withdraw(site, "wrong.csv")
    states = site.rows("select distinct state, reason from posting")
    assert states == [{"state": "withdrawn", "reason": "file_withdrawn"}]
    site.send()
    assert site.new_money() == []
    check_money(site)
    site.ok("import", str(path), "--wallet", PAYBILL.name)
    site.ok("match")
    assert site.state_of(receipt(1)) == "review"
    site.decide(
        owners={
            receipt(1): Owner(f"savings:{savings_of(AMINA)}", ours=True),
            receipt(2): Owner(loan_of(BRENDA), ours=True),
        }
    )
    site.send()
    site.ok("verify")
    attempts = site.rows("select attempt, state from posting order by posting_id")
    assert sorted((row["attempt"], row["state"]) for row in attempts) == [
        (1, "withdrawn"), (1, "withdrawn"), (2, "verified"), (2, "verified"),
    ]  # fmt: skip
    check_money(site)


def test_a_batch_that_waits_is_decided_first(site: Site) -> None:
    bring(site, FIRST, SECOND, name="wrong.csv")
    site.take_in()
    (batch,) = site.submit(site.answer())["batches"]
    told = prepare(site, "wrong.csv")
    assert (told["batch_id"], told["batches_first"]) == ("", [batch["batch_id"]])
    reject = ("--reject-batch", "--reason", "a wrong file", "--yes")
    site.ok("approve", batch["batch_id"], *reject, *site.signed(BENO))
    withdraw(site, "wrong.csv")
    check_money(site)


def test_a_workbook_answered_before_the_file_left_is_refused_row_by_row(site: Site) -> None:
    bring(site, FIRST, SECOND, name="wrong.csv")
    site.take_in()
    returned = site.answer()
    withdraw(site, "wrong.csv")
    submitted = site.submit(returned, codes=(0, 1, 6))
    assert submitted["batches"] == []
    assert {one["code"] for one in submitted["refused"]} == {"answer_line_moved_on"}
    check_money(site)


def test_a_withdrawal_whose_ground_moved_is_not_approved(site: Site) -> None:
    bring(site, FIRST, SECOND, name="wrong.csv")
    site.take_in()
    batch_id = prepare(site, "wrong.csv")["batch_id"]
    bring(site, FIRST, name="other.csv")
    site.take_in(codes=(0, 1, 6))
    refused = site.call("approve", batch_id, "--yes", *site.signed(BENO))
    assert refused.code == 2
    assert "has changed since it was prepared" in refused.err
    assert receipts(site) == {receipt(1), receipt(2)}
    reject = ("--reject-batch", "--reason", "anew", "--yes")
    site.ok("approve", batch_id, *reject, *site.signed(BENO))
    withdraw(site, "wrong.csv")
    assert receipts(site) == {receipt(1)}
    check_money(site)


def test_an_altered_withdrawal_takes_nothing_out(site: Site) -> None:
    bring(site, FIRST, SECOND, name="wrong.csv")
    site.take_in()
    batch_id = prepare(site, "wrong.csv")["batch_id"]
    site.alter("update batch_row set row_json = replace(row_json, 'wrong.csv', 'right.csv')")
    assert site.call("approve", batch_id, "--yes", *site.signed(BENO)).code == 5
    assert receipts(site) == {receipt(1), receipt(2)}


def test_the_next_day_no_longer_contradicts_a_file_that_was_withdrawn(site: Site) -> None:
    bring(site, FIRST, name="wrong.csv", opening_minor=OPENING_MINOR + 7_00)
    site.take_in(codes=(0, 1, 6))
    tomorrow = DAY + timedelta(days=1)
    opening = closing_minor([FIRST, SECOND])
    path = write_statement(
        site.statements(PAYBILL), [WRONG], wallet=PAYBILL, day=tomorrow, opening_minor=opening
    )
    site.take_in(codes=(0, 1, 6))
    kept = "select proof, proof_json from statement where delivered_name = ? and current"
    (before,) = site.rows(kept, path.name)
    assert before["proof"] == "contradicted"
    withdraw(site, "wrong.csv")
    (after,) = site.rows(kept, path.name)
    assert after["proof"] != "contradicted"


def test_a_posting_that_went_by_facts_of_the_withdrawn_file_goes_to_a_person(site: Site) -> None:
    bring(site, paid(1, AMINA, savings_of(BRENDA), 500_00), WRONG, name="wrong.csv")
    site.take_in()
    site.decide(owners={receipt(1): Owner(f"savings:{savings_of(BRENDA)}", ours=True)})
    site.send()
    site.ok("undo", receipt(3), *WHY, *site.signed(ASHA))
    site.approve_everything(BENO)
    site.send()
    bring(site, FIRST, SECOND, name="right.csv")
    site.take_in(codes=(0, 1, 6))
    told = approve(site, prepare(site, "wrong.csv")["batch_id"], codes=(6,))
    assert f"{receipt(1)}: money was approved or posted for this line by facts of" in told
    assert receipts(site) == {receipt(1), receipt(2)}
    assert site.rows("select receipt from line where conflict") == [{"receipt": receipt(1)}]
    site.ok("verify")
    check_money(site)


def test_a_file_in_the_folder_of_another_wallet_leaves_no_doubt_behind(site: Site) -> None:
    bring(site, FIRST, SECOND, name="right.csv")
    site.take_in()
    text = (site.statements(PAYBILL) / "right.csv").read_text(encoding="utf-8")
    wrong = site.folder / "wrong.csv"
    wrong.write_text(text.replace(PAYBILL.account, PAYOUTS.account), encoding="utf-8")
    site.ok("import", str(wrong), "--wallet", PAYOUTS.name, codes=(1, 6))
    known = "select count(*) number from line where known_elsewhere"
    assert site.rows(known) == [{"number": 4}]  # of both wallets
    right = "select line_id, first_row from line join wallet using (wallet_id) where name = ?"
    before = site.rows(right, PAYBILL.name)
    withdraw(site, "wrong.csv")
    assert site.rows(known) == [{"number": 0}]
    assert site.rows(right, PAYBILL.name) == before
    assert site.rows(right, PAYOUTS.name) == []
    check_money(site)


def test_a_withdrawn_file_that_the_source_delivers_again_is_read_again(site: Site) -> None:
    path = bring(site, FIRST, SECOND, name="wrong.csv")
    site.take_in()
    withdraw(site, "wrong.csv")
    site.take_in()
    assert receipts(site) == set()
    earlier = path.stat().st_mtime - 100
    time.sleep(1)  # the store counts whole seconds: what came in that of the approval was withdrawn
    os.utime(path, (earlier, earlier))
    site.take_in()
    assert receipts(site) == {receipt(1), receipt(2)}
    check_money(site)


def test_links_and_holds_end_with_their_lines_and_fineract_stays_as_it_is(site: Site) -> None:
    number = site.teller_deposits(savings_of(AMINA), 500, receipt=receipt(1))
    bring(site, FIRST, SECOND, name="wrong.csv")
    site.take_in()
    already = {
        "Decision": "already posted", "Different account": f"savings:{savings_of(AMINA)}",
        "Transaction or paper reference": str(number),
    }  # fmt: skip
    held = {"Decision": "suspense", "Reason": "other, see comment", "Comment": "nobody knows"}
    submitted = site.submit(site.answer(choices={receipt(1): already, receipt(2): held}))
    assert submitted["refused"] == []
    site.approve_everything(BENO)
    told = prepare(site, "wrong.csv")
    assert len(told["withdrawal"]["links"]) == 1
    approve(site, told["batch_id"])
    assert [row["withdrawn"] for row in site.rows("select withdrawn from link")] == [1]
    assert [row["ended"] for row in site.rows("select ended from hold")] == [1]
    assert not any(one.reversed for one in site.new_money())
    check_money(site, codes=(0, 1, 6))


def test_lines_that_a_wrong_file_left_out_are_in_doubt_no_more(site: Site) -> None:
    bring(site, FIRST, SECOND, WRONG, name="right.csv")
    site.take_in()
    bring(site, FIRST, name="wrong.csv")
    site.take_in(codes=(0, 1, 6))
    in_doubt = "select receipt from line where conflict order by receipt"
    assert site.rows(in_doubt) == [{"receipt": receipt(2)}, {"receipt": receipt(3)}]
    withdraw(site, "wrong.csv")
    assert site.rows(in_doubt) == []
    assert receipts(site) == {receipt(1), receipt(2), receipt(3)}
    site.ok("match")
    assert site.state_of(receipt(2)) == "ready"
    check_money(site, codes=(0, 1, 6))


def test_look_alikes_are_counted_anew_and_keep_their_numbers(site: Site) -> None:
    twin = paid(1, AMINA, savings_of(AMINA), 500_00, at="09:30")
    bring(site, FIRST, twin, name="wrong.csv")
    site.take_in(codes=(0, 1, 6))
    bring(site, FIRST, SECOND, name="right.csv")
    site.take_in(codes=(0, 1, 6))
    look = "select n, repeats from line where receipt = ? order by n"
    assert site.rows(look, receipt(1)) == [{"n": 1, "repeats": 2}, {"n": 2, "repeats": 2}]
    withdraw(site, "wrong.csv")
    assert site.rows(look, receipt(1)) == [{"n": 1, "repeats": 1}]
    del site.delivered["wrong.csv"]
    check_money(site, codes=(0, 1, 6))


def test_what_is_not_clear_is_refused(site: Site) -> None:
    path = bring(site, FIRST, name="wrong.csv")
    junk = site.folder / "junk.csv"
    junk.write_text("nobody's list\n1,2\n", encoding="utf-8")
    site.take_in()
    site.ok("import", str(junk), "--wallet", PAYBILL.name, codes=(6,))
    for options, words in (
        (("--withdraw", "wrong.csv"), "for a reason"),
        (("--withdraw", "nosuch.csv", *WHY), "no file that counts is called nosuch.csv"),
        (("--withdraw", "junk.csv", *WHY), "it is set aside"),
        (("--withdraw", "wrong.csv", str(path), *WHY), "--withdraw imports nothing"),
        (("--as", ASHA), "--as goes with --withdraw"),
        (WHY, "--reason goes with"),
    ):
        ended = site.call("import", *options)
        assert ended.code == 2, options
        assert words in ended.err
    withdraw(site, "wrong.csv")
    again = site.call("import", "--withdraw", "wrong.csv", *WHY)
    assert again.code == 2
    assert "no file that counts" in again.err
