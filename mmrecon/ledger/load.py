"""A snapshot from a file that somebody exported: CSV or Parquet (DESIGN section 8)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as arrow_parquet

from mmrecon.errors import UsageError
from mmrecon.ledger.frames import (
    SEVERAL_VALUES,
    account_frame,
    client_frame,
    empty_frames,
    sorted_frame,
    unknown_statuses,
)
from mmrecon.model.account import AccountFrame, ClientFrame
from mmrecon.model.issue import Issue

CLIENT_COLUMNS: Final = (
    "client_id", "client_account_no", "client_external_id", "client_name", "client_status",
    "office_name", "mobile_no", "other_phones", "national_ids", "group_code",
)  # fmt: skip
ACCOUNT_COLUMNS: Final = (
    "account_kind", "account_id", "account_no", "account_external_id", "product_code",
    "product_name", "account_status", "currency", "balance", "approved_principal", "outstanding",
    "overdue", "due_now", "next_due_date",
)  # fmt: skip
OPTIONAL_COLUMNS: Final = ("account_sub_status",)

_ID: Final = r"^\d{1,18}$"
_DATE: Final = r"^(\d{4}-\d{2}-\d{2})?$"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file or Fineract gave; `usable` is false when the snapshot must not be taken."""

    clients: pd.DataFrame
    accounts: pd.DataFrame
    issues: tuple[Issue, ...]
    usable: bool


def load_file(path: Path) -> Loaded:
    """Clients and accounts in a CSV or Parquet file, checked column by column.

    A row whose ids, kind or numbers cannot be used makes the whole file unusable: a register with
    holes would make a reference look unique that is not.

    Raises:
        UsageError: the file is not there, or is neither CSV nor Parquet.
    """
    table = _read(path)
    file = path.name
    missing = [
        name for name in (*CLIENT_COLUMNS, *ACCOUNT_COLUMNS) if name not in table.column_names
    ]
    if missing:
        issue = Issue("ledger_columns_missing", file, arguments={"columns": ", ".join(missing)})
        return Loaded(*empty_frames(), (issue,), usable=False)
    issues = _unknown_columns(table, file)
    rows = _columns(table)
    faults = _faults(rows, file)
    if faults or not len(rows):
        issues += faults or [Issue("ledger_empty", file)]
        return Loaded(*empty_frames(), tuple(issues), usable=False)
    return _frames(rows, issues, file)


def _frames(rows: pd.DataFrame, issues: list[Issue], file: str) -> Loaded:
    numbers = np.arange(2, len(rows) + 2)
    has_account = (rows["account_id"] != "").to_numpy()
    accounts, money_issues = account_frame(
        rows[has_account].reset_index(drop=True), numbers[has_account], file
    )
    clients, client_issues = _clients(rows[rows["client_id"] != ""], file)
    issues = [*issues, *money_issues, *client_issues, *unknown_statuses(clients, accounts, file)]
    return Loaded(
        sorted_frame(ClientFrame, clients), sorted_frame(AccountFrame, accounts), tuple(issues),
        usable=True,
    )  # fmt: skip


def _read(path: Path) -> pa.Table:
    try:
        with path.open("rb") as file:
            is_parquet = file.read(4) == b"PAR1"
        return _read_parquet(path) if is_parquet else _read_csv(path)
    except FileNotFoundError as error:
        raise UsageError(f"there is no file {path.name}", hint="Check the path.") from error
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path.name} is neither a CSV file nor a Parquet file that can be read",
            hint="Export it again: UTF-8, comma-separated, one header row.",
        ) from error


def _read_csv(path: Path) -> pa.Table:
    return _renamed(
        arrow_csv.read_csv(
            path,
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=_all_text(path), strings_can_be_null=False
            ),
        )
    )


def _all_text(path: Path) -> dict[str, pa.DataType]:
    with arrow_csv.open_csv(path) as reader:
        return {name: pa.string() for name in reader.schema.names}


def _read_parquet(path: Path) -> pa.Table:
    return _renamed(arrow_parquet.read_table(path))


def _renamed(table: pa.Table) -> pa.Table:
    return table.rename_columns(
        [name.strip().lstrip("\ufeff").lower() for name in table.column_names]
    )


def _columns(table: pa.Table) -> pd.DataFrame:
    """The known columns as text without outer blanks; empty where there is nothing."""
    columns = {}
    for name in (*CLIENT_COLUMNS, *ACCOUNT_COLUMNS, *OPTIONAL_COLUMNS):
        if name not in table.column_names:
            columns[name] = pa.array([""] * len(table), pa.string())
            continue
        text = pc.fill_null(pc.cast(table[name], pa.string()), "")
        columns[name] = pc.utf8_trim_whitespace(text)
    frame = pa.table(columns).to_pandas(
        types_mapper={pa.string(): pd.StringDtype("pyarrow", np.nan)}.get
    )
    assert isinstance(frame, pd.DataFrame)
    return frame


def _unknown_columns(table: pa.Table, file: str) -> list[Issue]:
    known = {*CLIENT_COLUMNS, *ACCOUNT_COLUMNS, *OPTIONAL_COLUMNS}
    unknown = [name for name in table.column_names if name not in known]
    if not unknown:
        return []
    return [Issue("ledger_columns_unknown", file, arguments={"columns": ", ".join(unknown)})]


def _faults(rows: pd.DataFrame, file: str) -> list[Issue]:
    """Rows whose identity cannot be used, at most twenty of them."""
    has_account = rows["account_id"] != ""
    some_account = has_account | (rows["account_no"] != "") | (rows["account_kind"] != "")
    is_id = {name: rows[name].str.match(_ID) for name in ("client_id", "account_id")}
    wrong = (
        ("client_id", "digits", ~is_id["client_id"] & (rows["client_id"] != "")),
        ("client_id", "a client or an account", (rows["client_id"] == "") & ~some_account),
        ("account_id", "digits", some_account & ~is_id["account_id"]),
        ("account_kind", "savings or loan",
         some_account & ~rows["account_kind"].isin(["savings", "loan"])),
        ("account_no", "a number", some_account & (rows["account_no"] == "")),
        ("currency", "a currency code", some_account & (rows["currency"] == "")),
        ("next_due_date", "YYYY-MM-DD", ~rows["next_due_date"].str.match(_DATE)),
        ("account_id", "each account on one row",
         has_account & rows.duplicated(["account_kind", "account_id"])),
    )  # fmt: skip
    return [
        Issue("ledger_row_unusable", file, int(at) + 2, arguments={"field": name, "expected": want})
        for name, want, faulty in wrong
        for at in np.flatnonzero(faulty.to_numpy(dtype=bool))[:20]
    ]


def _clients(rows: pd.DataFrame, file: str) -> tuple[pd.DataFrame, list[Issue]]:
    columns = list(CLIENT_COLUMNS)
    distinct = rows[columns].drop_duplicates()
    doubled = distinct["client_id"].duplicated(keep=False)
    if not doubled.any():
        return client_frame(distinct.reset_index(drop=True)), []
    few_differing = [
        _merged(group) for _, group in distinct[doubled].groupby("client_id", sort=True)
    ]
    merged = pd.concat([distinct[~doubled], pd.DataFrame(few_differing, columns=columns)])
    issue = Issue("ledger_clients_differ", file, arguments={"clients": len(few_differing)})
    return client_frame(merged.reset_index(drop=True).astype("str")), [issue]


def _merged(group: pd.DataFrame) -> dict[str, str]:
    """One client from rows that differ: the first row, with the phones and ids of all."""
    merged = {str(name): str(value) for name, value in group.iloc[0].items()}
    phones = [*group["other_phones"], *group["mobile_no"].iloc[1:]]
    values = {"other_phones": phones} | {
        name: list(group[name]) for name in SEVERAL_VALUES if name != "other_phones"
    }
    for name, cells in values.items():
        merged[name] = ";".join(dict.fromkeys(str(cell) for cell in cells if cell))
    return merged
