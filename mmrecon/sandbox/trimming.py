"""``?fields=``: Fineract trims answers loosely (fineract-api.md 1.5)."""

from __future__ import annotations

from typing import Any


def trim(answer: Any, wanted: set[str], known: frozenset[str]) -> Any:
    """The answer with the wanted fields.

    With ``known`` (the names that the resource declares), those of them that are not wanted are
    left out at every depth and all other names stay; without, only the top level is trimmed.
    """
    if isinstance(answer, dict) and "pageItems" in answer:
        items = [trim(item, wanted, known) for item in answer["pageItems"]]
        return {**answer, "pageItems": items}
    if isinstance(answer, list):
        return [trim(item, wanted, known) for item in answer]
    if not isinstance(answer, dict):
        return answer
    if not known:
        return {name: value for name, value in answer.items() if name in wanted}
    return {
        name: trim(value, wanted, known)
        for name, value in answer.items()
        if name in wanted or name not in known
    }
