"""Sorted look-up tables from a key to many rows, for many keys at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmrecon.matching.keys import NO_KEY, Flags, Keys, Places


@dataclass(frozen=True, slots=True)
class Lookup:
    """Rows (owner, account, register bit) sorted by key and owner.

    `keys` are distinct and sorted; rows of key i stand at `starts[i]` to `starts[i + 1]`;
    `owner_counts[i]` is how many different owners they have.
    """

    keys: Keys
    starts: Places
    owners: Places
    accounts: Places
    bits: Places
    owner_counts: Places
    _pairs: Keys
    _owner_limit: int

    @classmethod
    def build(cls, keys: Keys, owners: Places, accounts: Places, bits: Places) -> Lookup:
        """A table from rows in any order; rows without a key are left out."""
        kept = np.flatnonzero(keys != NO_KEY)
        order = kept[np.argsort(keys[kept], kind="stable")]  # registers come in order mostly
        shared = np.flatnonzero(_shared(keys[order]))
        tied = order[shared]
        order[shared] = tied[np.lexsort((bits[tied], accounts[tied], owners[tied], keys[tied]))]
        sorted_keys, sorted_owners = keys[order], owners[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = sorted_keys[1:] != sorted_keys[:-1]
        new_owner = first.copy()
        new_owner[1:] |= sorted_owners[1:] != sorted_owners[:-1]
        begins = np.flatnonzero(first)
        counts = (
            np.add.reduceat(new_owner.astype(np.int64), begins)
            if len(begins)
            else np.zeros(0, dtype=np.int64)
        )
        limit = int(owners.max(initial=0)) + 1
        places = np.cumsum(first) - 1
        return cls(
            sorted_keys[begins], np.append(begins, len(order)), sorted_owners, accounts[order],
            bits[order], counts, places * limit + sorted_owners, limit,
        )  # fmt: skip

    def find(self, wanted: Keys) -> Places:
        """The place of each wanted key; -1 where it is not there."""
        if not len(self.keys):
            return np.full(len(wanted), -1, dtype=np.int64)
        places = np.searchsorted(self.keys, wanted)
        places[places == len(self.keys)] = 0
        return np.where((self.keys[places] == wanted) & (wanted != NO_KEY), places, -1)

    def rows(self, places: Places, at_most: int) -> tuple[Places, Places]:
        """For the found places: index into `places`, and row number; at most so many each."""
        found = np.flatnonzero(places >= 0)
        begins = self.starts[places[found]]
        counts = np.minimum(self.starts[places[found] + 1] - begins, at_most)
        which = np.repeat(found, counts)
        inside = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
        return which, np.repeat(begins, counts) + inside

    def holds(self, places: Places, owners: Places) -> Flags:
        """Whether the key at each place has that owner among its rows."""
        asked = (places >= 0) & (owners >= 0) & (owners < self._owner_limit)
        if not len(self._pairs):
            return np.zeros(len(places), dtype=bool)
        pairs = np.where(asked, places * self._owner_limit + owners, -1)
        at = np.minimum(np.searchsorted(self._pairs, pairs), len(self._pairs) - 1)
        held: Flags = asked & (self._pairs[at] == pairs)
        return held

    def owners_at(self, places: Places) -> Places:
        """How many owners the key at each place has; 0 where there is none."""
        if not len(self.owner_counts):
            return np.zeros(len(places), dtype=np.int64)
        return np.where(places >= 0, self.owner_counts[places], 0)


def members(sorted_values: Keys, wanted: Keys) -> Flags:
    """Whether each wanted value stands in a sorted array."""
    if not len(sorted_values):
        return np.zeros(len(wanted), dtype=bool)
    at = np.minimum(np.searchsorted(sorted_values, wanted), len(sorted_values) - 1)
    found: Flags = sorted_values[at] == wanted
    return found


def distinct(values: Keys) -> Keys:
    """Sorted values without repetitions."""
    ordered = np.sort(values, kind="stable")  # most come in order, or nearly so
    return ordered[runs(ordered)]


def runs(ordered: Keys) -> Places:
    """Where each run of equal values begins in a sorted array."""
    first = np.ones(len(ordered), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return np.flatnonzero(first)


def _shared(ordered: Keys) -> Flags:
    """Which elements of a sorted array have an equal neighbour."""
    shared = np.zeros(len(ordered), dtype=bool)
    same = ordered[1:] == ordered[:-1]
    shared[1:] |= same
    shared[:-1] |= same
    return shared


def codes_of_values(values: Keys) -> tuple[Keys, Places]:
    """The different values, in order of appearance, and the number of each element's."""
    codes, kinds = pd.factorize(values)
    return np.asarray(kinds, dtype=np.int64), np.asarray(codes, dtype=np.int64)
