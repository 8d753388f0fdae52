from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import Engine, insert

from mmrecon.cli.explain_cmd import story_shown
from mmrecon.cli.lines_cmd import lines_table
from mmrecon.cli.status_cmd import SIGNS, status_shown
from mmrecon.errors import ExitCode, UsageError
from mmrecon.model.line_state import WORDS, LineState
from mmrecon.pipeline.finding import find, read_up_to_sentence
from mmrecon.pipeline.proving import prove
from mmrecon.pipeline.run import Run
from mmrecon.pipeline.showing import COLUMNS, formula_safe, shown_lines
from mmrecon.pipeline.standing import exit_code, status
from mmrecon.pipeline.story import tell
from mmrecon.store.database import transaction
from mmrecon.store.line_table import LineFilter
from mmrecon.store.schema import WORKBOOK, WORKBOOK_ROW
from tests.showing.site import MIDNIGHT_S, Site, a_whole_day, run_of, settings


@pytest.fixture
def run(engine: Engine, tmp_path: Path) -> Run:
    with transaction(engine) as connection:
        a_whole_day(connection)
    return run_of(engine, settings(tmp_path))


def test_lines_have_exactly_the_columns_programs_rely_on(run: Run) -> None:
    assert tuple(shown_lines(run, LineFilter()).columns) == (
        "wallet", "receipt", "class", "sign", "amount_minor", "currency", "completed_at",
        "party_phone", "party_name", "reference", "file", "row", "state", "tier", "rule",
        "vetoes", "suggestions", "legs", "explanation",
    ) == COLUMNS  # fmt: skip


def test_a_line_is_told_with_its_place_its_local_time_and_its_legs(run: Run) -> None:
    line = shown_lines(run, LineFilter()).iloc[0]
    assert (line["wallet"], line["file"], line["row"]) == ("paybill", "day.csv", 7)
    assert line["completed_at"] == "2026-03-02T01:00:00+03:00"
    assert (line["sign"], line["amount_minor"], line["state"]) == (1, 150_000, "verified")
    assert line["legs"] == "savings:000000123=150000"


@pytest.mark.parametrize(
    ("wanted", "receipts"),
    [
        (LineFilter(state="review"), ["RCPT2"]),
        (LineFilter(line_class="charge"), ["RCPT1"]),
        (LineFilter(receipt="rcpt4"), ["RCPT4"]),
        (LineFilter(first="2026-03-03"), []),
        (LineFilter(last="2026-03-01"), []),
        (LineFilter(first="2026-03-02", last="2026-03-02"), ["RCPT1", "RCPT2", "RCPT1", "RCPT4"]),
    ],
)
def test_lines_are_chosen_by_state_class_date_and_receipt(
    run: Run, wanted: LineFilter, receipts: list[str]
) -> None:
    assert list(shown_lines(run, wanted, "paybill")["receipt"]) == receipts


def test_a_wallet_that_is_not_configured_is_wrong_use(run: Run) -> None:
    with pytest.raises(UsageError, match="no wallet till"):
        shown_lines(run, LineFilter(), "till")


def test_what_was_posted_is_told_in_place_of_what_was_proposed(
    engine: Engine, tmp_path: Path
) -> None:
    proposed = {"suggestions": "loan:5;savings:000000123", "legs": "loan:5=1000"}
    with transaction(engine) as connection:
        site = Site(connection)
        site.start()
        line_id = site.line("RCPT1", 1000, "review", match=proposed)
        site.statement()
        site.posting(line_id, 1000, "posted")
    (line,) = shown_lines(run_of(engine, settings(tmp_path)), LineFilter()).to_dict("records")
    assert line["legs"] == "savings:000000123=1000"
    assert line["suggestions"] == "savings:000000123;loan:5"


def test_text_that_a_spreadsheet_would_run_is_made_harmless(run: Run) -> None:
    lines = shown_lines(run, LineFilter(receipt="RCPT2"))
    safe = formula_safe(lines).iloc[0]
    assert (safe["reference"], safe["party_phone"]) == ("'=1+1", "'+254700000002")
    assert lines.iloc[0]["reference"] == "=1+1"
    assert formula_safe(shown_lines(run, LineFilter()))["sign"].tolist() == [1, 1, -1, -1]


def test_the_story_of_a_receipt_goes_from_the_file_to_the_proof(run: Run) -> None:
    prove(run)
    said = story_shown(tell(run, "rcpt1"))
    in_order = [
        "KES 1,500.00 came in on 2026-03-02 01:00 in wallet paybill",
        "Typed as account: 000000123.",
        "First seen in day.csv, row 7",
        "It is posted in Fineract and was read back (verified).",
        "Tier A1, rule account_number",
        "Asha prepared batch b-1 on 2026-03-03 08:30.",
        "Brian approved batch b-1",
        "Savings deposit of KES 1,500.00 on savings 000000123, value date 2026-03-02",
        "transaction 650",
        "heard HTTP 200: posted.",
        "The day 2026-03-02 is balanced with listed items (proved).",
    ]
    places = [said.index(sentence) for sentence in in_order]
    assert places == sorted(places)


def test_a_story_is_told_the_same_way_twice(run: Run) -> None:
    assert tell(run, "RCPT1") == tell(run, "RCPT1")


def test_a_receipt_that_no_statement_shows_says_up_to_when_statements_go(run: Run) -> None:
    story = tell(run, "NOTHERE")
    said = story_shown(story | {"read_up_to": {"paybill": "2026-03-02 23:59"}})
    assert said.startswith("No statement shows NOTHERE yet.\nRead so far: paybill up to")


@pytest.mark.parametrize(
    ("text", "receipts"),
    [
        ("PT4", ["RCPT4"]),
        ("1,500.00", ["RCPT1"]),
        ("1500", ["RCPT1"]),
        ("700.00 2026-03-02", ["RCPT4"]),
        ("700 02/03/2026", ["RCPT4"]),
        ("700 2026-03-03", []),
        ("0002", ["RCPT2"]),
        ("alice 200", ["RCPT2"]),
        ("al_ce", []),
        ("100%", []),
        ("", []),
    ],
)
def test_a_line_is_found_by_whatever_somebody_remembers(
    run: Run, text: str, receipts: list[str]
) -> None:
    assert list(find(run, text).lines["receipt"]) == receipts


def test_one_line_is_answered_in_one_plain_sentence(run: Run) -> None:
    assert find(run, "1500").answer == (
        "RCPT1: KES 1,500.00 came in on 2026-03-02 01:00 in wallet paybill; it is posted in "
        "Fineract and was read back: KES 1,500.00 on savings 000000123."
    )


def test_a_payment_is_told_before_the_charge_that_shares_its_receipt(run: Run) -> None:
    found = find(run, "rcpt1")
    assert len(found.lines) == 2
    assert found.answer.startswith("RCPT1: KES 1,500.00 came in")
    assert found.answer.endswith("1 more with the same receipt: see `mmrecon explain`.")


def test_what_no_statement_has_yet_is_answered_with_the_minute_each_wallet_is_read_to(
    run: Run,
) -> None:
    assert find(run, "ZZZ").answer == (
        "No statement shows “ZZZ” yet. Read so far: paybill up to 2026-03-02 23:59."
    )


def test_a_wallet_without_statements_is_read_not_at_all() -> None:
    assert read_up_to_sentence({"till": ""}) == "Read so far: till not at all."


def _with_founders(document: dict[str, Any]) -> dict[str, Any]:
    """The same of a site with an approved configuration; these have batches and no people."""
    assert [one["code"] for one in document["configuration"]] == ["configuration_unverifiable"]
    return document | {"configuration": []}


def test_status_tells_calendar_lines_batches_and_runs(run: Run) -> None:
    prove(run)
    document = status(run)
    (wallet,) = document["wallets"]
    assert (wallet["read_up_to"], wallet["newest_statement"]["name"]) == (
        "2026-03-02 23:59", "day.csv",
    )  # fmt: skip
    assert [day["word"] for day in wallet["calendar"]][-3:] == ["none", "proved", "none"]
    states = {row["state"]: (row["lines"], row["in_minor"]) for row in document["lines"]}
    assert states["verified"] == (1, 150_000)
    assert [run["exit_code"] for run in document["runs"]] == [1, None]
    assert exit_code(_with_founders(document)) is ExitCode.PEOPLE_HAVE_WORK


def test_status_names_who_a_batch_waits_for(engine: Engine, tmp_path: Path) -> None:
    with transaction(engine) as connection:
        site = Site(connection)
        site.start()
        site.statement()
        site.batch(site.line("RCPT1", 150_000, "ready"), state="prepared")
    document = status(run_of(engine, settings(tmp_path)))
    said = [part for part in status_shown(document) if isinstance(part, str)]
    assert (
        "Batch b-1 (postings, 1 row, KES 1,500.00) waits for an approver other than Asha: "
        "`mmrecon approve b-1`."
    ) in said
    assert exit_code(_with_founders(document)) is ExitCode.PEOPLE_HAVE_WORK


def test_status_of_an_unknown_posting_ends_with_6(engine: Engine, tmp_path: Path) -> None:
    with transaction(engine) as connection:
        site = Site(connection)
        site.start()
        site.statement()
        site.posting(site.line("RCPT1", 150_000, "ready"), 150_000, "unknown")
    document = status(run_of(engine, settings(tmp_path)))
    assert document["open_unknowns"][0]["amount_minor"] == 150_000
    assert exit_code(document) is ExitCode.NEEDS_ATTENTION


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({}, "full"),
        ({"proof": "contradicted"}, "contradicted"),
        ({"reported_at_utc_s": 1_772_400_000}, "partial"),
        ({"current": False}, "none"),
    ],
)
def test_the_calendar_has_a_word_for_each_day(
    engine: Engine, tmp_path: Path, more: dict[str, object], word: str
) -> None:
    with transaction(engine) as connection:
        site = Site(connection)
        site.start()
        site.statement(**more)
    (wallet,) = status(run_of(engine, settings(tmp_path)))["wallets"]
    assert wallet["calendar"][-2] == {"day": "2026-03-02", "word": word}
    assert word in SIGNS


def test_status_of_an_empty_site_says_that_there_is_nothing(engine: Engine, tmp_path: Path) -> None:
    document = status(run_of(engine, settings(tmp_path)))
    said = status_shown(document)
    assert said[0] == "paybill: no statement yet."
    assert exit_code(document) is ExitCode.DONE


def test_quarantined_files_are_named_and_end_with_6(engine: Engine, tmp_path: Path) -> None:
    with transaction(engine) as connection:
        site = Site(connection)
        site.start()
        site.statement(outcome="quarantined", reason_code="no_layout", wallet_id=None)
    document = status(run_of(engine, settings(tmp_path)))
    told = " ".join(part for part in status_shown(document) if isinstance(part, str))
    assert "Quarantined: day.csv: " in told
    assert "no_layout" not in told, "a sentence, not a code"
    assert "mmrecon import --dismiss " in told
    assert exit_code(document) is ExitCode.NEEDS_ATTENTION


def test_a_table_of_lines_fits_eighty_columns(run: Run) -> None:
    console = Console(width=80, no_color=True)
    with console.capture() as caught:
        console.print(lines_table(shown_lines(run, LineFilter()), wide=False))
    lines = caught.get().splitlines()
    assert max(map(len, lines)) <= 80
    assert any("RCPT1" in line and "KES 1,500.00" in line and "verified" in line for line in lines)


def test_every_state_has_its_words() -> None:
    assert set(WORDS) == set(LineState)


def test_what_was_approved_in_shadow_is_never_said_to_be_sent(
    engine: Engine, tmp_path: Path
) -> None:
    with transaction(engine) as connection:
        site = Site(connection)
        site.start()
        line_id = site.line("RCPT1", 1000, "ready")
        site.statement()
        site.posting(line_id, 1000, "approved", shadow=True)
    run = run_of(engine, settings(tmp_path))
    said = story_shown(tell(run, "RCPT1"))
    assert "It was approved in shadow and is never sent (approved)." in said
    assert "will be sent" not in said
    (proof,) = prove(run).proofs
    assert "approved_in_shadow" in [entry.code for entry in proof.listed]


def test_workbooks_are_told_in_order_of_time_with_their_section_where_they_have_one(
    engine: Engine, tmp_path: Path
) -> None:
    with transaction(engine) as connection:
        site = Site(connection)
        site.start()
        line_id = site.line("RCPT1", 1000, "review")
        site.statement()
        for workbook_id, hour, section in (("W9", 5, "paybill"), ("W1", 7, "")):
            written = f"2026-03-03T0{hour}:00:00+00:00"
            facts = {"workbook_id": workbook_id, "written_at_utc": written}
            connection.execute(insert(WORKBOOK), facts)
            row = {"workbook_id": workbook_id, "row_id": "R1", "line_id": line_id}
            connection.execute(insert(WORKBOOK_ROW), row | {"section": section})
    said = story_shown(tell(run_of(engine, settings(tmp_path)), "RCPT1"))
    assert "Shown in workbook W9, section paybill.\n    Shown in workbook W1." in said


def test_status_names_the_newest_day_and_older_ones_that_it_does_not_show(
    engine: Engine, tmp_path: Path
) -> None:
    with transaction(engine) as connection:
        site = Site(connection)
        site.start()
        site.statement()
        month_s = 30 * 86_400
        earlier = {
            "statement_id": 2, "period_from_utc_s": MIDNIGHT_S - month_s,
            "period_to_utc_s": MIDNIGHT_S - month_s + 86_399,
        }  # fmt: skip
        site.statement(**earlier)
    said = "\n".join(map(str, status_shown(status(run_of(engine, settings(tmp_path))))))
    assert "newest statement day 2026-03-02" in said
    assert "not shown: 1 older day with statements, from 2026-01-31 on" in said


def test_quiet_ticks_do_not_drown_the_runs(engine: Engine, tmp_path: Path) -> None:
    with transaction(engine) as connection:
        site = Site(connection)
        site.start()
        for number in range(20):
            site.past_run(f"20260303T1{number:05}-tick", "tick", 0)
        site.past_run("20260303T020000-tick", "tick", 6)
        site.past_run("20260303T010000-nightly", "nightly", 1)
    document = status(run_of(engine, settings(tmp_path)))
    assert [(run["command"], run["exit_code"]) for run in document["runs"]] == [
        ("tick", 6), ("nightly", 1),
    ]  # fmt: skip
    assert "nothing to tell" in str(status_shown(document)[-2])
    assert status_shown(document)[-1] == "All times are Africa/Nairobi."
