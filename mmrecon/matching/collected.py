"""What was found about collections, brought into outcomes, legs and candidates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from mmrecon.matching.allocate import Legs
from mmrecon.matching.compose import Outcomes, Targets, repeated
from mmrecon.matching.context import MatchContext, WalletFacts
from mmrecon.matching.index import LOAN, LedgerIndex
from mmrecon.matching.keys import Flags, Keys, Places, as_arrow, texts
from mmrecon.matching.lookup import codes_of_values, distinct, runs
from mmrecon.matching.payer import Payers
from mmrecon.matching.plain import before_live
from mmrecon.matching.readings import Probes
from mmrecon.matching.references import References
from mmrecon.matching.resolve import (
    A1,
    A2,
    A3,
    NOBODY,
    RULE,
    RULE_CODES,
    TIERS,
    B,
    C,
    D,
    E,
    Resolved,
)
from mmrecon.matching.suggest import EVIDENCE, Ranked
from mmrecon.matching.vetoes import BIT
from mmrecon.model.posting import Command

_STATES: Final = ("ready", "review", "suspense", "before_live")
READY, REVIEW, SUSPENSE, BEFORE_LIVE = range(4)
_PAYERS: Final = ("", "_own_phone", "_own_mask_and_name", "_another_client")
_EXPLANATIONS: Final = (
    "names_account", "names_client", "names_phone", "payer_known", "disagrees", "points_to",
    "names_nothing",
)  # fmt: skip
_WEAK: Final = (1 << EVIDENCE["payer_name"]) | (1 << EVIDENCE["reference_name"])


@dataclass
class WalletLines:
    """The collections of one wallet, at `places` among all, with what was found about them."""

    places: Places
    wallet: WalletFacts
    references: References
    probes: Probes
    payers: Payers
    resolved: Resolved


@dataclass
class Collected:
    """All collections: outcomes, legs and candidates, lines counted from 0."""

    outcomes: Outcomes
    legs: Targets
    candidates: Targets


class Whole:
    """The parts of all wallets as arrays over all lines."""

    def __init__(self, lines: pd.DataFrame, count: int, parts: list[WalletLines]) -> None:
        self.lines, self.parts = lines, parts
        self.owner = np.full(count, NOBODY, dtype=np.int64)
        self.account = np.full(count, -1, dtype=np.int64)
        self.tier = np.zeros(count, dtype=np.int64)
        self.rule = np.zeros(count, dtype=np.int64)
        self.vetoes = np.zeros(count, dtype=np.int64)
        self.payer = np.zeros(count, dtype=np.int64)
        for part in parts:
            found = part.resolved
            self.owner[part.places], self.account[part.places] = found.owner, found.account
            self.tier[part.places], self.rule[part.places] = found.tier, found.rule
            self.vetoes[part.places] = found.vetoes
            self.payer[part.places] = _payer_says(part)


def _payer_says(part: WalletLines) -> Places:
    """0 nothing, 1 the owner's phone, 2 the owner's mask and name, 3 another client."""
    owner = part.resolved.owner
    says = np.where(part.payers.is_owner(owner) & (owner != NOBODY), 2, 0)
    says[part.payers.by_full_phone(owner) & (owner != NOBODY)] = 1
    says[(part.resolved.vetoes & BIT["payer_is_another_client"]) > 0] = 3
    return says.astype(np.int64)


def composed(
    whole: Whole,
    legs: Legs,
    ranked: list[tuple[WalletLines, Ranked]],
    context: MatchContext,
    index: LedgerIndex,
) -> Collected:
    """Outcomes, legs and candidates; lines without an owner get tier C, D or E."""
    line = np.concatenate([part.places[found.line] for part, found in ranked])
    account = np.concatenate([found.account for _, found in ranked])
    evidence = np.concatenate([found.evidence for _, found in ranked])
    _tier_the_rest(whole, line, account, evidence, index)
    leg_line = np.array(legs.line, dtype=np.int64)
    leg_account = np.array(legs.account, dtype=np.int64)
    leg_amount = np.array(legs.amount, dtype=np.int64)
    order = np.argsort(leg_line, kind="stable")
    made = _targets(leg_line[order], leg_account[order], leg_amount[order], index)
    shown = _suggested(
        whole, (leg_line[order], leg_account[order]), (line, account, evidence), index
    )
    return Collected(_outcomes(whole, leg_line, context, index), made, shown)


def _tier_the_rest(
    whole: Whole, line: Places, account: Places, evidence: Keys, index: LedgerIndex
) -> None:
    """C where everything points to one owner, D where to several, E where nothing points."""
    rest = whole.tier == 0
    size = index.clients + index.accounts.count + 1
    pairs = distinct(line * size + index.accounts.owner[account])
    owners = np.bincount(pairs // size, minlength=len(rest))
    strong = np.bincount(line[(evidence & ~_WEAK) > 0], minlength=len(rest)) > 0
    whole.tier[rest] = np.where(owners == 0, E, np.where((owners == 1) & strong, C, D))[rest]
    whole.rule[rest & (owners > 0)] = RULE["near"]
    alone = rest & (owners == 1) & strong
    order = np.flatnonzero(alone[line])
    whole.owner[line[order]] = index.accounts.owner[account[order]]


def _suggested(
    whole: Whole,
    legs: tuple[Places, Places],
    found: tuple[Places, Places, Keys],
    index: LedgerIndex,
) -> Targets:
    """Accounts in the legs, then the one that was named, then what was found; each once."""
    leg_line, leg_account = legs
    line, account, evidence = found
    named = np.flatnonzero((whole.account >= 0) & (whole.tier > 0))
    all_line = np.concatenate([leg_line, named, line])
    all_account = np.concatenate([leg_account, whole.account[named], account])
    all_evidence = np.concatenate([np.zeros(len(leg_line) + len(named), np.int64), evidence])
    size = index.accounts.count + 1
    pairs = all_line * size + all_account
    grouped = np.argsort(pairs, kind="stable")
    starts = runs(pairs[grouped])
    first = grouped[starts]
    spoken = np.bitwise_or.reduceat(all_evidence[grouped], starts) if len(starts) else first
    order = np.lexsort((first, all_line[first]))
    chosen = first[order]
    targets = _targets(
        all_line[chosen], all_account[chosen], np.zeros(len(chosen), dtype=np.int64), index
    )
    speaks_for = _evidence_json(spoken[order], targets.line, whole)
    return Targets(**{**targets.__dict__, "speaks_for": speaks_for})


def _evidence_json(evidence: Keys, line: Places, whole: Whole) -> pa.StringArray:
    """What speaks for each candidate: its evidence, else the rule that placed the line."""
    keys = np.where(evidence > 0, evidence, -1 - whole.rule[line])
    kinds, places = codes_of_values(keys)
    said = []
    for key in kinds.tolist():
        codes = (
            [RULE_CODES[-1 - key]]
            if key < 0
            else [code for code, at in EVIDENCE.items() if key & (1 << at)]
        )
        said.append("[" + ",".join(f'"{code}"' for code in codes) + "]")
    return texts(said).take(pa.array(places))


def _targets(line: Places, account: Places, amount: Keys, index: LedgerIndex) -> Targets:
    accounts = index.accounts
    loan = accounts.kind[account] == LOAN if len(account) else np.zeros(0, dtype=bool)
    commands = texts([Command.SAVINGS_DEPOSIT.value, Command.LOAN_REPAYMENT.value])
    kind = texts(["savings", "loan"]).take(pa.array(loan.astype(np.int64)))
    return Targets(
        line, kind, accounts.account_id[account], accounts.number.take(pa.array(account)),
        accounts.client_id[account], commands.take(pa.array(loan.astype(np.int64))), amount, amount,
        repeated("[]", len(line)), _against_json(accounts.credit_veto[account]),
    )  # fmt: skip


def _against_json(vetoes: Keys) -> pa.StringArray:
    kinds, places = codes_of_values(vetoes)
    said = [
        "[" + ",".join(f'"{code}"' for code, bit in BIT.items() if value & bit) + "]"
        for value in kinds.tolist()
    ]
    return texts(said or ["[]"]).take(pa.array(places))


def _outcomes(
    whole: Whole, leg_line: Places, context: MatchContext, index: LedgerIndex
) -> Outcomes:
    lines = whole.lines
    has_legs = at_places(leg_line, whole.vetoes)
    state = _states(whole, has_legs, context)
    explanation = _explanations(whole, has_legs)
    said = (explanation * len(_PAYERS) + whole.payer).astype(np.int64)
    pick = {
        "state": (_STATES, state), "tier": (TIERS, whole.tier), "rule": (RULE_CODES, whole.rule),
        "explanation": ([code + payer for code in _EXPLANATIONS for payer in _PAYERS], said),
    }  # fmt: skip
    return Outcomes(
        line_id=lines["line_id"].to_numpy(),
        vetoes=whole.vetoes,
        client_id=index.client_id_of(whole.owner),
        item_id=np.full(len(lines), -1, dtype=np.int64),
        reference=as_arrow(lines["reference"]),
        line_class=as_arrow(lines["line_class"]),
        client=index.client_number_of(whole.owner),
        target=repeated("", len(lines)),
        **{name: texts(list(words)).take(pa.array(codes)) for name, (words, codes) in pick.items()},
    )


def _states(whole: Whole, has_legs: Flags, context: MatchContext) -> Places:
    """Ready only with exact unique evidence, legs, no veto, and the policy's leave."""
    wallet_ids = whole.lines["wallet_id"].to_numpy()
    trusts_members = np.isin(
        wallet_ids,
        [key for key, wallet in context.wallets.items() if wallet.policy.member_number == "ready"],
    )
    exact = (whole.tier == A1) | (whole.tier == A2) | ((whole.tier == A3) & trusts_members)
    ready = exact & has_legs & (whole.vetoes == 0)
    state = np.where(ready, READY, np.where(whole.tier == E, SUSPENSE, REVIEW)).astype(np.int64)
    state[before_live(whole.lines, context)] = BEFORE_LIVE
    return state


def _explanations(whole: Whole, has_legs: Flags) -> Places:
    code = {name: at for at, name in enumerate(_EXPLANATIONS)}
    result = np.full(len(whole.tier), code["disagrees"], dtype=np.int64)
    result[whole.tier == C] = code["points_to"]
    result[(whole.tier == D) & (whole.rule == RULE["near"])] = code["points_to"]
    result[whole.tier == E] = code["names_nothing"]
    by_client = (whole.tier == A3) & has_legs
    result[by_client] = code["names_client"]
    result[(whole.tier == B) & has_legs] = code["names_phone"]
    result[(whole.rule == RULE["payer_phone_and_name"]) & has_legs] = code["payer_known"]
    named = (whole.tier == A1) | (whole.tier == A2)
    result[named] = code["names_account"]
    return result


def at_places(places: Places, like: Keys) -> Flags:
    """True at these places, false elsewhere; as long as `like`."""
    found = np.zeros(len(like), dtype=bool)
    found[places] = True
    return found
