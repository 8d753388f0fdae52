"""The calendar of `status`: missing statements at their hour, contradicted ones with words."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, time
from pathlib import Path

from sqlalchemy import Engine, insert

from mmrecon.cli.expected_view import outcome
from mmrecon.cli.status_cmd import status_shown
from mmrecon.errors import ExitCode
from mmrecon.pipeline.expecting import missing, newly_missing
from mmrecon.pipeline.night import exit_code_of, nightly
from mmrecon.pipeline.run import Run
from mmrecon.pipeline.standing import CALENDAR_DAYS, exit_code, status
from mmrecon.store.database import transaction
from mmrecon.store.schema import ISSUE
from tests.showing.site import Site, run_of, settings

SINCE = date(2026, 3, 1)


def expecting(engine: Engine, folder: Path, hour: str, off: tuple[str, ...] = ()) -> Run:
    with transaction(engine) as connection:
        site = Site(connection)
        site.start()
        site.statement()
    one = settings(folder)
    (wallet,) = one.wallets
    more = {"expected_by": time.fromisoformat(hour), "days_off": off, "live_from": SINCE}
    wallet = wallet.model_copy(update=more)
    return run_of(engine, one.model_copy(update={"wallets": (wallet,)}))


def test_f_01_a_missing_statement_is_said_by_status_and_nightly_with_6(
    engine: Engine, tmp_path: Path
) -> None:
    run = expecting(engine, tmp_path, "07:30")
    document = status(run)
    (one,) = document["missing"]
    assert "no statement of 1 day (2026-03-01); expected by 07:30" in one["message"]
    assert exit_code(document | {"configuration": []}) is ExitCode.NEEDS_ATTENTION
    assert any(one["message"] in str(part) for part in status_shown(document))
    steps = [step for step in nightly(run) if step.name == "expected statements"]
    assert exit_code_of(steps) is ExitCode.NEEDS_ATTENTION
    assert "expected by 07:30" in str(outcome(run, steps[0].result).show)


def test_a_tick_says_it_once_and_again_when_another_day_is_missing(
    engine: Engine, tmp_path: Path
) -> None:
    run = expecting(engine, tmp_path, "07:30")
    assert len(newly_missing(run).issues) == 1
    assert newly_missing(run).issues == ()
    two_days_on = replace(run, clock=lambda: run.clock().replace(day=5))
    (issue,) = newly_missing(two_days_on).issues
    assert issue.arguments["days"] == 3


def test_a_day_off_is_not_missed(engine: Engine, tmp_path: Path) -> None:
    assert missing(expecting(engine, tmp_path, "07:30", ("sunday",))).issues == ()


def test_without_an_hour_no_statement_is_expected(engine: Engine, tmp_path: Path) -> None:
    run = run_of(engine, settings(tmp_path))
    assert missing(run).issues == ()
    assert status(run)["missing"] == []


def test_a_contradicted_statement_is_told_with_what_to_write(
    engine: Engine, tmp_path: Path
) -> None:
    checks = [["chain", "failed", "The running balance breaks."], ["rows", "held", "All."]]
    said = {"rows": 1, "moment": "2026-03-02 10:00:00", "named": "R1", "amount": "KES 10.00"}
    with transaction(engine) as connection:
        site = Site(connection)
        site.start()
        site.statement(proof="contradicted", proof_json=json.dumps(checks))
        issue = {
            "code": "chain_rows_foreign", "statement_id": 1, "file": "day.csv", "row": 9,
            "receipt": "R1", "arguments_json": json.dumps(said),
        }  # fmt: skip
        connection.execute(insert(ISSUE), issue)
    document = status(run_of(engine, settings(tmp_path)))
    (one,) = document["wallets"][0]["contradicted"]
    assert (one["file"], one["failed"]) == ("day.csv", ["The running balance breaks."])
    shown = "\n".join(map(str, status_shown(document)))
    assert "! day.csv is contradicted: The running balance breaks." in shown
    assert "“Receipt R1 of 2026-03-02 10:00:00 (KES 10.00) is in our statement" in shown


def test_the_calendar_shows_three_weeks_in_eighty_columns(engine: Engine, tmp_path: Path) -> None:
    with transaction(engine) as connection:
        site = Site(connection)
        site.start()
        site.statement()
    document = status(run_of(engine, settings(tmp_path)))
    assert len(document["wallets"][0]["calendar"]) == CALENDAR_DAYS == 21
    shown = [str(part) for part in status_shown(document)]
    numbers = next(part for part in shown if part.startswith("  11 12"))
    signs = shown[shown.index(numbers) + 1]
    assert len(numbers) == len(signs) <= 80
    assert signs[numbers.index(" 02 ") + 2] == "="
