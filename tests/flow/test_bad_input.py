"""Bad input never loses good input, and never makes money twice (issue 5's table, rows 1 to 6).

Every code of a quarantined file and refused row: `tests/statements/test_bad_files.py`,
`test_bad_rows.py`; every fault of a configuration: `tests/test_config.py`.
"""

from __future__ import annotations

import io
import shutil
import time
from pathlib import Path
from typing import Any

from msoffcrypto.format.ooxml import OOXMLFile

from mmrecon.sandbox.demo_files import write_layout_b
from mmrecon.sandbox.demo_wallets import MTN, PAYOUTS
from tests.flow.oracles import check_money
from tests.flow.site import Site
from tests.flow.world import (
    AMINA,
    BRENDA,
    DAY,
    ESTHER,
    FARIDA,
    GRACE,
    KATO,
    OPENING_MINOR,
    charge,
    paid,
    receipt,
    savings_of,
    ugandan,
    write_statement,
)

_FORMATS = Path(__file__).parents[2] / "mmrecon" / "statements" / "formats"


def imported(site: Site, *, codes: tuple[int, ...] = (0, 1)) -> dict[str, dict[str, Any]]:
    """Fetch and import; what became of each file, by its name."""
    site.ok("fetch", codes=(0, 1, 6))
    told = site.ok("import", "--json", codes=codes).json
    return {entry["file"]: entry for entry in told["files"]}


def codes_of(entry: dict[str, Any]) -> set[str]:
    return {issue["code"] for issue in entry["issues"]}


def encrypted(workbook: bytes) -> bytes:
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(workbook)).encrypt("secret", out)
    return out.getvalue()


def test_files_that_are_no_statement_are_set_aside_and_the_good_one_is_posted(
    site: Site, tmp_path: Path
) -> None:
    good = site.deliver(paid(1, AMINA, savings_of(AMINA), 500_00))
    text = good.read_text()
    folder = good.parent
    other = write_statement(tmp_path / "b", [paid(9, AMINA, "1", 100)], wallet=PAYOUTS)
    bad = {
        "empty.csv": (b"", "empty_file"),
        "page.xls": (b"<!DOCTYPE html><html><body>Session expired</body></html>", "html_file"),
        "secret.xlsx": (encrypted(other.read_bytes()), "encrypted_workbook"),
        "letter.csv": (b"hello\nworld\n", "no_layout_at_all"),
        "neighbour.csv": (text.replace("600101", "600102").encode(), "wrong_wallet"),
        "changed.csv": (text.replace("A/C No.", "Account").encode(), "columns_missing"),
    }
    for name, (content, _) in bad.items():
        (folder / name).write_bytes(content)
    read = imported(site, codes=(6,))
    for name, (_, code) in bad.items():
        assert (read[name]["outcome"], read[name]["reason"]) == ("quarantined", code)
    (difference,) = read["changed.csv"]["issues"]
    assert "a/c no" in difference["sentence"].lower()
    assert "account" in difference["sentence"].lower()
    assert read[good.name]["outcome"] == "read"
    told = site.call("status")
    assert told.code == 6
    assert "neighbour.csv" in told.out
    site.ok("ledger", "refresh")
    site.ok("match")
    site.decide()
    site.send()
    site.ok("verify")
    assert [money.receipt for money in site.new_money()] == [receipt(1)]
    check_money(site, codes=(0, 1, 6))


def test_two_layouts_that_claim_a_file_set_it_aside(site: Site) -> None:
    file = site.deliver(paid(1, AMINA, savings_of(AMINA), 500_00))
    (site.folder / "formats").mkdir()
    twin = (_FORMATS / "mpesa-a.toml").read_text().replace('"mpesa-a"', '"site-own"')
    (site.folder / "formats" / "site-own.toml").write_text(twin)
    site.configure("[institution]", 'formats_folder = "formats"\n\n[institution]')
    read = imported(site, codes=(6,))[file.name]
    assert (read["outcome"], read["reason"]) == ("quarantined", "two_layouts")
    assert "mpesa-a, site-own" in read["issues"][0]["sentence"]
    site.configure('formats_folder = "formats"\n\n', "")
    assert imported(site)[file.name]["outcome"] == "read"


def test_bad_rows_are_counted_with_their_money_and_the_others_are_posted(site: Site) -> None:
    """One bad cell, one short row, a receipt in scientific notation; a fraction in UGX."""
    file = site.deliver(
        paid(1, AMINA, savings_of(AMINA), 500_00), paid(2, BRENDA, savings_of(BRENDA), 600_00),
        paid(3, ESTHER, savings_of(ESTHER), 700_00), paid(4, FARIDA, savings_of(FARIDA), 800_00),
    )  # fmt: skip
    rows = file.read_text().splitlines()
    for at, row in enumerate(rows):
        if row.startswith(receipt(2)):
            rows[at] = row.replace(",600.00,", ",6oo.00,")
        if row.startswith(receipt(3)):
            rows[at] = row.rsplit(",", 4)[0]
        if row.startswith(receipt(4)):
            rows[at] = row.replace(receipt(4), "1.23457E+15", 1)
    file.write_text("\n".join(rows) + "\n")
    mtn = site.deliver(
        ugandan(7, KATO, savings_of(KATO), 45_000), ugandan(8, KATO, savings_of(KATO), 36_000),
        wallet=MTN,
    )  # fmt: skip
    mtn.write_text(mtn.read_text().replace(",45000,", ",45000.50,", 1))
    read = imported(site, codes=(6,))
    assert codes_of(read[file.name]) >= {"amount_unreadable", "row_short", "receipt_scientific"}
    assert "fraction" in codes_of(read[mtn.name])
    assert (read[file.name]["refused_rows"], read[mtn.name]["refused_rows"]) == (3, 1)
    (counted,) = site.rows(
        "select sum(r.in_minor) minor from refused_row r join statement using (statement_id) "
        "where delivered_name = ?", file.name,
    )  # fmt: skip
    assert counted["minor"] in {800_00, 1_500_00}
    site.ok("ledger", "refresh")
    site.ok("match")
    site.decide()
    site.send()
    site.ok("verify")
    assert {money.receipt for money in site.new_money()} == {receipt(1), "29910000008"}
    check_money(site, codes=(0, 1, 6))


def test_whatever_comes_again_posts_nothing_new_and_says_what_was_first_seen_when(
    site: Site,
) -> None:
    entries = [
        paid(1, AMINA, savings_of(AMINA), 500_00), charge(1, 10_00),
        paid(2, BRENDA, savings_of(BRENDA), 600_00), charge(2, 10_00),
    ]  # fmt: skip
    file = site.deliver(*entries)
    site.whole_day()
    text = file.read_text()
    folder = file.parent
    memory = (len(site.lines()), site.ledger())

    shutil.copy(file, folder / "renamed.csv")
    assert "known since" in site.ok("fetch").out
    assert site.ok("import", "--json").json["files"] == []
    told = site.ok("import", str(folder / "renamed.csv")).out
    assert "the same file was first seen on" in told
    assert f"as {file.name}; nothing new" in told

    (folder / "resaved.csv").write_text(text.replace("\n", "\r\n"))
    (folder / "pasted.csv").write_text(text + text)
    partial = [row for row in text.splitlines() if not row.startswith(receipt(2))]
    (folder / "overlap.csv").write_text("\n".join(partial) + "\n")
    write_layout_b(site.statements(MTN), DAY, sorted(entries, key=lambda e: e.at), OPENING_MINOR)
    (other,) = site.statements(MTN).iterdir()
    other.rename(folder / f"Statements for 600101 from {DAY} to {DAY}.xlsx")
    read = imported(site, codes=(0, 1, 6))
    assert {name: entry["new_rows"] for name, entry in read.items()} == dict.fromkeys(read, 0)
    assert {entry["repeat_rows"] for entry in read.values()} == {2, 4, 8}
    assert len(read) == 4
    site.ok("match")
    assert (len(site.lines()), site.ledger()) == memory
    assert site.state_of_each("collection") == {receipt(1): "verified", receipt(2): "verified"}

    _in_another_wallets_folder(site, entries)
    assert site.ledger() == memory[1]
    check_money(site, codes=(0, 1, 6))


def _in_another_wallets_folder(site: Site, entries: list[Any]) -> None:
    """With the shortcode inside it is set aside; without, its lines are vetoed and told."""
    text = next(site.statements().glob("ORG*")).read_text()
    (site.statements(PAYOUTS) / "wrong.csv").write_text(text + "\n")
    ordered = sorted(entries, key=lambda entry: entry.at)
    write_statement(site.statements(PAYOUTS), ordered, wallet=PAYOUTS)
    again = imported(site, codes=(6,))
    assert again["wrong.csv"]["reason"] == "wrong_wallet"
    (name,) = set(again) - {"wrong.csv"}
    assert "receipt_known_elsewhere" in codes_of(again[name])
    site.ok("match")
    copies = site.lines("--wallet", PAYOUTS.name, "--class", "collection")
    assert {line["state"] for line in copies} == {"review"}


def test_a_file_moved_to_the_right_wallets_folder_is_read_there(site: Site) -> None:
    file = site.deliver(paid(1, GRACE, savings_of(GRACE), 500_00))
    wrong = site.statements(PAYOUTS) / "neighbour.csv"
    file.rename(wrong)
    assert imported(site, codes=(6,))["neighbour.csv"]["reason"] == "wrong_wallet"
    assert site.ok("import", "--json").json["files"] == []
    time.sleep(1.1)  # moments are kept to the second
    wrong.rename(file)
    assert imported(site)[file.name]["outcome"] == "read"
    assert site.ok("import", "--json").json["files"] == []


def test_a_file_that_was_quarantined_is_read_again_when_the_reason_is_gone(site: Site) -> None:
    file = site.deliver(paid(1, GRACE, savings_of(GRACE), 500_00))
    site.configure('account = "600101"', 'account = "600199"')
    assert imported(site, codes=(6,))[file.name]["outcome"] == "quarantined"
    site.configure('account = "600199"', 'account = "600101"')
    assert site.ok("import", "--json").json["files"][0]["outcome"] == "read"
    site.whole_day()
    assert len(site.new_money()) == 1
    check_money(site)


def test_all_faults_of_a_configuration_are_shown_at_once_and_nothing_is_touched(
    site: Site,
) -> None:
    site.deliver(paid(1, AMINA, savings_of(AMINA), 500_00))
    good = site.config.read_text()
    site.configure("[institution]", "[institution]\ncolour = 3")
    site.configure("quiet_s = 0", 'quiet_s = "soon"')
    site.configure('country = "UG"', "country = 7")
    before = _memory_of(site.folder)
    for command in ("fetch", "import", "ledger refresh", "match", "workbook", "post", "verify",
                    "prove", "nightly", "tick", "lines", "status"):  # fmt: skip
        ended = site.call(*command.split())
        assert ended.code == 2, command
        for path in ("institution.colour", "wallets[paybill].sources[#1].quiet_s",
                     "wallets[mtn-uganda].country", "5 faults"):  # fmt: skip
            assert path in ended.err, (command, path)
        assert ended.out == ""
    assert _memory_of(site.folder) == before
    site.config.write_text(good)
    site.whole_day()
    check_money(site)


def _memory_of(folder: Path) -> dict[str, tuple[int, int]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in files}
