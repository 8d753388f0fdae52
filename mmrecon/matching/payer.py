"""Who paid, as shown: a full phone, or mask and name together, against the registered clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.matching.index import LedgerIndex
from mmrecon.matching.keys import Flags, Keys, Places, as_arrow, flags
from mmrecon.matching.lookup import Lookup, distinct, runs
from mmrecon.matching.names import Alike, Tokens, strange_words
from mmrecon.matching.phones import Masks, canonical, fits, masks
from mmrecon.model.line import PartyKind

_ENDING: Final = 1000
"""Masks show the last three digits (statement-formats.md 1.4); they and a word make a key."""
_PAIRS_AT_ONCE: Final = 1_000_000
_SHARING: Final = 16
"""Clients looked at for one shared phone."""
_AT_MOST: Final = 512
"""Clients looked at for one mask and word; more are no evidence."""


@dataclass(frozen=True)
class Payers:
    """The payers of some lines.

    `fits_line`, `fits_client` are pairs: mask and name fit. `shared_line`, `shared_client` are
    pairs: the full phone is of several clients, and the name says which.
    """

    phone: Keys
    table: Lookup
    place: Places
    tokens: Tokens
    alike: Alike
    token_counts: Places
    strangers: Places
    fits_line: Places
    fits_client: Places
    shared_line: Places
    shared_client: Places
    index: LedgerIndex

    def somebody(self) -> Flags:
        """Lines whose payer is some registered client."""
        found = self.place >= 0
        found[self.fits_line] = True
        return found

    def is_owner(self, owner: Places) -> Flags:
        """Lines whose payer, as shown, is the owner."""
        by_phone = self.table.holds(self.place, owner)
        by_phone[self.shared_line] = False
        for line, client in (
            (self.fits_line, self.fits_client),
            (self.shared_line, self.shared_client),
        ):
            by_phone[line[client == owner[line]]] = True
        return by_phone

    def by_full_phone(self, owner: Places) -> Flags:
        """Lines whose full phone is the owner's."""
        return self.table.holds(self.place, owner)

    def name_agrees(self, lines: Places, owners: Places) -> Flags:
        """For pairs: every visible word of the payer's name is the client's, or two of them."""
        shared = self.index.names.shared(self.tokens, lines, owners)
        all_shared = (shared == self.token_counts[lines]) & (shared > 0)
        result: Flags = all_shared | (shared >= 2)
        return result

    def single_phone_owner(self) -> Places:
        """The one client who has the full phone; -1 where there is none or several."""
        one = self.table.owners_at(self.place) == 1
        owner = np.full(len(self.place), -1, dtype=np.int64)
        owner[one] = self.table.owners[self.table.starts[self.place[one]]]
        return owner


def payers_of(lines: pd.DataFrame, index: LedgerIndex, country: str) -> Payers:
    """What is shown of the payers of these lines (LineFrame rows of one country)."""
    kinds = as_arrow(lines["party_kind"])
    phone_text = as_arrow(lines["party_phone"])
    is_phone = flags(pc.equal(kinds, PartyKind.PHONE.value))
    phone = np.zeros(len(lines), dtype=np.int64)
    phone[is_phone] = canonical(phone_text.filter(pa.array(is_phone)), country)
    hashed = flags(pc.equal(kinds, PartyKind.HASH.value))
    if hashed.any():
        phone = _unhashed(phone, hashed, phone_text, index, country)
    table = index.phones(country)
    tokens = index.names.tokens(as_arrow(lines["party_name"]))
    counts = tokens.counts()
    alike = index.names.alike(tokens)
    strangers = strange_words(tokens, index.names)
    mask = masks(phone_text, country)
    masked_kind = flags(pc.equal(kinds, PartyKind.MASKED.value))
    usable = masked_kind & mask.is_mask & (counts > 0)
    masked = Masked(np.flatnonzero(usable), tokens, alike, mask)
    pairs = list(_fitting(masked, index, country))
    fits_line = np.concatenate([pair[0] for pair in pairs] or [np.zeros(0, np.int64)])
    fits_client = np.concatenate([pair[1] for pair in pairs] or [np.zeros(0, np.int64)])
    nobody = np.zeros(0, dtype=np.int64)
    payers = Payers(
        phone, table, table.find(phone), tokens, alike, counts, strangers, fits_line, fits_client,
        nobody, nobody, index,
    )  # fmt: skip
    shared_line, shared_client = _told_by_name(payers)
    return replace(payers, shared_line=shared_line, shared_client=shared_client)


def _told_by_name(payers: Payers) -> tuple[Places, Places]:
    """Of a full phone that several clients share, those whose name agrees with the payer's."""
    several = payers.table.owners_at(payers.place) > 1
    which, rows = payers.table.rows(np.where(several, payers.place, -1), _SHARING)
    owners = payers.table.owners[rows]
    names = payers.index.names
    score = names.alike_count(payers.tokens, payers.alike, which, owners)
    best = np.zeros(len(payers.place), dtype=np.int64)
    np.maximum.at(best, which, score)
    agree = (score > 0) & (score == best[which])
    return which[agree], owners[agree]


def _unhashed(
    phone: Keys, hashed: Flags, texts: pa.StringArray, index: LedgerIndex, country: str
) -> Keys:
    """Phones of our own clients that a hash stands for; never a table of the country."""
    ours = index.hashed_phones(country)
    where = np.flatnonzero(hashed)
    wanted = pc.utf8_lower(texts.take(pa.array(where))).to_pylist()
    phone = phone.copy()
    phone[where] = [ours.get(text, 0) for text in wanted]
    return phone


@dataclass(frozen=True, slots=True)
class Masked:
    """Lines with a masked phone and a name, in the terms of the vocabulary."""

    lines: Places
    tokens: Tokens
    alike: Alike
    mask: Masks


def _fitting(masked: Masked, index: LedgerIndex, country: str) -> Iterator[tuple[Places, Places]]:
    """Pairs (line, client): the mask fits, and every visible word is like one of the client's.

    Clients are found by the word that the fewest have and the last three digits; in chunks.
    """
    rarest, whole = _rarest(masked.tokens, masked.alike)
    ends = masked.mask.suffix_length[masked.lines] >= 3
    lines = masked.lines[ends & whole[masked.lines]]
    if not len(lines):
        return
    which, words = masked.alike.expand(rarest[lines])
    lines = lines[which]
    keys, phones, owners = _phone_words(index, country)
    wanted = words * _ENDING + masked.mask.suffix[lines] % _ENDING
    begins = np.searchsorted(keys, wanted, side="left")
    counts = np.searchsorted(keys, wanted, side="right") - begins
    counts[counts > _AT_MOST] = 0
    chunk = np.cumsum(counts) // _PAIRS_AT_ONCE
    for number in range(int(chunk.max(initial=-1)) + 1):
        here = np.flatnonzero((chunk == number) & (counts > 0))
        which = np.repeat(here, counts[here])
        before = np.cumsum(counts[here]) - counts[here]
        rows = np.repeat(begins[here] - before, counts[here]) + np.arange(len(which))
        good = fits(masked.mask, lines[which], phones[rows], country)
        line, client = lines[which[good]], owners[rows[good]]
        alike = index.names.alike_count(masked.tokens, masked.alike, line, client)
        every = alike == masked.tokens.counts()[line]
        size = index.clients + 1
        pairs = distinct(line[every] * size + client[every])
        yield pairs // size, pairs % size


def _rarest(tokens: Tokens, alike: Alike) -> tuple[Places, Flags]:
    """The word of each name whose likes the fewest clients have; whether every word has some."""
    clients = alike.clients[tokens.words]
    order = np.lexsort((tokens.words, clients, tokens.name_of))
    first = order[runs(tokens.name_of[order])]
    rarest = np.zeros(tokens.count, dtype=np.int64)
    rarest[tokens.name_of[first]] = tokens.words[first]
    whole = np.zeros(tokens.count, dtype=bool)
    whole[tokens.name_of[first]] = clients[first] > 0
    return rarest, whole


def _phone_words(index: LedgerIndex, country: str) -> tuple[Keys, Keys, Places]:
    """Each word of each phone's owner with the phone's last three digits, sorted."""
    table = index.phones(country)
    phones = np.repeat(table.keys, np.diff(table.starts))
    clients = index.names.clients
    starts = np.searchsorted(clients.name_of, np.arange(clients.count + 1))
    counts = starts[table.owners + 1] - starts[table.owners]
    which = np.repeat(np.arange(len(phones)), counts)
    inside = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    words = clients.words[np.repeat(starts[table.owners], counts) + inside]
    keys = words * _ENDING + phones[which] % _ENDING
    order = np.lexsort((table.owners[which], keys))
    return keys[order], phones[which][order], table.owners[which][order]


def is_filler(texts: pa.StringArray) -> Flags:
    """References without any digit: names, wishes, nothing."""
    return ~flags(pc.match_substring_regex(texts, "[0-9]"))
