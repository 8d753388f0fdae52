"""Lines as people and programs see them: the columns of DESIGN section 8, and in words."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from mmrecon.approval.wording import sentence
from mmrecon.config import Settings, WalletSettings
from mmrecon.errors import UsageError
from mmrecon.model.money import to_text
from mmrecon.pipeline.run import Run
from mmrecon.store.database import reading
from mmrecon.store.line_table import LineFilter, line_table
from mmrecon.store.proofs import wallet_ids

COLUMNS: Final = (
    "wallet", "receipt", "class", "sign", "amount_minor", "currency", "completed_at",
    "party_phone", "party_name", "reference", "file", "row", "state", "tier", "rule", "vetoes",
    "suggestions", "legs", "explanation",
)  # fmt: skip
"""The columns of `mmrecon lines`, in order."""

_FORMULA_STARTS: Final = r"^([=+\-@\t\r])"


def shown_lines(run: Run, wanted: LineFilter, wallet_name: str = "") -> pd.DataFrame:
    """Lines with the columns of `mmrecon lines`, oldest first.

    Raises:
        UsageError: there is no wallet of that name.
    """
    if wallet_name:
        wanted = _of_wallet(run, wanted, wallet_name)
    with reading(run.engine) as connection:
        table = line_table(connection, wanted)
        known = wallet_ids(connection)
    return as_shown(table, wallets_by_id(run.settings, known))


def as_shown(table: pd.DataFrame, wallets: dict[int, WalletSettings]) -> pd.DataFrame:
    """A LineTableFrame as people see it: wallet by name, time in its zone, the match in words."""
    names = {wallet_id: wallet.name for wallet_id, wallet in wallets.items()}
    shown = table.rename(columns={"line_class": "class"})
    shown["wallet"] = table["wallet_id"].map(names).astype("str").fillna("")
    shown["completed_at"] = _local_times(table, wallets)
    shown["explanation"] = _worded(table)
    return shown[list(COLUMNS)]


def formula_safe(shown: pd.DataFrame) -> pd.DataFrame:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front."""
    safe = shown.copy()
    for name in safe.columns:
        if str(safe[name].dtype) == "str":
            safe[name] = safe[name].str.replace(_FORMULA_STARTS, r"'\1", regex=True)
    return safe


def wallets_by_id(
    settings: Settings, known: dict[tuple[str, str], int]
) -> dict[int, WalletSettings]:
    """Configured wallets that the store knows, by their id."""
    return {
        known[wallet.provider, wallet.account]: wallet
        for wallet in settings.wallets
        if (wallet.provider, wallet.account) in known
    }


def legs_in_words(legs: str, currency: str) -> str:
    """`KES 1,500.00 on savings 000000123, …` for the `legs` of a line."""
    told = []
    for leg in legs.split(";"):
        account, _, amount = leg.partition("=")
        told.append(f"{to_text(int(amount), currency)} on {account.replace(':', ' ')}")
    return ", ".join(told)


def _of_wallet(run: Run, wanted: LineFilter, name: str) -> LineFilter:
    wallet = configured_wallet(run.settings, name)
    with reading(run.engine) as connection:
        wallet_id = wallet_ids(connection).get((wallet.provider, wallet.account), -1)
    return LineFilter(
        wallet_id, wanted.state, wanted.line_class, wanted.first, wanted.last, wanted.receipt
    )


def configured_wallet(settings: Settings, name: str) -> WalletSettings:
    """The wallet of a name.

    Raises:
        UsageError: there is none; the hint names those that are there.
    """
    for wallet in settings.wallets:
        if wallet.name == name:
            return wallet
    names = ", ".join(wallet.name for wallet in settings.wallets)
    raise UsageError(f"there is no wallet {name}", hint=f"The configuration has: {names}.")


def _local_times(table: pd.DataFrame, wallets: dict[int, WalletSettings]) -> pd.Series:
    moments = pd.to_datetime(table["completed_at_utc_s"], unit="s", utc=True)
    told = pd.Series("", index=table.index, dtype="str")
    for wallet_id in table["wallet_id"].unique():
        zone = wallets[wallet_id].zone if wallet_id in wallets else "UTC"
        own = table["wallet_id"] == wallet_id
        local = moments[own].dt.tz_convert(ZoneInfo(zone)).dt.tz_localize(None)
        offsets = local - moments[own].dt.tz_localize(None)
        named = {offset: _offset_text(offset) for offset in offsets.unique()}
        clock = np.datetime_as_string(local.to_numpy(dtype="datetime64[s]"))
        told[own] = pd.Series(clock, index=local.index, dtype="str") + offsets.map(named)
    return told


def _offset_text(offset: timedelta) -> str:
    """`+03:00` for three hours east."""
    minutes = offset // timedelta(minutes=1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _worded(table: pd.DataFrame) -> pd.Series:
    """The sentence of each match; each distinct one is worded once."""
    pairs = table[["explanation", "explanation_json"]]
    worded = {
        (code, arguments): sentence(code, json.loads(arguments or "{}")) if code else ""
        for code, arguments in pairs.drop_duplicates().itertuples(index=False, name=None)
    }
    keys = pairs.itertuples(index=False, name=None)
    return pd.Series([worded[key] for key in keys], index=table.index, dtype="str")
