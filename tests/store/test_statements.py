"""Bulk rows in and frames out; what is pinned stays pinned."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine, insert, select

from mmrecon.config import WalletSettings
from mmrecon.errors import ConfigurationError, SafetyRefusal
from mmrecon.model.issue import Issue
from mmrecon.model.line import LineFrame
from mmrecon.store import statements as store
from mmrecon.store.bulk import insert_columns
from mmrecon.store.database import reading, transaction
from mmrecon.store.schema import ISSUE, LINE, WALLET

WALLET_FACTS = {
    "name": "paybill",
    "provider": "mpesa",
    "account": "990501",
    "currency": "KES",
    "zone": "Africa/Nairobi",
    "country": "KE",
    "live_from": "2026-01-15",
}


def _wallet(**changes: str) -> WalletSettings:
    return WalletSettings.model_validate(WALLET_FACTS | changes)


def _lines(count: int, wallet_id: int = 1, first_id: int = 1) -> pd.DataFrame:
    return LineFrame.build(
        {
            "line_id": np.arange(first_id, first_id + count),
            "wallet_id": np.full(count, wallet_id),
            "receipt": [f"R{number:06d}" for number in range(count)],
            "sign": np.full(count, -1),
            "amount_minor": np.arange(1, count + 1),
            "n": np.ones(count, dtype=np.int64),
            "balance_minor": pd.array([None, *range(1, count)], dtype="Int64"),
            "party_name": ["O'Example %s :x"] * count,
            "has_seconds": np.arange(count) % 2 == 0,
        }
    )


def test_lines_come_out_as_they_went_in(engine: Engine) -> None:
    lines = _lines(7)
    with transaction(engine) as connection:
        assert store.next_line_id(connection) == 1
        store.pin_wallet(connection, _wallet())
        store.insert_lines(connection, lines)
        assert store.next_line_id(connection) == 8
    with reading(engine) as connection:
        pd.testing.assert_frame_equal(store.lines(connection), lines)
        assert len(store.lines(connection, 2)) == 0


def test_one_row_and_no_row_go_in_too(engine: Engine) -> None:
    with transaction(engine) as connection:
        store.pin_wallet(connection, _wallet())
        store.insert_lines(connection, LineFrame.empty())
        store.insert_lines(connection, _lines(1))
        assert len(store.lines(connection)) == 1


def test_rows_that_are_all_equal_but_for_nothing_are_still_all_inserted(engine: Engine) -> None:
    with transaction(engine) as connection:
        insert_columns(
            connection, ISSUE, {"run_id": "r", "code": pd.Series(["c", "c"], dtype="str")}
        )
        assert len(connection.execute(select(ISSUE)).all()) == 2


@pytest.mark.parametrize("count", [3, 2_500])
def test_lines_are_found_by_receipts_over_all_wallets_of_a_provider(
    engine: Engine, count: int
) -> None:
    with transaction(engine) as connection:
        first = store.pin_wallet(connection, _wallet())
        second = store.pin_wallet(connection, _wallet(account="990502", name="second"))
        other = store.pin_wallet(connection, _wallet(provider="mtn", name="other"))
        for number, wallet_id in enumerate((first, second, other)):
            store.insert_lines(connection, _lines(count + 1, wallet_id, 1 + number * 10_000))
        receipts = [f"R{number:06d}" for number in range(count)]
        found = store.lines_of_receipts(connection, "mpesa", receipts)
    assert len(found) == 2 * count
    assert set(found["wallet_id"]) == {first, second}


def test_updates_and_marks_touch_only_their_lines(engine: Engine) -> None:
    with transaction(engine) as connection:
        store.pin_wallet(connection, _wallet())
        store.insert_lines(connection, _lines(4))
        changed = pd.DataFrame({"line_id": [2, 3], "reference": ["a", "b"], "repeats": [2, 3]})
        store.update_lines(connection, changed.astype({"reference": "str"}))
        store.mark(connection, [4], "conflict")
        lines = store.lines(connection)
    assert lines["reference"].tolist() == ["", "a", "b", ""]
    assert lines["repeats"].tolist() == [0, 2, 3, 0]
    assert lines["conflict"].tolist() == [False, False, False, True]


def test_a_wallet_is_pinned_by_provider_and_account_and_its_name_is_a_label(engine: Engine) -> None:
    with transaction(engine) as connection:
        first = store.pin_wallet(connection, _wallet())
        assert store.pin_wallet(connection, _wallet(name="new", live_from="2026-02-01")) == first
        row = connection.execute(select(WALLET)).one()
        assert (row.name, row.live_from) == ("new", "2026-02-01")
        with pytest.raises(SafetyRefusal) as caught:
            store.pin_wallet(connection, _wallet(live_from="2026-01-31"))
        assert caught.value.code == "live_from_moved_back"


@pytest.mark.parametrize("change", [{"currency": "UGX"}, {"zone": "Africa/Kampala"}])
def test_currency_and_zone_of_a_wallet_never_change(engine: Engine, change: dict[str, str]) -> None:
    with transaction(engine) as connection:
        store.pin_wallet(connection, _wallet())
        with pytest.raises(ConfigurationError):
            store.pin_wallet(connection, _wallet(**change))


def test_issues_keep_their_arguments_and_what_they_are_about(engine: Engine) -> None:
    issue = Issue("fraction", "a.csv", 4, "R1", "paybill", {"field": "paid in"})
    with transaction(engine) as connection:
        store.insert_issues(connection, [(issue, 3, 9)], run_id="r", at_utc="t")
        row = connection.execute(select(ISSUE)).one()
    assert (row.code, row.row, row.statement_id, row.line_id) == ("fraction", 4, 3, 9)
    assert row.arguments_json == '{"field":"paid in"}'


def test_the_same_line_twice_is_refused_by_the_database(engine: Engine) -> None:
    from sqlalchemy.exc import IntegrityError

    with transaction(engine) as connection:
        store.pin_wallet(connection, _wallet())
        store.insert_lines(connection, _lines(2))
    facts = _lines(1).iloc[0].to_dict() | {"line_id": 99, "balance_minor": None}
    row = {str(name): value for name, value in facts.items()}
    with pytest.raises(IntegrityError), transaction(engine) as connection:
        connection.execute(insert(LINE).values(**row))
