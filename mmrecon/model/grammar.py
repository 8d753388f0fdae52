"""Grammars: how payers of a wallet write references, as regular expressions with named groups.

A grammar is matched against the whole reference in capitals, without anything but letters and
digits. Its groups say what was typed; two grammars that read one reference differently contradict
each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

GROUPS: Final = ("number", "member", "idno", "savings", "loan", "group", "product")
"""What a grammar may name; `number` is any account's or client's number."""

_NUMBERS: Final = tuple("1234567890123456"[:length] for length in range(1, 17))
_UNSUPPORTED: Final = re.compile(r"\(\?(?:[=!]|<[=!])|\\[1-9]|\(\?P=")
_LETTERS: Final = ("S", "L", "M", "G", "SA", "LN", "DEP", "SAV", "LOAN")


def grammar_faults(grammars: Sequence[str], product_codes: Iterable[str]) -> list[str]:
    """What is wrong with a wallet's grammars, each in a sentence; nothing when they can be used."""
    faults = [fault for grammar in grammars for fault in _faults_of(grammar)]
    if faults:
        return faults
    compiled = [re.compile(grammar) for grammar in grammars]
    for text in _probes(product_codes):
        readings = {
            _reading(match): grammar.pattern
            for grammar in compiled
            if (match := grammar.fullmatch(text))
        }
        if len(readings) > 1:
            both = " and ".join(sorted(readings.values()))
            return [f"these grammars read {text} differently: {both}"]
    return []


def _faults_of(grammar: str) -> list[str]:
    try:
        compiled = re.compile(grammar)
    except re.error as error:
        return [f"{grammar} is no regular expression: {error}"]
    names = set(compiled.groupindex)
    if compiled.groups != len(names) or _UNSUPPORTED.search(grammar):
        return [f"{grammar}: only named groups and (?:...) can be used, no look-around"]
    unknown = sorted(names - set(GROUPS))
    if unknown:
        return [f"{grammar} names {', '.join(unknown)}; known are {', '.join(GROUPS)}"]
    if not names - {"product"}:
        return [f"{grammar} names no number: one of {', '.join(GROUPS[:-1])}"]
    return []


def _probes(product_codes: Iterable[str]) -> Iterable[str]:
    words = sorted({*_LETTERS, *(code.upper() for code in product_codes)})
    for number in _NUMBERS:
        yield number
        for word in words:
            yield word + number
            yield number + word


def _reading(match: re.Match[str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, text) for name, text in match.groupdict().items() if text))
