"""The store on a PostgreSQL server in place of the SQLite file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from mmrecon.store import rests_on_lines, withdrawals
from tests.cli.site import Site
from tests.postgresql import postgresql

SAMPLE = Path(__file__).parents[2] / "sample_statements" / "mpesa" / "a-day.csv"
CONFIG = """
[institution]
name = "Example SACCO"
[state]
database_url_variable = "SITE_DATABASE_URL"
[[wallets]]
name = "paybill"
provider = "mpesa"
account = "{account}"
currency = "KES"
zone = "Africa/Nairobi"
country = "KE"
live_from = 2026-01-01
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgresql() as served:
        yield served


@pytest.fixture
def site(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("SITE_DATABASE_URL", url)
    made = Site(tmp_path)
    made.config.write_text(CONFIG.format(account=_account()), encoding="utf-8")
    return made


def _account() -> str:
    """The short code that the sample prints."""
    lines = SAMPLE.read_text(encoding="utf-8-sig").splitlines()
    (line,) = [line for line in lines if "Short Code" in line]
    return line.split(",")[1].strip().strip('"')


def test_a_statement_is_imported_into_postgresql_once(site: Site) -> None:
    imported = site.call("import", str(SAMPLE), "--json")
    assert imported.code in {0, 1}, imported
    (file,) = imported.json["files"]
    assert file["new_rows"] == file["rows"] > 0
    again = site.call("import", str(SAMPLE), "--json")
    assert [issue["code"] for issue in again.json["issues"]] == ["seen_before"]
    assert len(site.call("lines", "--json").json["lines"]) == file["rows"]
    assert site.call("prove", "--json").json["days"][0]["proof"] == "proved"
    assert site.call("status").code in {0, 1}
    assert not (site.folder / "state" / "mmrecon.db").exists()


def test_the_lines_of_a_withdrawn_file_leave_and_come_back_under_their_ids(
    site: Site, url: str
) -> None:
    site.call("import", str(SAMPLE))
    looked = site.call("import", "--withdraw", SAMPLE.name, "--reason", "wrong", "--json").json
    (part,) = looked["withdrawal"]["wallets"]
    rows = len(site.call("lines", "--json").json["lines"])
    assert (part["lines"], part["stay"], looked["possible"]) == (rows, 0, True)
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    ids = text("select line_id, receipt, sign, amount_minor from line order by line_id")
    with engine.begin() as connection:
        before = connection.execute(ids).all()
        (file,) = withdrawals.standing_files(connection, SAMPLE.name, "-")
        seen = withdrawals.shared(connection, file)
        when = {"at_utc": "2026-11-24T06:00:00+00:00"}
        withdrawals.end_readings(connection, file, **when)
        withdrawals.take_lines_out(connection, seen.leaving)
        rests_on_lines.end_what_rests(connection, seen.leaving, **when, run_id="run-1")
        assert connection.execute(ids).all() == []
    again = site.call("import", str(SAMPLE), "--json").json["files"]
    assert [one["new_rows"] for one in again] == [rows]
    with engine.connect() as connection:
        assert connection.execute(ids).all() == before
        assert connection.execute(text("select * from withdrawn_line")).all() == []
    engine.dispose()


def test_a_database_on_a_server_is_migrated_only_after_its_dump(
    site: Site, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("create database older"))
    engine.dispose()
    monkeypatch.setenv("SITE_DATABASE_URL", url.replace("/postgres", "/older"))
    refused = site.call("upgrade")
    assert (refused.code, "pg_dump" in refused.err) == (2, True)
    assert "--backup-made" in refused.err
    migrated = site.call("upgrade", "--backup-made", "--json")
    assert (migrated.code, migrated.json["migrated"], migrated.json["backup"]) == (0, True, None)
    assert site.call("upgrade").out == "The database is up to date.\n"


def test_a_url_that_is_none_is_refused_with_words(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in ("a database", "oracle-of-delphi://host/x"):
        monkeypatch.setenv("SITE_DATABASE_URL", url)
        ended = site.call("status")
        assert (ended.code, "postgresql://" in ended.err) == (2, True)


def test_a_server_that_is_away_is_unreachable(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_DATABASE_URL", "postgresql://mmrecon@127.0.0.1:1/none")
    ended = site.call("status")
    assert (ended.code, "cannot be opened" in ended.err) == (3, True)
