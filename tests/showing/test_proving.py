from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from mmrecon.cli.prove_cmd import proofs_shown
from mmrecon.errors import ExitCode
from mmrecon.model.proof import Light
from mmrecon.pipeline.proving import Proved, prove
from mmrecon.store.database import reading, transaction
from mmrecon.store.schema import PROOF_DAY
from tests.showing.fineract_stub import answering, client_of, deposit_rows
from tests.showing.site import Site, a_whole_day, no_fineract, run_of, settings


def proved_against(engine: Engine, folder: Path, replies: dict[str, Any]) -> Proved:
    with answering(replies) as base_url:
        chosen = settings(folder, base_url=base_url, gl_account_ids=(406,))
        return prove(run_of(engine, chosen, lambda: client_of(base_url)))


def codes(proved: Proved) -> list[str]:
    (proof,) = proved.proofs
    return sorted(entry.code for entry in (*proof.differences, *proof.listed))


def finished_day(engine: Engine) -> None:
    """One deposit, posted and verified; nothing is left to do."""
    with transaction(engine) as connection:
        site = Site(connection)
        site.start()
        line_id = site.line("RCPT1", 150_000, "ready")
        site.statement()
        site.posting(line_id, 150_000, "verified")


def journal(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"journalentries": {"totalFilteredRecords": len(rows), "pageItems": list(rows)}}


def test_a_day_that_agrees_on_all_three_sides_is_balanced(engine: Engine, tmp_path: Path) -> None:
    finished_day(engine)
    proved = proved_against(engine, tmp_path, journal(deposit_rows(650, "RCPT1", 1500)))
    assert codes(proved) == []
    assert (proved.proofs[0].light, proved.exit_code()) == (Light.BALANCED, ExitCode.DONE)


def test_money_that_fineract_does_not_have_is_not_balanced(engine: Engine, tmp_path: Path) -> None:
    finished_day(engine)
    empty = journal() | {
        "savingsaccounts/366/transactions/search": {"total": 0, "content": []},
    }
    proved = proved_against(engine, tmp_path, empty)
    assert codes(proved) == ["missing_in_fineract"]
    assert proved.exit_code() is ExitCode.NEEDS_ATTENTION


def test_a_product_without_accounting_is_read_on_its_accounts(
    engine: Engine, tmp_path: Path
) -> None:
    finished_day(engine)
    item = {
        "id": 650, "transactionType": {"deposit": True}, "date": [2026, 3, 2], "amount": 1500,
        "paymentDetailData": {"paymentType": {"id": 62}, "receiptNumber": "RCPT1"},
    }  # fmt: skip
    search = {"savingsaccounts/366/transactions/search": {"total": 1, "content": [item]}}
    proved = proved_against(engine, tmp_path, journal() | search)
    assert codes(proved) == []


def test_a_second_deposit_of_one_receipt_is_not_balanced(engine: Engine, tmp_path: Path) -> None:
    finished_day(engine)
    rows = [deposit_rows(650, "RCPT1", 1500), deposit_rows(651, "RCPT1", 1500, row_id=2)]
    assert codes(proved_against(engine, tmp_path, journal(*rows))) == ["twice_in_fineract"]


def test_what_is_left_to_do_is_listed_and_costs_no_balance(engine: Engine, tmp_path: Path) -> None:
    with transaction(engine) as connection:
        a_whole_day(connection)
    rows = [deposit_rows(650, "RCPT1", 1500), deposit_rows(700, "RCPT2", 200, row_id=2)]
    proved = proved_against(engine, tmp_path, journal(*rows))
    assert codes(proved) == [
        "awaiting_decision", "charges_to_book", "in_suspense", "posted_by_others",
    ]  # fmt: skip
    assert proved.proofs[0].light is Light.WITH_ITEMS
    assert proved.exit_code() is ExitCode.PEOPLE_HAVE_WORK


def test_without_a_fineract_the_statements_side_is_proved_and_says_so(
    engine: Engine, tmp_path: Path
) -> None:
    finished_day(engine)
    proved = prove(run_of(engine, settings(tmp_path)))
    assert codes(proved) == ["fineract_not_read"]
    assert (proved.proofs[0].light, proved.exit_code()) == (Light.WITH_ITEMS, ExitCode.DONE)


def test_an_unreachable_fineract_costs_its_side_only_and_ends_with_3(
    engine: Engine, tmp_path: Path
) -> None:
    finished_day(engine)
    with answering({}) as gone:
        pass
    chosen = settings(tmp_path, base_url=gone, gl_account_ids=(406,))
    proved = prove(run_of(engine, chosen, lambda: client_of(gone)))
    assert proved.exit_code() is ExitCode.UNREACHABLE
    assert proved.proofs[0].movement_minor == 150_000
    assert codes(proved) == ["fineract_not_read"]


def test_a_wallet_without_gl_accounts_says_what_it_cannot_see(
    engine: Engine, tmp_path: Path
) -> None:
    finished_day(engine)
    item = {
        "id": 650, "transactionType": {"deposit": True}, "date": [2026, 3, 2], "amount": 1500,
        "paymentDetailData": {"paymentType": {"id": 62}, "receiptNumber": "RCPT1"},
    }  # fmt: skip
    replies = {"savingsaccounts/366/transactions/search": {"total": 1, "content": [item]}}
    with answering(replies) as base_url:
        chosen = settings(tmp_path, base_url=base_url)
        proved = prove(run_of(engine, chosen, lambda: client_of(base_url)))
    assert codes(proved) == ["seen_on_accounts_only"]


def test_every_proof_is_kept_with_what_it_showed(engine: Engine, tmp_path: Path) -> None:
    finished_day(engine)
    for _ in range(2):
        prove(run_of(engine, settings(tmp_path)))
    with reading(engine) as connection:
        kept = list(connection.execute(select(PROOF_DAY)))
    assert [(row.day, row.light, row.proof) for row in kept] == [
        ("2026-03-02", "balanced with listed items", "proved"),
    ] * 2
    assert json.loads(kept[0].table_json)["movement_minor"] == 150_000


def test_a_site_without_statements_has_nothing_to_prove(engine: Engine, tmp_path: Path) -> None:
    proved = prove(run_of(engine, settings(tmp_path), no_fineract))
    assert (proved.proofs, proved.exit_code()) == ((), ExitCode.DONE)
    assert "nothing to prove" in proofs_shown(proved.proofs, "")[0]


def test_a_proof_reads_in_words_without_colours(engine: Engine, tmp_path: Path) -> None:
    with transaction(engine) as connection:
        a_whole_day(connection)
    proved = prove(run_of(engine, settings(tmp_path)))
    said = [part for part in proofs_shown(proved.proofs, "") if isinstance(part, str)]
    assert said[0] == "[--] paybill, 2026-03-02: balanced with listed items (proved)"
    assert "  - to book by hand: charges, KES 25.00 out (1 line) [RCPT1]" in said
    assert "  - Fineract was not read: none is configured" in said


@pytest.mark.parametrize("closing", [1, 999_999])
def test_a_closing_that_is_wrong_ends_with_6(engine: Engine, tmp_path: Path, closing: int) -> None:
    with transaction(engine) as connection:
        site = Site(connection)
        site.start()
        site.line("RCPT1", 150_000, "ready")
        site.statement(closing_minor=closing)
    proved = prove(run_of(engine, settings(tmp_path)))
    assert proved.exit_code() is ExitCode.NEEDS_ATTENTION
    assert "sum_is_not_closing" in codes(proved)
