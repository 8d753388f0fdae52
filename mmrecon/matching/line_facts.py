"""Vetoes that a line's own facts raise: receipt, amount, time, reference; and its neighbours."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.matching.context import MatchContext, WalletFacts
from mmrecon.matching.keys import Flags, Keys, Places, as_arrow, digits_value, flags
from mmrecon.matching.references import References, comparison, normalise
from mmrecon.matching.vetoes import put
from mmrecon.model.money import digits_of

_SHORTEST: Final = 3
_DAY_S: Final = 86_400


def own_facts(lines: pd.DataFrame, vetoes: Keys, context: MatchContext) -> None:
    """Receipt, repeats, conflicts, other wallets, limits, what is left, the snapshot's age."""
    put(vetoes, "no_receipt", _flag(lines["receipt"] == ""))
    put(vetoes, "receipt_repeats", _flag(lines["repeats"] > 1))
    put(vetoes, "receipt_conflict", _flag(lines["conflict"]) | _shares_receipt(lines, context))
    put(vetoes, "known_elsewhere", _flag(lines["known_elsewhere"]))
    left = left_of(lines, context)
    put(vetoes, "partly_used", left < lines["amount_minor"].to_numpy())
    for wallet_id, wallet in context.wallets.items():
        mine = _flag(lines["wallet_id"] == wallet_id)
        limit_minor = wallet.policy.line_limit_minor
        if limit_minor is not None:
            put(vetoes, "over_limit", mine & _flag(lines["amount_minor"] > limit_minor))
        put(vetoes, "snapshot_old", mine & _too_old(context, wallet))


def _shares_receipt(lines: pd.DataFrame, context: MatchContext) -> Flags:
    """Lines whose receipt stands on another line of their class too."""
    same_class = context.others[context.others["line_class"].isin(lines["line_class"].unique())]
    receipts = pd.concat([lines["receipt"], same_class["receipt"]], ignore_index=True)
    wallets = pd.concat([lines["wallet_id"], same_class["wallet_id"]], ignore_index=True)
    codes, kinds = pd.factorize(receipts)
    key = wallets.to_numpy() * (len(kinds) + 1) + codes
    ordered = np.sort(key)
    places = np.searchsorted(ordered, key[: len(lines)])
    following = np.append(ordered, -1)[places + 1]
    shared: Flags = (following == key[: len(lines)]) & _flag(lines["receipt"] != "")
    return shared


def left_of(lines: pd.DataFrame, context: MatchContext) -> Keys:
    """What postings and links leave of each line."""
    amounts: Keys = lines["amount_minor"].to_numpy().copy()
    places = pd.Index(context.left_minor.index).get_indexer(lines["line_id"])
    known = places >= 0
    amounts[known] = context.left_minor.to_numpy(dtype=np.int64)[places[known]]
    return amounts


def reference_facts(
    references: References, lines: pd.DataFrame, wallet: WalletFacts, vetoes: Keys
) -> None:
    """References that are an amount, a year, too short, or the institution's own number."""
    value = digits_value(references.key)
    amount_minor = lines["amount_minor"].to_numpy()
    whole = amount_minor // 10 ** digits_of(wallet.currency)
    put(vetoes, "reference_is_amount", (value > 0) & ((value == whole) | (value == amount_minor)))
    length = pc.utf8_length(references.key).to_numpy(zero_copy_only=False)
    days, kinds = pd.factorize(lines["value_date"])
    years = np.array([int(day[:4]) if day[:4].isdigit() else 0 for day in kinds], dtype=np.int64)
    year = years[days]
    put(vetoes, "reference_is_year", (length == 4) & (np.abs(value - year) <= 1))
    put(vetoes, "reference_too_short", (length > 0) & (length < _SHORTEST))
    own = comparison(pa.array([wallet.account], pa.string()))
    put(vetoes, "reference_is_own_number", flags(pc.equal(references.key, own[0])))


def double_payments(
    lines: pd.DataFrame, owner: Places, account: Places, context: MatchContext
) -> Flags:
    """Lines with the same money for the same account, or the same reference, minutes before."""
    minutes = _minutes(lines, context)
    mine = owner >= 0
    amounts = lines["amount_minor"].to_numpy()
    doubled = _follows(lines, _groups(owner, account, amounts), minutes)
    return (doubled | _after_others(lines, minutes, context)) & mine


def _after_others(lines: pd.DataFrame, minutes: Keys, context: MatchContext) -> Flags:
    """The same reference and amount in stored lines that are not asked about."""
    others = context.others[context.others["line_class"] == "collection"]
    if not len(others):
        return np.zeros(len(lines), dtype=bool)
    both = pd.concat([others, lines], ignore_index=True)
    typed, _ = pd.factorize(normalise(as_arrow(both["reference"])).key.to_pandas())
    groups = _groups(typed, both["wallet_id"].to_numpy(), both["amount_minor"].to_numpy())
    limits = np.concatenate([np.zeros(len(others), dtype=np.int64), minutes])
    return _follows(both, groups, limits)[len(others) :]


def _groups(*facts: Keys) -> Places:
    """A number for each row; rows with the same facts have the same."""
    group = np.zeros(len(facts[0]), dtype=np.int64)
    for values in facts:
        codes, kinds = pd.factorize(values)
        group, _ = pd.factorize(group * len(kinds) + codes)
    return np.asarray(group, dtype=np.int64)


def _follows(lines: pd.DataFrame, group: Places, minutes: Keys) -> Flags:
    """Lines that complete at most so many minutes after another one of their group."""
    result = np.zeros(len(lines), dtype=bool)
    several = np.flatnonzero(np.bincount(group)[group] > 1)
    order = several[order_of_completion(lines.iloc[several])]
    order = order[np.argsort(group[order], kind="stable")]
    minute = lines["completed_at_utc_s"].to_numpy()[order] // 60
    same = group[order][1:] == group[order][:-1]
    near = minute[1:] - minute[:-1] <= minutes[order][1:]
    result[order[1:]] = same & near & (minutes[order][1:] > 0)
    return result


def order_of_completion(lines: pd.DataFrame) -> Places:
    """Places of lines by completion, receipt and id: the same for any order they come in."""
    receipt, _ = pd.factorize(lines["receipt"], sort=True)
    order = np.lexsort((lines["line_id"], receipt, lines["completed_at_utc_s"]))
    return np.array(order, dtype=np.int64)


def _minutes(lines: pd.DataFrame, context: MatchContext) -> Keys:
    wallet_ids = lines["wallet_id"].to_numpy()
    minutes = np.zeros(len(lines), dtype=np.int64)
    for wallet_id, wallet in context.wallets.items():
        minutes[wallet_ids == wallet_id] = wallet.policy.double_payment_minutes
    return minutes


def _too_old(context: MatchContext, wallet: WalletFacts) -> bool:
    taken = pd.Timestamp(context.snapshot.taken_at_utc).tz_convert("UTC").to_pydatetime()
    age_s = (context.now_utc - taken).total_seconds()
    return age_s > wallet.policy.snapshot_days * _DAY_S


def _flag(column: pd.Series) -> Flags:
    return column.to_numpy(dtype=bool)
