"""Collections: whose money each payment is, how surely, and into which accounts it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from mmrecon.matching.allocate import Allocator, Legs, Purse, needs_order
from mmrecon.matching.compose import Outcomes, Targets, repeated
from mmrecon.matching.context import MatchContext, WalletFacts
from mmrecon.matching.index import LOAN, LedgerIndex
from mmrecon.matching.keys import Flags, Keys, Places, as_arrow, texts
from mmrecon.matching.line_facts import (
    double_payments,
    left_of,
    order_of_completion,
    own_facts,
    reference_facts,
)
from mmrecon.matching.lookup import codes_of_values, distinct, runs
from mmrecon.matching.payer import Payers, is_filler, payers_of
from mmrecon.matching.readings import Probes, read
from mmrecon.matching.references import References, normalise
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
    resolve,
)
from mmrecon.matching.suggest import (
    EVIDENCE,
    Candidates,
    Ranked,
    account_preference,
    from_hits,
    from_names,
    from_near,
    from_payers,
    from_pieces,
    rank,
)
from mmrecon.matching.vetoes import BIT, PREVENTS_LEGS, put
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
    """The collections of one wallet with everything found about them; `at` are their places."""

    at: Places
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


def match_collections(lines: pd.DataFrame, context: MatchContext, index: LedgerIndex) -> Collected:
    """Owners and legs of collections (LineFrame rows with a fresh index, sorted by line_id)."""
    parts = [
        _look(lines, np.flatnonzero(lines["wallet_id"].to_numpy() == wallet_id), wallet, index)
        for wallet_id, wallet in sorted(context.wallets.items())
    ]
    whole = _Whole(lines, len(lines), parts)
    vetoes = whole.vetoes
    own_facts(lines, vetoes, context)
    put(vetoes, "line_odd", (lines["sign"] != 1).to_numpy())
    put(vetoes, "double_payment", double_payments(lines, whole.owner, whole.account, context))
    _owner_vetoes(whole, context, index)
    legs = _legs(whole, context, index)
    ranked = _ranked(whole, legs, index)
    return _composed(whole, legs, ranked, context, index)


class _Whole:
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
            self.owner[part.at], self.account[part.at] = found.owner, found.account
            self.tier[part.at], self.rule[part.at] = found.tier, found.rule
            self.vetoes[part.at] = found.vetoes
            self.payer[part.at] = _payer_says(part)


def _look(lines: pd.DataFrame, at: Places, wallet: WalletFacts, index: LedgerIndex) -> WalletLines:
    mine = lines.iloc[at]
    references = normalise(as_arrow(mine["reference"]))
    probes = read(references, wallet.policy, index)
    resolved = resolve(references, probes, index, wallet.country, wallet.currency)
    payers = payers_of(mine, index, wallet.country)
    _place_by_payer(references, resolved, payers)
    reference_facts(references, mine, wallet, resolved.vetoes)
    known = resolved.owner != NOBODY
    another = known & payers.somebody() & ~payers.is_owner(resolved.owner)
    put(resolved.vetoes, "payer_is_another_client", another)
    return WalletLines(at, wallet, references, probes, payers, resolved)


def _place_by_payer(references: References, resolved: Resolved, payers: Payers) -> None:
    """No usable reference, full phone of exactly one client, and the name agrees: tier B."""
    owner = payers.single_phone_owner()
    lines = np.flatnonzero((resolved.tier == 0) & is_filler(references.key) & (owner >= 0))
    lines = lines[payers.name_agrees(lines, owner[lines])]
    resolved.owner[lines] = owner[lines]
    resolved.tier[lines] = B
    resolved.rule[lines] = RULE["payer_phone_and_name"]


def _payer_says(part: WalletLines) -> Places:
    """0 nothing, 1 the owner's phone, 2 the owner's mask and name, 3 another client."""
    owner = part.resolved.owner
    says = np.where(part.payers.is_owner(owner) & (owner != NOBODY), 2, 0)
    says[part.payers.by_full_phone(owner) & (owner != NOBODY)] = 1
    says[(part.resolved.vetoes & BIT["payer_is_another_client"]) > 0] = 3
    return says.astype(np.int64)


def _owner_vetoes(whole: _Whole, context: MatchContext, index: LedgerIndex) -> None:
    """What speaks against the account, or against the client."""
    vetoes, account = whole.vetoes, whole.account
    for part in whole.parts:
        mine = part.at[account[part.at] >= 0]
        chosen = account[mine]
        if len(mine):
            vetoes[mine] |= index.accounts.credit_veto[chosen]
            wanted = index.accounts.currencies.get_indexer([part.wallet.currency])[0]
            vetoes[mine[index.accounts.currency[chosen] != wanted]] |= BIT["currency_differs"]
    is_client = (whole.owner >= 0) & (whole.owner < index.clients)
    people = np.flatnonzero(is_client)
    put(vetoes, "client_not_active", _at(people[~index.client_active[whole.owner[people]]], vetoes))


def _at(places: Places, like: Keys) -> Flags:
    found = np.zeros(len(like), dtype=bool)
    found[places] = True
    return found


def _legs(whole: _Whole, context: MatchContext, index: LedgerIndex) -> Legs:
    """Legs of every line that has a place; to loans and by waterfall in order of completion."""
    legs = Legs()
    left = left_of(whole.lines, context)
    placed = (whole.owner != NOBODY) & (whole.tier > 0) & (whole.tier <= B) & (left > 0)
    ordered = needs_order(whole.account, index.accounts.kind, np.where(placed, whole.tier, 0))
    policies = {key: (wallet.policy, wallet.currency) for key, wallet in context.wallets.items()}
    allocator = Allocator(index, policies)
    place_of = np.empty(len(placed), dtype=np.int64)
    place_of[order_of_completion(whole.lines)] = np.arange(len(placed))
    wallet_ids = whole.lines["wallet_id"].to_numpy()
    for line in ordered[np.argsort(place_of[ordered], kind="stable")].tolist():
        purse = Purse(
            int(whole.owner[line]), int(whole.account[line]), int(left[line]), int(wallet_ids[line])
        )
        taken, vetoes = allocator.allocate(purse, int(whole.vetoes[line]))
        whole.vetoes[line] = vetoes
        legs.add(line, taken)
    simple = placed & ((whole.vetoes & PREVENTS_LEGS) == 0)
    simple[ordered] = False
    lines = np.flatnonzero(simple)
    legs.line += lines.tolist()
    legs.account += whole.account[lines].tolist()
    legs.amount += left[lines].tolist()
    return legs


def _ranked(whole: _Whole, legs: Legs, index: LedgerIndex) -> list[tuple[WalletLines, Ranked]]:
    """Candidates of lines that are not placed for certain, wallet by wallet."""
    has_legs = np.zeros(len(whole.owner), dtype=bool)
    has_legs[legs.line] = True
    ranked = []
    for part in whole.parts:
        vetoed = whole.vetoes[part.at] != 0
        unsure = ~has_legs[part.at] | vetoed | (whole.tier[part.at] == B)
        lost = unsure & (whole.tier[part.at] == 0)
        candidates = Candidates()
        from_hits(candidates, part.resolved.hits, unsure, index)
        from_payers(candidates, part.payers, unsure, index)
        from_near(candidates, part.probes, lost | _zero_doubt(whole, part), index)
        from_pieces(candidates, part.references, lost, index)
        from_names(candidates, part.references, lost, index)
        preference = account_preference(index, part.wallet.currency)
        ranked.append((part, rank(candidates, preference, index)))
    return ranked


def _zero_doubt(whole: _Whole, part: WalletLines) -> Flags:
    doubt: Flags = (whole.vetoes[part.at] & BIT["leading_zeros_doubtful"]) > 0
    return doubt


def _composed(
    whole: _Whole,
    legs: Legs,
    ranked: list[tuple[WalletLines, Ranked]],
    context: MatchContext,
    index: LedgerIndex,
) -> Collected:
    line = np.concatenate([part.at[found.line] for part, found in ranked])
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
    whole: _Whole, line: Places, account: Places, evidence: Keys, index: LedgerIndex
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
    whole: _Whole,
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


def _evidence_json(evidence: Keys, line: Places, whole: _Whole) -> pa.StringArray:
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
    whole: _Whole, leg_line: Places, context: MatchContext, index: LedgerIndex
) -> Outcomes:
    lines = whole.lines
    has_legs = _at(leg_line, whole.vetoes)
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


def _states(whole: _Whole, has_legs: Flags, context: MatchContext) -> Places:
    """Ready only with exact unique evidence, legs, no veto, and the policy's leave."""
    wallet_ids = whole.lines["wallet_id"].to_numpy()
    trusts_members = np.isin(
        wallet_ids,
        [key for key, wallet in context.wallets.items() if wallet.policy.member_number == "ready"],
    )
    exact = (whole.tier == A1) | (whole.tier == A2) | ((whole.tier == A3) & trusts_members)
    ready = exact & has_legs & (whole.vetoes == 0)
    state = np.where(ready, READY, np.where(whole.tier == E, SUSPENSE, REVIEW)).astype(np.int64)
    for wallet_id, wallet in context.wallets.items():
        early = (whole.lines["value_date"] < wallet.live_from.isoformat()).to_numpy(dtype=bool)
        state[early & (wallet_ids == wallet_id)] = BEFORE_LIVE
    return state


def _explanations(whole: _Whole, has_legs: Flags) -> Places:
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
