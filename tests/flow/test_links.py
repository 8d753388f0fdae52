"""Money that stands in Fineract already, and returned workbooks, through the commands."""

from __future__ import annotations

import os
import shutil

from tests.cli.site import ASHA, BENO
from tests.flow.oracles import check_money
from tests.flow.site import Site
from tests.flow.world import AMINA, DAY, FARIDA, paid, receipt, savings_of

MONEY = {"lines": 2, "totals": {"KES": 1_100_00}}


def posted_by_a_teller(site: Site) -> None:
    """Two lines were approved; before they were sent, a teller booked both with their receipts."""
    payments = (
        paid(1, AMINA, savings_of(AMINA), 500_00), paid(2, FARIDA, savings_of(FARIDA), 600_00),
    )  # fmt: skip
    site.deliver(*payments)
    site.take_in()
    site.decide()
    for number, client, amount in ((1, AMINA, 500), (2, FARIDA, 600)):
        site.teller_deposits(savings_of(client), amount, receipt=receipt(number))


def listed(site: Site) -> dict[str, int]:
    """What the day's proof lists, by code."""
    (day,) = site.ok("prove", "--day", DAY.isoformat(), "--json").json["days"]
    two_way = day["two_way"]["listed"]
    return {entry["code"]: entry["amount_minor"] for entry in (*day["listed"], *two_way)}


def test_what_a_teller_posted_is_linked_by_two_people_and_proved(site: Site) -> None:
    posted_by_a_teller(site)
    sent = site.send(codes=(1,))
    (back,) = sent["held_back"]
    assert (back["reason"], back["count"], back["amount_minor"]) == ("posted_elsewhere", 2, 110_000)
    assert "posted_by_others" in listed(site)
    assert site.ok("approve", "--json", codes=(1,)).json["links_unsigned"] == MONEY
    assert site.ok("status", "--json", codes=(1,)).json["links_unsigned"] == MONEY
    looked = site.ok("submit", codes=(1,)).out
    assert "Found in Fineract, posted by somebody else: 2 lines, KES 1,100.00" in looked
    signed = site.ok("submit", *site.signed(ASHA), "--json", codes=(1,)).json
    assert signed["links"] == MONEY
    (batch_id,) = signed["batches"]
    assert "Nothing lacks a preparer." in site.ok("submit", codes=(0,)).out
    assert "link to a transaction" in site.ok("approve", batch_id, codes=(1,)).out
    assert site.call("approve", batch_id, "--yes", *site.signed(ASHA)).code == 5
    site.approve_everything(BENO)
    assert "posted_by_others" not in listed(site)
    (day,) = site.ok("prove", "--day", DAY.isoformat(), "--json").json["days"]
    assert day["two_way"]["linked_in_minor"] == 110_000
    money = {bucket["name"]: bucket["in_minor"] for bucket in day["clients"]}
    assert money["posted by others"] == 110_000
    assert money.get("posted by mmrecon", 0) == day["two_way"]["ours_in_minor"]
    assert [site.state_of(receipt(number)) for number in (1, 2)] == ["posted_elsewhere"] * 2
    site.ok("verify", codes=(0,))
    check_money(site)


def test_a_link_that_the_other_person_rejects_is_asked_again_in_the_workbook(site: Site) -> None:
    posted_by_a_teller(site)
    site.send(codes=(1,))
    (batch_id,) = site.ok("submit", *site.signed(ASHA), "--json", codes=(1,)).json["batches"]
    rejected = ("--reject", "1:he says it is another payment", "--yes", *site.signed(BENO))
    site.ok("approve", batch_id, *rejected)
    states = sorted(site.state_of(receipt(number)) for number in (1, 2))
    assert states == ["posted_elsewhere", "review"]
    assert "Nothing lacks a preparer." in site.ok("submit", codes=(0, 1)).out
    check_money(site)


def test_match_says_the_money_of_each_state(site: Site) -> None:
    site.deliver(paid(1, AMINA, savings_of(AMINA), 500_00), paid(2, FARIDA, "no such", 70_00))
    money = site.take_in()["money"]
    told = {
        one["state"]: (one["currency"], one["lines"], one["in_minor"], one["out_minor"])
        for one in money
    }
    assert told["ready"] == ("KES", 1, 500_00, 0)
    assert sum(one["in_minor"] - one["out_minor"] for one in money) == _moved(site)
    assert "money in" in site.ok("match").out


def _moved(site: Site) -> int:
    """What all lines moved."""
    return sum(line["sign"] * line["amount_minor"] for line in site.lines())


def test_tick_answers_a_workbook_in_a_desk_folder_once_and_is_silent_after(site: Site) -> None:
    site.deliver(paid(1, AMINA, savings_of(AMINA), 500_00))
    site.take_in()
    desk = site.folder / "state" / "desk" / "asha"
    (desk / "return").mkdir(parents=True)
    shutil.copyfile(site.answer(), desk / "return" / "monday.xlsx")
    os.utime(desk / "return" / "monday.xlsx", (0, 0))
    ended = site.ok("tick", codes=(1,))
    assert "monday.xlsx: 1 answer would be taken, 0 not; nothing is signed" in ended.out
    text = (desk / "answers" / "monday.xlsx.answer.txt").read_text("utf-8")
    assert "--as NAME" in text
    assert (site.call("tick").code, site.call("tick").out) == (0, "")
    site.submit(desk / "return" / "monday.xlsx")
    check_money(site)
