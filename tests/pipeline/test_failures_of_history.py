"""The failure catalogue (domain.md section 9), where it needs a second file; by number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mmrecon.errors import ExitCode
from mmrecon.matching.reversals import taken_back
from mmrecon.model.catalogue import sentence_of
from mmrecon.pipeline.importing import import_files, take_paths
from mmrecon.pipeline.standing import status
from mmrecon.store.database import open_database
from tests.pipeline.test_importing import Site, _settings, codes
from tests.statements.builders import DAY, Event, a_file, as_csv, b_file

PAID = Event("UAV0EXAM01", "08:01:02", 5_000, "Pay Utility", "25470****001 - A", "123")
TAKEN = Event("UAV0EXAM02", "09:00:00", -5_000, "Pay Utility Reversal", "25470****001 - A")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    settings = _settings(tmp_path)
    engine = open_database(settings.state.folder)
    made = Site(tmp_path, engine, settings)
    yield made
    made.check()
    engine.dispose()


def day(number: int, *events: Event, opening: int = 100_000, reported: str = "") -> bytes:
    date = f"{number:02}-01-2026"
    more = {"reported": reported} if reported else {}
    return as_csv(a_file(list(events), opening=opening, date=date, **more))


def test_f_02_files_that_come_together_are_read_oldest_day_first_or_join_afterwards(
    site: Site,
) -> None:
    paths = []
    for number, opening in ((29, 100_000), (28, 95_000), (30, 105_000)):
        path = site.folder / f"{number}.csv"
        path.write_bytes(day(number, replace(PAID, receipt=f"UA{number}EXAM01"), opening=opening))
        paths.append(path)
    run = site.run()
    imported = import_files(run, take_paths(run, paths))
    assert "proof_contradicted" not in codes(imported)
    words = {one["day"]: one["word"] for one in status(run)["wallets"][0]["calendar"]}
    assert [words[f"2026-01-{number}"] for number in (28, 29, 30)] == ["full"] * 3


def test_f_04_a_partial_day_and_then_the_whole_one_are_one_line_each(site: Site) -> None:
    early = site.take(day(31, PAID, reported="31-01-2026 08:30:00"), "early.csv")
    assert early.statements[0].reading.reason == "period_incomplete"
    words = {one["day"]: one["word"] for one in status(site.run())["wallets"][0]["calendar"]}
    assert words["2026-01-31"] == "partial"
    whole = site.take(day(31, PAID, replace(TAKEN, receipt="UAV0EXAM09")), "whole.csv")
    assert whole.statements[0].reading.outcome == "read"
    assert (whole.statements[0].new_lines, whole.statements[0].repeat_lines) == (1, 1)
    words = {one["day"]: one["word"] for one in status(site.run())["wallets"][0]["calendar"]}
    assert words["2026-01-31"] == "full"


def test_f_23_an_opening_that_is_not_the_closing_before_says_both_and_what_lies_between(
    site: Site,
) -> None:
    site.take(day(30, PAID), "one.csv")
    imported = site.take(day(31, PAID, opening=100_000), "two.csv")
    (issue,) = [one for one in imported.issues if one.code == "proof_contradicted"]
    said = sentence_of(issue)
    assert "closed with KES 1,050.00, this one opens with KES 1,000.00" in said
    assert "KES -50.00 lie between them" in said
    (one,) = status(site.run())["wallets"][0]["contradicted"]
    assert one["file"] == "two.csv"


def test_f_29_an_edited_download_shows_both_amounts_when_the_true_one_comes(site: Site) -> None:
    edited = a_file()
    at = next(at for at, row in enumerate(edited) if row and row[0] == "UAV0EXAM03")
    edited[at][5] = "9500.00"
    first = site.take(as_csv(edited), "edited.csv")
    assert {"proof_contradicted", "chain_amount_edited"} <= set(codes(first))
    second = site.take(as_csv(a_file()), "true.csv")
    (alert,) = [one for one in second.issues if one.code == "receipt_other_amount"]
    said = sentence_of(alert)
    assert "there: KES 9,500.00" in said
    assert "here: KES 700.00" in said
    assert second.exit_code() is ExitCode.NEEDS_ATTENTION


def test_f_30_the_same_bytes_change_nothing_and_say_when_they_were_first_seen(site: Site) -> None:
    site.take(as_csv(a_file()), "first.csv")
    again = site.take(as_csv(a_file()), "copy (1).csv")
    assert codes(again) == ["seen_before"]
    assert "first.csv" in sentence_of(again.issues[0])
    assert again.exit_code() is ExitCode.DONE
    assert len(site.lines()) == len(DAY)


def test_f_31_a_month_over_its_days_brings_only_the_days_that_were_not_there(site: Site) -> None:
    days = {30: [PAID], 31: [replace(PAID, receipt="UAV0EXAM05")]}
    site.take(day(30, *days[30]), "30.csv")
    second = site.take(day(31, *days[31], opening=105_000), "31.csv")
    assert second.statements[0].new_lines == 1
    month = a_file(days[31], opening=105_000)[:7]
    month += a_file(days[31], opening=105_000)[7:] + a_file(days[30], date="30-01-2026")[7:]
    imported = site.take(as_csv(month), "month.csv")
    (one,) = imported.statements
    assert (one.new_lines, one.repeat_lines) == (0, 2)


def test_f_32_two_generations_of_one_day_are_one_line_each_with_the_best_evidence(
    site: Site,
) -> None:
    site.take(as_csv(a_file()), "old.csv")
    before = site.lines().set_index(["receipt", "sign", "amount_minor"])
    imported = site.take(as_csv(b_file()), "new.csv", "paybill")
    assert imported.statements[0].new_lines == 0
    after = site.lines().set_index(["receipt", "sign", "amount_minor"])
    assert len(after) == len(before)
    assert (after["reference"] == before["reference"]).all()


def test_f_66_a_receipt_that_comes_again_years_later_is_a_second_line_and_is_told(
    site: Site,
) -> None:
    site.take(day(31, PAID), "old.csv")
    later = as_csv(a_file([PAID], date="31-01-2028"))
    imported = site.take(later, "later.csv")
    assert "rows_look_alike" in codes(imported)
    lines = site.lines()
    assert (lines["n"].tolist(), lines["repeats"].tolist()) == ([1, 2], [2, 2])


@pytest.mark.parametrize("linked", ["UAV0EXAM01", ""])
@pytest.mark.parametrize("first", ["payment", "reversal"])
def test_f_69_a_reversal_finds_its_original_whichever_came_first_and_says_how_sure(
    site: Site, linked: str, first: str
) -> None:
    files = {
        "payment": day(30, PAID),
        "reversal": day(31, replace(TAKEN, linked=linked), opening=105_000),
    }
    order = [first, *(name for name in files if name != first)]
    for name in order:
        site.take(files[name], f"{name}.csv")
    lines = site.lines()
    (found,) = taken_back(lines, lines.iloc[:0]).to_dict("records")
    assert (found["receipt"], found["certain"]) == ("UAV0EXAM01", linked != "")


def test_f_69_a_reversal_waits_while_its_original_is_not_there(site: Site) -> None:
    site.take(day(31, replace(TAKEN, linked="UAU0EXAM77")), "reversal.csv")
    lines = site.lines()
    assert lines["line_class"].tolist() == ["reversal"]
    assert taken_back(lines, lines.iloc[:0]).empty


def test_a_transfer_shows_in_both_wallets_and_is_no_receipt_in_the_wrong_one(site: Site) -> None:
    out = Event("UAV0EXAM01", "08:00:00", -5_000, "Business Pay Bill", "990502 - EXAMPLE SACCO")
    into = replace(out, moved=5_000, reason="Pay Utility", party="990501 - EXAMPLE SACCO")
    site.take(as_csv(b_file([out])), "out.csv", "paybill")
    imported = site.take(as_csv(b_file([into])), "in.csv", "second")
    assert "receipt_known_elsewhere" not in codes(imported)
    lines = site.lines()
    assert lines["line_class"].tolist() == ["transfer", "transfer"]
    assert (lines["sign"] * lines["amount_minor"]).sum() == 0
