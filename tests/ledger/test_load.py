from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

from mmrecon.errors import UsageError
from mmrecon.ledger.load import ACCOUNT_COLUMNS, CLIENT_COLUMNS, Loaded, load_file

COLUMNS = (*CLIENT_COLUMNS, *ACCOUNT_COLUMNS)
ROW = {
    "client_id": "1", "client_account_no": "000000011", "client_name": "Alice Beta Example",
    "client_status": "active", "mobile_no": "254700000001", "account_kind": "savings",
    "account_id": "101", "account_no": "000000101", "product_code": "SAV",
    "account_status": "active", "currency": "KES", "balance": "1500.50",
}  # fmt: skip


def _load(path: Path, *rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> Loaded:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows({**ROW, **row} for row in rows)
    return load_file(path)


def _codes(loaded: Loaded) -> list[str]:
    return [issue.code for issue in loaded.issues]


def test_money_is_exact_and_empty_is_not_zero(tmp_path: Path) -> None:
    loaded = _load(tmp_path / "a.csv", {}, {"account_id": "102", "balance": ""})
    assert loaded.accounts["balance_minor"].tolist() == [150_050, pd.NA]
    assert loaded.usable
    assert _codes(loaded) == []


def test_leading_zeros_stay(tmp_path: Path) -> None:
    loaded = _load(tmp_path / "a.csv", {})
    assert loaded.accounts["account_no"].tolist() == ["000000101"]
    assert loaded.clients["client_account_no"].tolist() == ["000000011"]


def test_a_client_without_an_account_is_one_row_with_empty_account_columns(tmp_path: Path) -> None:
    empty = dict.fromkeys(ACCOUNT_COLUMNS, "")
    loaded = _load(tmp_path / "a.csv", {}, {"client_id": "2", **empty})
    assert loaded.clients["client_id"].tolist() == [1, 2]
    assert len(loaded.accounts) == 1


def test_an_account_of_a_group_has_no_client(tmp_path: Path) -> None:
    loaded = _load(tmp_path / "a.csv", dict.fromkeys(CLIENT_COLUMNS, ""))
    assert loaded.accounts["client_id"].isna().all()
    assert len(loaded.clients) == 0


@pytest.mark.parametrize(
    ("kind", "word", "status", "sub_status"),
    [
        ("loan", "Closed (obligations met)", "closed_obligations_met", ""),
        ("loan", "loanStatusType.closed.written.off", "closed_written_off", ""),
        ("loan", "Overpaid", "overpaid", ""),
        ("savings", "Submitted and pending approval", "submitted_and_pending_approval", ""),
        ("savings", "savingsAccountStatusType.active", "active", ""),
        ("savings", "dormant", "active", "dormant"),
        ("savings", "Blocked", "active", "block"),
    ],
)
def test_codes_and_displayed_words_are_one_status(
    tmp_path: Path, kind: str, word: str, status: str, sub_status: str
) -> None:
    loaded = _load(tmp_path / "a.csv", {"account_kind": kind, "account_status": word})
    found = loaded.accounts[["account_status", "account_sub_status"]].iloc[0].tolist()
    assert found == [status, sub_status]
    assert _codes(loaded) == []


def test_an_unknown_status_is_one_notice(tmp_path: Path) -> None:
    rows = [{"account_id": str(number), "account_status": "Sleeping"} for number in (1, 2, 3)]
    loaded = _load(tmp_path / "a.csv", *rows)
    assert _codes(loaded) == ["ledger_status_unknown"]
    assert loaded.issues[0].arguments == {"words": "sleeping", "accounts": 3}


def test_unknown_columns_are_named(tmp_path: Path) -> None:
    loaded = _load(tmp_path / "a.csv", {}, columns=(*COLUMNS, "shoe_size"))
    assert _codes(loaded) == ["ledger_columns_unknown"]
    assert loaded.usable


def test_missing_columns_are_all_named_and_nothing_is_taken(tmp_path: Path) -> None:
    columns = tuple(name for name in COLUMNS if name not in ("account_no", "currency"))
    loaded = _load(tmp_path / "a.csv", {}, columns=columns)
    assert not loaded.usable
    assert loaded.issues[0].arguments == {"columns": "account_no, currency"}


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"client_id": "x"}, "client_id"), ({"account_id": "1.5"}, "account_id"),
        ({"account_kind": "shares"}, "account_kind"), ({"account_no": ""}, "account_no"),
        ({"currency": ""}, "currency"), ({"next_due_date": "31/01/2026"}, "next_due_date"),
    ],
)  # fmt: skip
def test_a_row_whose_identity_is_unusable_makes_the_file_unusable(
    tmp_path: Path, row: dict[str, str], field: str
) -> None:
    loaded = _load(tmp_path / "a.csv", {"account_id": "7"}, row)
    assert not loaded.usable
    assert [(issue.code, issue.row) for issue in loaded.issues] == [("ledger_row_unusable", 3)]
    assert loaded.issues[0].arguments["field"] == field


def test_one_account_on_two_rows_makes_the_file_unusable(tmp_path: Path) -> None:
    assert not _load(tmp_path / "a.csv", {}, {}).usable


@pytest.mark.parametrize("cell", ["1.505", "abc", "1e5", "--1"])
def test_unreadable_money_counts_as_not_known(tmp_path: Path, cell: str) -> None:
    loaded = _load(tmp_path / "a.csv", {"balance": cell})
    assert _codes(loaded) == ["ledger_money_unreadable"]
    assert loaded.accounts["balance_minor"].isna().all()


def test_a_fraction_is_no_amount_where_the_currency_has_none(tmp_path: Path) -> None:
    loaded = _load(
        tmp_path / "a.csv",
        {"currency": "UGX", "balance": "20000.00"},
        {"account_id": "102", "currency": "UGX", "balance": "20000.50"},
    )
    assert loaded.accounts["balance_minor"].tolist() == [20_000, pd.NA]


def test_a_client_described_twice_keeps_the_phones_of_both_rows(tmp_path: Path) -> None:
    loaded = _load(tmp_path / "a.csv", {}, {"account_id": "102", "mobile_no": "254700000009"})
    assert _codes(loaded) == ["ledger_clients_differ"]
    assert loaded.clients["other_phones"].tolist() == ["254700000009"]


def test_parquet_is_read_like_csv(tmp_path: Path) -> None:
    _load(tmp_path / "a.csv", {}, {"account_id": "102", "balance": ""})
    as_text = pd.read_csv(tmp_path / "a.csv", dtype=str, keep_default_na=False)
    as_text.to_parquet(tmp_path / "a.parquet")
    from_csv, from_parquet = load_file(tmp_path / "a.csv"), load_file(tmp_path / "a.parquet")
    assert from_csv.accounts.equals(from_parquet.accounts)
    assert from_csv.clients.equals(from_parquet.clients)


def test_an_empty_file_takes_nothing(tmp_path: Path) -> None:
    assert _codes(_load(tmp_path / "a.csv")) == ["ledger_empty"]


def test_no_file_and_no_table_are_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        load_file(tmp_path / "missing.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError):
        load_file(tmp_path / "b.csv")
