"""Ranked candidates for lines that are not ready: what points to whom, and how strongly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.matching.index import LOAN, OF_CLIENT, LedgerIndex
from mmrecon.matching.keys import Flags, Keys, Places, as_arrow, flags
from mmrecon.matching.lookup import distinct, runs
from mmrecon.matching.names import Tokens
from mmrecon.matching.near import neighbours
from mmrecon.matching.payer import Payers
from mmrecon.matching.readings import Probes
from mmrecon.matching.references import References, without_zeros
from mmrecon.matching.resolve import PHONE, Hits

_OF_REFERENCE: Final = {
    "reference_account": 1000, "reference_client": 900, "reference_phone": 800,
    "zero_stripped": 500, "piece_of_reference": 450, "look_alike": 380, "swapped": 340,
    "one_edit": 300, "reference_name": 250,
}  # fmt: skip
_OF_PAYER: Final = {"payer_phone": 450, "payer_mask_and_name": 400, "payer_name": 80}
_OF_PRODUCT: Final = {"product_typed": 60}
_GROUPS: Final = (_OF_REFERENCE, _OF_PAYER, _OF_PRODUCT)

WEIGHTS: Final = _OF_REFERENCE | _OF_PAYER | _OF_PRODUCT
"""Evidence code to its weight; the best of the reference and the best of the payer add up."""

EVIDENCE: Final = {code: at for at, code in enumerate(WEIGHTS)}
MOST: Final = 5
"""So many candidates are kept for a line."""

_WEIGHT: Final = tuple(
    np.array([weight if code in group else 0 for code, weight in WEIGHTS.items()], dtype=np.int64)
    for group in _GROUPS
)
_ACCOUNTS_OF_ONE: Final = 4
_NAMESAKES: Final = 64


@dataclass(slots=True)
class Candidates:
    """Triples (line, account row, evidence) gathered from everywhere."""

    line: list[Places] = field(default_factory=list)
    account: list[Places] = field(default_factory=list)
    evidence: list[Places] = field(default_factory=list)

    def add(self, line: Places, account: Places, evidence: Places | int) -> None:
        """Accounts that something points to."""
        self.line.append(line)
        self.account.append(account)
        self.evidence.append(np.broadcast_to(np.asarray(evidence, dtype=np.int64), line.shape))

    def add_owners(
        self, line: Places, owner: Places, evidence: Places | int, index: LedgerIndex
    ) -> None:
        """All accounts of owners that something points to."""
        real = owner < index.clients + index.accounts.count
        line, owner = line[real], owner[real]
        which, rows = index.accounts_of(owner)
        codes = np.broadcast_to(np.asarray(evidence, dtype=np.int64), real.shape)[real]
        self.add(line[which], rows, codes[which])


@dataclass(frozen=True, slots=True)
class RegisterRows:
    """Rows of registers with the evidence that leads to them; account is negative for clients."""

    owner: Places
    account: Places
    evidence: Places


@dataclass(frozen=True, slots=True)
class Ranked:
    """Candidates of all lines, sorted by line and rank; `evidence` has a bit for each code."""

    line: Places
    account: Places
    evidence: Keys


def rank(candidates: Candidates, first: Keys, index: LedgerIndex) -> Ranked:
    """The best candidates of each line; `first` is a rank bonus by account row."""
    if not candidates.line:
        nothing = np.zeros(0, dtype=np.int64)
        return Ranked(nothing, nothing, nothing)
    size, codes = index.accounts.count + 1, len(WEIGHTS)
    line, account, evidence = (
        np.concatenate(part) for part in (candidates.line, candidates.account, candidates.evidence)
    )
    triples = distinct((line * size + account) * codes + evidence)
    starts = runs(triples // codes)
    pairs = (triples // codes)[starts]
    weights = sum(
        (np.maximum.reduceat(weight[triples % codes], starts) for weight in _WEIGHT if len(pairs)),
        start=np.zeros(len(pairs), dtype=np.int64),
    )
    found = np.bitwise_or.reduceat(1 << (triples % codes), starts) if len(pairs) else pairs
    line, account = pairs // size, pairs % size
    score = weights * 10 + first[account]
    order = np.lexsort(
        (index.accounts.account_id[account], index.accounts.kind[account], -score, line)
    )
    line, account, found = line[order], account[order], found[order]
    begins = np.searchsorted(line, line)
    kept = np.arange(len(line)) - begins < MOST
    return Ranked(line[kept], account[kept], found[kept])


def account_preference(index: LedgerIndex, currency: str) -> Keys:
    """A loan with money due before savings before other loans before what is not open."""
    accounts = index.accounts
    is_open = accounts.open_in(currency)
    loan = accounts.kind == LOAN
    bonus = np.where(loan, np.where(accounts.due > 0, 3, 1), 2)
    return np.where(is_open, bonus, 0).astype(np.int64)


def from_hits(candidates: Candidates, hits: Hits, wanted: Flags, index: LedgerIndex) -> None:
    """What the reference hit exactly."""
    chosen = hits.where(wanted[hits.line])
    direct = chosen.account >= 0
    candidates.add(chosen.line[direct], chosen.account[direct], EVIDENCE["reference_account"])
    phone = chosen.role == PHONE
    client = ~direct & ~phone & ((chosen.bit & OF_CLIENT) > 0)
    for where, code in ((client, "reference_client"), (phone, "reference_phone")):
        candidates.add_owners(chosen.line[where], chosen.owner[where], EVIDENCE[code], index)


def from_payers(candidates: Candidates, payers: Payers, wanted: Flags, index: LedgerIndex) -> None:
    """Who paid, as shown."""
    lines = np.flatnonzero(wanted & (payers.place >= 0))
    which, rows = payers.table.rows(payers.place[lines], _ACCOUNTS_OF_ONE)
    owners = payers.table.owners[rows]
    candidates.add_owners(lines[which], owners, EVIDENCE["payer_phone"], index)
    agree = payers.name_agrees(lines[which], owners)
    candidates.add_owners(lines[which][agree], owners[agree], EVIDENCE["payer_name"], index)
    masked = wanted[payers.fits_line]
    candidates.add_owners(
        payers.fits_line[masked], payers.fits_client[masked], EVIDENCE["payer_mask_and_name"], index
    )
    line, owner = _namesakes(payers.tokens, wanted & (payers.strangers == 0), index)
    candidates.add_owners(line, owner, EVIDENCE["payer_name"], index)


def from_names(
    candidates: Candidates, references: References, wanted: Flags, index: LedgerIndex
) -> None:
    """References that are names."""
    lines = np.flatnonzero(wanted)
    tokens = index.names.tokens(references.text.take(pa.array(lines)))
    place, owner = _namesakes(tokens, np.ones(len(lines), dtype=bool), index)
    candidates.add_owners(lines[place], owner, EVIDENCE["reference_name"], index)


def from_near(candidates: Candidates, probes: Probes, wanted: Flags, index: LedgerIndex) -> None:
    """Numbers near what was typed."""
    asked = np.flatnonzero(wanted[probes.line])
    encoded = pc.dictionary_encode(probes.number.take(pa.array(asked)))
    if not len(encoded):
        return
    code = encoded.indices.to_numpy(zero_copy_only=False)
    near = neighbours(as_arrow(encoded.dictionary), index, EVIDENCE)
    order = np.argsort(code, kind="stable")
    begins = np.searchsorted(code[order], near.text)
    counts = np.searchsorted(code[order], near.text, side="right") - begins
    which = np.repeat(np.arange(len(near.text)), counts)
    inside = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    probe = asked[order[np.repeat(begins, counts) + inside]]
    allowed = (near.bit[which] & probes.bits[probe]) > 0
    which, line = which[allowed], probes.line[probe[allowed]]
    rows = RegisterRows(near.owner[which], near.account[which], near.evidence[which])
    _add_rows(candidates, line, rows, index)
    _prefer_product(candidates, line, rows, probes.product[probe[allowed]], index)


def _prefer_product(
    candidates: Candidates, line: Places, rows: RegisterRows, product: Places, index: LedgerIndex
) -> None:
    """Accounts of the product that was typed, among those that were found."""
    typed = (product >= 0) & (rows.owner < index.clients + index.accounts.count)
    line, owner, product = line[typed], rows.owner[typed], product[typed]
    which, accounts = index.accounts_of(owner)
    right = index.accounts.product[accounts] == product[which]
    candidates.add(line[which[right]], accounts[right], EVIDENCE["product_typed"])


def from_pieces(
    candidates: Candidates, references: References, wanted: Flags, index: LedgerIndex
) -> None:
    """Numbers inside longer texts: `LOAN 000123`, `acc no.000123 june` (domain.md 2.3, step 5)."""
    lines = np.flatnonzero(wanted & ~references.damaged)
    for source, separators in ((references.key, "[^0-9]+"), (references.text, "[^0-9A-Z]+")):
        pieces = pc.split_pattern_regex(source.take(pa.array(lines)), separators)
        flat = as_arrow(pc.list_flatten(pieces))
        parents = lines[pc.list_parent_indices(pieces).to_numpy(zero_copy_only=False)]
        good = pc.and_(
            pc.greater_equal(pc.binary_length(flat), 3), pc.match_substring_regex(flat, "[0-9]")
        )
        flat, parents = flat.filter(good), parents[flags(good)]
        long_enough = pc.if_else(pc.greater(pc.binary_length(flat), 3), without_zeros(flat), "")
        for numbers, table in ((flat, index.registers), (long_enough, index.stripped)):
            which, rows = table.rows(table.find(index.space.encode(numbers)), _ACCOUNTS_OF_ONE)
            evidence = np.full(len(rows), EVIDENCE["piece_of_reference"], dtype=np.int64)
            found = RegisterRows(table.owners[rows], table.accounts[rows], evidence)
            _add_rows(candidates, parents[which], found, index)


def _add_rows(candidates: Candidates, line: Places, rows: RegisterRows, index: LedgerIndex) -> None:
    direct = rows.account >= 0
    candidates.add(line[direct], rows.account[direct], rows.evidence[direct])
    candidates.add_owners(line[~direct], rows.owner[~direct], rows.evidence[~direct], index)


def _namesakes(tokens: Tokens, wanted: Flags, index: LedgerIndex) -> tuple[Places, Places]:
    """Pairs of a name and a client who has all its known words; not where too many have."""
    known = index.names.known(tokens.words)
    rarity = np.full(len(known), 1 << 60, dtype=np.int64)
    rarity[known] = index.names.clients_with[tokens.words[known]]
    order = np.lexsort((tokens.words, rarity, tokens.name_of))
    first = np.ones(len(order), dtype=bool)
    first[1:] = tokens.name_of[order][1:] != tokens.name_of[order][:-1]
    best = order[first]
    best = best[wanted[tokens.name_of[best]] & known[best] & (rarity[best] <= _NAMESAKES)]
    by_word = np.argsort(index.names.clients.words, kind="stable")
    begins = np.searchsorted(index.names.clients.words[by_word], tokens.words[best])
    counts = rarity[best]
    which = np.repeat(np.arange(len(best)), counts)
    inside = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    owner = index.names.clients.name_of[by_word[np.repeat(begins, counts) + inside]]
    line = tokens.name_of[best[which]]
    shared = index.names.shared(tokens, line, owner)
    words = np.bincount(tokens.name_of[known], minlength=tokens.count)[line]
    whole = shared == words
    return line[whole], owner[whole]
