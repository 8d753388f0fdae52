"""From probes to owners: who a reference names, over all registers, and by which evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.matching.index import (
    CLIENT_EXTERNAL,
    CLIENT_NO,
    LOAN,
    LOAN_EXTERNAL,
    NATIONAL_ID,
    OF_ACCOUNT,
    OF_CLIENT,
    SAVINGS_EXTERNAL,
    LedgerIndex,
)
from mmrecon.matching.keys import Flags, Keys, Places, flags
from mmrecon.matching.lookup import Lookup, distinct
from mmrecon.matching.phones import canonical
from mmrecon.matching.readings import KIND, PRODUCT, WHOLE, Probes, token_probes
from mmrecon.matching.references import References
from mmrecon.matching.vetoes import BIT, put

PHONE: Final = 3
AT_MOST: Final = 16
"""Rows looked at for one key; a key with more names nobody for certain."""

NOBODY: Final = -1
BY_WATERFALL: Final = -1

TIERS: Final = ("", "A1", "A2", "A3", "B", "C", "D", "E", "P")
A1, A2, A3, B, C, D, E, P = range(1, 9)


@dataclass(slots=True)
class Hits:
    """Rows of registers that probes hit; `account` is BY_WATERFALL where a client was named."""

    line: Places
    owner: Places
    account: Places
    bit: Places
    role: Places
    product: Places
    probe: Places

    def where(self, chosen: Flags) -> Hits:
        """Some of the hits."""
        return Hits(
            self.line[chosen], self.owner[chosen], self.account[chosen], self.bit[chosen],
            self.role[chosen], self.product[chosen], self.probe[chosen],
        )  # fmt: skip


@dataclass(slots=True)
class Resolved:
    """One element for each line: owner, account (or BY_WATERFALL), tier, rule code, vetoes."""

    owner: Places
    account: Places
    tier: Places
    rule: Places
    vetoes: Keys
    hits: Hits


RULE_CODES: Final = (
    "nothing", "account_number", "account_external_id", "kind_and_number", "account_and_product",
    "member_and_product", "client_number", "client_external_id", "national_id",
    "phone_reference", "several", "near", "payer_phone_and_name",
)  # fmt: skip
RULE: Final = {code: at for at, code in enumerate(RULE_CODES)}


def resolve(
    references: References, probes: Probes, index: LedgerIndex, country: str, currency: str
) -> Resolved:
    """Who each reference names. Several possible owners, in whatever register, name nobody."""
    count = len(references.key)
    hits, crowded = _hits(probes, index)
    vetoes = np.zeros(count, dtype=np.int64)
    vetoes[crowded] |= BIT["several_owners"]
    hits = _with_products(hits, index, currency, vetoes)
    phones, phone_crowd = _phone_hits(references, index, country)
    vetoes[phone_crowd] |= BIT["several_owners"]
    hits = _stacked(hits, phones)
    owner = _only_owner(hits, count, index, vetoes)
    put(vetoes, "several_owners", _pieces_name_others(references, owner, index))
    resolved = _chosen(hits, owner, vetoes, index)
    _doubt_zeros(resolved, probes, hits, index)
    return resolved


def _hits(probes: Probes, index: LedgerIndex) -> tuple[Hits, Places]:
    """Hits of all probes in the registers they ask, and lines whose key names a crowd."""
    places = index.registers.find(probes.key)
    which, rows = index.registers.rows(places, AT_MOST)
    table = index.registers
    allowed = (table.bits[rows] & probes.bits[which]) > 0
    which, rows = which[allowed], rows[allowed]
    sizes = np.where(places >= 0, table.starts[places + 1] - table.starts[places], 0)
    crowded = distinct(probes.line[sizes > AT_MOST])
    hits = Hits(
        probes.line[which], table.owners[rows], table.accounts[rows], table.bits[rows],
        probes.role[which], probes.product[which], which,
    )  # fmt: skip
    return hits, crowded


def _with_products(hits: Hits, index: LedgerIndex, currency: str, vetoes: Keys) -> Hits:
    """Numbers typed with a product: a client's one account of it, or the account itself."""
    typed = hits.role == PRODUCT
    if not typed.any():
        return hits
    plain, coded = hits.where(~typed), hits.where(typed)
    own = (coded.bit & OF_ACCOUNT) > 0
    fits = own & (_product_of(coded.account, index) == coded.product)
    member = (coded.bit & OF_CLIENT) > 0
    account, found = _account_of_product(coded, member, index, currency, vetoes)
    by_member = distinct(coded.probe[member & found])
    eliminated = own & ~fits & np.isin(coded.probe, by_member)
    coded.account = np.where(member, account, coded.account)
    put_lines = coded.line[(own & ~fits & ~eliminated) | (member & ~found)]
    vetoes[put_lines] |= BIT["product_disagrees"]
    return _stacked(plain, coded.where(~eliminated))


def _account_of_product(
    coded: Hits, member: Flags, index: LedgerIndex, currency: str, vetoes: Keys
) -> tuple[Places, Flags]:
    """For hits that name a client: the account of the typed product, and whether there is any."""
    account = np.full(len(coded.line), BY_WATERFALL, dtype=np.int64)
    found = np.zeros(len(coded.line), dtype=bool)
    people = np.flatnonzero(member)
    which, rows = index.accounts_of(coded.owner[people])
    right = index.accounts.product[rows] == coded.product[people[which]]
    which, rows = people[which[right]], rows[right]
    found[which] = True
    is_open = index.accounts.open_in(currency)[rows]
    size = len(coded.line)
    open_count = np.bincount(which[is_open], minlength=size)
    all_count = np.bincount(which, minlength=size)
    account[which[is_open]] = rows[is_open]
    single = (all_count[which] == 1) & ~is_open
    account[which[single]] = rows[single]
    unclear = (open_count > 1) | ((open_count == 0) & (all_count > 1))
    loans = np.zeros(size, dtype=bool)
    loans[which] = index.accounts.kind[rows] == LOAN
    vetoes[coded.line[unclear & loans]] |= BIT["several_loans"]
    vetoes[coded.line[unclear & ~loans]] |= BIT["several_savings"]
    account[unclear] = BY_WATERFALL
    return account, found


def _product_of(accounts: Places, index: LedgerIndex) -> Places:
    if not index.accounts.count:
        return np.full(len(accounts), -1, dtype=np.int64)
    return index.accounts.product[accounts]


def _phone_hits(references: References, index: LedgerIndex, country: str) -> tuple[Hits, Places]:
    phones = canonical(references.text, country)
    phones[references.damaged] = 0
    table = index.phones(country)
    places = table.find(phones)
    lines, rows = table.rows(places, AT_MOST)
    nothing = np.full(len(lines), -1, dtype=np.int64)
    zeros = np.zeros(len(lines), dtype=np.int64)
    hits = Hits(lines, table.owners[rows], nothing, zeros, zeros + PHONE, nothing, nothing)
    return hits, np.flatnonzero(table.owners_at(places) > AT_MOST)


def _stacked(first: Hits, second: Hits) -> Hits:
    return Hits(
        *(
            np.concatenate([getattr(first, name), getattr(second, name)])
            for name in ("line", "owner", "account", "bit", "role", "product", "probe")
        )
    )


def _only_owner(hits: Hits, count: int, index: LedgerIndex, vetoes: Keys) -> Places:
    """The one owner of each line, NOBODY where there is none or several."""
    limit = _owner_limit(index)
    pairs = distinct(hits.line * limit + hits.owner)
    lines, owners = pairs // limit, pairs % limit
    how_many = np.bincount(lines, minlength=count)
    put(vetoes, "several_owners", how_many > 1)
    owner = np.full(count, NOBODY, dtype=np.int64)
    owner[lines] = owners
    group = owner >= index.clients + index.accounts.count
    put(vetoes, "group_code", group)
    owner[(how_many != 1) | ((vetoes & BIT["several_owners"]) > 0) | group] = NOBODY
    return owner


def _owner_limit(index: LedgerIndex) -> int:
    return int(index.registers.owners.max(initial=0)) + index.clients + 2


def _pieces_name_others(references: References, owner: Places, index: LedgerIndex) -> Flags:
    """References all of whose pieces are numbers of the ledger, and not only of one owner."""
    others = np.zeros(len(owner), dtype=bool)
    lines, keys, digits = token_probes(references, index)
    asked = (owner[lines] != NOBODY) & digits
    lines, places = lines[asked], index.registers.find(keys[asked])
    if not len(lines):
        return others
    pieces = np.bincount(lines, minlength=len(owner))
    known = np.bincount(lines[places >= 0], minlength=len(owner))
    table = index.registers
    strange = (places >= 0) & (~table.holds(places, owner[lines]) | (table.owners_at(places) > 1))
    others[lines[strange]] = True
    named: Flags = others & (pieces > 1) & (known == pieces)
    return named


def _chosen(hits: Hits, owner: Places, vetoes: Keys, index: LedgerIndex) -> Resolved:
    count = len(owner)
    resolved = Resolved(
        owner, np.full(count, BY_WATERFALL, dtype=np.int64), np.zeros(count, dtype=np.int64),
        np.zeros(count, dtype=np.int64), vetoes, hits,
    )  # fmt: skip
    named = hits.where(owner[hits.line] != NOBODY)
    is_account = named.account >= 0
    whole = is_account & (named.role == WHOLE)
    stated = is_account & ((named.role == KIND) | (named.role == PRODUCT))
    clients = (named.role != PHONE) & ((named.bit & OF_CLIENT) > 0) & (named.role != PRODUCT)
    phone = named.role == PHONE
    whole_account, whole_count = _distinct(named, whole, count, index)
    stated_account, stated_count = _distinct(named, stated, count, index)
    has_client = np.bincount(named.line[clients], minlength=count) > 0
    has_phone = np.bincount(named.line[phone], minlength=count) > 0
    one_stated = stated_count == 1
    clash = one_stated & (whole_count > 0) & (whole_account != stated_account)
    put(vetoes, "several_owners", clash | (stated_count > 1))
    one_whole = ~one_stated & (whole_count == 1) & ~has_client & (stated_count == 0)
    by_client = ~one_stated & ~one_whole & (has_client | (whole_count > 0)) & (stated_count == 0)
    by_phone = ~one_stated & ~one_whole & ~by_client & has_phone
    resolved.account = np.where(one_stated, stated_account, resolved.account)
    resolved.account = np.where(one_whole, whole_account, resolved.account)
    for condition, tier in ((by_phone, B), (by_client, A3), (one_whole | one_stated, A1)):
        resolved.tier[condition] = tier
    _name_rules(resolved, named, by_client, by_phone)
    _demote(resolved, named)
    return resolved


def _distinct(hits: Hits, chosen: Flags, count: int, index: LedgerIndex) -> tuple[Places, Places]:
    """The account of each line among chosen hits, and how many different ones there are."""
    size = index.accounts.count + 1
    pairs = distinct(hits.line[chosen] * size + hits.account[chosen])
    account = np.full(count, BY_WATERFALL, dtype=np.int64)
    account[pairs // size] = pairs % size
    return account, np.bincount(pairs // size, minlength=count)


def _name_rules(resolved: Resolved, named: Hits, by_client: Flags, by_phone: Flags) -> None:
    """The rule of each line: the strongest evidence that led to what was chosen."""
    order = (
        (~(named.account >= 0) & (named.bit == NATIONAL_ID), "national_id"),
        (~(named.account >= 0) & (named.bit == CLIENT_EXTERNAL), "client_external_id"),
        (~(named.account >= 0) & (named.bit == CLIENT_NO), "client_number"),
    )
    resolved.rule[by_client] = RULE["account_number"]
    for condition, code in order:
        lines = named.line[condition & (named.role != PRODUCT)]
        resolved.rule[lines[by_client[lines]]] = RULE[code]
    resolved.rule[by_phone] = RULE["phone_reference"]
    direct = named.where((named.account >= 0) & (resolved.account[named.line] == named.account))
    external = (direct.bit == SAVINGS_EXTERNAL) | (direct.bit == LOAN_EXTERNAL)
    by_number = (direct.bit & OF_ACCOUNT) > 0
    for condition, code in (
        ((direct.role == WHOLE) & external, "account_external_id"),
        ((direct.role == WHOLE) & ~external, "account_number"),
        ((direct.role == PRODUCT) & ~by_number, "member_and_product"),
        ((direct.role == PRODUCT) & by_number, "account_and_product"),
        (direct.role == KIND, "kind_and_number"),
    ):
        resolved.rule[direct.line[condition]] = RULE[code]
    is_member = resolved.rule == RULE["member_and_product"]
    resolved.tier[is_member] = A2


def _demote(resolved: Resolved, named: Hits) -> None:
    """Evidence that does not lead to one account or client is tier D."""
    unclear = BIT["several_owners"] | BIT["product_disagrees"] | BIT["group_code"]
    unclear |= BIT["several_loans"] | BIT["several_savings"]
    demoted = (resolved.vetoes & unclear) > 0
    resolved.tier[demoted] = D
    resolved.rule[demoted] = RULE["several"]
    resolved.account[demoted] = BY_WATERFALL
    resolved.owner[demoted] = NOBODY
    stray = np.zeros(len(resolved.owner), dtype=bool)
    stray[named.line] = True
    stray &= (resolved.tier == 0) & ~demoted
    put(resolved.vetoes, "several_owners", stray)
    resolved.tier[stray] = D
    resolved.owner[stray] = NOBODY


def _doubt_zeros(resolved: Resolved, probes: Probes, hits: Hits, index: LedgerIndex) -> None:
    """Numbers that name another client with other leading zeros (DESIGN section 6).

    A number without a leading zero is compared with every spelling; one that begins with zeros
    only with those one zero away, which is what a slip of the finger makes.
    """
    asked = distinct(hits.probe[(hits.probe >= 0) & (resolved.owner[hits.line] != NOBODY)])
    if not len(asked):
        return
    number = probes.number.take(pa.array(asked))
    digits = flags(pc.match_substring_regex(number, r"^[0-9]+$"))
    zero = flags(pc.starts_with(number, "0"))
    plain = asked[digits & ~zero]
    lines = [_others(plain, probes.key[plain], resolved, probes, index.stripped)]
    asked, number = asked[digits & zero], number.filter(pa.array(digits & zero))
    shorter = pc.utf8_slice_codeunits(number, 1)
    longer = pc.binary_join_element_wise("0", number, "")
    for texts in (shorter, longer):
        keys = index.space.encode(texts)
        lines.append(_others(asked, keys, resolved, probes, index.registers))
    doubtful = np.zeros(len(resolved.owner), dtype=bool)
    doubtful[np.concatenate(lines)] = True
    put(resolved.vetoes, "leading_zeros_doubtful", doubtful)


def _others(probe: Places, keys: Keys, resolved: Resolved, probes: Probes, table: Lookup) -> Places:
    """Lines whose number stands in a table for an owner that is not theirs."""
    which, rows = table.rows(table.find(keys), AT_MOST)
    allowed = (table.bits[rows] & probes.bits[probe[which]]) > 0
    lines = probes.line[probe[which]]
    other: Flags = allowed & (table.owners[rows] != resolved.owner[lines])
    return lines[other]
