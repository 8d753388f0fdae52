"""Files into the store: once each, whole or not at all, whatever arrives again or elsewhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pandas as pd
import pytest
from sqlalchemy import Engine, func, select, text

from mmrecon.config import Settings, parse_settings
from mmrecon.errors import ExitCode, SafetyRefusal, UsageError
from mmrecon.model.progress import Silent
from mmrecon.pipeline.dismissing import dismiss
from mmrecon.pipeline.importing import Imported, import_files, take_paths, unread_files
from mmrecon.pipeline.inspecting import inspect
from mmrecon.pipeline.run import Run
from mmrecon.pipeline.standing import exit_code as standing_exit
from mmrecon.pipeline.standing import status
from mmrecon.store import journal
from mmrecon.store import statements as store
from mmrecon.store.database import open_database, reading
from mmrecon.store.schema import ISSUE, JOURNAL, LINE, REFUSED_ROW, SIGHTING, STATEMENT, WALLET
from tests.statements.builders import (
    DAY,
    MTN_DAY,
    Event,
    a_file,
    as_csv,
    b_file,
    mtn_file,
)


def _wallet(name: str, account: str, **more: object) -> dict[str, object]:
    return {
        "name": name, "provider": "mpesa", "account": account, "currency": "KES",
        "zone": "Africa/Nairobi", "country": "KE", "live_from": "2026-01-01", **more,
    }  # fmt: skip


def _settings(folder: Path, *wallets: dict[str, object]) -> Settings:
    momo = _wallet("momo", "900777", provider="mtn", currency="UGX", zone="Africa/Kampala")
    data: dict[str, object] = {
        "institution": {"name": "Example SACCO"},
        "wallets": list(
            wallets or (_wallet("paybill", "990501"), _wallet("second", "990502"), momo)
        ),
    }
    return parse_settings(data, source="test", base=folder)


def _never() -> NoReturn:
    raise AssertionError("an import asks no Fineract")


class Site:
    """A site in a temporary folder."""

    def __init__(self, folder: Path, engine: Engine, settings: Settings) -> None:
        self.folder = folder
        self.engine = engine
        self.settings = settings

    def run(self) -> Run:
        return Run(
            self.settings, self.folder / "config.toml", self.engine,
            lambda: datetime(2026, 2, 1, 6, tzinfo=UTC), "run-1", Silent(), _never,
        )  # fmt: skip

    def take(
        self, content: bytes, name: str = "a.csv", wallet: str = "", *, again: bool = False
    ) -> Imported:
        path = self.folder / name
        path.write_bytes(content)
        run = self.run()
        return import_files(run, take_paths(run, [path], wallet), again=again)

    def lines(self) -> pd.DataFrame:
        with reading(self.engine) as connection:
            return store.lines(connection)

    def count(self, table: str) -> int:
        with reading(self.engine) as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())

    def check(self) -> None:
        """Rows and money in = out; the journal's chain holds."""
        with reading(self.engine) as connection:
            journal.verify(connection)
            for row in connection.execute(select(STATEMENT)):
                assert row.new_lines + row.repeat_lines + row.refused_rows == row.data_rows
            orphans = (
                select(func.count())
                .select_from(SIGHTING)
                .where(SIGHTING.c.line_id.not_in(select(LINE.c.line_id)))
            )
            assert connection.execute(orphans).scalar_one() == 0
        keys = ["wallet_id", "sub_account", "receipt", "sign", "amount_minor", "n", "generation"]
        assert not self.lines().duplicated(keys).any()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    settings = _settings(tmp_path)
    engine = open_database(settings.state.folder)
    made = Site(tmp_path, engine, settings)
    yield made
    made.check()
    engine.dispose()


def codes(imported: Imported) -> list[str]:
    return [issue.code for issue in imported.issues]


def test_a_day_is_stored_line_by_line_with_its_sightings(site: Site) -> None:
    imported = site.take(as_csv(a_file()))
    assert imported.exit_code() is ExitCode.PEOPLE_HAVE_WORK
    assert codes(imported) == ["lines_unknown"]
    lines = site.lines()
    assert len(lines) == len(DAY) == site.count("sighting")
    assert lines["completed_at_utc_s"].is_monotonic_increasing
    assert set(lines["n"]) == {1}
    assert set(lines["sub_account"]) == {"Utility Account"}
    assert lines["first_row"].tolist() == sorted(lines["first_row"], reverse=True)


def test_the_same_bytes_under_another_name_change_nothing_and_say_since_when(site: Site) -> None:
    site.take(as_csv(a_file()))
    before = site.count("sighting"), site.count("statement")
    imported = site.take(as_csv(a_file()), "Copy of a (1).csv")
    assert imported.exit_code() is ExitCode.DONE
    assert codes(imported) == ["seen_before"]
    assert imported.issues[0].arguments["first_seen"] == "2026-02-01"
    assert (site.count("sighting"), site.count("statement")) == before


def test_a_resaved_file_shows_the_same_lines_again(site: Site) -> None:
    site.take(as_csv(a_file()))
    imported = site.take(as_csv(a_file(), delimiter=";"))
    assert len(site.lines()) == len(DAY)
    statement = imported.statements[0]
    assert (statement.new_lines, statement.repeat_lines) == (0, len(DAY))


def test_overlapping_days_bring_only_what_is_new(site: Site) -> None:
    site.take(as_csv(a_file(DAY[:8], reported="31-01-2026 11:00:00")))
    imported = site.take(as_csv(a_file()), "full.csv")
    assert imported.statements[0].new_lines == len(DAY) - 8
    assert len(site.lines()) == len(DAY)


@pytest.mark.parametrize("first", ["a", "b"])
def test_the_same_day_in_two_layouts_is_one_line_each_with_the_best_evidence(
    site: Site, first: str
) -> None:
    files = {"a": as_csv(a_file()), "b": as_csv(b_file())}
    second = "b" if first == "a" else "a"
    site.take(files[first], f"{first}.csv", "paybill")
    imported = site.take(files[second], f"{second}.csv", "paybill")
    assert imported.statements[0].new_lines == 0
    lines = site.lines()
    assert len(lines) == len(DAY)
    assert not lines["conflict"].any()
    reversal = lines.loc[lines["receipt"] == "UAV0EXAM08"].iloc[0]
    assert reversal["linked_receipt"] == "UAV0EXAM02"
    assert "line_contradicts" not in codes(imported)


def test_two_downloads_pasted_into_one_file_are_one_line_each(site: Site) -> None:
    imported = site.take(as_csv([*a_file(DAY[:8]), *a_file(DAY)]))
    assert len(site.lines()) == len(DAY)
    statement = imported.statements[0]
    assert (statement.new_lines, statement.repeat_lines) == (len(DAY), 8)


def test_a_file_without_seconds_pairs_with_the_one_that_has_them(site: Site) -> None:
    records = a_file(DAY[:8])
    resaved = a_file(DAY[:8])
    for row in resaved[7:]:
        row[1] = row[2] = row[1][:-3]
    site.take(as_csv(resaved), "resaved.csv")
    assert not site.lines()["has_seconds"].any()
    imported = site.take(as_csv(records), "original.csv")
    assert imported.statements[0].new_lines == 0
    lines = site.lines()
    assert lines["has_seconds"].all()
    assert lines["completed_at_utc_s"].iloc[0] % 60 == 2


def test_equal_rows_at_other_times_count_up_and_are_told(site: Site) -> None:
    twice = Event("UAV0EXAM01", "08:01:02", 5_000, "Pay Utility", "0700000001 - A", "1")
    site.take(as_csv(a_file([twice, replace(twice, time="08:05:00")])))
    lines = site.lines()
    assert lines["n"].tolist() == [1, 2]
    assert lines["repeats"].tolist() == [2, 2]
    third = [twice, replace(twice, time="08:05:00"), replace(twice, time="08:09:00")]
    imported = site.take(as_csv(a_file(third)), "more.csv")
    lines = site.lines()
    assert lines["n"].tolist() == [1, 2, 3]
    assert lines["repeats"].tolist() == [3, 3, 3]
    assert "rows_look_alike" in codes(imported)


def test_a_receipt_with_another_amount_alerts_and_marks_both_lines(site: Site) -> None:
    payment = Event("UAV0EXAM01", "08:01:02", 5_000, "Pay Utility", "0700000001 - A", "1")
    site.take(as_csv(a_file([payment])), "first.csv")
    imported = site.take(as_csv(a_file([replace(payment, moved=6_000)])), "second.csv")
    alert = next(issue for issue in imported.issues if issue.code == "receipt_other_amount")
    assert (alert.row, alert.arguments["stored_row"]) == (8, 8)
    assert alert.arguments["stored_file"] == "first.csv"
    assert site.lines()["conflict"].all()
    assert imported.exit_code() is ExitCode.NEEDS_ATTENTION


def test_another_reference_or_payer_of_a_known_line_alerts_with_both_rows(site: Site) -> None:
    payment = Event("UAV0EXAM01", "08:01:02", 5_000, "Pay Utility", "25470****001 - A", "123")
    site.take(as_csv(a_file([payment])), "first.csv")
    changed = replace(payment, reference="124", party="25470****009 - A")
    imported = site.take(as_csv(a_file([changed])), "second.csv")
    fields = {
        issue.arguments["field"] for issue in imported.issues if issue.code == "line_contradicts"
    }
    assert fields == {"reference", "party"}
    line = site.lines().iloc[0]
    assert (line["reference"], bool(line["conflict"])) == ("123", True)


def test_a_class_that_changes_alerts_and_a_pending_line_that_completes_does_not(site: Site) -> None:
    payment = Event("UAV0EXAM01", "08:01:02", 5_000, "Pay Utility", "25470****001 - A", "123")
    site.take(as_csv(a_file([replace(payment, status="Pending")])), "first.csv")
    done = site.take(as_csv(a_file([payment])), "second.csv")
    assert "line_class_changed" not in codes(done)
    changed = site.take(as_csv(a_file([replace(payment, linked="UAV0EXAM09")])), "third.csv")
    alert = next(issue for issue in changed.issues if issue.code == "line_class_changed")
    assert (alert.arguments["before"], alert.arguments["now"]) == ("collection", "reversal")
    line = site.lines().iloc[0]
    assert (line["line_class"], bool(line["conflict"])) == ("reversal", True)


def test_a_full_phone_beats_a_mask_and_agrees_with_it(site: Site) -> None:
    masked = Event("UAV0EXAM01", "08:01:02", 5_000, "Pay Utility", "25470****001 - A **** B", "1")
    site.take(as_csv(a_file([masked])), "first.csv")
    imported = site.take(as_csv(a_file([replace(masked, party="254700000001 - A C B")])), "2.csv")
    line = site.lines().iloc[0]
    assert (line["party_phone"], line["party_name"]) == ("254700000001", "A C B")
    assert codes(imported) == []


def test_lines_of_another_wallet_are_marked_in_both_and_told(site: Site) -> None:
    site.take(as_csv(b_file()), "one.csv", "paybill")
    imported = site.take(as_csv(b_file()), "other.csv", "second")
    alert = next(issue for issue in imported.issues if issue.code == "receipt_known_elsewhere")
    assert alert.arguments["other"] == "paybill"
    lines = site.lines()
    payments = lines.loc[lines["line_class"] != "charge"]
    assert payments["known_elsewhere"].all()
    assert not lines.loc[lines["line_class"] == "charge", "known_elsewhere"].any()
    assert imported.exit_code() is ExitCode.NEEDS_ATTENTION


def test_a_quarantined_file_is_read_again_when_it_comes_again(site: Site) -> None:
    content = as_csv(b_file())
    first = site.take(content)
    assert first.statements[0].reading.reason == "wallet_unknown"
    assert first.exit_code() is ExitCode.NEEDS_ATTENTION
    second = site.take(content, "a.csv", "paybill")
    assert second.statements[0].new_lines == len(DAY)
    with reading(site.engine) as connection:
        current = connection.execute(select(STATEMENT.c.current)).scalars().all()
        issues = connection.execute(select(ISSUE.c.code, ISSUE.c.closed_at_utc)).all()
    assert current == [False, True]
    assert issues[0] == ("wallet_unknown", "2026-02-01T06:00:00+00:00")
    assert {closed for _, closed in issues[1:]} == {""}


def test_refused_rows_are_taken_by_again_and_only_then(site: Site) -> None:
    records = a_file()
    records[20][0] = "1.42593E+11"
    content = as_csv(records)
    first = site.take(content)
    assert first.exit_code() is ExitCode.NEEDS_ATTENTION
    assert site.count(REFUSED_ROW.name) == 1
    second = site.take(content)
    assert codes(second) == ["seen_before", "rows_refused_before"]
    third = site.take(content, again=True)
    assert third.statements[0].repeat_lines == len(DAY) - 1
    assert len(site.lines()) == len(DAY) - 1


def test_only_the_first_file_without_an_account_says_so(site: Site) -> None:
    first = site.take(as_csv(b_file(DAY[:3])), "1.csv", "paybill")
    second = site.take(as_csv(b_file(DAY[:5])), "2.csv", "paybill")
    assert "wallet_assumed" in codes(first)
    assert "wallet_assumed" not in codes(second)


def test_a_day_that_does_not_open_with_the_closing_before_it_is_contradicted(site: Site) -> None:
    site.take(as_csv(a_file(DAY, date="30-01-2026", reported="31-01-2026 01:00:00")), "1.csv")
    moved = [replace(event, receipt=event.receipt.replace("V0", "W0")) for event in DAY]
    imported = site.take(as_csv(a_file(moved)), "2.csv")
    assert imported.statements[0].reading.reason == "proof_contradicted"
    proofs = _proofs(site)
    assert proofs == ["proved", "contradicted"]


def test_a_late_day_contradicts_the_later_one_or_joins_it(site: Site) -> None:
    closing = 100_000 + sum(event.balance_moves for event in DAY)
    moved = [replace(event, receipt=event.receipt.replace("V0", "W0")) for event in DAY]
    site.take(as_csv(a_file(moved, opening=closing)), "2.csv")
    site.take(as_csv(a_file(DAY, date="30-01-2026", reported="31-01-2026 01:00:00")), "1.csv")
    assert _proofs(site) == ["proved", "proved"]


def test_a_day_without_totals_is_proved_by_the_days_around_it(site: Site) -> None:
    opening = 100_000
    for day in (29, 30, 31):
        events = [replace(one, receipt=one.receipt.replace("V0", f"V{day % 10}")) for one in DAY]
        name = f"Statements for 990501 from 2026-01-{day} to 2026-01-{day}.csv"
        site.take(as_csv(b_file(events, opening=opening, date=f"{day}/01/2026")), name)
        opening += sum(event.balance_moves for event in events)
    assert _proofs(site) == ["open", "proved", "open"]


def _proofs(site: Site) -> list[str]:
    with reading(site.engine) as connection:
        query = select(STATEMENT.c.proof).order_by(STATEMENT.c.statement_id)
        return list(connection.execute(query).scalars())


def test_a_packed_file_gives_a_statement_for_each_member(site: Site) -> None:
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("a.csv", as_csv(a_file()))
        packed.writestr("page.csv", "<html>expired</html>")
    imported = site.take(out.getvalue(), "days.zip")
    assert [one.file for one in imported.statements] == ["days.zip/a.csv", "days.zip/page.csv"]
    assert [one.reading.outcome for one in imported.statements] == ["read", "quarantined"]
    again = site.take(out.getvalue(), "days.zip")
    assert [one.file for one in again.statements] == ["days.zip/page.csv"]
    assert len(site.lines()) == len(DAY)


def test_one_wallets_trouble_does_not_stop_the_others(site: Site) -> None:
    site.take(as_csv(a_file()))
    moved_back = _wallet("paybill", "990501", live_from="2025-01-01")
    momo = _wallet("momo", "900777", provider="mtn", currency="UGX", zone="Africa/Kampala")
    site.settings = _settings(site.folder, moved_back, momo)
    paths = [site.folder / "x.csv", site.folder / "y.csv"]
    paths[0].write_bytes(as_csv(a_file(DAY[:3])))
    paths[1].write_bytes(as_csv(mtn_file()))
    run = site.run()
    taken = [
        take_paths(run, [path], name)[0] for path, name in zip(paths, ("", "momo"), strict=True)
    ]
    imported = import_files(run, taken)
    assert isinstance(imported.troubles[0].error, SafetyRefusal)
    assert imported.exit_code() is ExitCode.REFUSED
    assert imported.statements[0].new_lines == len(MTN_DAY)


def test_live_from_may_move_on_and_a_wallet_may_be_renamed(site: Site) -> None:
    site.take(as_csv(a_file(DAY[:3])))
    site.settings = _settings(site.folder, _wallet("new-name", "990501", live_from="2026-02-01"))
    site.take(as_csv(a_file()), "b.csv")
    with reading(site.engine) as connection:
        row = connection.execute(select(WALLET)).one()
    assert (row.name, row.live_from) == ("new-name", "2026-02-01")


def test_a_changed_currency_of_a_wallet_with_lines_is_a_fault(site: Site) -> None:
    site.take(as_csv(b_file()), "b.csv", "paybill")
    site.settings = _settings(site.folder, _wallet("paybill", "990501", zone="Africa/Kampala"))
    imported = site.take(as_csv(b_file(DAY[:4])), "c.csv", "paybill")
    assert imported.exit_code() is ExitCode.USAGE


def test_a_path_that_is_no_file_or_a_wallet_nobody_knows_is_wrong_use(site: Site) -> None:
    with pytest.raises(UsageError):
        take_paths(site.run(), [site.folder / "missing.csv"])
    with pytest.raises(UsageError, match="no wallet is called"):
        site.take(as_csv(a_file()), "a.csv", "nobody")


def test_inspect_stores_nothing_and_needs_no_configuration(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(as_csv(a_file(account="990599")))
    inspections = inspect([path], None)
    assert inspections[0].file == str(path)
    assert inspections[0].reading.outcome == "read"
    assert inspect([path], _settings(tmp_path))[0].reading.reason == "wallet_not_configured"
    assert sorted(child.name for child in tmp_path.iterdir()) == ["a.csv", "home"]


@pytest.mark.slow
def test_killed_anywhere_the_next_import_finishes_and_nothing_is_half(tmp_path: Path) -> None:
    events = [
        Event(f"UAV{at:07d}", str(timedelta(hours=10, seconds=at)), 100, "Pay Utility", "SP", "1")
        for at in range(20_000)
    ]
    path = tmp_path / "big.csv"
    path.write_bytes(as_csv(a_file(events)))
    config = tmp_path / "config.toml"
    config.write_text(_CONFIG)
    command = [
        sys.executable,
        "-m",
        "mmrecon",
        "import",
        str(path),
        "--json",
        "--config",
        str(config),
    ]
    for after_s in (0.3, 0.7, 1.0, 1.3, 1.6):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        time.sleep(after_s)
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        engine = open_database(tmp_path / "state")
        with reading(engine) as connection:
            stored = connection.execute(select(func.count()).select_from(LINE)).scalar_one()
            assert stored in {0, 20_000}
        engine.dispose()
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert document["exit_code"] == 0
    Site(tmp_path, open_database(tmp_path / "state"), _settings(tmp_path)).check()


_CONFIG = """
[institution]
name = "Example SACCO"
[[wallets]]
name = "paybill"
provider = "mpesa"
account = "990501"
currency = "KES"
zone = "Africa/Nairobi"
country = "KE"
live_from = 2026-01-01
"""


def test_a_quarantined_file_is_dismissed_with_a_reason_and_not_read_again_by_itself(
    site: Site,
) -> None:
    content = as_csv(b_file())
    site.take(content)
    (aside,) = status(site.run())["quarantined"]
    for wanted in (aside["sha256"][:7], "b.csv", "0" * 64):
        with pytest.raises(UsageError):
            dismiss(site.run(), wanted, "a supplier's file")
    with pytest.raises(UsageError):
        dismiss(site.run(), aside["sha256"], "  ")
    assert len(status(site.run())["quarantined"]) == 1
    dismiss(site.run(), aside["sha256"][:8], "a supplier's file")
    assert status(site.run())["quarantined"] == []
    with reading(site.engine) as connection:
        event, payload = connection.execute(
            select(JOURNAL.c.event, JOURNAL.c.payload_json).order_by(JOURNAL.c.sequence.desc())
        ).first() or ("", "")
        assert connection.execute(select(ISSUE.c.closed_at_utc)).scalars().all() != [""]
    assert event == "file_dismissed"
    assert json.loads(payload)["why"] == "a supplier's file"
    assert unread_files(site.run()) == []
    again = site.take(content, "a.csv", "paybill")
    assert again.statements[0].new_lines == len(DAY), "somebody who imports it means it"


def test_a_dismissed_file_stays_dismissed_when_the_program_or_the_configuration_changed(
    site: Site,
) -> None:
    run = site.run()
    path = site.folder / "junk.csv"
    path.write_bytes(b"no statement at all")
    import_files(run, take_paths(run, [path], "paybill"))
    site.settings = site.settings.model_copy(
        update={"institution": site.settings.institution.model_copy(update={"name": "Other"})}
    )
    assert [file.name for file in unread_files(site.run())] == ["junk.csv"]
    dismiss(site.run(), "junk.csv", "junk")
    assert unread_files(site.run()) == []
    assert standing_exit(status(site.run())) is not ExitCode.NEEDS_ATTENTION
