"""Whose money and whose account an approver sees."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import update

from mmrecon.cli.batch_view import batch_json, batch_view
from mmrecon.cli.render import console
from mmrecon.model.account import AccountFrame, ClientFrame
from mmrecon.model.approval import BatchKind
from mmrecon.pipeline.parties import Parties
from mmrecon.pipeline.waiting import Shown, show
from mmrecon.store.database import transaction
from mmrecon.store.schema import BATCH_ROW, LINE
from mmrecon.store.snapshots import Office, SnapshotFacts, save
from tests.people.desk import ASHA, Desk, make_desk, row

CROWDED = "this account receives from 2 payers in this batch"


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A site that may post, a client in the ledger, and payers on the statement."""
    folder = tmp_path_factory.getbasetemp() / "parties"
    shutil.rmtree(folder, ignore_errors=True)
    made = make_desk(folder)
    made.open()
    clients = ClientFrame.build(
        {"client_id": [9], "client_name": ["Amina Otieno"], "office_name": ["Kisumu"]}
    )
    facts = SnapshotFacts("2026-11-24T05:00:00+00:00", "fineract", "", "run-0", Office("", ""))
    with transaction(made.engine) as connection:
        save(connection, made.run.state_folder, clients, AccountFrame.empty(), facts)
        for line_id, name in ((1, "BRIAN KATO"), (2, "CHANDRA MWANGI"), (3, "Brian Kato"), (4, "")):
            paid = {"party_name": name, "party": "" if name else "2547000000xx"}
            connection.execute(update(LINE).where(LINE.c.line_id == line_id).values(**paid))
    yield made
    made.engine.dispose()


def told(shown: Shown) -> str:
    with console().capture() as captured:
        for part in batch_view(shown):
            console().print(part, width=200)
    return captured.get()


def test_a_choice_says_whose_money_it_is_and_whose_account(desk: Desk) -> None:
    shown = show(desk.run, desk.prepare(ASHA, [row(1), row(4)], BatchKind.CHOICES))
    assert shown.parties == {
        1: Parties("BRIAN KATO", False, "Amina Otieno", "Kisumu", 1),
        2: Parties("2547000000xx", False, "Amina Otieno", "Kisumu", 1),
    }
    assert "payer: BRIAN KATO\n   account of: Amina Otieno, Kisumu" in told(shown)
    assert "receives from" not in told(shown)
    assert batch_json(shown)["parties"]["1"]["office"] == "Kisumu"


def test_an_account_that_takes_money_of_several_payers_is_marked(desk: Desk) -> None:
    same: dict[str, Any] = {"account_id": 41, "account_no": "000000041"}
    rows = [row(number, **same) for number in (1, 2, 3)]
    shown = show(desk.run, desk.prepare(ASHA, [*rows, row(4)], BatchKind.CHOICES))
    assert [parties.payers for parties in shown.parties.values()] == [2, 2, 2, 1]
    assert told(shown).count(CROWDED) == 3


def test_postings_by_count_and_total_show_names_and_marks_too(desk: Desk) -> None:
    same: dict[str, Any] = {"account_id": 41, "account_no": "000000041"}
    shown = show(desk.run, desk.prepare(ASHA, [row(1, **same), row(2, **same), row(4)]))
    words = told(shown)
    assert all(part in words.partition("NOTE")[0] for part in ("CHANDRA", "MWANGI", "Kisumu"))
    assert words.count(f"NOTE: savings 000000041, Amina Otieno, Kisumu: {CROWDED}") == 1


def test_who_is_paid_is_no_payer(desk: Desk) -> None:
    paid: dict[str, Any] = {
        "command": "savings_withdrawal",
        "account_id": 41,
        "account_no": "000000041",
    }
    batch_id = desk.prepare(ASHA, [row(1, **paid), row(2, **paid)], BatchKind.CHOICES)
    words = told(show(desk.run, batch_id))
    assert "payee: BRIAN KATO" in words
    assert CROWDED not in words


def test_an_owner_that_the_ledger_lacks_is_not_guessed(desk: Desk) -> None:
    batch_id = desk.prepare(ASHA, [row(1, client_id=8)], BatchKind.CHOICES)
    assert "account of: (not in the ledger snapshot)" in told(show(desk.run, batch_id))


def test_an_index_that_points_to_another_line_shows_nobodys_name(desk: Desk) -> None:
    batch_id = desk.prepare(ASHA, [row(1)], BatchKind.CHOICES)
    with transaction(desk.engine) as connection:
        connection.execute(
            update(BATCH_ROW).where(BATCH_ROW.c.batch_id == batch_id).values(line_id=2)
        )
    words = told(show(desk.run, batch_id))
    assert "CHANDRA MWANGI" not in words
    assert "payer: (not shown by the statement)" in words
