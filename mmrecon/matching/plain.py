"""Payouts, reversals and lines without an owner, brought into outcomes and targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from mmrecon.matching.compose import Outcomes, Targets, repeated
from mmrecon.matching.context import MatchContext
from mmrecon.matching.keys import Flags, as_arrow, texts
from mmrecon.matching.payouts import Payout, command_of
from mmrecon.model.keys import canonical_json
from mmrecon.model.line import LineClass
from mmrecon.model.match import MatchState, Tier

_NO_ID: Final = -1


def payout_outcomes(
    lines: pd.DataFrame, payouts: Sequence[Payout], context: MatchContext
) -> tuple[Outcomes, Targets, Targets]:
    """Outcomes, legs and candidates of payout lines."""
    early = before_live(lines, context)
    outcomes = _outcomes(lines)
    state, tier, explained, clients = [], [], [], []
    for payout, is_early in zip(payouts, early.tolist(), strict=True):
        placed = payout.item is not None and payout.has_leg
        said = MatchState.READY if payout.ready else MatchState.REVIEW
        if payout.item is None and not payout.candidates:
            said = MatchState.SUSPENSE
        state.append((MatchState.BEFORE_LIVE if is_early else said).value)
        named = payout.rule == "item_echoed" and payout.item is not None
        weak = Tier.D if payout.candidates or payout.item else Tier.E
        tier.append((Tier.P if placed or named else weak).value)
        unclear = "payout_unclear" if payout.candidates else "payout_unknown"
        explained.append("settles_item" if placed or named else unclear)
        client_id = payout.item["client_id"] if payout.item is not None else None
        clients.append(_NO_ID if client_id is None or pd.isna(client_id) else int(client_id))
    outcomes.state, outcomes.tier = texts(state), texts(tier)
    outcomes.explanation = texts(explained)
    outcomes.rule = texts([payout.rule for payout in payouts])
    outcomes.vetoes = np.array([payout.vetoes for payout in payouts], dtype=np.int64)
    outcomes.client_id = np.array(clients, dtype=np.int64)
    outcomes.item_id = np.array(
        [_NO_ID if payout.item is None else int(payout.item["item_id"]) for payout in payouts],
        dtype=np.int64,
    )
    return outcomes, _payout_legs(payouts, lines), _payout_candidates(payouts)


def reversal_outcomes(lines: pd.DataFrame, pairs: pd.DataFrame, context: MatchContext) -> Outcomes:
    """Reversals go to a person, with the receipt they take back where it is known."""
    outcomes = _outcomes(lines)
    early = before_live(lines, context)
    states = np.where(early, MatchState.BEFORE_LIVE.value, MatchState.REVIEW.value)
    outcomes.state = texts(states.tolist())
    receipts = pairs.groupby("reversal_id")["receipt"].agg(lambda found: ", ".join(found.unique()))
    target = lines["line_id"].map(receipts).fillna("")
    outcomes.target = as_arrow(target.astype("str"))
    known = (target != "").to_numpy(dtype=bool)
    outcomes.tier = texts(np.where(known, Tier.D.value, Tier.E.value).tolist())
    outcomes.explanation = texts(np.where(known, "takes_back", "takes_back_unknown").tolist())
    outcomes.rule = repeated("reversal", len(lines))
    return outcomes


def ownerless_outcomes(lines: pd.DataFrame, context: MatchContext) -> Outcomes:
    """Charges, transfers and such want no owner; unknown lines want a person."""
    outcomes = _outcomes(lines)
    unknown = (lines["line_class"] == LineClass.UNKNOWN.value).to_numpy(dtype=bool)
    early = unknown & before_live(lines, context)
    states = np.where(unknown, MatchState.REVIEW.value, MatchState.NO_POSTING.value)
    states = np.where(early, MatchState.BEFORE_LIVE.value, states)
    outcomes.state = texts(states.tolist())
    outcomes.tier = texts(np.where(unknown, Tier.E.value, Tier.NONE.value).tolist())
    outcomes.rule = texts(np.where(unknown, "unknown_class", "no_owner_wanted").tolist())
    outcomes.explanation = texts(np.where(unknown, "class_unknown", "belongs_to_nobody").tolist())
    return outcomes


def before_live(lines: pd.DataFrame, context: MatchContext) -> Flags:
    """Lines older than their wallet's first day: read, proved and found, but never ready."""
    early = np.zeros(len(lines), dtype=bool)
    wallet_ids = lines["wallet_id"].to_numpy()
    for wallet_id, wallet in context.wallets.items():
        older = (lines["value_date"] < wallet.live_from.isoformat()).to_numpy(dtype=bool)
        early |= older & (wallet_ids == wallet_id)
    return early


def no_targets() -> Targets:
    """No account for any line."""
    return _targets([], [], [], [])


def _outcomes(lines: pd.DataFrame) -> Outcomes:
    count = len(lines)
    nothing = np.full(count, _NO_ID, dtype=np.int64)
    empty = repeated("", count)
    return Outcomes(
        line_id=lines["line_id"].to_numpy(), state=empty, tier=empty, rule=empty,
        vetoes=np.zeros(count, dtype=np.int64), client_id=nothing, item_id=nothing,
        explanation=empty, reference=as_arrow(lines["reference"]),
        line_class=as_arrow(lines["line_class"]), client=empty, target=empty,
    )  # fmt: skip


def _payout_legs(payouts: Sequence[Payout], lines: pd.DataFrame) -> Targets:
    placed = [payout for payout in payouts if payout.item is not None and payout.has_leg]
    amounts = lines["amount_minor"].tolist()
    return _targets(
        [payout.line for payout in placed],
        [payout.item for payout in placed if payout.item is not None],
        [int(amounts[payout.line]) for payout in placed],
        ["[]"] * len(placed),
    )


def _payout_candidates(payouts: Sequence[Payout]) -> Targets:
    line, items, said = [], [], []
    for payout in payouts:
        chosen = [] if payout.item is None else [(payout.item, [payout.rule])]
        seen = set()
        for item, evidence in [*chosen, *payout.candidates]:
            account = (item["account_kind"], item["account_id"])
            if account not in seen:
                seen.add(account)
                line.append(payout.line)
                items.append(item)
                said.append(canonical_json(evidence))
    return _targets(line, items, [0] * len(line), said)


def _targets(
    line: list[int], items: Sequence[Mapping[str, Any]], amounts: list[int], said: list[str]
) -> Targets:
    count = len(line)
    clients = [_NO_ID if pd.isna(item["client_id"]) else int(item["client_id"]) for item in items]
    amount = np.array(amounts, dtype=np.int64)
    posted = np.array([int(item["posted_minor"]) for item in items], dtype=np.int64)
    return Targets(
        np.array(line, dtype=np.int64),
        texts([str(item["account_kind"]) for item in items]),
        np.array([int(item["account_id"]) for item in items], dtype=np.int64),
        texts([str(item["account_no"]) for item in items]),
        np.array(clients, dtype=np.int64),
        texts([command_of(item) for item in items]),
        amount,
        np.where(amount > 0, posted, 0),
        texts(said),
        repeated("[]", count),
    )
