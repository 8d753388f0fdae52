"""From text columns to the frames of a snapshot; the same for a file and for Fineract."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.ledger.statuses import known_statuses, split_status
from mmrecon.model.account import AccountFrame, ClientFrame
from mmrecon.model.frame import FrameSchema
from mmrecon.model.issue import Issue
from mmrecon.model.money import CURRENCY_DIGITS

MONEY_COLUMNS: Final = ("balance", "approved_principal", "outstanding", "overdue", "due_now")
SEVERAL_VALUES: Final = ("other_phones", "national_ids", "group_code")

_MONEY: Final = r"^-?\d{1,15}(\.\d{1,10})?$"


def account_frame(
    rows: pd.DataFrame, row_numbers: np.ndarray, file: str
) -> tuple[pd.DataFrame, list[Issue]]:
    """An AccountFrame from text columns, one row per account; ids are decimal digits."""
    issues: list[Issue] = []
    data: dict[str, object] = {
        name: rows[name]
        for name in AccountFrame.columns()
        if name in rows and not name.endswith("_id")
    }
    data["account_external_id"] = rows["account_external_id"]
    data["account_id"] = rows["account_id"].astype("int64")
    data["client_id"] = _optional(rows["client_id"])
    for name in (*MONEY_COLUMNS, "net_disbursal"):
        if name in rows:
            minor, bad = money_minor(rows[name], rows["currency"])
            data[f"{name}_minor"] = minor
            issues += [
                Issue(
                    "ledger_money_unreadable", file, int(row_numbers[at]), arguments={"field": name}
                )
                for at in bad
            ]
    data["account_status"], data["account_sub_status"] = _split_statuses(rows)
    return AccountFrame.build(data), issues


def client_frame(rows: pd.DataFrame) -> pd.DataFrame:
    """A ClientFrame from text columns, one row per client."""
    data: dict[str, object] = {
        name: rows[name] for name in ClientFrame.columns() if name != "client_id"
    }
    data["client_id"] = rows["client_id"].astype("int64")
    data["client_status"] = _mapped(rows["client_status"], lambda word: split_status(word, "")[0])
    return ClientFrame.build(data)


def money_minor(text: pd.Series, currency: pd.Series) -> tuple[pd.Series, list[int]]:
    """Exact minor units of decimal text (missing where empty), and the places that are unreadable.

    Vectorised: Arrow decimals, one pass for each currency.
    """
    result = pd.Series(pd.NA, index=text.index, dtype="Int64")
    filled = (text != "").to_numpy()
    readable = filled & pc.match_substring_regex(_arrow(text), _MONEY).to_numpy(
        zero_copy_only=False
    )
    bad = filled & ~readable
    for code in currency[readable].unique():
        chosen = np.flatnonzero(readable & (currency == code).to_numpy())
        digits = CURRENCY_DIGITS.get(str(code))
        if digits is None:
            bad[chosen] = True
            continue
        exact = pc.cast(_arrow(text.iloc[chosen]), pa.decimal128(28, 10))
        scaled = pc.multiply(exact, pa.scalar(10**digits, pa.decimal128(4, 0)))
        whole = pc.equal(pc.floor(scaled), scaled).to_numpy(zero_copy_only=False)
        bad[chosen[~whole]] = True
        minor = pc.cast(pc.floor(scaled).filter(pa.array(whole)), pa.int64(), safe=False)
        result.iloc[chosen[whole]] = minor.to_numpy()
    return result, np.flatnonzero(bad).tolist()


def unknown_statuses(clients: pd.DataFrame, accounts: pd.DataFrame, file: str) -> list[Issue]:
    """One notice that names every status word mmrecon does not know."""
    words: dict[str, int] = {}
    for kind, series in (
        ("client", clients["client_status"]),
        ("savings", accounts.loc[accounts["account_kind"] == "savings", "account_status"]),
        ("loan", accounts.loc[accounts["account_kind"] == "loan", "account_status"]),
    ):
        for word, count in series.value_counts().items():
            if word not in known_statuses(kind):
                words[str(word)] = words.get(str(word), 0) + int(count)
    if not words:
        return []
    named = ", ".join(word or "(empty)" for word in sorted(words))
    return [
        Issue(
            "ledger_status_unknown",
            file,
            arguments={"words": named, "accounts": sum(words.values())},
        )
    ]


def empty_frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    """No clients and no accounts."""
    return ClientFrame.empty(), AccountFrame.empty()


def sorted_frame(schema: type[FrameSchema], frame: pd.DataFrame) -> pd.DataFrame:
    """A frame in the order of its key, so that the same ledger gives the same bytes."""
    return schema.check(frame.sort_values(list(schema.key), ignore_index=True))


def _split_statuses(rows: pd.DataFrame) -> tuple[list[str], list[str]]:
    both = rows["account_status"] + "\n" + rows["account_sub_status"]
    codes, words = pd.factorize(both)
    pairs = [split_status(*str(word).split("\n", 1)) for word in words]
    main = np.array([pair[0] for pair in pairs] or [""], dtype=object)
    sub = np.array([pair[1] for pair in pairs] or [""], dtype=object)
    return main[codes].tolist(), sub[codes].tolist()


def _mapped(series: pd.Series, function: object) -> pd.Series:
    assert callable(function)
    return series.map({word: function(str(word)) for word in series.unique()})


def _optional(ids: pd.Series) -> pd.Series:
    return pd.Series(pd.to_numeric(ids.where(ids != "")), index=ids.index).astype("Int64")


def _arrow(text: pd.Series) -> pa.Array:
    array = pa.array(text, type=pa.string(), from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
