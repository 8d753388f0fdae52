"""Names as sets of tokens: accents folded, order and titles ignored, masked tokens dropped.

A name corroborates or suggests; it is never a key (DESIGN section 6).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.matching.keys import Flags, Keys, Places, flags
from mmrecon.matching.lookup import distinct, members

TITLES: Final = frozenset(
    [
        "MR",
        "MRS",
        "MS",
        "MISS",
        "DR",
        "PROF",
        "REV",
        "PASTOR",
        "HON",
        "ENG",
        "MME",
        "MLLE",
        "MONSIEUR",
        "MADAME",
        "SIR",
        "HAJI",
        "HAJJI",
        "CAPT",
        "LTD",
        "LIMITED",
        "CO",
        "COMPANY",
        "ENTERPRISES",
        "ENTERPRISE",
        "AND",
        "ET",
        "THE",
        "OF",
        "DE",
    ]
)
"""Words that say nothing about who somebody is."""

_SEPARATORS: Final = r"[^0-9A-Z*]+"
_PIECES: Final = r"\s+"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of many names: token i of all belongs to name `name_of[i]`, is word `words[i]`.

    Each word once for each name. Word -1 is not in the vocabulary.
    """

    name_of: Places
    words: Places
    count: int

    def counts(self) -> Places:
        """Number of tokens of each name."""
        return np.bincount(self.name_of, minlength=self.count).astype(np.int64)


class Vocabulary:
    """All words of the clients' names, how many clients have each, and who has which."""

    def __init__(self, client_names: pa.StringArray) -> None:
        name_of, texts = _split(client_names)
        codes, words = pd.factorize(texts.to_pandas(), sort=True)
        self._words = pd.Index(words)
        self.size = max(len(words), 1)
        pairs = distinct(name_of * self.size + codes)
        self._pairs = pairs
        self.clients = Tokens(pairs // self.size, pairs % self.size, len(client_names))
        self.clients_with = np.bincount(self.clients.words, minlength=self.size).astype(np.int64)

    def tokens(self, names: pa.StringArray) -> Tokens:
        """The tokens of any names in this vocabulary's words."""
        name_of, texts = _split(names)
        encoded = pc.dictionary_encode(texts)
        found = self._words.get_indexer(encoded.dictionary.to_pandas())
        words = found[encoded.indices.to_numpy(zero_copy_only=False)] if len(texts) else found[:0]
        pairs = distinct(name_of * (self.size + 1) + words + 1)
        return Tokens(pairs // (self.size + 1), pairs % (self.size + 1) - 1, len(names))

    def has(self, clients: Places, words: Places) -> Flags:
        """Whether each client's name has that word."""
        known = (words >= 0) & (clients >= 0) & (clients < self.clients.count)
        result: Flags = known & members(
            self._pairs, np.where(known, clients * self.size + words, -1)
        )
        return result

    def shared(self, tokens: Tokens, at: Places, clients: Places) -> Places:
        """For pairs (name, client): how many of the name's tokens the client's name has too."""
        order, starts = _grouped(tokens)
        begins, ends = starts[at], starts[at + 1]
        counts = ends - begins
        which = np.repeat(np.arange(len(at)), counts)
        inside = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
        words = tokens.words[order[np.repeat(begins, counts) + inside]]
        hit = self.has(clients[which], words)
        return np.bincount(which, weights=hit, minlength=len(at)).astype(np.int64)


def folded(names: pa.StringArray) -> pa.StringArray:
    """Names in capitals without accents, tokens separated by one blank; stars are kept."""
    ascii_already = flags(pc.string_is_ascii(names))
    if not ascii_already.all():
        names = _without_accents(names, ascii_already)
    capitals = pc.utf8_upper(names)
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(capitals, _SEPARATORS, " "))


def _without_accents(names: pa.StringArray, ascii_already: Flags) -> pa.StringArray:
    encoded = pc.dictionary_encode(names.filter(pa.array(~ascii_already)))
    plain = [
        "".join(
            letter
            for letter in unicodedata.normalize("NFKD", name)
            if not unicodedata.combining(letter)
        ).replace("\u2019", "'")
        for name in encoded.dictionary.to_pylist()
    ]
    values = pa.array(plain, pa.string()).take(encoded.indices)
    return pc.replace_with_mask(names, pa.array(~ascii_already), values)


def _split(names: pa.StringArray) -> tuple[Places, pa.StringArray]:
    encoded = pc.dictionary_encode(names)
    pieces = pc.split_pattern_regex(folded(encoded.dictionary), _PIECES)
    flat = pc.list_flatten(pieces)
    parents = pc.list_parent_indices(pieces).to_numpy(zero_copy_only=False).astype(np.int64)
    useless = pc.or_(pc.match_substring(flat, "*"), pc.less(pc.binary_length(flat), 2))
    useless = pc.or_(useless, pc.is_in(flat, pa.array(sorted(TITLES))))
    kept = ~flags(useless)
    parents, flat = parents[kept], flat.filter(pa.array(kept))
    if len(encoded.dictionary) == len(names):
        return parents, flat
    return _spread(parents, flat, encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64))


def _spread(
    parents: Places, flat: pa.StringArray, name_codes: Places
) -> tuple[Places, pa.StringArray]:
    size = int(name_codes.max(initial=-1)) + 1
    counts = np.bincount(parents, minlength=size)
    starts = np.cumsum(counts) - counts
    repeated = counts[name_codes]
    name_of = np.repeat(np.arange(len(name_codes)), repeated)
    inside = np.arange(len(name_of)) - np.repeat(np.cumsum(repeated) - repeated, repeated)
    return name_of, flat.take(pa.array(np.repeat(starts[name_codes], repeated) + inside))


def _grouped(tokens: Tokens) -> tuple[Places, Places]:
    order = np.argsort(tokens.name_of, kind="stable")
    starts = np.searchsorted(tokens.name_of[order], np.arange(tokens.count + 1))
    return order, starts


def unknown_words(tokens: Tokens) -> Keys:
    """How many tokens of each name stand in no client's name."""
    return np.bincount(tokens.name_of, weights=tokens.words < 0, minlength=tokens.count).astype(
        np.int64
    )
