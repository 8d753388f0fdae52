"""Names as sets of tokens: accents folded, order and titles ignored, masked tokens dropped.

A name corroborates or suggests; it is never a key (DESIGN section 6). Two words are alike when
they are equal, or of letters only, not short, and one edit apart.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz.distance import OSA

from mmrecon.matching.keys import Flags, Places, flags
from mmrecon.matching.lookup import distinct, members

TITLES: Final = frozenset(
    (
        "MR", "MRS", "MS", "MISS", "DR", "PROF", "REV", "PASTOR", "HON", "ENG", "MME", "MLLE",
        "MONSIEUR", "MADAME", "SIR", "HAJI", "HAJJI", "CAPT", "LTD", "LIMITED", "CO", "COMPANY",
        "ENTERPRISES", "ENTERPRISE", "AND", "ET", "THE", "OF", "DE",
    )
)  # fmt: skip
"""Words that say nothing about who somebody is."""

_UNTIDY: Final = r"[^0-9A-Z* ]|  |^ | $"
_SEPARATORS: Final = r"[^0-9A-Z*]+"
_NOT_SHORT: Final = 4


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of many names: token i of all belongs to name `name_of[i]`, is word `words[i]`.

    Each word once for each name; sorted by name. A word that no client has is `strange`: its
    number is the vocabulary's size plus its place there.
    """

    name_of: Places
    words: Places
    count: int
    strange: tuple[str, ...] = ()

    def counts(self) -> Places:
        """Number of tokens of each name."""
        return np.bincount(self.name_of, minlength=self.count).astype(np.int64)

    def of_pairs(self, at: Places) -> tuple[Places, Places]:
        """For places of names: index into `at`, and word of each of their tokens."""
        starts = np.searchsorted(self.name_of, np.arange(self.count + 1))
        counts = starts[at + 1] - starts[at]
        which = np.repeat(np.arange(len(at)), counts)
        inside = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
        return which, self.words[np.repeat(starts[at], counts) + inside]


@dataclass(frozen=True, slots=True)
class Alike:
    """For each word of some tokens, the vocabulary's words that are alike.

    Word w has `words[starts[w]:starts[w + 1]]`; `clients` is how many clients have one of them.
    """

    starts: Places
    words: Places
    clients: Places

    def expand(self, words: Places) -> tuple[Places, Places]:
        """For words: index into `words`, and each vocabulary word that is alike."""
        counts = self.starts[words + 1] - self.starts[words]
        which = np.repeat(np.arange(len(words)), counts)
        inside = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
        return which, self.words[np.repeat(self.starts[words], counts) + inside]


class Vocabulary:
    """All words of the clients' names, how many clients have each, and who has which."""

    def __init__(self, client_names: pa.StringArray) -> None:
        name_of, texts = _split(client_names, repeated=False)
        codes, words = pd.factorize(texts.to_pandas(), sort=True)
        self._words = pd.Index(words)
        self.size = max(len(words), 1)
        self._pairs = distinct(name_of * self.size + codes)
        self.clients = Tokens(self._pairs // self.size, self._pairs % self.size, len(client_names))
        self.clients_with = np.bincount(self.clients.words, minlength=self.size).astype(np.int64)

    def tokens(self, names: pa.StringArray) -> Tokens:
        """The tokens of any names in this vocabulary's words."""
        name_of, texts = _split(names)
        if not len(texts):
            return Tokens(name_of, name_of, len(names))
        encoded = pc.dictionary_encode(texts)
        found = self._words.get_indexer(encoded.dictionary.to_pandas()).astype(np.int64)
        unknown = np.flatnonzero(found < 0)
        found[unknown] = self.size + np.arange(len(unknown))
        words = found[encoded.indices.to_numpy(zero_copy_only=False)]
        limit = self.size + len(unknown)
        pairs = distinct(name_of * limit + words)
        strange = tuple(encoded.dictionary.take(pa.array(unknown)).to_pylist())
        return Tokens(pairs // limit, pairs % limit, len(names), strange)

    def known(self, words: Places) -> Flags:
        """Which words some client has."""
        result: Flags = words < self.size
        return result

    def has(self, clients: Places, words: Places) -> Flags:
        """Whether each client's name has that word."""
        asked = (words < self.size) & (clients >= 0) & (clients < self.clients.count)
        pairs = np.where(asked, clients * self.size + words, -1)
        result: Flags = asked & members(self._pairs, pairs)
        return result

    def shared(self, tokens: Tokens, at: Places, clients: Places) -> Places:
        """For pairs (name, client): how many of the name's tokens the client's name has too."""
        which, words = tokens.of_pairs(at)
        hit = self.has(clients[which], words)
        return np.bincount(which, weights=hit, minlength=len(at)).astype(np.int64)

    def alike(self, tokens: Tokens) -> Alike:
        """The vocabulary's words like each word of the tokens, through words less one letter."""
        limit = self.size + len(tokens.strange)
        used = distinct(tokens.words)
        pairs = self._alike_pairs(tokens, used.tolist())
        sources = np.array([pair[0] for pair in pairs], dtype=np.int64)
        targets = np.array([pair[1] for pair in pairs], dtype=np.int64)
        itself = used[self.known(used)]
        sources, targets = np.concatenate([sources, itself]), np.concatenate([targets, itself])
        both = distinct(sources * self.size + targets)
        sources, targets = both // self.size, both % self.size
        clients = np.bincount(sources, weights=self.clients_with[targets], minlength=limit)
        starts = np.searchsorted(sources, np.arange(limit + 1))
        return Alike(starts, targets, clients.astype(np.int64))

    def alike_count(self, tokens: Tokens, alike: Alike, at: Places, clients: Places) -> Places:
        """For pairs (name, client): how many of the name's tokens are like one of the client's."""
        which, words = tokens.of_pairs(at)
        token, target = alike.expand(words)
        hit = self.has(clients[which[token]], target)
        found = np.zeros(len(which), dtype=bool)
        found[token[hit]] = True
        return np.bincount(which, weights=found, minlength=len(at)).astype(np.int64)

    def _alike_pairs(self, tokens: Tokens, used: list[int]) -> list[tuple[int, int]]:
        """Pairs of different words one edit apart; distinct words only, so small by nature."""
        own = [str(word) for word in self._words]
        texts = {
            word: own[word] if word < len(own) else tokens.strange[word - self.size]
            for word in used
        }
        shorter: dict[str, list[int]] = defaultdict(list)
        for word, text in texts.items():
            for variant in _less_one(text):
                shorter[variant].append(word)
        pairs = set()
        for target, text in enumerate(own):
            for variant in _less_one(text):
                for word in shorter.get(variant, ()):
                    if word != target and OSA.distance(texts[word], text, score_cutoff=1) <= 1:
                        pairs.add((word, target))
        return sorted(pairs)


def folded(names: pa.StringArray) -> pa.StringArray:
    """Names in capitals without accents, tokens separated by one blank; stars are kept."""
    ascii_already = flags(pc.string_is_ascii(names))
    if not ascii_already.all():
        names = _without_accents(names, ascii_already)
    capitals = pc.utf8_upper(names)
    odd = flags(pc.match_substring_regex(capitals, _UNTIDY))
    if not odd.any():
        return capitals
    chosen = pa.array(odd)
    spaced = pc.replace_substring_regex(capitals.filter(chosen), _SEPARATORS, " ")
    return pc.replace_with_mask(capitals, chosen, pc.utf8_trim_whitespace(spaced))


def _less_one(text: str) -> Iterator[str]:
    """A word and all words with one letter less; nothing for short words and for numbers."""
    if len(text) < _NOT_SHORT or not text.isalpha():
        return
    yield text
    for at in range(len(text)):
        yield text[:at] + text[at + 1 :]


def _without_accents(names: pa.StringArray, ascii_already: Flags) -> pa.StringArray:
    encoded = pc.dictionary_encode(names.filter(pa.array(~ascii_already)))
    plain = [
        "".join(
            letter
            for letter in unicodedata.normalize("NFKD", name)
            if not unicodedata.combining(letter)
        )
        for name in encoded.dictionary.to_pylist()
    ]
    values = pa.array(plain, pa.string()).take(encoded.indices)
    return pc.replace_with_mask(names, pa.array(~ascii_already), values)


def _split(names: pa.StringArray, *, repeated: bool = True) -> tuple[Places, pa.StringArray]:
    """The name and the text of each token; `repeated` where many names are the same."""
    encoded = pc.dictionary_encode(names) if repeated else None
    distinct_names = names if encoded is None else encoded.dictionary
    pieces = pc.split_pattern(folded(distinct_names), " ")
    flat = pc.list_flatten(pieces)
    parents = pc.list_parent_indices(pieces).to_numpy(zero_copy_only=False).astype(np.int64)
    useless = pc.or_(pc.match_substring(flat, "*"), pc.less(pc.binary_length(flat), 2))
    useless = pc.or_(useless, pc.is_in(flat, pa.array(sorted(TITLES))))
    kept = ~flags(useless)
    parents, flat = parents[kept], flat.filter(pa.array(kept))
    if encoded is None:
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


def strange_words(tokens: Tokens, vocabulary: Vocabulary) -> Places:
    """How many tokens of each name stand in no client's name."""
    strange = ~vocabulary.known(tokens.words)
    return np.bincount(tokens.name_of, weights=strange, minlength=tokens.count).astype(np.int64)
