"""Files that tell a day otherwise than an earlier one: both rows side by side, money with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from mmrecon.errors import ExitCode
from mmrecon.model.catalogue import sentence_of
from mmrecon.model.issue import Issue
from mmrecon.pipeline.importing import Imported
from mmrecon.store.database import open_database, reading, transaction
from mmrecon.store.schema import LINE, MATCH
from tests.pipeline.test_importing import Site, _settings
from tests.statements.builders import DAY, Event, a_file, as_csv, b_file

PAID = Event("UAV0EXAM01", "08:01:02", 5_000, "Pay Utility", "25470****001 - A", "123")
OTHER = Event("UAV0EXAM02", "09:00:00", 7_000, "Pay Utility", "25470****002 - B", "124")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    settings = _settings(tmp_path)
    engine = open_database(settings.state.folder)
    made = Site(tmp_path, engine, settings)
    yield made
    made.check()
    engine.dispose()


def alerts(imported: Imported, code: str) -> list[Issue]:
    return [issue for issue in imported.issues if issue.code == code]


def test_f_31_a_line_that_vanished_is_told_with_its_row_and_waits_for_a_person(site: Site) -> None:
    site.take(as_csv(a_file([PAID, OTHER])), "first.csv")
    imported = site.take(as_csv(a_file([PAID])), "second.csv")
    (alert,) = alerts(imported, "line_vanished")
    assert alert.receipt == "UAV0EXAM02"
    said = sentence_of(alert)
    assert "row 8 of first.csv is not in this file" in said
    assert "KES 70.00 of 2026-01-31 09:00:00, collection, balance KES 1,120.00" in said
    assert site.lines().set_index("receipt")["conflict"].to_dict() == {
        "UAV0EXAM01": False, "UAV0EXAM02": True,
    }  # fmt: skip
    assert imported.exit_code() is ExitCode.NEEDS_ATTENTION


def test_what_became_of_the_line_is_said_with_it(site: Site) -> None:
    site.take(as_csv(a_file([PAID, OTHER])), "first.csv")
    with transaction(site.engine) as connection:
        line_id = connection.execute(
            select(LINE.c.line_id).where(LINE.c.receipt == OTHER.receipt)
        ).scalar_one()
        connection.execute(insert(MATCH), {"line_id": line_id, "state": "ready", "run_id": "r"})
    (alert,) = alerts(site.take(as_csv(a_file([PAID])), "second.csv"), "line_vanished")
    assert "it has one sure owner and waits for approval" in sentence_of(alert)


def test_a_file_that_contradicts_itself_proves_nothing_gone(site: Site) -> None:
    site.take(as_csv(a_file([PAID, OTHER])), "first.csv")
    records = [row for row in a_file([PAID, OTHER]) if row[0] != OTHER.receipt]
    imported = site.take(as_csv(records), "filtered.csv")
    assert alerts(imported, "line_vanished")
    assert not site.lines()["conflict"].any()


def test_a_part_of_the_day_misses_nothing_that_came_after_it_was_made(site: Site) -> None:
    site.take(as_csv(a_file([PAID, OTHER])), "first.csv")
    early = as_csv(a_file([PAID], reported="31-01-2026 08:30:00"))
    assert not alerts(site.take(early, "early.csv"), "line_vanished")


def test_another_layout_may_show_less_and_a_pending_line_may_go(site: Site) -> None:
    site.take(as_csv(a_file()), "first.csv")
    imported = site.take(as_csv(b_file()), "second.csv", "paybill")
    assert not alerts(imported, "line_vanished")
    completed = [event for event in DAY if event.status == "Completed"]
    again = site.take(as_csv(a_file(completed)), "third.csv")
    assert not alerts(again, "line_vanished")


def test_many_vanished_lines_are_listed_in_part_and_counted(site: Site) -> None:
    many = [replace(PAID, receipt=f"UAV0EXA{at:03}") for at in range(100, 140)]
    site.take(as_csv(a_file([PAID, *many])), "first.csv")
    imported = site.take(as_csv(a_file([PAID])), "second.csv")
    assert len(alerts(imported, "line_vanished")) == 20
    (more,) = alerts(imported, "more_lines_vanished")
    assert more.arguments == {"lines": 20}
    with reading(site.engine) as connection:
        marked = connection.execute(select(LINE.c.receipt).where(LINE.c.conflict)).all()
    assert len(marked) == 40


def test_f_68_a_receipt_with_another_amount_shows_both_rows(site: Site) -> None:
    site.take(as_csv(a_file([PAID])), "first.csv")
    imported = site.take(as_csv(a_file([replace(PAID, moved=6_000)])), "second.csv")
    (alert,) = alerts(imported, "receipt_other_amount")
    assert not alerts(imported, "line_vanished")
    said = sentence_of(alert)
    assert "there: KES 50.00 of 2026-01-31 08:01:02, collection" in said
    assert "here: KES 60.00 of 2026-01-31 08:01:02, collection" in said


def test_f_78_a_payment_that_turned_into_its_reversal_shows_both_rows(site: Site) -> None:
    site.take(as_csv(a_file([PAID])), "first.csv")
    imported = site.take(as_csv(a_file([replace(PAID, linked="UAV0EXAM09")])), "second.csv")
    (alert,) = alerts(imported, "line_class_changed")
    said = sentence_of(alert)
    assert "there: KES 50.00 of 2026-01-31 08:01:02, collection" in said
    assert "here: KES 50.00 of 2026-01-31 08:01:02, reversal" in said


def test_no_phone_and_no_reference_stands_in_an_alert(site: Site) -> None:
    site.take(as_csv(a_file([PAID])), "first.csv")
    changed = replace(PAID, reference="98765", party="25470****009 - A")
    imported = site.take(as_csv(a_file([changed])), "second.csv")
    said = " ".join(map(sentence_of, alerts(imported, "line_contradicts")))
    assert "another reference" in said
    assert "98765" not in said
    assert "009" not in said
