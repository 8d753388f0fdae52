from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, insert

from mmrecon.store.contradictions import contradicted_days, days_of_lines
from mmrecon.store.database import reading, transaction
from mmrecon.store.posting_lines import asked_before, lines_of
from mmrecon.store.review_reasons import (
    ReviewReason,
    add_reasons,
    clear_reasons,
    open_reasons,
)
from mmrecon.store.schema import LINE, PROOF_DAY, WALLET
from tests.store.test_postings import plant

AT = "2026-11-24T08:00:00+00:00"


def put(engine: Engine, table: Any, *rows: dict[str, Any]) -> None:
    with transaction(engine) as connection:
        connection.execute(insert(table), list(rows))


def proof(day: str, outcome: str) -> dict[str, Any]:
    return {"wallet_id": 1, "day": day, "proof": outcome}


def test_the_newest_proof_of_a_day_contradicts_its_lines_or_clears_them(engine: Engine) -> None:
    plant(engine)
    with transaction(engine) as connection:
        connection.execute(LINE.update().values(value_date="2026-11-23"))
    put(engine, PROOF_DAY, proof("2026-11-23", "contradicted"), proof("2026-11-22", "contradicted"))
    with reading(engine) as connection:
        assert {(1, "2026-11-23"), (1, "2026-11-22")} == contradicted_days(connection).keys()
        assert set(days_of_lines(connection, [1, 2]).values()) == {(1, "2026-11-23")}
    put(engine, PROOF_DAY, proof("2026-11-23", "proved"))
    with reading(engine) as connection:
        assert (1, "2026-11-23") not in contradicted_days(connection)


def test_another_wallets_contradiction_is_not_this_ones(engine: Engine) -> None:
    plant(engine)
    put(engine, WALLET, {"wallet_id": 2, "provider": "mtn_ug", "account": "1", "currency": "UGX"})
    put(engine, PROOF_DAY, proof("", "contradicted") | {"wallet_id": 2})
    with reading(engine) as connection:
        assert contradicted_days(connection).keys() == {(2, "")}


def test_a_reversal_is_seen_by_the_receipt_it_names_in_the_same_wallet(engine: Engine) -> None:
    plant(engine)
    reversal = {
        "line_id": 9, "wallet_id": 1, "receipt": "SKL9", "sign": -1, "amount_minor": 100_000,
        "n": 1, "generation": 0, "repeats": 1, "completed_at_utc_s": 0, "first_statement_id": 1,
        "first_row": 9, "line_class": "reversal", "linked_receipt": "SKL1",
    }  # fmt: skip
    put(engine, LINE, reversal)
    with reading(engine) as connection:
        lines = lines_of(connection, [1, 2])
    assert lines[1].reversal_seen
    assert not lines[2].reversal_seen


def test_a_reason_stands_once_until_an_answer_clears_it(engine: Engine) -> None:
    plant(engine)
    asked = ReviewReason(1, "probably_posted", {"transaction_id": "77"})
    with transaction(engine) as connection:
        add_reasons(connection, [asked, asked], at_utc=AT)
        add_reasons(connection, [asked], at_utc=AT)
        assert open_reasons(connection, [1]) == [asked]
        assert asked_before(connection, [1]) == {}
        clear_reasons(connection, [1])
        assert open_reasons(connection, [1]) == []
        assert asked_before(connection, [1]) == {1: {"77"}}
