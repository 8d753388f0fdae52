"""`journal verify` on a real site: what it prints, and every change that it finds."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mmrecon.store.anchor import Head, read_anchor
from tests.cli.site import ASHA, BENO, Ended, Site, founded


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("journal") / "site"
    founded(folder)
    return folder


@pytest.fixture
def site(opened: Path, tmp_path: Path) -> Site:
    shutil.copytree(opened, tmp_path / "site")
    return Site(tmp_path / "site")


A_POSTING = (
    "insert into posting (batch_id, batch_row, wallet_id, source, purpose, leg, attempt, "
    "resend, account_id, amount_minor, posted_minor, payment_type_id, idempotency_key, state) "
    "values ('b', 1, 1, 's', 'post', 1, 1, 0, 1, 1, 1, 1, 'k', 'approved')"
)


def sql(site: Site, *statements: str) -> None:
    with closing(sqlite3.connect(site.folder / "state" / "mmrecon.db")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def told(ended: Ended) -> str:
    return str(json.loads(ended.out)["error"]["message"])


def test_the_head_is_printed_whole_and_short_and_found_again(site: Site) -> None:
    first = site.call("journal", "verify", "--json").json
    assert first["sequence"] > 5
    short = first["printed"]
    assert short == Head(first["sequence"], first["head"]).printed()
    ended = site.call("journal", "verify", "--head", short)
    assert ended.code == 0
    assert short in ended.out
    assert "contains the head you gave" in ended.out
    whole = f"{first['sequence']}:{first['head']}"
    assert site.call("journal", "verify", "--head", whole, "--json").json["printed_head_found"]


def test_every_command_notes_the_head_beside_the_state_folder(site: Site) -> None:
    head = site.call("journal", "verify", "--json").json
    noted = read_anchor(site.folder / "state")
    assert noted == Head(head["sequence"], head["head"])


@pytest.mark.parametrize("head", ["nonsense", "7", "7:12"])
def test_a_head_that_is_none_is_wrong_use(site: Site, head: str) -> None:
    assert site.call("journal", "verify", "--head", head).code == 2


def test_an_older_database_is_told_by_the_printed_head_and_must_read(
    site: Site, tmp_path: Path
) -> None:
    shutil.copytree(site.folder / "state", tmp_path / "older")
    assert site.call("people", "revoke", ASHA, *site.signed(BENO), "--reason", "left").code == 0
    printed = site.call("journal", "verify", "--json").json["printed"]
    shutil.rmtree(site.folder / "state")
    shutil.copytree(tmp_path / "older", site.folder / "state")
    ended = site.call("journal", "verify", "--head", printed, "--json")
    assert ended.code == 5
    assert ended.json["error"]["code"] == "journal_behind"
    assert site.call("journal", "verify", "--json").json["reads_before_sending"] is True


def test_a_rewritten_past_is_another_journal(site: Site) -> None:
    head = site.call("journal", "verify", "--json").json
    other = f"{head['sequence'] - 1}:{head['head']}"
    ended = site.call("journal", "verify", "--head", other, "--json")
    assert (ended.code, ended.json["error"]["code"]) == (5, "journal_other")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("update journal set actor = 'Nobody' where sequence = 2", "breaks at entry 2"),
        ("delete from batch_row", "rows, not"),
        ("update batch set state = 'rejected'", "is rejected, the journal says approved"),
        ("update batch set digest = 'x'", "another kind, digest"),
        ("update batch_row set row_json = '{}'", "altered in the database"),
        ("delete from signature where act = 'approve'", "approve of batch"),
        (
            "update signature set signature_id = signature_id + 99 where act = 'prepare'",
            "renumbered",
        ),
        ("update signature set fingerprint = 'x' where act = 'approve'", "is gone or was changed"),
        ("delete from enrolment where name like 'Beno%'", "key"),
        ("update enrolment set revoked_at_utc = 'x'", "revocation of key"),
        (
            "insert into batch (batch_id, kind, state, row_count) values ('b', 'people', 'x', 0)",
            "batch b is not in the journal",
        ),
        (
            A_POSTING,
            "row 1 of batch b is not in the journal",
        ),
        (
            "insert into link (batch_id, batch_row, amount_minor) values ('b', 1, 1)",
            "link row 1 of batch b is not in the journal",
        ),
        (
            "insert into instance (instance_id, place, how) values ('abcd', 9, 'made')",
            "instance abcd is not in the journal",
        ),
    ],
)  # fmt: skip
def test_every_change_of_the_store_is_found(site: Site, change: str, words: str) -> None:
    foreign_keys_off = ("pragma foreign_keys = off",)
    sql(site, *foreign_keys_off, change)
    ended = site.call("journal", "verify", "--json")
    assert ended.code == 5, ended.out
    assert words in told(ended)


def test_a_deleted_batch_is_found_with_its_signatures(site: Site) -> None:
    sql(site, "delete from signature", "delete from batch_row", "delete from batch")
    ended = site.call("journal", "verify", "--json")
    assert ended.code == 5
    assert "batch configuration-" in told(ended)
    assert "is gone from the store" in told(ended)
