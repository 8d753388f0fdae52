"""A contradicted day: two people let it go, as long as nothing new stands against it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mmrecon.sandbox.demo_wallets import PAYBILL
from tests.cli.site import ASHA, BENO
from tests.flow.oracles import check_money
from tests.flow.site import Site
from tests.flow.world import AMINA, DAY, ESTHER, paid, receipt, savings_of

_NAME = f"{PAYBILL.name}:{DAY}"


@pytest.fixture
def contradicted(site: Site) -> Site:
    """Approved lines of a day whose header totals are wrong."""
    file = site.deliver(
        paid(1, AMINA, savings_of(AMINA), 500_00), paid(2, ESTHER, savings_of(ESTHER), 700_00)
    )
    text = file.read_text()
    file.write_text(text.replace("Total Paid In:,1200.00", "Total Paid In:,1300.00"))
    site.take_in(codes=(6,))
    site.decide()
    return site


def override(site: Site) -> str:
    """The preparer signs the override; gives its batch."""
    options = ("--override", _NAME, "--reason", "the provider cannot correct it")
    told = site.ok("submit", *options, *site.signed(ASHA), "--json").json
    return str(told["batch_id"])


def test_a_contradicted_day_goes_when_two_people_signed_it(contradicted: Site) -> None:
    site = contradicted
    said = site.ok("submit", "--override", _NAME, "--reason", "it is so").out
    assert "total_in" in said
    assert "Nothing was signed" in said
    batch_id = override(site)
    site.send(codes=(6,))
    assert site.new_money() == []
    assert site.call("approve", batch_id, "--yes", *site.signed(ASHA)).code == 5
    assert "the provider cannot correct it" in site.ok("approve", batch_id).out
    site.approve_everything(BENO)
    posted = site.send()
    assert "day_overridden" in {issue["code"] for issue in posted["issues"]}
    assert {money.receipt for money in site.new_money()} == {receipt(1), receipt(2)}
    site.ok("verify")
    shown = site.call("prove", "--day", DAY.isoformat())
    assert (shown.code, batch_id in shown.out) == (6, True)
    told = site.ok("explain", receipt(1)).out
    assert batch_id in told
    assert f"{ASHA} and {BENO}" in told
    check_money(site, codes=(0, 1, 6))


def test_what_the_proof_finds_after_the_signature_was_signed_too(contradicted: Site) -> None:
    site = contradicted
    override(site)
    site.approve_everything(BENO)
    assert site.call("prove", "--day", DAY.isoformat()).code == 6
    site.send()
    assert len(site.new_money()) == 2


def test_a_new_contradiction_needs_a_new_override(contradicted: Site) -> None:
    site = contradicted
    override(site)
    site.approve_everything(BENO)
    other = site.deliver(paid(1, AMINA, savings_of(AMINA), 500_00), opening_minor=7_000_00)
    other.write_text(other.read_text().replace("Total Paid In:,500.00", "Total Paid In:,501.00"))
    site.ok("fetch")
    site.ok("import", codes=(6,))
    site.send(codes=(6,))
    assert site.new_money() == []
    override(site)
    site.approve_everything(BENO)
    site.send(codes=(0, 1, 6))
    assert len(site.new_money()) == 2


@pytest.mark.parametrize(
    "alteration",
    [
        "update batch_row set row_json = replace(row_json, 'cannot', 'can') where line_id is null",
        "delete from signature where act = 'approve' and batch_id like 'corrections%'",
    ],
)
def test_an_override_altered_in_the_database_sends_nothing(
    contradicted: Site, alteration: str
) -> None:
    site = contradicted
    override(site)
    site.approve_everything(BENO)
    site.alter(alteration)
    assert site.call("post").code == 5
    assert site.journal("refused")
    assert site.new_money() == []


def test_an_override_that_one_person_put_there_sends_nothing(contradicted: Site) -> None:
    site = contradicted
    override(site)
    site.alter("update batch set state = 'approved' where kind = 'corrections'")
    assert site.call("post").code == 5
    assert site.new_money() == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--override", f"{PAYBILL.name}:{DAY - timedelta(days=1)}", "--reason", "x"), "no overr"),
        (("--override", _NAME), "an override has a reason"),
        (("--override", "nobody:2026-01-01", "--reason", "x"), "there is no wallet nobody"),
        (("--override", "paybill", "--reason", "x"), "WALLET:YYYY-MM-DD"),
        (("--reason", "x"), "goes with --override"),
        (("returned.xlsx", "--override", _NAME, "--reason", "x"), "one after the other"),
    ],
)
def test_an_override_that_is_none_is_refused_with_words(
    contradicted: Site, options: tuple[str, ...], words: str
) -> None:
    ended = contradicted.call("submit", *options)
    assert ended.code == 2
    assert words in ended.err
