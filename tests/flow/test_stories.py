"""The four stories, each from its files to the money in Fineract and its proof."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from mmrecon.cli.demo.officer import Owner
from mmrecon.sandbox.demo_institution import DemoClient
from mmrecon.sandbox.demo_wallets import MTN, PAYOUTS
from tests.flow.oracles import check_money
from tests.flow.site import Money, Site
from tests.flow.world import (
    AMINA,
    BRENDA,
    CHEBET,
    DAUDI,
    DAY,
    DUE_MINOR,
    ESTHER,
    FARIDA,
    GRACE,
    KATO,
    charge,
    loan_of,
    paid,
    payout,
    receipt,
    savings_of,
    ugandan,
)

DEPOSIT, WITHDRAWAL = ("savings", 1), ("savings", 2)
DISBURSEMENT, REPAYMENT = ("loan", 1), ("loan", 2)
COLUMNS = ("request_id", "account_no", "phone", "amount", "currency", "requested_on")


def moved(money: Money) -> tuple[tuple[str, int], int, str]:
    """What kind of money moved, how much, for which receipt."""
    return (money.kind, money.type_id), money.amount_minor, money.receipt


def request(number: int, client: DemoClient, amount: str) -> tuple[str, ...]:
    """A withdrawal that a client asked for."""
    return f"WR-{number:04}", savings_of(client), client.phone, amount, "KES", DAY.isoformat()


def as_csv(path: Path, *requests: tuple[str, ...]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, *requests])
    return path


def ask_for(site: Site, file: Path) -> Any:
    """The branch's requests are taken in; accounts are known by the snapshot."""
    site.ok("ledger", "refresh")
    return site.ok("payouts", "requests", str(file), "--json").json


def lights(site: Site) -> dict[str, str]:
    """The light of the day for each wallet."""
    told = site.ok("prove", "--day", DAY.isoformat(), "--json").json["days"]
    return {proof["wallet"]: proof["light"] for proof in told}


def test_a_deposit_goes_into_savings(site: Site) -> None:
    site.deliver(paid(1, AMINA, savings_of(AMINA), 1_500_00), charge(1, 15_00))
    site.whole_day()
    (money,) = site.new_money()
    assert moved(money) == (DEPOSIT, 1_500_00, receipt(1))
    assert money.account_id == site.account_id(savings_of(AMINA))
    assert money.value_date == DAY.isoformat()
    check_money(site)


def test_deposits_at_the_edges_arrive_to_the_cent_and_on_their_day(site: Site) -> None:
    """The smallest and a huge amount, a currency without minor units, half past midnight.

    00:30 in Nairobi is still yesterday in UTC, and 03:00 in the tenant's zone.
    """
    site.deliver(
        paid(1, AMINA, savings_of(AMINA), 1), paid(2, FARIDA, savings_of(FARIDA), 10_000_000_00),
        paid(3, GRACE, savings_of(GRACE), 700_00, at="00:30:00"),
    )  # fmt: skip
    site.deliver(ugandan(1, KATO, savings_of(KATO), 45_000), wallet=MTN)
    site.whole_day()
    assert {moved(money) for money in site.new_money()} == {
        (DEPOSIT, 1, receipt(1)), (DEPOSIT, 10_000_000_00, receipt(2)),
        (DEPOSIT, 700_00, receipt(3)), (DEPOSIT, 45_000, "29910000001"),
    }  # fmt: skip
    assert {money.value_date for money in site.new_money()} == {DAY.isoformat()}
    check_money(site)


def test_a_loan_reference_repays_that_loan(site: Site) -> None:
    site.deliver(paid(1, BRENDA, loan_of(BRENDA), 900_00), charge(1, 10_00))
    site.whole_day()
    (money,) = site.new_money()
    assert moved(money) == (REPAYMENT, 900_00, receipt(1))
    assert money.account_id == site.account_id(loan_of(BRENDA))
    check_money(site)


def test_a_member_number_pays_what_is_due_and_saves_the_rest(site: Site) -> None:
    """Several legs add up to the line; the second payment of the day sees the first."""
    site.deliver(
        paid(1, BRENDA, BRENDA.number, 1_000_00),
        paid(20, BRENDA, BRENDA.number, 1_200_00),
        paid(40, BRENDA, BRENDA.number, 300_00),
    )
    site.whole_day()
    assert [moved(money) for money in site.new_money()] == [
        (REPAYMENT, 1_000_00, receipt(1)),
        (REPAYMENT, DUE_MINOR - 1_000_00, receipt(20)),
        (DEPOSIT, 1_200_00 - (DUE_MINOR - 1_000_00), receipt(20)),
        (DEPOSIT, 300_00, receipt(40)),
    ]
    assert site.line(receipt(20))["legs"] == (
        f"loan:{loan_of(BRENDA)}=50000;savings:{savings_of(BRENDA)}=70000"
    )
    check_money(site)


def test_a_withdrawal_that_was_asked_for_is_taken_from_savings(site: Site, tmp_path: Path) -> None:
    file = as_csv(tmp_path / "requests.csv", request(1, CHEBET, "2500.00"))
    site.deliver(payout(5, CHEBET, "WR-0001", 2_500_00), charge(5, 9_00), wallet=PAYOUTS)
    assert ask_for(site, file)["new"] == 1
    site.whole_day()
    (money,) = site.new_money()
    assert moved(money) == (WITHDRAWAL, 2_500_00, receipt(5))
    assert money.account_id == site.account_id(savings_of(CHEBET))
    told = site.ok("payouts", "requests", "--json").json["items"]
    asked = {item["request_id"]: item for item in told}["WR-0001"]
    assert (asked["state"], asked["left_minor"], asked["settled_minor"]) == ("settled", 0, 2_500_00)
    assert "settled" in site.ok("payouts", "requests").out
    assert ask_for(site, file)["new"] == 0
    check_money(site)


def test_requests_come_in_the_workbook_that_mmrecon_gave_out(site: Site, tmp_path: Path) -> None:
    """Without an echo of the request, a person confirms who was paid."""
    file = tmp_path / "requests.xlsx"
    site.ok("payouts", "requests", "--template", str(file))
    book = load_workbook(file)
    sheet = book.worksheets[0]
    header = next(
        row[0].row for row in sheet.iter_rows() if any(c.value == COLUMNS[0] for c in row)
    )
    for place, value in enumerate(request(7, CHEBET, "1000.00"), 1):
        sheet.cell(int(header or 0) + 1, place).value = value
    book.save(file)
    assert ask_for(site, file)["new"] == 1
    site.deliver(payout(5, CHEBET, "", 1_000_00), wallet=PAYOUTS)
    site.take_in()
    assert site.state_of(receipt(5)) in {"review", "suspense"}
    account = f"savings:{savings_of(CHEBET)}"
    site.decide(owners={receipt(5): Owner(account, ours=True)})
    site.send()
    site.ok("verify")
    assert [moved(money) for money in site.new_money()] == [(WITHDRAWAL, 1_000_00, receipt(5))]
    check_money(site)


def test_an_approved_loan_is_disbursed_on_the_day_its_money_arrived(site: Site) -> None:
    site.deliver(payout(5, DAUDI, loan_of(DAUDI), 6_000_00), charge(5, 13_00), wallet=PAYOUTS)
    site.whole_day()
    (money,) = site.new_money()
    assert moved(money) == (DISBURSEMENT, 6_000_00, receipt(5))
    assert (money.account_id, money.value_date) == (
        site.account_id(loan_of(DAUDI)), DAY.isoformat(),
    )  # fmt: skip
    loan = site.api.done("GET", f"/loans/{money.account_id}")
    assert loan["status"]["code"] == "loanStatusType.active"
    assert tuple(loan["timeline"]["actualDisbursementDate"]) == (DAY.year, DAY.month, DAY.day)
    check_money(site)


def test_all_four_stories_in_one_day_are_proved_and_explained(site: Site, tmp_path: Path) -> None:
    file = as_csv(tmp_path / "requests.csv", request(1, CHEBET, "2500.00"))
    ask_for(site, file)
    site.deliver(
        paid(1, AMINA, savings_of(AMINA), 1_500_00), charge(1, 15_00),
        paid(2, ESTHER, ESTHER.number, 2_000_00), charge(2, 15_00),
    )  # fmt: skip
    site.deliver(
        payout(5, CHEBET, "WR-0001", 2_500_00), payout(6, DAUDI, loan_of(DAUDI), 6_000_00),
        wallet=PAYOUTS,
    )  # fmt: skip
    site.take_in()
    returned = site.answer()
    site.submit(returned)
    site.approve_everything("Beno Test")
    site.send()
    site.ok("verify")
    assert lights(site) == {
        "paybill": "balanced with listed items",
        "payouts": "balanced with listed items",
    }
    for number, words in (
        (1, savings_of(AMINA)), (2, loan_of(ESTHER)), (5, savings_of(CHEBET)), (6, loan_of(DAUDI)),
    ):  # fmt: skip
        told = site.ok("explain", receipt(number)).out
        assert receipt(number) in told
        assert words in told
        assert "verified" in told
    check_money(site, returned=returned)
