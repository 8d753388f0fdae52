"""Payout lines settle items: by the item's own reference, else by phone, amount and days.

Payouts are a small part of a day (domain.md section 10), so they are looked at one by one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from mmrecon.matching.context import MatchContext, WalletFacts
from mmrecon.matching.index import LedgerIndex
from mmrecon.matching.keys import Keys, as_arrow
from mmrecon.matching.line_facts import left_of, order_of_completion, own_facts
from mmrecon.matching.phones import canonical, fits, masks
from mmrecon.matching.references import register_key
from mmrecon.matching.vetoes import BIT, PREVENTS_LEGS, put
from mmrecon.model.posting import Command

_SUGGESTED: Final = 5
_BLOCKED: Final = frozenset({"block", "block_debit", "escheat"})


@dataclass
class Payout:
    """What matching says of one payout line; `item` is its item as a record, or None."""

    line: int
    item: Mapping[str, Any] | None = None
    rule: str = "nothing"
    vetoes: int = 0
    candidates: list[tuple[Mapping[str, Any], list[str]]] = field(default_factory=list)

    @property
    def ready(self) -> bool:
        """Only the item's own reference, echoed back, is ready."""
        return self.rule == "item_echoed" and not self.vetoes and self.item is not None

    @property
    def has_leg(self) -> bool:
        """Whether the line's item is offered as the default."""
        return self.item is not None and not self.vetoes & PREVENTS_LEGS


@dataclass(frozen=True)
class PayoutLine:
    """One payout line in comparable form."""

    at: int
    wallet: WalletFacts
    amount_minor: int
    phone: int
    day: str
    names: tuple[str, ...]
    fitting: frozenset[int]


class ItemBook:
    """Items by the name they go by and by phone and amount; with the account each asks for."""

    def __init__(self, items: pd.DataFrame, index: LedgerIndex, country: str) -> None:
        phones = canonical(as_arrow(items["phone"]), country)
        names = register_key(as_arrow(items["request_id"])).to_pylist()
        self.records: list[dict[str, Any]] = [
            {**_named(record), "canonical": int(phone), "name": name}
            for record, phone, name in zip(items.to_dict("records"), phones, names, strict=True)
        ]
        for record in self.records:
            record["registered"] = _is_registered(record, index, country)
        self.by_name: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.by_amount: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
        for record in self.records:
            if record["name"]:
                self.by_name[record["name"]].append(record)
            if record["state"] == "open" and record["left_minor"] == record["amount_minor"]:
                self.by_amount[record["amount_minor"], record["currency"]].append(record)


def match_payouts(
    lines: pd.DataFrame, context: MatchContext, index: LedgerIndex, reversed_ids: Keys
) -> list[Payout]:
    """Which item each payout line settles (LineFrame rows with a fresh index)."""
    vetoes = np.zeros(len(lines), dtype=np.int64)
    own_facts(lines, vetoes, context)
    put(vetoes, "line_odd", (lines["sign"] != -1).to_numpy())
    put(vetoes, "reversal_seen", lines["line_id"].isin(reversed_ids).to_numpy())
    payouts = [Payout(at, vetoes=int(veto)) for at, veto in enumerate(vetoes)]
    accounts = _account_rows(context, index)
    order = order_of_completion(lines)
    looked_at: list[PayoutLine] = []
    for wallet_id, wallet in sorted(context.wallets.items()):
        book = ItemBook(context.items, index, wallet.country)
        mine = order[lines["wallet_id"].to_numpy()[order] == wallet_id]
        read = _read(lines, mine, wallet, book, context)
        named = Counter(name for line in read for name in line.names if name in book.by_name)
        waiting = [line for line in read if not _by_name(payouts[line.at], line, book, named)]
        _by_phone(payouts, waiting, book)
        looked_at += read
    withdrawn: Counter[int] = Counter()
    place_of = {int(at): place for place, at in enumerate(order)}
    for line in sorted(looked_at, key=lambda line: place_of[line.at]):
        _check_account(payouts[line.at], accounts, withdrawn)
    return payouts


def command_of(item: Mapping[str, Any]) -> str:
    """What Fineract is told when an item is settled."""
    loan = item["account_kind"] == "loan"
    return (Command.LOAN_DISBURSEMENT if loan else Command.SAVINGS_WITHDRAWAL).value


def _read(
    lines: pd.DataFrame, mine: Any, wallet: WalletFacts, book: ItemBook, context: MatchContext
) -> list[PayoutLine]:
    chosen = lines.iloc[mine]
    phones = canonical(as_arrow(chosen["party_phone"]), wallet.country)
    hidden = masks(as_arrow(chosen["party_phone"]), wallet.country)
    left = left_of(chosen, context)
    names = [
        register_key(as_arrow(chosen[column])).to_pylist()
        for column in ("external_id", "reference")
    ]
    days = chosen["value_date"].tolist()
    item_phones = np.array([record["canonical"] for record in book.records], dtype=np.int64)
    read = []
    for place, at in enumerate(mine.tolist()):
        places = np.full(len(item_phones), place)
        fitting = np.flatnonzero(fits(hidden, places, item_phones, wallet.country))
        read.append(
            PayoutLine(
                at, wallet, int(left[place]), int(phones[place]), days[place],
                tuple(dict.fromkeys(column[place] for column in names if column[place])),
                frozenset(int(book.records[row]["item_id"]) for row in fitting),
            )
        )  # fmt: skip
    return read


def _by_name(payout: Payout, line: PayoutLine, book: ItemBook, named: Mapping[str, int]) -> bool:
    """The item whose reference the line echoes; true when there is one, whatever its state."""
    found = {item["item_id"]: item for name in line.names for item in book.by_name.get(name, ())}
    if not found:
        return False
    payout.rule = "item_echoed"
    payout.candidates = [(item, ["item_echoed"]) for item in found.values()]
    if len(found) > 1:
        payout.vetoes |= BIT["several_owners"]
        return True
    payout.item = item = next(iter(found.values()))
    if any(named[name] > 1 for name in line.names):
        payout.vetoes |= BIT["item_named_twice"]
    if item["state"] != "open" or item["left_minor"] <= 0:
        payout.vetoes |= BIT["item_not_open"]
    if item["left_minor"] != line.amount_minor or item["left_minor"] != item["amount_minor"]:
        payout.vetoes |= BIT["payout_amount_differs"]
    if item["currency"] != line.wallet.currency:
        payout.vetoes |= BIT["currency_differs"]
    if not _in_window(item, line):
        payout.vetoes |= BIT["before_request"]
    shown = line.phone > 0 or bool(line.fitting)
    same = item["canonical"] == line.phone or item["item_id"] in line.fitting
    if item["canonical"] and shown and not same:
        payout.vetoes |= BIT["payout_phone_differs"]
    return True


def _by_phone(payouts: list[Payout], waiting: list[PayoutLine], book: ItemBook) -> None:
    """Phone, amount and days: k equal lines and k equal items in order; else only suggestions."""
    groups: dict[tuple[int, int, str], list[PayoutLine]] = defaultdict(list)
    for line in waiting:
        groups[line.phone, line.amount_minor, line.wallet.currency].append(line)
    for (phone, amount_minor, currency), lines in sorted(groups.items(), key=lambda g: g[0]):
        items = book.by_amount.get((amount_minor, currency), [])
        for line in lines:
            _suggest(payouts[line.at], line, items)
        fitting = [
            item for item in items
            if phone and item["canonical"] == phone and item["registered"]
            and all(_in_window(item, line) for line in lines)
        ]  # fmt: skip
        one_client = len({item["client_id"] for item in fitting}) == 1
        if len(fitting) == len(lines) and one_client:
            fitting.sort(key=lambda item: (item["requested_on"], item["item_key"]))
            for line, item in zip(lines, fitting, strict=True):
                payouts[line.at].item = item
                payouts[line.at].rule = "item_phone_amount"


def _suggest(payout: Payout, line: PayoutLine, items: list[dict[str, Any]]) -> None:
    """Open items of the amount; those whose phone fits first."""
    ranked = []
    for item in items:
        fit = (line.phone > 0 and item["canonical"] == line.phone) or (
            item["item_id"] in line.fitting
        )
        ranked.append((not fit, not _in_window(item, line), item["item_key"], item))
    ranked.sort(key=lambda each: each[:3])
    payout.candidates = [
        (item, ["payout_amount"] if off else ["payout_phone", "payout_amount"])
        for off, _, _, item in ranked[:_SUGGESTED]
    ]
    if ranked:
        payout.rule = "several"


def _in_window(item: Mapping[str, Any], line: PayoutLine) -> bool:
    """Whether a line came between the request and the end of its window; undated items always."""
    if not item["requested_on"]:
        return True
    asked = date.fromisoformat(item["requested_on"])
    last = asked + timedelta(days=line.wallet.policy.payout_window_days)
    return asked <= date.fromisoformat(line.day) <= last


def _check_account(
    payout: Payout,
    accounts: Mapping[tuple[str, int], Mapping[str, Any]],
    withdrawn: Counter[int],
) -> None:
    """The account must bear the payout, and those of the run before it, as the snapshot says."""
    item = payout.item
    if item is None:
        return
    account = accounts.get((item["account_kind"], int(item["account_id"])))
    if account is None:
        payout.vetoes |= BIT["account_wrong_state"]
    elif item["account_kind"] == "loan":
        if account["account_status"] != "approved":
            payout.vetoes |= BIT["account_wrong_state"]
    else:
        account_id = int(item["account_id"])
        withdrawn[account_id] += int(item["posted_minor"])
        payout.vetoes |= _withdrawal_vetoes(account, withdrawn[account_id])


def _withdrawal_vetoes(account: Mapping[str, Any], amount_minor: int) -> int:
    vetoes = 0
    if account["account_status"] != "active":
        closed = account["account_status"] == "closed"
        vetoes |= BIT["account_closed" if closed else "account_wrong_state"]
    if account["account_sub_status"] in _BLOCKED:
        vetoes |= BIT["account_blocked"]
    if account["account_sub_status"] == "dormant":
        vetoes |= BIT["account_dormant"]
    balance_minor = account["balance_minor"]
    if pd.isna(balance_minor) or balance_minor < amount_minor:
        vetoes |= BIT["balance_short"]
    return vetoes


def _account_rows(
    context: MatchContext, index: LedgerIndex
) -> dict[tuple[str, int], Mapping[str, Any]]:
    """The accounts that items ask for."""
    accounts = index.snapshot.accounts
    wanted = accounts["account_id"].isin(context.items["account_id"])
    return {
        (str(row["account_kind"]), int(row["account_id"])): _named(row)
        for row in accounts[wanted].to_dict("records")
    }


def _named(record: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in record.items()}


def _is_registered(record: Mapping[str, Any], index: LedgerIndex, country: str) -> bool:
    """Whether an item's phone is a phone of the item's own client."""
    if pd.isna(record["client_id"]) or not record["canonical"]:
        return False
    table = index.phones(country)
    place = table.find(np.array([record["canonical"]], dtype=np.int64))
    owner = index.owner_of_client(int(record["client_id"]))
    return bool(table.holds(place, np.array([owner]))[0])
