"""A day of which no statement came is called that, not balanced."""

from __future__ import annotations

from datetime import timedelta

from openpyxl import load_workbook

from tests.flow.site import Site
from tests.flow.world import AMINA, DAY, paid, receipt, savings_of


def summary(site: Site) -> list[list[str]]:
    """The rows of the summary that tell each wallet's newest day."""
    path = site.folder / "workbook.xlsx"
    site.ok("workbook", "--out", str(path))
    rows = load_workbook(path)["Summary"].iter_rows(values_only=True)
    texts = [[str(cell or "") for cell in row] for row in rows]
    return [row for row in texts if row[0] == "paybill" and row[1].isupper()]


def test_the_newest_day_without_a_statement_is_not_called_balanced(site: Site) -> None:
    before = DAY - timedelta(days=1)
    site.deliver(paid(1, AMINA, savings_of(AMINA), 500_00), day=before)
    site.take_in()
    site.decide()
    site.send()
    site.ok("prove", "--day", before.isoformat())
    ((_, light, _, told, *_),) = summary(site)
    assert light == "NO STATEMENT"
    assert f"none of {DAY.isoformat()} yet; {before.isoformat()}: balanced" in told


def test_a_day_that_only_fineract_knows_of_has_no_statement(site: Site) -> None:
    before = DAY - timedelta(days=1)
    site.deliver(paid(1, AMINA, savings_of(AMINA), 500_00), day=before)
    site.take_in()
    site.teller_deposits(savings_of(AMINA), 70, receipt=receipt(9))
    told = site.ok("prove", "--day", DAY.isoformat(), codes=(1,)).out
    assert f"[??] paybill / Utility Account, {DAY.isoformat()}: no statement" in told
    assert "in Fineract, not on a statement yet" in told


def test_a_day_that_is_read_and_not_proved_yet_says_so(site: Site) -> None:
    site.deliver(paid(1, AMINA, savings_of(AMINA), 500_00))
    site.take_in()
    ((_, light, _, told, *_),) = summary(site)
    assert (light, "prove" in told) == ("NOT PROVED YET", True)
