"""The whole demo, as a newcomer runs it, in a folder of its own; then once more."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

from mmrecon.cli.demo.site import Site, serving, site_around
from tests.flow.demo import Played


def test_the_demo_plays_through_and_shows_the_day(played: Played) -> None:
    assert played.first.returncode == 0, played.first.stdout[-2000:] + played.first.stderr
    shown = played.first.stdout
    for words in (
        "What arrived over SFTP", "ORG_600101", "proved", "collection", "ready", "review",
        "suspense", "somebody else", "approved by count and total", "verified", "balanced",
        "mmrecon explain", "mmrecon find", "mmrecon lines", "mmrecon status", "sandbox serve",
    ):  # fmt: skip
        assert words in shown, words
    assert "Traceback" not in shown + played.first.stderr


def test_the_demo_again_posts_nothing_new_and_says_so(played: Played) -> None:
    assert played.again.returncode == 0, played.again.stdout[-2000:] + played.again.stderr
    assert played.counts[0] == played.counts[1]
    assert "No new files." in played.again.stdout
    assert "Nothing is approved that has not been posted." in played.again.stdout
    assert "Nothing new was posted: " in played.again.stdout


def test_every_line_of_the_demo_stands_where_the_truth_allows(played: Played) -> None:
    """Before anybody decided, that is what its match said: decisions and postings came later."""
    with closing(sqlite3.connect(played.site.folder / "state" / "mmrecon.db")) as connection:
        connection.row_factory = sqlite3.Row
        query = (
            "select w.name wallet, l.receipt, l.sign, l.amount_minor, m.state, m.rule, m.vetoes "
            "from line l join wallet w using (wallet_id) join match m using (line_id) where "
            "m.match_id = (select min(match_id) from match f where f.line_id = l.line_id)"
        )
        rows = [dict(row) for row in connection.execute(query)]
    key = ("wallet", "receipt", "sign", "amount_minor")
    matched = {tuple(row[name] for name in key): row for row in rows}
    wrong = []
    for line in played.truth:
        if line["states"] == ["refused_row"]:
            continue
        row = matched.get(tuple(line[name] for name in key))
        if row is None or row["state"] not in line["states"]:
            wrong.append((line["story"], line["receipt"], line["states"], row))
    assert not wrong, wrong[:10]


def test_what_the_demo_posted_is_what_the_truth_says(played: Played) -> None:
    """No leg on an account that the truth does not name."""
    lines = {
        (line["wallet"], line["receipt"]): line
        for line in played.json("lines", "--state", "verified")["lines"]
    }
    assert len(lines) > 500
    owed = {(line["wallet"], line["receipt"]): line for line in played.truth if line["legs"]}
    for key, line in lines.items():
        told = Counter(f"{kind}:{number}={minor}" for kind, number, minor in owed[key]["legs"])
        assert Counter(line["legs"].split(";")) == told, owed[key]


def test_each_story_can_be_followed_by_its_receipt(played: Played) -> None:
    verified = {
        line["receipt"]: line for line in played.json("lines", "--state", "verified")["lines"]
    }
    kinds: dict[str, str] = {}
    with closing(sqlite3.connect(played.site.folder / "state" / "mmrecon.db")) as connection:
        for receipt, command in connection.execute("select receipt, command from posting"):
            kinds.setdefault(command, receipt)
    assert set(kinds) == {
        "savings_deposit", "loan_repayment", "savings_withdrawal", "loan_disbursement",
    }  # fmt: skip
    for receipt in kinds.values():
        told = played.run("explain", receipt)
        assert told.returncode == 0, told.stderr
        account = verified[receipt]["legs"].partition(":")[2].partition("=")[0]
        for words in (receipt, "Amina Example", "Brian Example", account, "verified", "balanced"):
            assert words in told.stdout, (words, told.stdout)


def test_a_receipt_booked_by_a_teller_is_not_posted_again(played: Played) -> None:
    receipt = json.loads(played.site.truth.read_text())["booked_by_teller"]
    (line,) = [
        line for line in played.json("lines", "--receipt", receipt)["lines"]
        if line["class"] == "collection"
    ]  # fmt: skip
    assert line["state"] == "posted_elsewhere"
    assert "held back because" in played.first.stdout
    assert "Found in Fineract, posted by somebody else: 1 line" in played.first.stdout
    assert "posted by others" in played.first.stdout
    with closing(sqlite3.connect(played.site.folder / "state" / "mmrecon.db")) as connection:
        query = "select count(*) from link join line using (line_id) where receipt = ?"
        assert connection.execute(query, (receipt,)).fetchone()[0] == 1
    with closing(sqlite3.connect(played.site.sandbox / "fineract.db")) as connection:
        query = "select count(*) from m_payment_detail where receipt_number = ?"
        assert connection.execute(query, (receipt,)).fetchone()[0] == 1


def test_the_folder_stays_usable(played: Played) -> None:
    """`sandbox serve` brings the same Fineract back; doctor and status read the site."""
    with serving(played.site) as base_url:
        assert base_url in played.site.config.read_text()
        checks = played.json("doctor")["checks"]
        assert {check["check"] for check in checks if not check["holds"]} <= {"founders"}
    assert played.run("status").returncode in {0, 1, 6}
    assert played.run("find", "1,500").returncode == 0


def test_a_demo_typed_inside_a_demo_is_that_demo_and_nests_none(tmp_path: Path) -> None:
    site = Site(tmp_path / "mmrecon-demo")
    inside = site.folder / "state" / "archive"
    inside.mkdir(parents=True)
    site.truth.parent.mkdir(parents=True)
    site.truth.write_text("{}")
    assert site_around(site.folder) == site
    assert site_around(inside) == site
    assert site_around(tmp_path) is None


def test_no_payment_that_was_taken_back_is_approved(played: Played) -> None:
    """The preparer closes both sides of it, each with the other's receipt."""
    taken_back = {line["receipt"] for line in played.truth if "reversed" in line["story"]}
    assert taken_back
    lines = played.json("lines")["lines"]
    money = [line for line in lines if line["class"] in {"collection", "payout", "reversal"}]
    states = [line["state"] for line in money if line["receipt"] in taken_back]
    assert set(states) <= {"not_ours", "review"}
    assert "not_ours" in states
