"""Collections: whose money each payment is, how surely, and into which accounts it goes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmrecon.matching.allocate import Allocator, Legs, Purse, needs_order
from mmrecon.matching.collected import Collected, WalletLines, Whole, at_places, composed
from mmrecon.matching.context import MatchContext, WalletFacts
from mmrecon.matching.index import LedgerIndex
from mmrecon.matching.keys import Flags, Keys, Places, as_arrow
from mmrecon.matching.line_facts import (
    double_payments,
    left_of,
    order_of_completion,
    own_facts,
    reference_facts,
)
from mmrecon.matching.lookup import distinct
from mmrecon.matching.payer import Payers, is_filler, payers_of
from mmrecon.matching.readings import read
from mmrecon.matching.references import References, normalise
from mmrecon.matching.resolve import (
    NOBODY,
    RULE,
    B,
    Resolved,
    resolve,
)
from mmrecon.matching.suggest import (
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
from mmrecon.matching.vetoes import BIT, PREVENTS_LEGS, bits, put


def match_collections(
    lines: pd.DataFrame, context: MatchContext, index: LedgerIndex, reversed_ids: Keys
) -> Collected:
    """Owners and legs of collections (LineFrame rows with a fresh index, sorted by line_id)."""
    parts = [
        _look(lines, np.flatnonzero(lines["wallet_id"].to_numpy() == wallet_id), wallet, index)
        for wallet_id, wallet in sorted(context.wallets.items())
    ]
    whole = Whole(lines, len(lines), parts)
    vetoes = whole.vetoes
    own_facts(lines, vetoes, context)
    put(vetoes, "line_odd", (lines["sign"] != 1).to_numpy())
    put(vetoes, "reversal_seen", lines["line_id"].isin(reversed_ids).to_numpy())
    put(vetoes, "double_payment", double_payments(lines, whole.owner, whole.account, context))
    _owner_vetoes(whole, index)
    legs = _legs(whole, context, index)
    ranked = _ranked(whole, legs, index)
    return composed(whole, legs, ranked, context, index)


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


def _owner_vetoes(whole: Whole, index: LedgerIndex) -> None:
    """What speaks against the account, or against the client."""
    vetoes, account = whole.vetoes, whole.account
    for part in whole.parts:
        mine = part.places[account[part.places] >= 0]
        chosen = account[mine]
        if len(mine):
            vetoes[mine] |= index.accounts.credit_veto[chosen]
            wanted = index.accounts.currency_code(part.wallet.currency)
            vetoes[mine[index.accounts.currency[chosen] != wanted]] |= BIT["currency_differs"]
    is_client = (whole.owner >= 0) & (whole.owner < index.clients)
    people = np.flatnonzero(is_client)
    put(
        vetoes,
        "client_not_active",
        at_places(people[~index.client_active[whole.owner[people]]], vetoes),
    )


def _legs(whole: Whole, context: MatchContext, index: LedgerIndex) -> Legs:
    """Legs of every line that has a place; to loans and by waterfall in order of completion."""
    legs = Legs()
    left = left_of(whole.lines, context)
    placed = (whole.owner != NOBODY) & (whole.tier > 0) & (whole.tier <= B) & (left > 0)
    ordered = needs_order(whole.account, index.accounts.kind, np.where(placed, whole.tier, 0))
    policies = {key: (wallet.policy, wallet.currency) for key, wallet in context.wallets.items()}
    allocator = Allocator(index, policies)
    wallet_ids = whole.lines["wallet_id"].to_numpy()
    account = whole.account.copy()
    waterfall = ordered[account[ordered] < 0]
    account[waterfall] = allocator.only_savings(whole.owner[waterfall], wallet_ids[waterfall])
    ordered = ordered[needs_order(account[ordered], index.accounts.kind, whole.tier[ordered])]
    allocator.look_up(distinct(whole.owner[ordered]))
    for line in ordered[order_of_completion(whole.lines.iloc[ordered])].tolist():
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
    legs.account += account[lines].tolist()
    legs.amount += left[lines].tolist()
    return legs


def _ranked(whole: Whole, legs: Legs, index: LedgerIndex) -> list[tuple[WalletLines, Ranked]]:
    """Candidates of lines that are not placed for certain, wallet by wallet."""
    has_legs = np.zeros(len(whole.owner), dtype=bool)
    has_legs[legs.line] = True
    ranked = []
    for part in whole.parts:
        vetoed = whole.vetoes[part.places] != 0
        unsure = ~has_legs[part.places] | vetoed | (whole.tier[part.places] == B)
        lost = unsure & (whole.tier[part.places] == 0)
        candidates = Candidates()
        from_hits(candidates, part.resolved.hits, unsure, index)
        from_payers(candidates, part.payers, unsure, index)
        from_near(candidates, part.probes, lost | _doubtful(whole, part), index)
        from_pieces(candidates, part.references, lost, index)
        from_names(candidates, part.references, lost, index)
        preference = account_preference(index, part.wallet.currency)
        ranked.append((part, rank(candidates, preference, index)))
    return ranked


def _doubtful(whole: Whole, part: WalletLines) -> Flags:
    """Exact hits that may be slips: neighbours of the number are looked at too."""
    slips = bits(
        "leading_zeros_doubtful", "payer_is_another_client", "several_owners", "product_disagrees"
    )
    doubt: Flags = (whole.vetoes[part.places] & slips) > 0
    return doubt
